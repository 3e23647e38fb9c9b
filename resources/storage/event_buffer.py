"""Events that wait, at most a moment, to be stored together, and some moments to be committed together.

One thread writes. The signal handlers by which Dagster interrupts a run raise in the main thread only, between any two
instructions; a write in a thread of its own is never cut in half by one, and no event is lost or stored twice.
"""

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from multiprocessing.util import Finalize
from typing import ClassVar, Final, Protocol

from dagster import EventLogEntry
from sqlalchemy.exc import OperationalError

# What another process (the web server) sees is at most this late. A census takes some five seconds: each commit less is
# a fifth of its bytes, since all commits of a run change the same pages of the same indexes.
LONGEST_WAIT_S: Final = 10.0
# Between two such commits nothing is written for a moment: another process that waits for its turn tries each 0.1 s.
TURN_S: Final = 0.2
MOST_WAITING: Final = 200
# A thread with nothing to write ends (and lets go of its event log); the next event starts another.
IDLE_S: Final = 10

_log = logging.getLogger(__name__)


class Sink(Protocol):
    """Where events go: written, they are seen by this process; committed, by all, and for good."""

    def write(self, events: Sequence[EventLogEntry], undone: Callable[[], None]) -> None:
        """Store `events`, all or, on an error, none; call `undone` should they be lost before they are committed."""

    def commit(self) -> None:
        """Commit what was written; on an error all of it is undone."""


class EventBuffer:
    """Events in the order they came: waiting, then written, then committed."""

    _all: ClassVar["weakref.WeakSet[EventBuffer]"] = weakref.WeakSet()

    _changed: threading.Condition
    _waiting: list[EventLogEntry]
    _written: int  # how many were ever written, or dropped
    _committed: int  # how many of these are committed
    _write_until: int  # so many somebody waits for
    _commit_until: int
    _due_at: float  # when the next commit comes by itself (time.monotonic)
    _error: Exception | None
    _writer: threading.Thread | None
    _is_committed_at_exit: bool

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._reset()
        self._all.add(self)

    def add(self, event: EventLogEntry) -> None:
        """Keep `event` until the next flush or commit, which comes by itself within `LONGEST_WAIT_S`."""
        with self._changed:
            if not self._waiting and self._committed == self._written:
                self._due_at = time.monotonic() + LONGEST_WAIT_S
            self._ensure_writer()
            self._waiting.append(event)
            self._changed.notify_all()

    def flush(self) -> None:
        """Return when all that was added before is written, and so seen by this process; raise what prevented it."""
        with self._changed:
            until = self._written + len(self._waiting)
            self._write_until = max(self._write_until, until)
            self._wait_for(lambda: self._written >= until)

    def commit(self) -> None:
        """Return when all that was added before is committed; raise what prevented it."""
        with self._changed:
            until = self._written + len(self._waiting)
            self._commit_until = max(self._commit_until, until)
            self._wait_for(lambda: self._committed >= until)

    def _wait_for(self, is_done: Callable[[], bool]) -> None:
        self._changed.notify_all()
        self._changed.wait_for(lambda: is_done() or self._error is not None)
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _reset(self) -> None:
        """Empty, with no writer: as made, and again in a forked child, where the parent's events are the parent's."""
        self._changed = threading.Condition()
        self._waiting = []
        self._written = self._committed = self._write_until = self._commit_until = 0
        self._due_at = 0.0
        self._error = None
        self._writer = None
        self._is_committed_at_exit = False

    def _ensure_writer(self) -> None:
        """Start the writing thread if there is none, and see to a last commit when the process ends."""
        if not self._is_committed_at_exit:
            # Not atexit, which a multiprocessing child skips (it ends by os._exit); elsewhere atexit calls this.
            Finalize(None, _commit_at_exit, args=(weakref.ref(self),), exitpriority=100)
            self._is_committed_at_exit = True
        if self._writer is not None:
            return
        self._writer = threading.Thread(target=self._write_while_busy, name="netcensus-event-log", daemon=True)
        self._writer.start()

    def _write_while_busy(self) -> None:
        while True:
            with self._changed:
                if not self._changed.wait_for(self._has_work, timeout=IDLE_S):
                    self._writer = None
                    return
                self._changed.wait_for(self._is_due, timeout=max(0.0, self._due_at - time.monotonic()))
                batch, is_to_commit = list(self._waiting), self._is_commit_due()
                is_awaited, is_asked_for = self._is_awaited(), self._commit_until > self._committed
            error = self._try_to_write(batch)
            if is_to_commit and error is None:
                error = self._try_to_commit()
            with self._changed:
                # A refusal nobody waits for is tried again; a dropped event is told to the next who flushes.
                if error is not None and (is_awaited or not isinstance(error, OperationalError)):
                    self._error = error
                    self._write_until, self._commit_until = self._written, self._committed
                self._changed.notify_all()
            if is_to_commit and not is_asked_for:
                time.sleep(TURN_S)

    def _has_work(self) -> bool:
        return bool(self._waiting) or self._committed < self._written

    def _is_due(self) -> bool:
        return self._is_awaited() or len(self._waiting) >= MOST_WAITING

    def _is_awaited(self) -> bool:
        return self._write_until > self._written or self._commit_until > self._committed

    def _is_commit_due(self) -> bool:
        return self._commit_until > self._committed or self._due_at <= time.monotonic()

    def _try_to_write(self, batch: Sequence[EventLogEntry]) -> Exception | None:
        """Write `batch` and drop it; what went wrong, if anything did.

        A database that is locked or full keeps them all for the next try. Any other error is one event's own fault
        (stock storage would raise it from `store_event`): they are then written one by one and only that is dropped.
        """
        if not batch:
            return None
        try:
            self._sink.write(batch, lambda: self._put_back(batch))
        except OperationalError as error:
            return self._refused(error)
        except Exception:  # noqa: BLE001 (whatever an event's fault is; found again, and kept, one event at a time)
            return self._write_singly()
        self._drop(len(batch))
        return None

    def _write_singly(self) -> Exception | None:
        """Write and commit all that waits event by event, what the fault of one undid included."""
        first = None
        with self._changed:
            events = list(self._waiting)
        for event in events:
            try:
                self._sink.write([event], lambda event=event: self._put_back([event]))  # type: ignore[misc]  # bound now
            except OperationalError as error:
                return first or self._refused(error)  # this and all after it still wait, in order
            except Exception as error:  # noqa: BLE001 (kept, and raised by the next flush in the thread that waits)
                _log.exception("Dagster's event log: an event could not be stored and is dropped: %s", event.message)
                first = first or error
            self._drop(1)
            if refused := self._try_to_commit():
                return first or refused
        return first

    def _try_to_commit(self) -> Exception | None:
        try:
            self._sink.commit()
        except OperationalError as error:
            return self._refused(error)
        with self._changed:
            self._committed = self._written
        return None

    def _refused(self, error: OperationalError) -> Exception:
        """The database's refusal, told; the next try comes by itself after a while."""
        with self._changed:
            self._due_at = time.monotonic() + LONGEST_WAIT_S
            waiting = len(self._waiting)
        _log.warning("Dagster's event log: %d events wait, the database refused them: %s", waiting, error.orig)
        return error

    def _drop(self, count: int) -> None:
        with self._changed:
            del self._waiting[:count]
            self._written += count

    def _put_back(self, events: Sequence[EventLogEntry]) -> None:
        """These wait again, before all others: what they were written in was undone."""
        with self._changed:
            self._waiting[:0] = events
            self._written -= len(events)

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


def _commit_at_exit(reference: "weakref.ref[EventBuffer]") -> None:
    buffer = reference()
    if buffer is not None:
        buffer.commit()


os.register_at_fork(after_in_child=EventBuffer.forget_inherited)
