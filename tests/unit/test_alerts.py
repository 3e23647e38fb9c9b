"""What is said of what is wrong: once, again after a day, and when it is over."""

import pandas as pd
import pytest

from pipelines.alerts import Message, Now, Told, Trouble, messages, metrics, text
from pipelines.freshness import freshness
from tests.networks import AT, NETWORK, minutes_ago

DISK = Trouble("census.is_fresh", "home was last read at 09:00.", "See the daemon.", "is_fresh", minutes_ago(30))
RUNBOOK = "docs/runbook.md"


def said(now: Now, told: dict[str, Told], at: pd.Timestamp = AT) -> list[tuple[str, str]]:
    """The state and key of each message."""
    return [(one.state, one.key) for one in messages(now, told, at=at, runbook=RUNBOOK)]


def told(minutes: float) -> dict[str, Told]:
    """A memory of having said it so long ago."""
    return {DISK.key: Told(DISK.what, minutes_ago(600), minutes_ago(minutes))}


def test_a_trouble_is_said_once_a_day() -> None:
    """When it begins, and every 24 hours as long as it lasts."""
    assert said(Now([DISK]), {}) == [("new", DISK.key)]
    assert said(Now([DISK]), told(10)) == []
    assert said(Now([DISK]), told(24 * 60 - 1)) == []
    assert said(Now([DISK]), told(24 * 60)) == [("lasts", DISK.key)]


def test_its_end_is_said_unless_nobody_can_tell() -> None:
    """What is not known at the moment is not over: could not look is not the same as all is well."""
    assert said(Now([]), told(10)) == [("over", DISK.key)]
    assert said(Now([], frozenset({DISK.key})), told(10)) == []


def test_a_message_says_what_since_when_and_what_to_try() -> None:
    """In one line, with the runbook's."""
    (first,) = messages(Now([DISK]), {}, at=AT, runbook=RUNBOOK)
    assert text(first) == (
        "census.is_fresh, since 2026-03-01 11:30 UTC: home was last read at 09:00. First: See the daemon. "
        "See docs/runbook.md#is_fresh"
    )
    (still,) = messages(Now([DISK]), told(2000), at=AT, runbook=RUNBOOK)
    assert text(still).startswith("still census.is_fresh, since 2026-03-01 02:00 UTC: ")
    (over,) = messages(Now([]), told(10), at=AT, runbook=RUNBOOK)
    assert text(over) == "over: census.is_fresh, since 2026-03-01 02:00 UTC"


@pytest.mark.parametrize("hostile", ["\x1b[2J", "a\r\nBcc: x@y", "\u202egnp.exe", "x" * 5000])
def test_nothing_that_reads_a_message_obeys_it(hostile: str) -> None:
    """No control character, no second line, no reversed text, no flood (rule R11)."""
    line = text(Message("new", "k", hostile, AT, "first", "book"))
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 500


def test_the_metrics_are_what_prometheus_reads() -> None:
    """One gauge a trouble, one time stamp a site or target; quotes and newlines in labels are escaped."""
    odd = DISK._replace(key='a"b\\c\nd')
    assert metrics([odd], {"home": AT, "dns": None}).splitlines() == [
        "# HELP netcensus_trouble What is wrong now.",
        "# TYPE netcensus_trouble gauge",
        'netcensus_trouble{key="a\\"b\\\\c\\nd"} 1',
        "# HELP netcensus_refreshed_timestamp_seconds When a site or target was last read or written whole.",
        "# TYPE netcensus_refreshed_timestamp_seconds gauge",
        'netcensus_refreshed_timestamp_seconds{subject="dns"} 0',
        'netcensus_refreshed_timestamp_seconds{subject="home"} 1772366400',
    ]


def test_what_was_not_refreshed_in_two_cadences_is_not_fresh() -> None:
    """Every site with a gateway, and both targets; who was never refreshed is not fresh either."""
    found = freshness(
        {"home": minutes_ago(129)}, {"phpipam": minutes_ago(10), "dns": minutes_ago(131)}, network=NETWORK, now=AT
    )
    assert {one.subject: one.is_fresh for one in found} == {"home": True, "cabin": False, "phpipam": True, "dns": False}
    reasons = {one.subject: one.reason for one in found}
    assert reasons["cabin"] == "cabin was never read whole"
    assert reasons["dns"] == "dns was last loaded at 2026-03-01 09:49 UTC, 131 minutes ago"
