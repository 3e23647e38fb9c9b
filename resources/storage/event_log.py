"""Dagster's event log in one SQLite file: what is read, packed, some seconds of it in one transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy
from dagster import AssetKey, DagsterEventType, EventLogEntry, EventLogRecord
from dagster._core.events import EVENT_TYPE_TO_PIPELINE_RUN_STATUS
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.consolidated_sqlite_event_log import ConsolidatedSqliteEventLogStorage

from resources.storage import last_materializations
from resources.storage.database import Database
from resources.storage.event_buffer import EventBuffer
from resources.storage.event_watcher import EventWatcher, OnEvent
from resources.storage.indexes import settle_indexes
from resources.storage.packed_text import pack_texts

LEFT_OUT: Final = frozenset(
    {
        # "Got input", "loaded input": which tables a step reads stands in its definition, and nothing asks for these.
        DagsterEventType.STEP_INPUT,
        DagsterEventType.LOADED_INPUT,
        # "Handled output": what the IO manager says of a table stands in the asset's materialization, word for word.
        DagsterEventType.HANDLED_OUTPUT,
    }
)
"""Kinds of events that are not stored: 116 of the 396 of a census."""
LEFT_OUT_OF_ONE_PROCESS: Final = frozenset(
    {
        # "Yielded output": each is a materialization or a check's result as well, and STEP_SUCCESS says that all are
        # there. Only steps in processes of their own look in the log for what others yielded.
        DagsterEventType.STEP_OUTPUT,
    }
)
"""Kinds that a run with all its steps in its own process does not store either: another 86."""
COMMITTED_AT_ONCE: Final = frozenset(EVENT_TYPE_TO_PIPELINE_RUN_STATUS) - {DagsterEventType.PIPELINE_START} | {
    # After these a reader may act: a run changed its state, a step failed. But that it began stands with the runs; what
    # is planned in it changes the pages of every asset and check, which change once more when it ends.
    DagsterEventType.STEP_FAILURE,
    DagsterEventType.STEP_UP_FOR_RETRY,
    # Another process is about to run the step and store events of its own, which must come after this one ...
    DagsterEventType.STEP_WORKER_STARTING,
}
COMMITTED_AT_ONCE_IN_A_STEP_S_OWN_PROCESS: Final = frozenset(
    # ... as its last must come before those of the run's process.
    {DagsterEventType.STEP_SUCCESS, DagsterEventType.STEP_SKIPPED}
)


class PooledEventLog(ConsolidatedSqliteEventLogStorage):
    """Stock's consolidated event log over one kept connection; `store_event` gathers, everything else first writes."""

    def __init__(self, folder: Path) -> None:
        self._database = Database.at(f"sqlite:///{folder / 'event_log.db'}")
        pack_texts(self._database.engine)
        self._buffer = EventBuffer(self)
        self._watcher = EventWatcher(self)
        self._is_a_step_s_own = False
        self._database.hold()
        super().__init__(str(folder))
        # Stock makes the tables together with the file; but the file is there, we hold it open. (It would not mend one
        # whose maker died before the tables either.)
        if not self.has_table(SqlEventLogStorageTable.name):
            self._init_db()  # type: ignore[no-untyped-call]  # it has no types
        with self._database.connect() as connection:
            settle_indexes(connection)

    def store_event(self, event: EventLogEntry) -> None:
        """Store `event` at once if others wait for it, else with what follows, within some seconds."""
        self.prepare_insert_event(event)  # what cannot be serialised is refused here, to its caller, as stock does
        kind = event.dagster_event_type if event.is_dagster_event else None
        self._is_a_step_s_own |= kind == DagsterEventType.STEP_WORKER_STARTED
        if kind in LEFT_OUT or (kind in LEFT_OUT_OF_ONE_PROCESS and not self._is_a_step_s_own):
            return
        self._buffer.add(event)
        is_last = self._is_a_step_s_own and kind in COMMITTED_AT_ONCE_IN_A_STEP_S_OWN_PROCESS
        if kind in COMMITTED_AT_ONCE or is_last:
            self._buffer.commit()

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store `events`, committed together."""
        for event in events:
            self.store_event(event)
        self._buffer.commit()

    def write(self, events: Sequence[EventLogEntry], undone: Callable[[], None]) -> None:
        """Store `events` with stock's own statements, asset and check tables included, to be committed with others."""
        with self._database.gather(undone):
            for event in events:
                if event.dagster_event_type == DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
                    # What is asked of a check is its row in the table of checks; no row of the log: 50 of a census.
                    self.store_asset_check_event(event, None)
                else:
                    super().store_event(event)

    def _get_asset_entry_values(
        self,
        event: EventLogEntry,
        event_id: int,
        has_asset_key_index_cols: bool,  # noqa: FBT001 - stock calls it so
    ) -> dict[str, Any]:
        values = super()._get_asset_entry_values(event, event_id, has_asset_key_index_cols)
        return last_materializations.not_stored(values)

    def _get_latest_materialization_records(
        self, raw_asset_rows: Sequence[Mapping[str, Any]]
    ) -> Mapping[AssetKey, EventLogRecord | None]:
        with self._connect() as connection:
            found = last_materializations.found_in_log(connection, raw_asset_rows)
        others = last_materializations.of_others(raw_asset_rows, found)
        return {**super()._get_latest_materialization_records(others), **found}

    def commit(self) -> None:
        """Commit what was written."""
        self._database.commit()

    @contextmanager
    def _connect(self) -> Iterator[sqlalchemy.Connection]:
        """The connection for every statement of stock's: a reader in this process finds all that was stored before."""
        if not self._database.is_inside:
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
        self._buffer.commit()
