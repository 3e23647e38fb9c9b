"""Tells the web server's live pages of new events.

Dagster's own poller, which its other SQL storages use, slows down to one look in 16 s; this one does not.
"""

import logging
import threading
from collections.abc import Callable
from typing import Final

from dagster import EventLogEntry
from dagster._core.event_api import EventLogCursor
from dagster._core.storage.event_log.base import EventLogStorage

OnEvent = Callable[[EventLogEntry, str], object]

INTERVAL_S: Final = 0.3

_log = logging.getLogger(__name__)


class EventWatcher:
    """The callbacks of one event log, and the thread that looks while there are any."""

    def __init__(self, event_log: EventLogStorage) -> None:
        self._event_log = event_log
        self._lock = threading.Lock()
        self._cursors: dict[tuple[str, OnEvent], str | None] = {}
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, run_id: str, cursor: str | None, callback: OnEvent) -> None:
        """Call `callback` with each event of the run after `cursor`."""
        with self._lock:
            self._cursors[run_id, callback] = cursor
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="netcensus-event-watch", daemon=True)
                self._thread.start()

    def end_watch(self, run_id: str, callback: OnEvent) -> None:
        """Call `callback` no more."""
        with self._lock:
            self._cursors.pop((run_id, callback), None)

    def close(self) -> None:
        """End all watches."""
        self._closed.set()

    def _look(self) -> None:
        while not self._closed.wait(INTERVAL_S):
            with self._lock:
                watches = list(self._cursors.items())
                if not watches:
                    self._thread = None
                    return
            for (run_id, callback), cursor in watches:
                self._tell(run_id, callback, cursor)

    def _tell(self, run_id: str, callback: OnEvent, cursor: str | None) -> None:
        """Give `callback` what is new; what it raises is its own affair and ends nobody else's watch."""
        try:
            found = self._event_log.get_records_for_run(run_id, cursor)
            for record in found.records:
                callback(record.event_log_entry, str(EventLogCursor.from_storage_id(record.storage_id)))
        except Exception:  # noqa: BLE001 (whatever the callback raises)
            _log.exception(
                "Dagster's event log: watching run %s failed; the next look comes in %s s", run_id, INTERVAL_S
            )
            return
        with self._lock:
            if (run_id, callback) in self._cursors:
                self._cursors[run_id, callback] = found.cursor
