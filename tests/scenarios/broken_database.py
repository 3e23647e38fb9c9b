"""What can break at phpIPAM's database: each a block within which it is broken."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pymysql

from pipelines.parse.phpipam import decimal_of
from tests.integration.phpipam_wire import at_the_loads_commit
from tests.scenarios.broken_servers import Broken, during
from tests.scenarios.fault_world import NEW, FaultWorld
from tests.scenarios.real_world import PASSWORD, USER
from tests.services.ports import free_port
from tests.services.process import HOST, PATIENCE_S, eventually

FIRST = b"node2"
"""What stands in the load's first INSERT, and in nothing the preflight sends."""


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
        lose(world)  # first: who connects anew would come here once more, and a second killing meet the next census
        kill(world)
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
            eventually(partial(_is_waiting, world), "the census at the lock")
            cursor.execute(ours)
            met.append("a deadlock")

    thread = threading.Thread(target=other)
    thread.start()
    assert ready.wait(PATIENCE_S)
    yield
    thread.join()
    assert met, "InnoDB ended the other one"


def _is_waiting(world: FaultWorld) -> bool:
    time.sleep(0.2)  # the server renews this table only when nobody has asked for a tenth of a second
    sql = "SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
    return bool(world.network.ipam.execute(sql))
