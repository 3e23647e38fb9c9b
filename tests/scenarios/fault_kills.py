"""A load in a process of its own, which is ended by SIGKILL at a chosen step, or whose disk is full."""

import os
import resource
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pipelines import tables
from resources.loading import carry_out
from tests.integration.dns_proxy import is_update
from tests.scenarios.broken_database import FIRST
from tests.scenarios.broken_servers import during
from tests.scenarios.fault_world import FaultWorld
from tests.services.process import PATIENCE_S

_WRITES = ("INSERT", "UPDATE", "DELETE")
Plans = tuple[pd.DataFrame, pd.DataFrame]
Prepare = Callable[[], object]
Loading = Callable[[FaultWorld, Plans], None]
_NOTHING = tables.UNDONE.empty()


def load(world: FaultWorld, plans: Plans, run_id: str = "killed", undone: pd.DataFrame = _NOTHING) -> None:
    """What the asset `load` does with the two plans, and the undo's, which takes back what is `undone`."""
    in_ipam, in_dns = plans
    with world.network.world.entered():
        outside = world.resources()
        phpipam, nameserver, ledger = outside["phpipam"], outside["nameserver"], outside["ledger"]
        with phpipam.lock(), nameserver:
            carry_out(
                in_ipam,
                "phpipam",
                lambda plan, settle: phpipam.apply(plan, datetime.now(UTC), settle),
                ledger,
                run_id,
                undone=undone,
            )
            carry_out(in_dns, "dns", nameserver.apply, ledger, run_id, undone=undone)


def forked(world: FaultWorld, plans: Plans, prepare: Prepare, loading: Loading = load) -> int:
    """The id of a process that loads, after `prepare` has set there what is to go wrong."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        prepare()
        loading(world, plans)
        status = 0
    finally:  # whatever it is, this process ends here, and tears down nothing of the tests'
        os._exit(status)


def ended(child: int) -> int:
    """How it ended: an exit status, or less than 0 for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_self_at(step: int) -> None:
    """End this process outright before the so-manieth commit, in phpIPAM or the ledger, or statement in phpIPAM."""
    steps = count(1)

    def one(*_: object) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(*arguments: Any) -> None:
        _, cursor, text, *_ = arguments
        if text.lstrip().startswith(_WRITES) and not isinstance(cursor, sqlite3.Cursor):
            one()

    sa.event.listen(sa.Engine, "commit", one)
    sa.event.listen(sa.Engine, "before_cursor_execute", statement)


def fill_disk(limit_bytes: int) -> None:
    """Let no file of this process grow beyond so many bytes: as on a full disk, a write fails and is an error."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))


def killing_at_update(
    world: FaultWorld, child: list[int], number: int, *, is_done: bool
) -> AbstractContextManager[None]:
    """`child` is killed at an UPDATE message: before it arrives, or when it `is_done` and not yet answered."""
    updates = count(1)

    def kill(message: bytes) -> bytes | None:
        if not is_update(message) or next(updates) != number:
            return message
        os.kill(child[0], signal.SIGKILL)
        return None

    return during(world.dns, **{"answer" if is_done else "question": kill})


@contextmanager
def held_at_the_first_row(world: FaultWorld) -> Iterator[threading.Event]:
    """A load waits before its first row in phpIPAM, in the event that is given, until the block ends."""
    waits, goes_on = threading.Event(), threading.Event()

    def hold(request: bytes) -> bool:
        if FIRST in request:
            waits.set()
            goes_on.wait(PATIENCE_S)
        return False

    with during(world.sql, on_request=hold):
        yield waits
        goes_on.set()
