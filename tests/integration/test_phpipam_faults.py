"""What happens to a plan when phpIPAM's database goes, blocks or is taken in the middle of it."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

import pandas as pd  # noqa: TC002 - as in every file here
import pytest

from pipelines.errors import NetcensusError, SourceUnavailable, TargetError
from resources.phpipam import Phpipam
from tests.integration.phpipam_case import (
    AT,
    CIDR,
    PASSWORD,
    SEEN,
    Case,
    change,
    create,
    grants,
    mysql_settings,
    on_mariadb,
    outcomes,
    plan,
)
from tests.services.mariadb import Database
from tests.services.process import HOST, free_port

pytestmark = pytest.mark.services("mariadb")

IP = "10.0.10.50"
LATER = ("sofia", 8, "10.0.20.0/24", "10.0.20.5", None, "create", "hostname", None, "b", "r")


@pytest.fixture
def case(phpipam_database: Database) -> Case:
    """PhpIPAM on the real server."""
    return on_mariadb(phpipam_database)


@dataclass
class Wire:
    """A way to the server that can be cut: `on_request` sees what the client sends and says whether to cut after it."""

    port: int
    server: tuple[str, int]
    on_request: Callable[[bytes], bool] = field(default=lambda _: False)

    def carry(self, client: socket.socket) -> None:
        """Carry one connection until either end closes it or `on_request` has it cut."""
        with suppress(OSError), closing(client), socket.create_connection(self.server) as server:
            answers = threading.Thread(target=_pump, args=(server, client), daemon=True)
            answers.start()
            while request := client.recv(65536):
                is_last = self.on_request(request)
                if is_last:
                    client.shutdown(socket.SHUT_RDWR)
                server.sendall(request)
                if is_last:
                    time.sleep(0.2)  # the server has acted; its answer went nowhere
                    break


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while answer := source.recv(65536):
            target.sendall(answer)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """A listening wire to the server's port."""
    wire = Wire(free_port(), (HOST, port))
    with socket.create_server((HOST, wire.port)) as listener:

        def accept() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=wire.carry, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield wire


@pytest.fixture
def wire(case: Case) -> Iterator[Wire]:
    """The way to the server of `case`."""
    with wire_to(case.settings.port) as wire:
        yield wire


def through(wire: Wire) -> Phpipam:
    """PhpIPAM at the other end of the wire."""
    return Phpipam(mysql_settings(wire.port), lambda: PASSWORD, "network.toml")


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
    assert [part["outcome"].tolist() for part in parts] == [["applied"]]
    assert case.address(IP)["hostname"] == "a"
    assert case.root.execute("SELECT id FROM ipaddresses WHERE subnetId = 8") == []
    assert len(case.changelog()) == 1


def _kill_when_waiting(case: Case) -> None:
    """End the connection of ours that waits for a lock."""
    sql = "SELECT id FROM information_schema.processlist WHERE user = 'netcensus' AND info LIKE 'INSERT INTO ipadd%%'"
    for _ in range(200):
        for row in case.root.execute(sql):
            case.root.execute(f"KILL {int(row['id'])}")
            return
        time.sleep(0.02)


def at_the_loads_commit(act: Callable[[], object]) -> Callable[[bytes], bool]:
    """Cut the wire once, when a COMMIT that follows an INSERT is under way, after doing `act`."""
    seen: list[bytes] = []

    def cut(request: bytes) -> bool:
        seen.append(request)
        is_now = request.endswith(b"COMMIT") and any(b"INSERT INTO ipaddresses" in one for one in seen)
        if is_now:
            seen.clear()
            act()
        return is_now

    return cut


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


def test_an_unreachable_server_is_no_empty_table(case: Case) -> None:
    """Could not look: an error for read, preflight and apply, naming the place."""
    nowhere = Phpipam(mysql_settings(free_port()), lambda: PASSWORD, "network.toml")
    acts: list[Callable[[], object]] = [
        lambda: nowhere.read(AT),
        lambda: nowhere.preflight(AT),
        lambda: nowhere.apply(plan(*create(IP, hostname="nas")), AT),
    ]
    for act in acts:
        with pytest.raises((SourceUnavailable, TargetError), match=r"phpIPAM at 127\.0\.0\.1:\d+/phpipam") as caught:
            act()
        assert "wörd" not in str(caught.value)
    assert case.changelog() == []


def test_a_missing_file_is_no_empty_table() -> None:
    """The lab's database is not made by looking for it."""
    settings = mysql_settings(1, driver="sqlite", database="nothing.sqlite", host=None, user=None)
    with pytest.raises(SourceUnavailable, match=r"nothing\.sqlite"):
        Phpipam(settings, lambda: PASSWORD, "/nowhere/network.toml").read(AT)


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
    waiting.wait(5)
    receipt = case.apply(
        change("update", IP, "hostname", "nas", "nas2", identity),
        change("touch", "10.0.10.51", "lastSeen", None, SEEN, last),
    )
    thread.join()
    assert outcomes(receipt) == ["applied"] * 2
    assert case.root.execute("SELECT owner FROM ipaddresses WHERE id = %s", [last]) == [{"owner": "x"}]
    assert len(case.changelog()) == 1


def _wait_for_lock(case: Case) -> None:
    for _ in range(20):
        time.sleep(0.2)  # the server renews this table only when nobody has asked for a tenth of a second
        if case.root.execute("SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"):
            return


def test_only_one_run_loads(case: Case) -> None:
    """The second is told who holds the lock, whoever it is; when the first ends, or dies, the next may."""
    with case.phpipam.lock(), pytest.raises(TargetError, match="another run is loading"), case.phpipam.lock():
        pytest.fail("two runs hold the lock")
    with pytest.raises(RuntimeError, match="dies"), case.phpipam.lock():
        raise RuntimeError("the run dies")
    with case.phpipam.lock():
        assert outcomes(case.apply(*create(IP, hostname="nas"))) == ["applied"]


def test_what_others_raise_under_the_lock_stays_theirs(case: Case) -> None:
    """The lock translates its own errors only."""
    with pytest.raises(ZeroDivisionError), case.phpipam.lock():
        raise ZeroDivisionError


def test_the_password_is_fetched_at_each_connect(case: Case) -> None:
    """It rotates: what was right an hour ago is asked for again."""
    asked: list[str] = []

    def password() -> str:
        asked.append("asked")
        return PASSWORD

    phpipam = Phpipam(case.settings, password, "network.toml")
    assert asked == []
    phpipam.read(AT)
    phpipam.read(AT)
    assert len(asked) == 2


def test_both_tables_are_of_one_instant(case: Case, wire: Wire) -> None:
    """What is committed between the two queries is in neither: the addresses agree with the subnets."""
    done: list[bool] = []

    def between(request: bytes) -> bool:
        if b"FROM ipaddresses" in request and not done:
            done.append(True)
            case.root.execute("INSERT INTO subnets (id, subnet, mask, sectionId) VALUES (99, '167837696', '24', 3)")
            case.root.execute("INSERT INTO ipaddresses (subnetId, ip_addr) VALUES (99, '167837697')")
        return False

    wire.on_request = between
    subnets, addresses = through(wire).read(AT)
    assert done
    assert b'"id":99' not in subnets.content
    assert b"167837697" not in addresses.content


def test_equal_rows_give_equal_bytes(case: Case) -> None:
    """A second read of an unchanged phpIPAM is the first: nothing new for the archive."""
    first, second = case.phpipam.read(AT), case.phpipam.read(AT)
    assert [one.digest for one in first] == [one.digest for one in second]
    assert re.search(rb'\n\{"rows":\d+\}\n\Z', first[0].content)


def test_a_thousand_new_rows_take_less_than_a_second(case: Case) -> None:
    """A first run's rows, their changelog and reading them back: a few statements, not a thousand."""
    case.root.execute("UPDATE subnets SET subnet = '167772160', mask = '16' WHERE id = 7")
    rows = [
        ("sofia", 7, "10.0.0.0/16", f"10.0.{at // 250}.{at % 250 + 1}", None, "create", name, None, value, "r")
        for at in range(1000)
        for name, value in (("hostname", f"host{at}"), ("lastSeen", SEEN))
    ]
    wanted, before, start = plan(*rows), _statements(case), time.perf_counter()
    receipt = case.phpipam.apply(wanted, AT)
    took_s, statements = time.perf_counter() - start, _statements(case) - before
    assert set(receipt["outcome"]) == {"applied"}
    assert statements < 50
    assert took_s < 1
    print(f"1,000 creates: {took_s:.3f} s, {statements} statements")  # noqa: T201 - a figure worth seeing


def _statements(case: Case) -> int:
    counters = case.root.execute("SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_insert', 'Com_update')")
    return sum(int(row["Value"]) for row in counters)


def test_a_second_apply_writes_no_row_and_no_redo(case: Case, phpipam_database: Database) -> None:
    """The server's own counters: no row inserted, updated or deleted, not a byte of redo log."""
    identity = case.add(IP, hostname="old")
    changes = [change("touch", IP, "lastSeen", None, SEEN, identity)]
    case.apply(*changes)
    before = _quiet(phpipam_database)
    assert outcomes(case.apply(*changes)) == ["applied"]
    after = phpipam_database.counters()
    for name in ("Handler_update", "Handler_write", "Handler_delete", "Innodb_os_log_written"):
        assert after[name] == before[name], name


def _quiet(database: Database) -> dict[str, int]:
    """The server's counters once it has tidied up after the tests before."""
    for _ in range(20):
        first = database.counters()["Innodb_os_log_written"]
        time.sleep(0.5)
        found = database.counters()
        if found["Innodb_os_log_written"] == first:
            break
    return found


def test_the_grants_file_may_be_run_twice(phpipam_database: Database) -> None:
    """CREATE USER IF NOT EXISTS: run again after an upgrade, it only adds."""
    case = on_mariadb(phpipam_database)
    phpipam_database.script(grants())
    assert case.phpipam.preflight(AT).version.startswith("1.74")


def test_every_error_of_ours_is_one_line_with_a_remedy() -> None:
    """Place, fault and remedy, and no line break anywhere."""
    nowhere = Phpipam(mysql_settings(free_port()), lambda: PASSWORD, "network.toml")
    with pytest.raises(NetcensusError) as caught:
        nowhere.read(AT)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert CIDR not in str(caught.value)
