"""Whether it is the time to load: by the plan's own age, and by what our clock said at the last load."""

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import PlanRefused
from pipelines.plan.timely import stop_stale, stop_wrong_clock
from tests.networks import AT, hour

MINUTE = pd.Timedelta(minutes=1)


def stale(now: pd.Timestamp, sources: pd.DataFrame) -> str:
    """Why a plan of these sources may not be sent."""
    with pytest.raises(PlanRefused) as caught:
        stop_stale(sources, now)
    return str(caught.value)


def wrong(now: pd.Timestamp, last_load_at: pd.Timestamp | None = None) -> str:
    """Why nothing may be sent by this clock."""
    with pytest.raises(PlanRefused) as caught:
        stop_wrong_clock(last_load_at, now)
    return str(caught.value)


@pytest.mark.parametrize("last", [None, AT - 9000 * MINUTE, AT + 14 * MINUTE])
def test_a_plan_of_this_run_is_sent(last: pd.Timestamp | None) -> None:
    """Also the first of all, the first after a long sleep, and after a clock was set back by a little."""
    stop_stale(hour()["sources"], AT + 14 * MINUTE)
    stop_wrong_clock(last, AT)


def test_a_plan_that_is_older_than_a_run_is_refused() -> None:
    """The gateways may have been asked hours ago; how old a plan is tell the targets, which every run reads."""
    said = stale(AT + 16 * MINUTE, hour()["sources"])
    assert said == (
        "plan: it was made for what phpIPAM and DNS held 16 minutes ago. "
        "Start a whole job (census, dns_sync or undo), not a part"
    )
    sources = hour()["sources"]
    is_gateways = sources["site"] != "*"
    old = sources.assign(read_at=sources["read_at"].mask(is_gateways, AT - 600 * MINUTE))
    stop_stale(old, AT)
    assert "an unknown number of minutes" in stale(AT, tables.SOURCES.empty())


def test_a_clock_that_is_behind_the_last_load_is_refused() -> None:
    """It is wrong now or was wrong then: the refusal says both times, and what to do in either case."""
    said = wrong(AT, AT + 60 * MINUTE)
    assert said.startswith("the clock: it says 2026-03-01 12:00 UTC, but the last load was noted at 2026-03-01 13:00")
    assert "timedatectl" in said
    assert said.endswith("If it was ahead then and is right now, start the job clock_was_wrong once, in Dagster's UI")


def test_a_clock_that_has_lost_the_time_is_refused() -> None:
    """As of a machine without a battery, before it has asked anybody."""
    assert wrong(pd.Timestamp("1970-01-01T00:03Z")).startswith(
        "the clock: it says 1970-01-01, so it has lost the time. Set this"
    )
