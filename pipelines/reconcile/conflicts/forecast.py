"""When a range will be full: the trend of its daily use, carried on.

The trend is Theil and Sen's, the median of the slopes between every two days: a day on which visitors came does not
bend it, as it would bend least squares.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from pipelines.counted import counted

WINDOW_DAYS, LEAST_DAYS = 30, 7
_FARTHEST_DAYS = 365
_DAY = "%Y-%m-%d"


@dataclass(frozen=True)
class Forecast:
    """Addresses more per day, days until none is free (None: not in sight), and the same for a person."""

    trend: float | None
    days: int | None
    text: str


def forecast(noted: Mapping[str, int], used: int, free: int, today: pd.Timestamp) -> Forecast:
    """What `noted` (use by day, days as they were before left out) makes of `used` and `free` addresses today."""
    known = _daily(noted, used, today.tz_localize(None))
    span = len(known) - 1
    if free <= 0:
        return Forecast(_trend(known) if span >= LEAST_DAYS else None, 0, "full now")
    if span < LEAST_DAYS:
        return Forecast(None, None, f"{counted(span, 'day')} of use known; a forecast needs {LEAST_DAYS}")
    trend = _trend(known)
    basis = f"{trend:+.2f} a day over the last {span} days"
    days = math.ceil(free / trend) if trend > 0 else None
    if days is None or days > _FARTHEST_DAYS:
        return Forecast(trend, None, f"{basis}: not full within a year")
    return Forecast(trend, days, f"{basis}: full on {(today + pd.Timedelta(days=days)).strftime(_DAY)}")


def _daily(noted: Mapping[str, int], used: int, today: datetime) -> list[int]:
    """Use on every day of the window, oldest first; a day without a note was as the one before it."""
    days = [(today - timedelta(days=ago)).strftime(_DAY) for ago in range(WINDOW_DAYS, -1, -1)]
    held = {days[-1]: used} | dict(noted)
    told = sorted(held)
    before = [bisect_right(told, day) for day in days]
    return [held[told[place - 1]] for place in before if place]


def _trend(known: Sequence[int]) -> float:
    values = np.array(known, dtype=float)
    later, earlier = np.triu_indices(len(values), k=1)[::-1]
    return round(float(np.median((values[later] - values[earlier]) / (later - earlier))), 2)
