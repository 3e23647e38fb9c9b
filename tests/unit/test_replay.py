"""Hours of the past: which are meant, and why one may be lost."""

from datetime import date

import pandas as pd
import pytest

from pipelines.errors import ConfigError
from pipelines.replay import Hour, Told, hours_asked, why_lost

NOW = pd.Timestamp("2026-11-17T14:40Z")
FIRST_DAY = date(2026, 11, 1)


def test_an_hour_is_that_of_utc_whatever_the_clock_on_the_wall_says() -> None:
    """The hour that comes twice in Sofia on 2026-10-25 is two squares."""
    twice = [pd.Timestamp(f"2026-10-25T03:30{offset}") for offset in ("+03:00", "+02:00")]
    assert [Hour.of(at).key for at in twice] == ["2026-10-25-00:00", "2026-10-25-01:00"]
    assert Hour.from_key("2026-10-25-00:00") == Hour.of(twice[0])


def test_a_range_is_of_the_hours_its_ends_lie_in() -> None:
    """Both included; the one that is running may be the last."""
    first, last = hours_asked("2026-11-17T12:59Z", "2026-11-17T14:00Z", FIRST_DAY, NOW)
    assert (first.key, last.key) == ("2026-11-17-12:00", "2026-11-17-14:00")


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-11-17T12:00Z", "2026-11-17T11:00Z", "--to: 2026-11-17-11:00 is before 2026-11-17-12:00. Swap them"),
        ("2026-11-17T12:00Z", "2026-11-17T15:00Z", "has not happened yet"),
        ("2026-10-31T23:00Z", "2026-11-17T11:00Z", "an earlier first_day under [state]"),
        ("noon", "2026-11-17T11:00Z", "is no ISO 8601 time"),
    ],
)
def test_what_is_no_range_is_the_questions_fault(since: str, until: str, said: str) -> None:
    """Told before anything runs, with the remedy."""
    with pytest.raises(ConfigError) as told:
        hours_asked(since, until, FIRST_DAY, NOW)
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("hour", "has_begun", "said"),
    [
        ("2026-11-17-12:00", False, "nothing is archived: no census asked any gateway between 12:00 and 13:00 UTC"),
        (
            "2026-11-17-12:00",
            True,
            "no census between 12:00 and 13:00 UTC on 2026-11-17 came so far as to read phpIPAM",
        ),
        ("2026-11-17-14:00", False, "no census has asked a gateway in this hour yet. Run the job census, or wait"),
        ("2026-11-17-15:00", False, "this hour has not happened yet"),
    ],
)
def test_each_way_an_hour_is_lost_has_a_sentence_of_its_own(hour: str, *, has_begun: bool, said: str) -> None:
    """It begins with the hour, so that it can be found in the UI."""
    told = str(why_lost(Hour.from_key(hour), NOW, (None, NOW), has_begun=has_begun))
    assert told.startswith(f"{hour}: ")
    assert said in told


def test_the_gap_around_a_lost_hour_is_told() -> None:
    """When somebody looked before, and when next: how long nobody did."""
    told = str(why_lost(Hour.from_key("2026-11-17-12:00"), NOW, (None, NOW), has_begun=False))
    assert "asked before: never, after: 2026-11-17 14:40" in told


def test_the_censuses_of_an_hour_are_told_together() -> None:
    """Two of them: what was new is summed, what is only told anew is said."""
    told = Told(1, 3, 3, 12) + Told(1, 3, 0, 0, unlike=2) + Told(1, untold=1)
    assert str(told).startswith("6 looks in 3 censuses, 3 of them new; 12 rows written")
    assert "otherwise of 2 addresses" in str(told)
    assert "1 loaded nothing" in str(told)
