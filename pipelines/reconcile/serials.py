"""What the servers' SOA serials say: who has the primary's zone, who lags, and who will never fetch it again.

A serial is a number on a circle (RFC 1982). A zone that was made anew starts lower; whoever holds the higher one then
asks, finds nothing newer and goes on serving the old zone, for weeks and without a word.
"""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from pipelines import tables
from pipelines.counted import counted

_CIRCLE = 2**32
PATIENCE = pd.Timedelta(minutes=15)
"""How long a server may lag before it is said to stand still: NOTIFY takes seconds, Technitium's refresh so long."""
FALL_REMEMBERED = pd.Timedelta(days=14)
"""How long a primary's fall is an alarm, unless its serial passes the old one first."""

EQUAL, BEHIND, AHEAD, WENT_DOWN, STILL, NO_ANSWER = (
    "equal", "behind", "ahead", "went-down", "standing-still", "no-answer",
)  # fmt: skip
TROUBLE = frozenset({BEHIND, AHEAD, STILL, NO_ANSWER})


class Look(NamedTuple):
    """One server asked for one zone. `left` is the primary's serial that must have arrived, `newest` its latest."""

    zone: str
    server: str
    serial: int | None
    left: int | None
    newest: int | None
    is_primary: bool = False


class _Last(NamedTuple):
    serial: int | None
    peak: int | None
    verdict: str
    since_at: pd.Timestamp


def distance(older: int, newer: int) -> int:
    """How far `newer` lies ahead of `older` on the circle; negative where it lies behind (RFC 1982 section 3.2)."""
    ahead = (newer - older) % _CIRCLE
    return ahead if ahead < _CIRCLE // 2 else ahead - _CIRCLE


def serials(looks: list[Look], before: pd.DataFrame, *, at: pd.Timestamp) -> pd.DataFrame:
    """`tables.SERIALS` of these looks; `before` is the same table as it was noted the last time."""
    known = {(row.zone, row.server): _last(row) for row in before.itertuples(index=False)}
    rows = [(look, _judged(look, known.get((look.zone, look.server)), at)) for look in sorted(looks, key=_order)]
    return tables.SERIALS.rows([(look.zone, look.server, now.serial, look.newest, *now[1:]) for look, now in rows])


def _order(look: Look) -> tuple[str, str]:
    return look.zone, look.server


def _last(row: tuple[object, ...]) -> _Last:
    given = row._asdict()  # type: ignore[attr-defined]  # a named tuple of pandas
    numbers = [None if pd.isna(given[name]) else int(given[name]) for name in ("serial", "peak")]
    return _Last(numbers[0], numbers[1], given["verdict"], given["since_at"])


def _judged(look: Look, last: _Last | None, at: pd.Timestamp) -> _Last:
    verdict = _verdict(look, last)
    since_at = last.since_at if last is not None and _goes_on(verdict, look, last) else at
    if verdict == BEHIND and at - since_at >= PATIENCE:
        verdict = STILL
    if verdict == WENT_DOWN and look.is_primary and at - since_at >= FALL_REMEMBERED:
        return _Last(look.serial, look.serial, EQUAL, at)
    peak = last.peak if last is not None and verdict in {WENT_DOWN, NO_ANSWER} else look.serial
    return _Last(look.serial, peak, verdict, since_at)


def _goes_on(verdict: str, look: Look, last: _Last) -> bool:
    """Whether it has been so since the last look: who lags, but has moved, is on its way."""
    if verdict == BEHIND:
        return last.verdict in {BEHIND, STILL} and last.serial == look.serial
    return last.verdict == verdict


def _verdict(look: Look, last: _Last | None) -> str:
    if look.serial is None or look.newest is None or look.left is None:
        return NO_ANSWER
    has_fallen = last is not None and last.peak is not None and distance(last.peak, look.serial) < 0
    if look.is_primary:
        return WENT_DOWN if has_fallen else EQUAL
    if distance(look.newest, look.serial) > 0:
        return AHEAD
    if distance(look.left, look.serial) >= 0:
        return EQUAL
    return WENT_DOWN if has_fallen else BEHIND


def complaints(rows: pd.DataFrame, verdicts: frozenset[str], remedies: Mapping[str, str]) -> list[str]:
    """One sentence for each server in `tables.SERIALS` and each such verdict: zones, since when, what to do.

    The serials are those of the first zone.
    """
    bad = rows[rows["verdict"].isin(verdicts)].sort_values(["server", "verdict", "zone"])
    return [_complaint(alike, remedies[str(verdict)]) for (_, verdict), alike in bad.groupby(["server", "verdict"])]


def _complaint(rows: pd.DataFrame, remedy: str) -> str:
    first = next(rows.itertuples(index=False))
    others = f" and {counted(len(rows) - 1, 'other zone')}" if len(rows) > 1 else ""
    return (
        f"{first.zone.rstrip('.')}{others} at {first.server}: {first.verdict} since "
        f"{rows['since_at'].min():%Y-%m-%d %H:%M} UTC, serial {_text(first.serial)}, "
        f"primary's {_text(first.primary_serial)}, highest seen {_text(first.peak)}. {remedy}"
    )


def _text(number: object) -> str:
    return "unknown" if pd.isna(number) else str(number)
