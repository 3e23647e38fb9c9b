"""Serials on their circle, and what several looks at several servers amount to."""

import pandas as pd
import pytest

from pipelines import tables
from pipelines.reconcile.serials import (
    FALL_REMEMBERED,
    NO_ANSWER,
    PATIENCE,
    TROUBLE,
    Look,
    complaints,
    distance,
    serials,
)

AT = pd.Timestamp("2026-03-01T12:00:00Z")
ZONE, PRIMARY, COPY = "example.lan.", "10.0.0.3 port 53", "10.0.0.4 port 53"
_HOUR = pd.Timedelta(hours=1)


def of_copy(serial: int | None, primary: int) -> Look:
    """A secondary with this serial, while the primary has and left another."""
    return Look(ZONE, COPY, serial, primary, primary)


def of_primary(serial: int) -> Look:
    """The primary itself."""
    return Look(ZONE, PRIMARY, serial, serial, serial, is_primary=True)


def told(looks: list[tuple[pd.Timedelta, Look]]) -> list[tuple[str, pd.Timedelta]]:
    """The verdict after each of these looks in a row, and how long it has been so."""
    rows, found = tables.SERIALS.empty(), []
    for after, look in looks:
        rows = serials([look], rows, at=AT + after)
        assert tables.SERIALS.violations(rows) == []
        (row,) = rows.itertuples()
        found.append((row.verdict, AT + after - row.since_at))
    return found


def hours(*looks: Look) -> list[tuple[pd.Timedelta, Look]]:
    """One look an hour."""
    return [(ordinal * _HOUR, look) for ordinal, look in enumerate(looks)]


def verdicts(*looks: Look) -> list[str]:
    """The verdicts of one look an hour."""
    return [verdict for verdict, _ in told(hours(*looks))]


@pytest.mark.parametrize(
    ("older", "newer", "expected"),
    [(1, 2, 1), (2, 1, -1), (7, 7, 0), (2**32 - 1, 0, 1), (0, 2**32 - 1, -1), (2026112399, 2026112400, 1)],
)
def test_serials_are_compared_on_their_circle(older: int, newer: int, expected: int) -> None:
    """After 4294967295 comes 0 (RFC 1982)."""
    assert distance(older, newer) == expected


def test_a_copy_that_has_what_was_left_is_equal() -> None:
    """Also when D2 has moved the primary on since: nobody waits for what came after us."""
    assert verdicts(of_copy(5, 5)) == ["equal"]
    assert verdicts(Look(ZONE, COPY, 6, left=5, newest=7)) == ["equal"]


def test_a_copy_that_lags_for_long_with_the_same_serial_stands_still() -> None:
    """First it is behind; the same serial a quarter of an hour later is no delay any more, primary moving or not."""
    soon, late = PATIENCE - pd.Timedelta(seconds=1), PATIENCE
    looks = [(pd.Timedelta(0), of_copy(4, 5)), (soon, of_copy(4, 5)), (late, of_copy(4, 6))]
    assert told(looks) == [("behind", pd.Timedelta(0)), ("behind", soon), ("standing-still", late)]


def test_a_copy_that_lags_but_moves_is_on_its_way() -> None:
    """Each new serial starts the clock anew; and one that has caught up is equal, whatever it was before."""
    assert verdicts(of_copy(4, 5), of_copy(5, 7), of_copy(6, 9), of_copy(9, 9)) == ["behind"] * 3 + ["equal"]
    assert verdicts(of_copy(4, 5), of_copy(4, 5), of_copy(5, 5)) == ["behind", "standing-still", "equal"]


def test_a_copy_of_an_older_life_of_the_zone_is_ahead() -> None:
    """It asks, sees a lower serial, and keeps what it has: this froze a network's secondaries for eleven days."""
    assert verdicts(of_copy(2026112301, 7)) == ["ahead"]


def test_a_primary_that_went_down_is_an_alarm_until_it_passes_its_old_serial() -> None:
    """Whoever copied the higher serial fetches nothing before that."""
    assert verdicts(*map(of_primary, (100, 5, 6, 99, 100, 101))) == ["equal", *["went-down"] * 3, "equal", "equal"]


def test_a_fall_is_forgotten_at_last() -> None:
    """After fourteen days the new life of the zone is the only one."""
    looks = [(pd.Timedelta(0), of_primary(100)), (_HOUR, of_primary(5)), (_HOUR + FALL_REMEMBERED, of_primary(6))]
    later = (looks[-1][0] + _HOUR, of_primary(7))
    assert [verdict for verdict, _ in told([*looks, later])] == ["equal", "went-down", "equal", "equal"]


def test_a_copy_that_went_down_is_told_until_it_has_caught_up() -> None:
    """A secondary restored from a backup is not merely behind."""
    assert verdicts(of_copy(100, 100), of_copy(90, 100), of_copy(100, 100)) == ["equal", "went-down", "equal"]


def test_a_silent_server_is_told_since_when_and_keeps_its_highest_serial() -> None:
    """So that a fall is seen although the server was away in between."""
    looks = hours(of_primary(100), of_primary(100), of_primary(5))
    silent = Look(ZONE, PRIMARY, None, None, None, is_primary=True)
    looks[1] = (_HOUR, silent)
    assert [verdict for verdict, _ in told(looks)] == ["equal", "no-answer", "went-down"]
    assert told([(pd.Timedelta(0), silent), (_HOUR, silent)])[-1] == ("no-answer", _HOUR)


def test_nothing_new_is_no_new_row() -> None:
    """Equal looks give equal rows, so that nothing is written for them."""
    rows = serials([of_primary(5), of_copy(5, 5)], tables.SERIALS.empty(), at=AT)
    assert serials([of_copy(5, 5), of_primary(5)], rows, at=AT + _HOUR).equals(rows)


def test_a_complaint_says_where_since_when_and_what_to_do() -> None:
    """One sentence for a person, and none where all is well."""
    rows = serials([of_primary(5), of_copy(None, 5)], tables.SERIALS.empty(), at=AT)
    (text,) = complaints(rows, TROUBLE, {NO_ANSWER: "Start it"})
    assert text == (
        "example.lan at 10.0.0.4 port 53: no-answer since 2026-03-01 12:00 UTC, serial unknown, primary's 5, "
        "highest seen unknown. Start it"
    )


def test_a_server_is_complained_of_once() -> None:
    """However many zones it does not answer for."""
    looks = [Look(zone, COPY, None, 5, 5) for zone in ("a.lan.", "b.lan.", "c.lan.")]
    (text,) = complaints(serials(looks, tables.SERIALS.empty(), at=AT), TROUBLE, {NO_ANSWER: "Start it"})
    assert text.startswith("a.lan and 2 other zones at 10.0.0.4 port 53: no-answer since")
