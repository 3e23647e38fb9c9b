"""The schedules under Dagster's own scheduler, by a clock that sleeps, jumps and is wrong."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipelines import codec, tables
from pipelines.snapshots import Snapshot, as_table
from resources.archive import Archive
from schedules.clock import wake_the_schedules
from schedules.regular import NOT_ASKED
from tests.scenarios.scheduler import Scheduler, scheduling
from tests.scenarios.world import ROOT, World

START = datetime(2026, 11, 17, 6, 0, tzinfo=UTC)
LONDON = dg.AssetKey("london_snapshots")


def clock(hour: int, minute: int, day: int = 17) -> datetime:
    """A time of that day, some seconds after the minute."""
    return datetime(2026, 11, day, hour, minute, 5, tzinfo=UTC)


def a_world(folder: Path, edit: tuple[str, str] = ("", "")) -> World:
    """The shipped network.toml in a folder of its own; nothing of it is contacted."""
    (folder / "network.toml").write_text((ROOT / "network.toml").read_text().replace(*edit))
    home = folder / "dagster"
    return World(folder, {"NETCENSUS_NETWORK": str(folder / "network.toml"), "DAGSTER_HOME": str(home)})


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Scheduler]:
    """The census's schedule, on since six o'clock."""
    with scheduling(a_world(tmp_path)) as running:
        running.switch_on("regular_census", START)
        yield running


def test_nine_hours_of_sleep_are_followed_by_one_census(scheduler: Scheduler) -> None:
    """Not by nine, and the next is at its own minute again."""
    assert len(scheduler.look(clock(6, 7))) == 1
    scheduler.end_all()
    assert [len(scheduler.look(clock(15, minute))) for minute in (20, 21, 22, 59)] == [1, 0, 0, 0]
    scheduler.end_all()
    assert [len(scheduler.look(clock(16, minute))) for minute in (6, 7, 8)] == [0, 1, 0]


def test_a_day_without_the_daemon_is_followed_by_one_census_and_one_prune(tmp_path: Path) -> None:
    """Also when the daemon itself is a new one, which knows only what is stored."""
    world = a_world(tmp_path)
    with scheduling(world) as before:
        before.switch_on("regular_census", START)
        before.switch_on("daily_prune", START)
        assert len(before.look(clock(6, 7))) == 1
        before.end_all()
    with scheduling(world) as after:
        assert sorted(run.job_name for run in after.look(clock(9, 30, day=18))) == ["census", "prune"]
        assert after.look(clock(9, 31, day=18)) == []


def test_ticks_that_pass_while_a_census_is_under_way_are_not_made_up_for(scheduler: Scheduler) -> None:
    """One that hangs for three hours is followed by the next tick's, and by no more."""
    (hanging,) = scheduler.look(clock(6, 7))
    assert [scheduler.look(clock(hour, 7)) for hour in (7, 8, 9)] == [[], [], []]
    scheduler.instance.report_run_canceled(hanging)
    assert scheduler.look(clock(9, 30)) == []
    assert len(scheduler.look(clock(10, 7))) == 1


def test_a_clock_that_goes_back_an_hour_doubles_no_census(scheduler: Scheduler) -> None:
    """The hour that comes twice has one; after it all is as ever."""
    assert len(scheduler.look(clock(10, 7))) == 1
    scheduler.end_all()
    again = [scheduler.look(clock(hour, minute)) for hour, minute in ((9, 10), (9, 40), (10, 6), (10, 8), (10, 50))]
    assert again == [[]] * 5
    assert len(scheduler.look(clock(11, 7))) == 1


def test_a_clock_that_was_a_year_ahead_stops_the_schedules_until_it_is_said(tmp_path: Path) -> None:
    """Dagster waits for the next tick after its last one; the job clock_was_wrong lets it begin anew."""
    now = datetime.now(UTC).replace(minute=0)
    with scheduling(a_world(tmp_path)) as running:
        running.switch_on("regular_census", now)
        assert len(running.look(now + timedelta(days=365, minutes=8))) == 1
        running.end_all()
        assert [running.look(now + timedelta(hours=hour, minutes=8)) for hour in (1, 2)] == [[], []]
        wake_the_schedules(dg.build_op_context(instance=running.instance))
        assert len(running.look(now + timedelta(hours=3, minutes=8))) == 1


def test_a_gateway_whose_turn_has_not_come_is_left_out_of_the_run(tmp_path: Path) -> None:
    """The run holds every step of the census but that one, with the checks of the others, and says so in a tag."""
    world = a_world(tmp_path, ('label = "london"\n', 'label = "london"\nevery_hours = 3\n'))
    asked(world, clock(6, 8))
    with scheduling(world) as running:
        running.switch_on("regular_census", START)
        (left_out,) = running.look(clock(7, 7))
        running.end_all()
        running.look(clock(8, 7))
        running.end_all()
        (with_it,) = running.look(clock(9, 7))
    assert (with_it.asset_selection, with_it.tags.get(NOT_ASKED)) == (None, None)
    assert left_out.tags[NOT_ASKED] == "london was asked at 2026-11-17 06:08 UTC, and is asked every 3 h"
    assert left_out.asset_selection is not None
    assert LONDON not in left_out.asset_selection
    assert {dg.AssetKey(name) for name in ("sofia_snapshots", "sources", "dns_receipt")} <= left_out.asset_selection


def asked(world: World, at: datetime) -> None:
    """London's gateway was asked then, and answered."""
    answer = Snapshot("london", "dnsmasq.leases", at, b"1 00:11:22:33:44:55 192.168.8.2 * *\n")
    Archive(world.folder / "var" / "archive").put(answer.content)
    stored = world.folder / "var" / "tables" / "london_snapshots.json.gz"
    stored.parent.mkdir()
    stored.write_bytes(gzip.compress(codec.encode(tables.SNAPSHOTS, as_table([answer]))))
