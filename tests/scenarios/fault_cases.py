"""The faults of the matrix: each a block within which one thing is broken, by its real socket, file or server."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import dns.message
import dns.name
import dns.rcode
import pymysql
from dns.rdatatype import RdataType

from pipelines.parse.phpipam import decimal_of
from tests.integration.dns_proxy import CLOSE, Fault, is_update
from tests.integration.phpipam_wire import at_the_loads_commit
from tests.scenarios.fault_world import BACK, NEW, FaultWorld
from tests.scenarios.real_world import PASSWORD, USER
from tests.services.process import HOST, eventually, free_port

ANSWER_S = 2.0
"""How long a census of these tests waits for the name server."""
NEAR_THE_END = 800  # bytes before the end of what the gateway sends over one connection: amid its answers
FIRST = b"node2"
"""What stands in the load's first INSERT, and in nothing the preflight sends."""
FORWARD = "viktorbarzin.lan"
Broken = AbstractContextManager[None]
Break = Callable[[FaultWorld], Broken]


@dataclass(frozen=True)
class Case:
    """One fault. `says` are parts of one sentence of the run's; empty where the run is green."""

    stage: str
    fault: str
    broken: Break
    says: tuple[str, ...] = ()


@contextmanager
def during(thing: object, **values: object) -> Iterator[None]:
    """While the block runs, these attributes have these values."""
    before = {name: getattr(thing, name) for name in values}
    try:
        for name, value in values.items():
            setattr(thing, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(thing, name, value)


# --- SSH and Kea -------------------------------------------------------------------------------------------------


@contextmanager
def ssh_refused(world: FaultWorld) -> Iterator[None]:
    """Nobody listens."""
    world.ssh.close()
    yield
    world.ssh.open()


def ssh_cut(world: FaultWorld) -> Broken:
    """The connection ends amid the gateway's answers."""
    return during(world.ssh, cut_at=world.ssh_bytes - NEAR_THE_END)


def ssh_stalls(world: FaultWorld) -> Broken:
    """It stays open, and nothing more comes."""
    return during(world.ssh, stalls_at=world.ssh_bytes - NEAR_THE_END)


@contextmanager
def other_host_key(world: FaultWorld) -> Iterator[None]:
    """Another key is pinned than the gateway shows."""
    file, other = world.network.world.folder / "known_hosts", world.network.ssh.client_key.with_suffix(".pub")
    before = file.read_text(encoding="utf-8")
    key = " ".join(other.read_text(encoding="ascii").split()[:2])
    file.write_text(f"[{HOST}]:{world.ssh.port} {key}\n", encoding="utf-8")
    yield
    file.write_text(before, encoding="utf-8")


@contextmanager
def kea_restarting(world: FaultWorld) -> Iterator[None]:
    """Kea is down while the census looks, and comes back."""
    kea = world.network.kea
    kea.dhcp4.stop()
    yield
    kea.start()
    kea.configure(world.subnets())


@contextmanager
def leases_gone(world: FaultWorld, keeps: Callable[[int, str], bool]) -> Iterator[None]:
    """Kea tells, whole and in good order, of fewer leases."""
    for number, lease in enumerate(world.leases):
        if not keeps(number, lease["ip-address"]):
            world.network.kea.command("lease4-del", {"ip-address": lease["ip-address"]})
    yield
    world.restore_leases()


def _is_among_half(number: int, ip: str) -> bool:
    return number % 2 == 1 and ip not in BACK.values()


# --- DNS ---------------------------------------------------------------------------------------------------------


def is_transfer(message: bytes) -> bool:
    """Whether a question, or an answer that repeats it, is of an AXFR."""
    end = 12
    while message[end]:
        end += message[end] + 1
    return int.from_bytes(message[end + 1 : end + 3], "big") == RdataType.AXFR


def refusal(world: FaultWorld, question: bytes) -> bytes:
    """REFUSED, signed as the server would sign it."""
    key = world.network.bind.key()
    request = dns.message.from_wire(question, keyring={dns.name.from_text("netcensus"): key})
    response = dns.message.make_response(request)
    response.set_rcode(dns.rcode.REFUSED)
    return response.to_wire()


@contextmanager
def transfers(world: FaultWorld, **faults: Fault) -> Iterator[None]:
    """A zone has moved, so that it is transferred; and then this happens."""
    bind = world.network.bind
    bind.add(FORWARD, f"moved.{FORWARD}", 60, "TXT", "x")
    bind.delete(FORWARD, f"moved.{FORWARD}")
    with during(world.dns, **faults):
        yield


def transfer_cut(world: FaultWorld) -> Broken:
    """The connection ends when the zone should come."""
    return transfers(world, answer=lambda answer: CLOSE if is_transfer(answer) else answer)


def transfer_refused(world: FaultWorld) -> Broken:
    """The key may not transfer the zone."""
    return transfers(world, instead=lambda question: refusal(world, question) if is_transfer(question) else None)


@contextmanager
def zone_moves(world: FaultWorld) -> Iterator[None]:
    """Somebody edits the zone during each of its transfers."""
    bind, names = world.network.bind, iter(range(1000))

    def edited(answer: bytes) -> bytes:
        if is_transfer(answer):
            bind.add(FORWARD, f"edit{next(names)}.{FORWARD}", 60, "TXT", "x")
        return answer

    with transfers(world, answer=edited):
        yield
    for number in range(next(names)):
        bind.delete(FORWARD, f"edit{number}.{FORWARD}")


def update_lost(world: FaultWorld) -> Broken:
    """No UPDATE arrives."""
    return during(world.dns, question=lambda question: None if is_update(question) else question)


def update_unanswered(world: FaultWorld) -> Broken:
    """Every UPDATE is carried out, and no answer comes back."""
    return during(world.dns, answer=lambda answer: None if is_update(answer) else answer)


def update_late(world: FaultWorld) -> Broken:
    """The answers come when nobody waits any more."""

    def late(answer: bytes) -> bytes:
        if is_update(answer):
            time.sleep(ANSWER_S + 0.5)
        return answer

    return during(world.dns, answer=late)


def update_refused(world: FaultWorld) -> Broken:
    """The key may not update."""
    return during(world.dns, instead=lambda question: refusal(world, question) if is_update(question) else None)


def dns_gone(world: FaultWorld) -> Broken:
    """After the first zone's UPDATE the server is gone."""
    updates: list[bytes] = []

    def gone(question: bytes) -> bytes:
        if is_update(question):
            updates.append(question)
        return CLOSE if len(updates) > 1 else question

    return during(world.dns, question=gone)


# --- phpIPAM's database ------------------------------------------------------------------------------------------


@contextmanager
def sql(world: FaultWorld, on_request: Callable[[bytes], bool]) -> Iterator[None]:
    """`on_request` sees what the census sends, and says whether to cut; afterwards the server is there again."""
    with during(world.sql, on_request=on_request, server=world.sql.server):
        yield


def lose(world: FaultWorld) -> None:
    """The server is gone, for who connects anew too."""
    world.sql.server = (HOST, free_port())


@contextmanager
def sql_gone(world: FaultWorld) -> Iterator[None]:
    """The server is down from the start."""
    with during(world.sql, server=(HOST, free_port())):
        yield


def sql_gone_writing(world: FaultWorld) -> Broken:
    """It goes with the first row."""

    def gone(request: bytes) -> bool:
        if FIRST not in request:
            return False
        kill(world)
        lose(world)
        return True

    return sql(world, gone)


def sql_gone_committing(world: FaultWorld) -> Broken:
    """It goes with the first commit, which it still carries out."""
    return sql(world, at_the_loads_commit(lambda: lose(world), FIRST))


def commit_unanswered(world: FaultWorld) -> Broken:
    """The answer to the first commit is lost, and the server is there again."""
    return sql(world, at_the_loads_commit(lambda: None, FIRST))


def killed_before_commit(world: FaultWorld) -> Broken:
    """The first commit does not arrive."""
    return sql(world, at_the_loads_commit(lambda: kill(world), FIRST))


def kill(world: FaultWorld) -> None:
    """End every connection of the census's."""
    for row in world.network.ipam.execute(f"SELECT id FROM information_schema.processlist WHERE user = '{USER}'"):  # noqa: S608 - our own word
        with suppress(pymysql.err.OperationalError):  # it has ended by itself
            world.network.ipam.execute(f"KILL {int(row['id'])}")


@contextmanager
def password_rotated(world: FaultWorld) -> Iterator[None]:
    """Between reading and writing the user gets another password."""
    change = f"ALTER USER '{USER}'@'%%' IDENTIFIED BY %s"
    is_done: list[bytes] = []

    def rotate(question: bytes) -> bytes:
        if not is_done:
            is_done.append(question)
            world.network.ipam.execute(change, ["another"])
        return question

    with during(world.dns, question=rotate):  # the zones are read after phpIPAM
        yield
    world.network.ipam.execute(change, [PASSWORD])


@contextmanager
def holding(world: FaultWorld, *statements: str) -> Iterator[Any]:
    """A cursor of somebody else's whose transaction has run these statements, and is rolled back in the end."""
    with world.network.ipam._connection() as other, other.cursor() as cursor:  # noqa: SLF001 - for its locks
        cursor.execute("BEGIN")
        for statement in statements:
            cursor.execute(statement)
        yield cursor
        cursor.execute("ROLLBACK")


_VISITOR = "SELECT id FROM ipaddresses WHERE id = {} FOR UPDATE"


def visitors_row(world: FaultWorld) -> str:
    """The statement that locks the row which is to be set Offline."""
    return _VISITOR.format(world.network.ipam.execute("SELECT id FROM ipaddresses WHERE hostname = 'visitor'")[0]["id"])


@contextmanager
def row_locked(world: FaultWorld) -> Iterator[None]:
    """Somebody holds a row and does not let go."""
    with holding(world, visitors_row(world)):
        yield


@contextmanager
def load_locked(world: FaultWorld) -> Iterator[None]:
    """Another run is loading."""
    with holding(world, "SELECT GET_LOCK('netcensus.load', 0)") as cursor:
        yield
        cursor.execute("SELECT RELEASE_LOCK('netcensus.load')")


@contextmanager
def deadlock(world: FaultWorld) -> Iterator[None]:
    """Somebody holds what we want next and wants what we hold; InnoDB ends us, whose transaction is the lighter one."""
    world.network.ipam.script(
        "CREATE OR REPLACE TABLE saved.ballast (id INT PRIMARY KEY, x INT) ENGINE=InnoDB;"
        "INSERT INTO saved.ballast SELECT seq, 0 FROM seq_1_to_500;"
    )
    ready, wanted = threading.Event(), decimal_of(NEW["arrival"])
    ours = f"INSERT INTO ipaddresses (subnetId, ip_addr) VALUES (9, '{wanted}')"  # noqa: S608 - a number
    met: list[str] = []

    def other() -> None:
        with holding(world, "UPDATE saved.ballast SET x = 1", visitors_row(world)) as cursor:
            ready.set()
            eventually(partial(_is_waiting, world), "the census at the lock", timeout_s=40)
            cursor.execute(ours)
            met.append("a deadlock")

    thread = threading.Thread(target=other)
    thread.start()
    ready.wait(5)
    yield
    thread.join()
    assert met, "InnoDB ended the other one"


def _is_waiting(world: FaultWorld) -> bool:
    time.sleep(0.2)  # the server renews this table only when nobody has asked for a tenth of a second
    sql = "SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
    return bool(world.network.ipam.execute(sql))


# --- the matrix --------------------------------------------------------------------------------------------------

READING = (
    Case("read sites", "SSH refused", ssh_refused, ("no SSH session", "Check that the gateway is up")),
    Case(
        "read sites",
        "SSH black-holed",
        lambda world: during(world.ssh, stalls_at=0),
        ("no SSH session within", "Check that the gateway is up"),
    ),
    Case("read sites", "SSH cut in mid-answer", ssh_cut, ("cut", "Run the census again")),
    Case("read sites", "SSH stalls in mid-answer", ssh_stalls, ("did not end within 5 s", "Run the census again")),
    Case("read sites", "wrong host key", other_host_key, ("host key has changed", "ssh-keygen -R")),
    Case("read sites", "Kea restarting", kea_restarting, ("no Kea control socket", "Start Kea")),
    Case("read phpIPAM", "MariaDB is down", sql_gone, ("phpIPAM at", "Check that the database runs")),
    Case("read zones", "transfer cut", transfer_cut, ("viktorbarzin.lan", "lost", "Check [dns] server")),
    Case("read zones", "transfer REFUSED", transfer_refused, ("viktorbarzin.lan", "REFUSED", "allow-transfer")),
    Case("read zones", "zone moves during transfer", zone_moves, ("changed during each of 3 transfers",)),
    Case("load", "password rotated", password_rotated, ("Access denied", "NETCENSUS_PHPIPAM_PASSWORD_FILE")),
    Case("load", "another run holds the lock", load_locked, ("another run is loading", "Wait for it to end")),
)
"""After these nothing is written."""

WRITING = (
    Case("read sites", "Kea has no leases", partial(leases_gone, keeps=lambda *_: False)),
    Case("read sites", "Kea has fewer than half its leases", partial(leases_gone, keeps=_is_among_half)),
    Case("load phpIPAM", "MariaDB goes before commit", sql_gone_writing, ("was not written", "Check that the data")),
    Case("load phpIPAM", "MariaDB goes during commit", sql_gone_committing, ("phpIPAM at", "Check that the database")),
    Case("load phpIPAM", "the answer to COMMIT is lost", commit_unanswered),
    Case("load phpIPAM", "killed before COMMIT arrives", killed_before_commit, ("nothing was written",)),
    Case("load phpIPAM", "deadlock", deadlock),
    Case("load phpIPAM", "lock wait", row_locked, ("stayed locked", "the next run tries again")),
    Case("load DNS", "UPDATE lost", update_lost, ("did not answer in time", "Check [dns] server")),
    Case("load DNS", "UPDATE done, answer lost", update_unanswered),
    Case("load DNS", "UPDATE answered late", update_late),
    Case("load DNS", "UPDATE REFUSED", update_refused, ("refuses updates", "update-policy")),
    Case("load DNS", "server gone after one zone", dns_gone, ("lost before it answered", "Check [dns] server")),
)
"""After these some of it may be written."""
