"""Dagster's own history, and the archive, stay bounded; what is damaged there is found and told."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from dagster._core.test_utils import freeze_time  # Dagster's own clock for its own run records

from pipelines.errors import ParseError
from pipelines.retention import Keep
from pipelines.snapshots import Snapshot, as_table
from resources.archive import Archive
from resources.ledger import Ledger
from resources.retention import NIGHTS, Retention
from schedules.prune import prune
from tests.integration.storage_story import REPOSITORY, home, instance_at
from tests.networks import ledger, written

NOW = pd.Timestamp.now("UTC").floor("us")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An empty archive."""
    return Archive(tmp_path / "archive")


def retention(archive: Archive, folder: Path, days: int = 400) -> Retention:
    """What keeps it in bounds, with the ledger in the same folder."""
    return Retention(archive, f"sqlite:///{folder}/ledger.sqlite", Keep(days, 10**9))


def read(archive: Archive, folder: Path, source: str, content: bytes, days_ago: float, **more: object) -> str:
    """An answer that a census so long ago stored and noted; its digest."""
    at = (NOW - pd.Timedelta(days=days_ago)).floor("us")
    snapshot = Snapshot("home", source, at.to_pydatetime(), content, **more)  # type: ignore[arg-type]  # its own fields
    digest = archive.put(content)
    place = archive.root / digest[:2] / f"{digest}.gz"
    os.utime(place, (at.timestamp(), min(at.timestamp(), place.stat().st_mtime)))
    Ledger(f"sqlite:///{folder}/ledger.sqlite").index.note("run", as_table([snapshot]))
    return digest


@dg.job
def _idle() -> None:
    pass


def test_runs_older_than_thirty_days_go_and_younger_ones_stay(archive: Archive, tmp_path: Path) -> None:
    """The nightly job deletes finished runs that are 31 days old, with their events, and no others."""
    folder = home(tmp_path / "dagster", (REPOSITORY / "dagster.yaml").read_text())
    with instance_at(folder) as instance:
        with freeze_time(datetime.now(UTC) - timedelta(days=31)):
            old = _idle.execute_in_process(instance=instance).run_id
        young = _idle.execute_in_process(instance=instance).run_id
        result = prune.execute_in_process(instance=instance, resources={"retention": retention(archive, tmp_path)})
        assert result.success
        assert instance.get_run_by_id(old) is None
        assert instance.all_logs(old) == []
        assert instance.get_run_by_id(young) is not None


def test_a_backlog_goes_night_by_night_the_oldest_first(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year that nobody pruned is not deleted in one burst: so many runs a night, and the last night has none."""
    monkeypatch.setattr("schedules.prune._AT_ONCE", 1)
    monkeypatch.setattr("schedules.prune._A_NIGHT", 2)
    folder = home(tmp_path / "dagster", (REPOSITORY / "dagster.yaml").read_text())
    with instance_at(folder) as instance:
        for days in (33, 32, 31):
            with freeze_time(datetime.now(UTC) - timedelta(days=days)):
                youngest = _idle.execute_in_process(instance=instance).run_id
        left = []
        for _ in range(3):
            prune.execute_in_process(instance=instance, resources={"retention": retention(archive, tmp_path)})
            left.append([run.run_id for run in instance.get_runs() if run.job_name == _idle.name])
    assert left == [[youngest], [], []]


def test_old_answers_go_and_what_the_next_census_needs_stays(archive: Archive, tmp_path: Path) -> None:
    """A zone whose serial is known is taken from the archive, however old it is; so is a source's last whole answer."""
    old = read(archive, tmp_path, "arp", b"old", 401)
    whole = read(archive, tmp_path, "arp", b"whole", 400.5)
    torn = read(archive, tmp_path, "arp", b"torn", 400.1, is_complete=False, reason="cut")
    zone = read(archive, tmp_path, "zone/example.lan", b"records", 900, version="7")
    again = read(archive, tmp_path, "ndp", b"again", 900)
    read(archive, tmp_path, "ndp", b"new", 0)
    read(archive, tmp_path, "kea4.leases", b"again", 3)
    done = retention(archive, tmp_path).prune(NOW)
    assert (done.removed, done.kept, done.damaged) == (1, 5, [])
    assert [archive.holds(digest) for digest in (old, whole, torn, zone, again)] == [False, True, True, True, True]
    with pytest.raises(ParseError, match="let go"):
        archive.get(old)


def test_drafts_of_a_crash_and_strangers_files_are_told_apart(archive: Archive, tmp_path: Path) -> None:
    """A draft goes after a day; what is none of ours stays."""
    digest = read(archive, tmp_path, "arp", b"answer", 0)
    folder = archive.root / digest[:2]
    old, young, theirs = folder / f".{digest}.gz.aa", folder / f".{digest}.gz.bb", folder / "notes.gz"
    for file in (old, young, theirs):
        file.write_bytes(b"half")
    for file in (old, theirs):
        os.utime(file, (0, 0))
    retention(archive, tmp_path, days=1).prune(NOW)
    assert [file.exists() for file in (old, young, theirs)] == [False, True, True]


@pytest.mark.parametrize("harm", [lambda packed: packed[:-9], lambda packed: packed[::-1], lambda _: b""])
def test_a_damaged_file_is_found_within_a_month_told_once_and_stored_again(
    archive: Archive, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    """Cut, garbled or emptied: the job fails with its path, and the next census renews it."""
    digest = read(archive, tmp_path, "arp", b"many neighbours" * 50, 0)
    sound = read(archive, tmp_path, "ndp", b"sound", 0)
    place = archive.root / digest[:2] / f"{digest}.gz"
    place.write_bytes(harm(place.read_bytes()))
    nights = [NOW + pd.Timedelta(days=night) for night in range(NIGHTS)]
    told = [line for night in nights for line in retention(archive, tmp_path).prune(night).damaged]
    assert len(told) == 1
    assert str(place) in told[0]
    assert archive.holds(sound)
    assert not archive.holds(digest)
    assert archive.get(archive.put(b"many neighbours" * 50)) == b"many neighbours" * 50


def test_the_job_is_red_with_the_damaged_files_path(archive: Archive, tmp_path: Path) -> None:
    """So that the sensor `watch` tells of it; old runs are deleted all the same."""
    today = pd.Timestamp.now("UTC").toordinal()
    nights = [f"{night % NIGHTS:02x}" for night in (today, today + 1)]  # midnight may come in between
    places = [archive.root / night / f"{night}{'0' * 62}.gz" for night in nights]
    for place in places:
        place.parent.mkdir(parents=True)
        place.write_bytes(b"no answer")
    with dg.instance_for_test() as instance:
        result = prune.execute_in_process(
            instance=instance, resources={"retention": retention(archive, tmp_path)}, raise_on_error=False
        )
    (failure,) = result.get_step_failure_events()
    assert failure.step_failure_data.user_failure_data is not None
    assert sum(str(place) in str(failure.step_failure_data.user_failure_data.description) for place in places) == 1
    assert [event.step_key for event in result.get_step_success_events()] == ["delete_old_runs"]


def test_what_the_ledger_said_once_goes_with_the_age_of_the_archive(archive: Archive, tmp_path: Path) -> None:
    """It is kept while an hour that was archived may need it, and no longer; what it says now stays."""
    store, row = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite"), written("dns", "example.lan.", "nas", "A", "10.0.1.5")
    store.replace_applied(ledger(row | {"at": NOW - pd.Timedelta(days=2)}))
    store.replace_applied(ledger(row | {"at": NOW, "value": "10.0.1.6"}))
    then = NOW - pd.Timedelta(days=1)
    retention(archive, tmp_path).prune(NOW + pd.Timedelta(days=399))
    assert list(store.applied(then)["value"]) == ["10.0.1.5"]
    retention(archive, tmp_path).prune(NOW + pd.Timedelta(days=401))
    assert store.applied(then).empty
    assert list(store.applied()["value"]) == ["10.0.1.6"]
