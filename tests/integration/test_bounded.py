"""Dagster's storage is as large after a year as after a month: what is deleted leaves nothing, and its room is used."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from composition import build_defs
from resources.old_runs import delete_runs
from resources.own_database import open_database
from resources.storage.database import Database
from tests.integration import storage_job
from tests.integration.storage_story import CHECK, REPOSITORY, home, instance_at, run_job

OF_A_RUN = (
    ("history/event_log.db", "event_logs"),
    ("history/event_log.db", "asset_check_executions"),
    ("history/runs.db", "runs"),
    ("history/runs.db", "run_tags"),
)
IN_MEMORY = 2  # sqlite.org/pragma.html#pragma_temp_store
TAGS = ("history/event_log.db", "asset_event_tags")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A DAGSTER_HOME with the repository's own dagster.yaml."""
    return home(tmp_path / "home", (REPOSITORY / "dagster.yaml").read_text())


def count(folder: Path, database: str, table: str) -> int:
    """How many rows a table has."""
    with closing(sqlite3.connect(folder / database)) as reader:
        return int(reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own names


@pytest.fixture
def three_runs(folder: Path) -> Iterator[tuple[dg.DagsterInstance, list[str]]]:
    """An instance that has seen three runs with tags, and their ids."""
    job = storage_job.defs.resolve_job_def("census")
    with instance_at(folder) as instance:
        runs = [job.execute_in_process(instance=instance, tags={"netcensus/moved": "a zone"}).run_id for _ in range(3)]
        yield instance, runs


def test_a_deleted_run_leaves_nothing(three_runs: tuple[dg.DagsterInstance, list[str]], folder: Path) -> None:
    """Of events, check results, tags and logs there is left what there was of the other runs."""
    instance, runs = three_runs
    before = {place: count(folder, *place) for place in (*OF_A_RUN, TAGS)}
    assert all(rows % 3 == 0 for rows in before.values())
    delete_runs(instance, runs[:1])
    after = {place: count(folder, *place) for place in before}
    assert after == {place: rows * 2 // 3 for place, rows in before.items()}
    assert not (folder / "storage" / runs[0]).exists()
    assert (folder / "storage" / runs[1]).exists()


def test_the_last_word_stays(three_runs: tuple[dg.DagsterInstance, list[str]]) -> None:
    """When all runs are deleted, it is still known when an asset was last made, and what its check found then."""
    instance, runs = three_runs
    delete_runs(instance, runs)
    assert instance.get_latest_materialization_event(CHECK.asset_key)
    (record,) = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=5)
    assert record.evaluation
    assert record.evaluation.passed


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["six", "seven"]))
def by_hour() -> dg.MaterializeResult[None]:
    """Something made in parts."""
    return dg.MaterializeResult(tags={"netcensus/looked": "yes"})


def test_a_square_stays_filled_when_its_run_is_deleted(folder: Path) -> None:
    """Of every run its partition's materialization with its tags is kept, and of its other events none."""
    with instance_at(folder) as instance:
        for hour in ("six", "seven"):
            assert dg.materialize([by_hour], partition_key=hour, instance=instance).success
        delete_runs(instance, [run.run_id for run in instance.get_runs()])
        assert instance.get_runs() == []
        assert instance.get_materialized_partitions(by_hour.key) == {"six", "seven"}
    assert count(folder, "history/event_log.db", "event_logs") == 2
    assert count(folder, *TAGS) > 0


@pytest.mark.parametrize("opened", [lambda url: Database.at(url).engine, open_database], ids=["Dagster's", "ours"])
def test_what_is_deleted_is_not_written_once_more(opened: Callable[[str], sa.Engine], tmp_path: Path) -> None:
    """Debian's SQLite would overwrite it with zeros: a night's deletions would write every page of a day of runs.

    Nor is what a query sorts: the nightly look through the index of a year's answers took 25 MB of temporary files.
    """
    engine = opened(f"sqlite:///{tmp_path}/some.db")
    with engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA temp_store").scalar() == IN_MEMORY
        connection.exec_driver_sql("CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT)")
        connection.execute(sa.text("INSERT INTO texts (text) VALUES (:text)"), [{"text": "x" * 400}] * 2000)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM texts WHERE id <= 1990")
    assert (tmp_path / "some.db-wal").stat().st_size < 2000 * 400 / 10


def test_the_file_does_not_grow_once_as_much_goes_as_comes(folder: Path) -> None:
    """Seven generations of runs, two of them kept: the file is no larger than when the first had gone."""
    sizes = []
    for generation in range(7):
        with instance_at(folder) as instance:
            for _ in range(2):
                run_job(instance, "well")
            old = [run.run_id for run in instance.get_runs()][4:]
            if old:
                delete_runs(instance, old)
        with closing(sqlite3.connect(folder / "history" / "event_log.db")) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sizes.append((folder / "history" / "event_log.db").stat().st_size)
        assert generation < 3 or sizes[-1] <= sizes[3] * 1.05, sizes


def test_the_nightly_job_runs_in_the_definitions_it_is_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the resources it has in production, on a network of which nothing is known yet."""
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    network = folder / "network.toml"
    shutil.copy(REPOSITORY / "network.toml", network)
    (folder / "known_hosts").touch()
    with instance_at(folder) as instance:
        result = build_defs(network).resolve_job_def("prune").execute_in_process(instance=instance)
    assert result.success
