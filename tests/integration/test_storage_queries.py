"""Dagster's own questions to the event log, each answered by an index although stock's are replaced by fewer."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster import AssetKey, DagsterEventType
from dagster._core.event_api import RunStatusChangeRecordsFilter

from tests.integration.storage_story import CHECK, REPOSITORY, home, instance_at, run_job

Ask = Callable[[dg.DagsterInstance, str], object]
TABLE = AssetKey("table")
MATERIALIZED = DagsterEventType.ASSET_MATERIALIZATION
ASKED: dict[str, Ask] = {
    "a run's log": lambda one, run_id: one.all_logs(run_id),
    "a run's log by type": lambda one, run_id: one.all_logs(run_id, of_type=DagsterEventType.STEP_START),
    "a run's log from a cursor": lambda one, run_id: one.get_records_for_run(run_id, limit=3, ascending=False),
    "a run's steps": lambda one, run_id: one.get_run_step_stats(run_id, ["table"]),
    "a run's stats": lambda one, run_id: one.get_run_stats(run_id),
    "assets": lambda one, _: one.get_asset_records([TABLE]),
    "an asset's history": lambda one, _: one.fetch_materializations(TABLE, limit=5),
    "some of an asset's partitions": lambda one, _: one.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=TABLE, asset_partitions=["a"]), limit=5
    ),
    "an asset's partitions": lambda one, _: one.get_materialized_partitions(TABLE),
    "the latest of each partition": lambda one, _: one.event_log_storage.get_latest_storage_id_by_partition(
        TABLE, MATERIALIZED
    ),
    "partitions in progress": lambda one, _: (
        one.event_log_storage.get_latest_asset_partition_materialization_attempts_without_materializations(TABLE)
    ),
    "tags of the latest of each partition": lambda one, _: one.event_log_storage.get_latest_tags_by_partition(
        TABLE, MATERIALIZED, tag_keys=["dagster/data_version"]
    ),
    "an event's tags": lambda one, _: one.event_log_storage.get_event_tags_for_asset(TABLE, filter_event_id=5),
    "what is planned": lambda one, _: one.event_log_storage.get_latest_planned_materialization_info(TABLE),
    "a check's history": lambda one, _: one.event_log_storage.get_asset_check_execution_history(CHECK, limit=5),
    "checks": lambda one, _: one.event_log_storage.get_latest_asset_check_execution_by_key([CHECK]),
    "a run's end": lambda one, run_id: one.delete_run(run_id),
}
WALKED: dict[str, Ask] = {
    "failed runs": lambda one, _: one.fetch_run_status_changes(
        RunStatusChangeRecordsFilter(DagsterEventType.RUN_FAILURE, after_storage_id=10), limit=5
    ),
}


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance of ours that has seen two runs."""
    with instance_at(home(tmp_path / "ours", (REPOSITORY / "dagster.yaml").read_text())) as instance:
        for how in ("well", "empty"):
            run_job(instance, how)
        yield instance


def plans(instance: dg.DagsterInstance, ask: Ask) -> list[str]:
    """What SQLite does for each statement of Dagster's on the event log that `ask` leads to."""
    database: Any = instance.event_log_storage._database  # type: ignore[attr-defined]  # noqa: SLF001 (there is no other way in)
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if not statement.startswith(("PRAGMA", "INSERT", "BEGIN", "SAVEPOINT", "RELEASE")):
            asked.append((statement, parameters))

    run_id = instance.get_runs(limit=1)[0].run_id
    sa.event.listen(database.engine, "before_cursor_execute", note)
    ask(instance, run_id)
    sa.event.remove(database.engine, "before_cursor_execute", note)
    assert asked
    with database.connect() as connection:
        rows = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all() for text, values in asked]
    return [str(row[-1]) for found in rows for row in found]


@pytest.mark.parametrize("what", ASKED)
def test_what_dagster_asks_is_found_by_an_index(ours: dg.DagsterInstance, what: str) -> None:
    """Nothing that grows with the runs is read from end to end."""
    for line in plans(ours, ASKED[what]):
        assert not line.startswith(("SCAN event_logs", "SCAN asset_check_executions", "SCAN asset_event_tags")), line


@pytest.mark.parametrize("what", WALKED)
def test_what_is_asked_by_type_alone_is_walked_to_from_the_cursor(ours: dg.DagsterInstance, what: str) -> None:
    """Without an index of types, only what is newer than the asker's cursor is read."""
    assert any(line.startswith("SEARCH event_logs USING INTEGER PRIMARY KEY") for line in plans(ours, WALKED[what]))


def test_the_indexes_of_a_file_made_by_an_older_release_are_replaced(tmp_path: Path) -> None:
    """Stock's indexes, with rows in them, give way to ours; the rows stay."""
    folder = home(tmp_path / "home", (REPOSITORY / "dagster.yaml").read_text())
    with instance_at(folder) as instance:
        run_job(instance, "well")
        database: Any = instance.event_log_storage._database  # type: ignore[attr-defined]  # noqa: SLF001 (as above)
        with database.connect() as connection:
            connection.exec_driver_sql("CREATE INDEX idx_step_key ON event_logs (step_key)")
            connection.exec_driver_sql("DROP INDEX netcensus_events_by_asset")
    with instance_at(folder) as instance:
        with instance.event_log_storage._database.connect() as connection:  # type: ignore[attr-defined]  # noqa: SLF001 (as above)
            names = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'index'").scalars().all()
        assert "idx_step_key" not in names
        assert "netcensus_events_by_asset" in names
        assert len(instance.get_asset_records()) == 4
