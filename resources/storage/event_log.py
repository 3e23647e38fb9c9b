"""Dagster's event log in one SQLite file, a step's events in one transaction."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy
from dagster import AssetKey, DagsterEventType, EventLogEntry
from dagster._core.events import ASSET_EVENTS, EVENT_TYPE_TO_PIPELINE_RUN_STATUS
from dagster._core.storage.event_log.base import AssetRecord
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.consolidated_sqlite_event_log import ConsolidatedSqliteEventLogStorage

from resources.storage.database import Database
from resources.storage.event_buffer import EventBuffer
from resources.storage.event_watcher import EventWatcher, OnEvent

# After these a reader may act: a run changed its state; a step is done and must not look undone after a crash.
COMMITTED_AT_ONCE: Final = frozenset(EVENT_TYPE_TO_PIPELINE_RUN_STATUS) | {
    DagsterEventType.STEP_SUCCESS,
    DagsterEventType.STEP_FAILURE,
    DagsterEventType.STEP_UP_FOR_RETRY,
    DagsterEventType.STEP_SKIPPED,
    # Another process is about to run the step and store events of its own, which must come after this one.
    DagsterEventType.STEP_WORKER_STARTING,
}


class PooledEventLog(ConsolidatedSqliteEventLogStorage):
    """Stock's consolidated event log over one kept connection; `store_event` gathers, everything else first commits."""

    def __init__(self, folder: Path) -> None:
        self._database = Database.at(f"sqlite:///{folder / 'event_log.db'}")
        self._buffer = EventBuffer(self._store_together)
        self._watcher = EventWatcher(self)
        self._database.hold()
        super().__init__(str(folder))
        # Stock makes the tables together with the file; but the file is there, we hold it open. (It would not mend one
        # whose maker died before the tables either.)
        if not self.has_table(SqlEventLogStorageTable.name):
            self._init_db()  # type: ignore[no-untyped-call]  # it has no types

    def store_event(self, event: EventLogEntry) -> None:
        """Store `event` at once if others wait for it, else with those of its step, within a second."""
        self.prepare_insert_event(event)  # what cannot be serialised is refused here, to its caller, as stock does
        self._buffer.add(event)
        if event.is_dagster_event and event.dagster_event_type in COMMITTED_AT_ONCE:
            self._buffer.flush()

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store `events`, committed together."""
        for event in events:
            self.store_event(event)
        self._buffer.flush()

    def _store_together(self, events: Sequence[EventLogEntry]) -> None:
        """Store `events` with stock's own statements, asset and check tables included, in one transaction."""
        with self._database.together():
            for event in events:
                super().store_event(event)

    def get_asset_records(self, asset_keys: Sequence[AssetKey] | None = None) -> Sequence[AssetRecord]:
        """What is stored of these assets, this process's own latest events included.

        Dagster asks at the start of every step; that the step's STEP_START waits then is no reason to commit it alone.
        """
        if self._buffer.holds(_is_of_an_asset):
            self._buffer.flush()
        with self._database.together():
            return super().get_asset_records(asset_keys)

    @contextmanager
    def _connect(self) -> Iterator[sqlalchemy.Connection]:
        """The connection for every statement of stock's: a reader in this process finds all that was stored before."""
        if not self._database.is_together:
            EventBuffer.flush_all()
        with self._database.connect() as connection:
            yield connection

    def has_table(self, table_name: str) -> bool:
        """Whether the file has `table_name` (stock opens and closes a connection for it)."""
        with self._database.connect() as connection:
            return sqlalchemy.inspect(connection).has_table(table_name)

    def watch(self, run_id: str, cursor: str | None, callback: OnEvent) -> None:
        """Call `callback` with each event of the run after `cursor`, within a second of its commit.

        Stock waits for the file to change; in WAL mode what changes is the log beside it.
        """
        self._watcher.watch(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: Callable[..., object]) -> None:
        """Call `handler` no more."""
        self._watcher.end_watch(run_id, handler)

    def dispose(self) -> None:
        """Commit what waits and end the watches. The connection closes with the last user of the file."""
        self._watcher.close()
        self._buffer.flush()


def _is_of_an_asset(event: EventLogEntry) -> bool:
    """Whether storing `event` changes what is known of an asset (as in stock's `store_event`)."""
    return event.is_dagster_event and event.dagster_event_type in ASSET_EVENTS
