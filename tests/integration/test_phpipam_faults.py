"""What happens to a plan when phpIPAM's database goes, blocks or is taken in the middle of it."""

import threading
import time

import pandas as pd  # noqa: TC002 - as in every file here
import pytest

from pipelines.errors import TargetError
from resources.phpipam import database
from schedules.jobs import LIMIT_S
from tests.integration.phpipam_case import (
    AT,
    SEEN,
    Case,
    change,
    create,
    outcomes,
    plan,
)
from tests.integration.phpipam_wire import Wire, at_the_loads_commit, through
from tests.services.ports import free_port
from tests.services.process import HOST, PATIENCE_S, eventually

pytestmark = pytest.mark.services("mariadb")

IP = "10.0.10.50"
LATER = ("sofia", 8, "10.0.20.0/24", "10.0.20.5", None, "create", "hostname", None, "b", "r")


def test_a_killed_connection_leaves_nothing_half_written(case: Case) -> None:
    """KILL in the middle of a subnet: told as an error, nothing of it stands, the subnet before it does."""
    parts: list[pd.DataFrame] = []
    with case.root._connection() as other, other.cursor() as cursor:  # type: ignore[attr-defined]  # noqa: SLF001 - a lock
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO ipaddresses (subnetId, ip_addr) VALUES (8, '167777285')")
        victim = threading.Thread(target=_kill_when_waiting, args=(case,))
        victim.start()
        with pytest.raises(TargetError, match=r"10\.0\.20\.0/24 was not written"):
            case.phpipam.apply(plan(LATER, *create(IP, hostname="a")), AT, parts.append)
        victim.join()
        cursor.execute("ROLLBACK")
    assert [part["field"].tolist() for part in parts] == [["hostname", "row"]]
    assert case.address(IP)["hostname"] == "a"
    assert case.root.execute("SELECT id FROM ipaddresses WHERE subnetId = 8") == []
    assert len(case.changelog()) == 1


def _kill_when_waiting(case: Case) -> None:
    """End the connection of ours that waits for a lock."""
    for connection in _wait_for_lock(case):
        case.root.execute(f"KILL {connection}")


def test_a_commit_whose_answer_is_lost_is_settled_as_applied(case: Case, wire: Wire) -> None:
    """The server committed and could not say so: the rows are read again, and they are there."""
    cuts: list[str] = []
    wire.on_request = at_the_loads_commit(lambda: cuts.append("cut"))
    receipt = through(wire).apply(plan(*create(IP, hostname="nas", lastSeen=SEEN)), AT)
    assert cuts == ["cut"]
    assert outcomes(receipt) == ["applied"] * 2
    assert case.address(IP)["hostname"] == "nas"


def test_a_connection_lost_before_the_commit_arrives_is_settled_as_lost(case: Case, wire: Wire) -> None:
    """The commit never came there: the rows are read again, and they are not there."""

    def kill() -> None:
        for row in case.root.execute("SELECT id FROM information_schema.processlist WHERE user = 'netcensus'"):
            case.root.execute(f"KILL {int(row['id'])}")

    wire.on_request = at_the_loads_commit(kill)
    receipt = through(wire).apply(plan(*create(IP, hostname="nas")), AT)
    assert outcomes(receipt) == ["lost race"]
    assert "nothing was written" in receipt["detail"].iloc[0]
    assert case.root.execute("SELECT id FROM ipaddresses WHERE subnetId = 7") == []
    assert case.changelog() == []


def test_a_lost_commit_that_cannot_be_looked_after_is_unknown(case: Case, wire: Wire) -> None:
    """The server is gone for good: neither applied nor lost is claimed."""

    def lose() -> None:
        wire.server = (HOST, free_port())

    wire.on_request = at_the_loads_commit(lose)
    receipt = through(wire).apply(plan(*create(IP, hostname="nas")), AT)
    assert outcomes(receipt) == ["unknown"]
    assert "could not be read since" in receipt["detail"].iloc[0]
    assert case.address(IP)["hostname"] == "nas"


def test_rows_that_stay_locked_are_refused_and_the_next_subnet_goes_on(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three tries nothing of the locked subnet is written, and the receipt says so."""
    monkeypatch.setattr("resources.phpipam.database._SESSION", "SET SESSION innodb_lock_wait_timeout = 1")
    identity = case.add(IP, hostname="nas")
    with case.root._connection() as other, other.cursor() as cursor:  # type: ignore[attr-defined]  # noqa: SLF001 - a lock
        cursor.execute("BEGIN")
        cursor.execute("UPDATE ipaddresses SET hostname = 'theirs' WHERE id = %s", [identity])
        receipt = case.apply(change("update", IP, "hostname", "nas", "ours", identity), LATER)
        cursor.execute("COMMIT")
    assert outcomes(receipt) == ["refused", "applied"]
    assert "stayed locked" in receipt["detail"].iloc[0]
    assert case.address(IP)["hostname"] == "theirs"


def test_a_deadlock_is_tried_again(case: Case) -> None:
    """Whoever of two InnoDB picks, our changes go in once the other is done."""
    identity = case.add(IP, hostname="nas", lastSeen="2026-01-01 00:00:00")
    last = case.add("10.0.10.51", hostname="tv", lastSeen="2026-01-01 00:00:00")
    case.root.execute("CREATE TABLE ballast (id INT PRIMARY KEY, x INT) ENGINE=InnoDB")
    case.root.execute("INSERT INTO ballast SELECT seq, 0 FROM seq_1_to_500")
    waiting = threading.Event()

    def other() -> None:
        with case.root._connection() as connection, connection.cursor() as cursor:  # type: ignore[attr-defined]  # noqa: SLF001
            cursor.execute("BEGIN")
            cursor.execute("UPDATE ballast SET x = 1")  # heavier than ours: InnoDB ends the lighter one
            cursor.execute("UPDATE ipaddresses SET owner = 'x' WHERE id = %s", [last])
            waiting.set()
            _wait_for_lock(case)
            cursor.execute("UPDATE ipaddresses SET owner = 'x' WHERE id = %s", [identity])
            cursor.execute("COMMIT")

    thread = threading.Thread(target=other)
    thread.start()
    assert waiting.wait(PATIENCE_S)
    receipt = case.apply(
        change("update", IP, "hostname", "nas", "nas2", identity),
        change("touch", "10.0.10.51", "lastSeen", None, SEEN, last),
    )
    thread.join()
    assert outcomes(receipt) == ["applied"] * 2
    assert case.root.execute("SELECT owner FROM ipaddresses WHERE id = %s", [last]) == [{"owner": "x"}]
    assert len(case.changelog()) == 1


def _wait_for_lock(case: Case) -> list[int]:
    """The connections that wait for a lock, as soon as there are any."""
    sql = "SELECT trx_mysql_thread_id AS id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"

    def waiting() -> list[int]:
        time.sleep(0.2)  # the server renews this table only when nobody has asked for a tenth of a second
        return [int(row["id"]) for row in case.root.execute(sql)]

    return eventually(waiting, "a wait for a lock")


def test_only_one_run_loads(case: Case) -> None:
    """The second is told who holds the lock, whoever it is; when the first ends, or dies, the next may."""
    with case.phpipam.lock(), pytest.raises(TargetError, match="another run is loading"), case.phpipam.lock():
        pytest.fail("two runs hold the lock")
    with pytest.raises(RuntimeError, match="dies"), case.phpipam.lock():
        raise RuntimeError("the run dies")
    with case.phpipam.lock():
        assert outcomes(case.apply(*create(IP, hostname="nas"))) == ["applied"]


def test_the_lock_is_kept_by_a_server_that_is_quick_to_hang_up(case: Case) -> None:
    """While DNS is written nothing is said to phpIPAM: a short wait_timeout of the server's must not end the lock."""
    (before,) = case.root.execute("SELECT @@GLOBAL.wait_timeout AS s")
    case.root.execute("SET GLOBAL wait_timeout = 1")
    try:
        with case.phpipam.lock():
            time.sleep(2.2)
            with pytest.raises(TargetError, match="another run is loading"), case.phpipam.lock():
                pytest.fail("two runs hold the lock")
    finally:
        case.root.execute("SET GLOBAL wait_timeout = %s", [before["s"]])


def test_the_lock_of_a_machine_that_is_gone_ends_with_the_run(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody hangs up for it, and the server would keep its lock for hours: it waits as long as a run may take."""
    assert database._IDLE_LIMIT_S == LIMIT_S  # noqa: SLF001 - neither may import the other
    session = database._SESSION.replace(f"wait_timeout = {LIMIT_S}", "wait_timeout = 1")  # noqa: SLF001 - else a quarter of an hour
    monkeypatch.setattr(database, "_SESSION", session)
    ours = "SELECT id FROM information_schema.processlist WHERE user = 'netcensus'"
    with case.phpipam.lock():
        eventually(lambda: not case.root.execute(ours), "the end of the connection")
        with case.phpipam.lock():
            assert outcomes(case.apply(*create(IP, hostname="nas"))) == ["applied"]


def test_what_others_raise_under_the_lock_stays_theirs(case: Case) -> None:
    """The lock translates its own errors only."""
    with pytest.raises(ZeroDivisionError), case.phpipam.lock():
        raise ZeroDivisionError
