"""What an asset was last made by is told as by stock, though our own storage keeps it once, in the log."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.event_log.schema import AssetKeyTable
from dagster._serdes import serialize_value

from resources.old_runs import delete_runs
from tests.integration.storage_story import REPOSITORY, home, instance_at, run_job

TABLE = dg.AssetKey("table")


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance of ours that nothing has run in."""
    with instance_at(home(tmp_path / "ours", (REPOSITORY / "dagster.yaml").read_text())) as ours:
        yield ours


def last(instance: dg.DagsterInstance) -> dg.EventLogRecord | None:
    """What the table was last made by, as its record says."""
    (record,) = instance.get_asset_records([TABLE])
    return record.asset_entry.last_materialization_record


def stored(instance: dg.DagsterInstance) -> str | None:
    """The copy in the table's row."""
    of_table = AssetKeyTable.select().where(AssetKeyTable.c.asset_key == TABLE.to_string())
    with index(instance) as connection:
        copy: str | None = connection.execute(of_table).one().last_materialization
    return copy


def index(instance: dg.DagsterInstance) -> Any:
    """A connection to the event log."""
    return instance.event_log_storage.index_connection()  # type: ignore[attr-defined]  # of all in SQL


def test_it_is_found_in_the_log(instance: dg.DagsterInstance) -> None:
    """The newest materialization is the last one, and its row holds no copy."""
    run_job(instance, "well")
    run_id = run_job(instance, "empty")
    assert last(instance) == instance.fetch_materializations(TABLE, limit=1).records[0]
    assert (last(instance) or pytest.fail("nothing")).run_id == run_id
    assert stored(instance) is None


def test_what_an_older_release_stored_is_told_until_the_asset_is_made_anew(instance: dg.DagsterInstance) -> None:
    """A row with the event in it, as stock writes it, counts; the next materialization takes it away."""
    run_job(instance, "well")
    known = last(instance) or pytest.fail("nothing")
    older = known._replace(storage_id=known.storage_id - 1)
    of_table = AssetKeyTable.update().where(AssetKeyTable.c.asset_key == TABLE.to_string())
    with index(instance) as connection:
        connection.execute(of_table.values(last_materialization=serialize_value(older)))
    assert last(instance) == older
    run_job(instance, "well")
    assert (last(instance) or pytest.fail("nothing")).storage_id > known.storage_id
    assert stored(instance) is None


def test_a_wiped_asset_has_none_until_it_is_made_anew(instance: dg.DagsterInstance) -> None:
    """Its events of before stay in the log, and count no more: `dagster asset wipe`."""
    run_job(instance, "well")
    instance.wipe_assets([TABLE])
    assert instance.get_asset_records([TABLE]) == []
    assert instance.get_latest_materialization_event(TABLE) is None
    run_id = run_job(instance, "empty")
    assert (last(instance) or pytest.fail("nothing")).run_id == run_id


def test_it_stays_when_its_run_is_deleted(instance: dg.DagsterInstance) -> None:
    """Of deleted runs the newest materialization of each asset stays, and no other event."""
    first, second = run_job(instance, "well"), run_job(instance, "well")
    known = last(instance)
    delete_runs(instance, [first, second])
    assert last(instance) == known
    assert instance.all_logs(first) == []
    kept = [event.asset_materialization.asset_key for event in instance.all_logs(second) if event.asset_materialization]
    assert sorted(kept) == sorted(map(dg.AssetKey, ["leases", "neighbours", "table", "loaded"]))
    assert len(kept) == len(instance.all_logs(second))


def test_a_person_who_deletes_a_run_finds_the_one_before(instance: dg.DagsterInstance) -> None:
    """As in the UI: what the deleted run made is told of no more."""
    first, second = run_job(instance, "well"), run_job(instance, "well")
    instance.delete_run(second)
    assert (last(instance) or pytest.fail("nothing")).run_id == first
