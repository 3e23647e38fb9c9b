"""Events that wait, at most a moment, to be committed together.

One thread writes. The signal handlers by which Dagster interrupts a run raise in the main thread only, between any two
instructions; a commit in a thread of its own is never cut in half by one, and no event is lost or stored twice.
"""

import logging
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from multiprocessing.util import Finalize
from typing import ClassVar, Final

from dagster import EventLogEntry
from sqlalchemy.exc import OperationalError

# What another process (the web server) sees is at most this late.
LONGEST_WAIT_S: Final = 0.7
MOST_WAITING: Final = 200
# A thread with nothing to write ends (and lets go of its event log); the next event starts another.
IDLE_S: Final = 10

_log = logging.getLogger(__name__)


class EventBuffer:
    """Events in the order they came; `write` stores some of them in one transaction, all or none."""

    _all: ClassVar["weakref.WeakSet[EventBuffer]"] = weakref.WeakSet()

    _changed: threading.Condition
    _waiting: list[EventLogEntry]
    _settled: int  # how many were ever stored, or dropped
    _wanted: int  # how many somebody waits for
    _error: Exception | None
    _writer: threading.Thread | None
    _is_flushed_at_exit: bool

    def __init__(self, write: Callable[[Sequence[EventLogEntry]], None]) -> None:
        self._write = write
        self._reset()
        self._all.add(self)

    def add(self, event: EventLogEntry) -> None:
        """Keep `event` until the next flush, which comes by itself within `LONGEST_WAIT_S`."""
        with self._changed:
            self._ensure_writer()
            self._waiting.append(event)
            self._changed.notify_all()

    def flush(self) -> None:
        """Return when all that was added before is committed; raise what prevented it."""
        with self._changed:
            if not self._waiting and self._error is None:
                return
            target = self._settled + len(self._waiting)
            self._wanted = max(self._wanted, target)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._settled >= target or self._error is not None)
            error, self._error = self._error, None
        if error is not None:
            raise error

    def holds(self, kind: Callable[[EventLogEntry], bool]) -> bool:
        """Whether an event of this kind waits."""
        with self._changed:
            return any(kind(event) for event in self._waiting)

    def _reset(self) -> None:
        """Empty, with no writer: as made, and again in a forked child, where the parent's events are the parent's."""
        self._changed = threading.Condition()
        self._waiting = []
        self._settled = 0
        self._wanted = 0
        self._error = None
        self._writer = None
        self._is_flushed_at_exit = False

    def _ensure_writer(self) -> None:
        """Start the writing thread if there is none, and see to a last flush when the process ends."""
        if not self._is_flushed_at_exit:
            # Not atexit, which a multiprocessing child skips (it ends by os._exit); elsewhere atexit calls this.
            Finalize(None, _flush_at_exit, args=(weakref.ref(self),), exitpriority=100)
            self._is_flushed_at_exit = True
        if self._writer is not None:
            return
        self._writer = threading.Thread(target=self._write_while_busy, name="netcensus-event-log", daemon=True)
        self._writer.start()

    def _write_while_busy(self) -> None:
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._waiting, timeout=IDLE_S):
                    self._writer = None
                    return
                self._changed.wait_for(self._is_due, timeout=LONGEST_WAIT_S)
                batch, is_awaited = list(self._waiting), self._wanted > self._settled
            error = self._try_to_write(batch)
            with self._changed:
                # A refusal nobody waits for is tried again; a dropped event is told to the next who flushes.
                if error is not None and (is_awaited or not isinstance(error, OperationalError)):
                    self._error = error
                    self._wanted = self._settled
                self._changed.notify_all()

    def _is_due(self) -> bool:
        return self._wanted > self._settled or len(self._waiting) >= MOST_WAITING

    def _try_to_write(self, batch: Sequence[EventLogEntry]) -> Exception | None:
        """Write `batch` and drop it; what went wrong, if anything did.

        A database that is locked or full keeps them all for the next try. Any other error is one event's own fault
        (stock storage would raise it from `store_event`): they are then written one by one and only that is dropped.
        """
        try:
            self._write(batch)
        except OperationalError as error:
            _log.warning("Dagster's event log: %d events wait, the database refused them: %s", len(batch), error.orig)
            return error
        except Exception as error:  # noqa: BLE001 (kept, and raised by the next flush in the thread that waits)
            if len(batch) == 1:
                _log.exception("Dagster's event log: an event could not be stored and is dropped: %s", batch[0].message)
                self._drop(1)
                return error
            return self._write_singly(batch)
        self._drop(len(batch))
        return None

    def _write_singly(self, batch: Sequence[EventLogEntry]) -> Exception | None:
        first = None
        for event in batch:
            error = self._try_to_write([event])
            first = first or error
            if isinstance(error, OperationalError):
                break  # this and all after it still wait, in order
        return first

    def _drop(self, count: int) -> None:
        with self._changed:
            del self._waiting[:count]
            self._settled += count

    @classmethod
    def flush_all(cls) -> None:
        """Flush every buffer of this process: two instances of one home may be open in it."""
        for buffer in list(cls._all):
            buffer.flush()

    @classmethod
    def forget_inherited(cls) -> None:
        """After a fork: the thread and the events stayed behind in the parent."""
        for buffer in list(cls._all):
            buffer._reset()  # noqa: SLF001 (our own class)


def _flush_at_exit(reference: "weakref.ref[EventBuffer]") -> None:
    buffer = reference()
    if buffer is not None:
        buffer.flush()


os.register_at_fork(after_in_child=EventBuffer.forget_inherited)
