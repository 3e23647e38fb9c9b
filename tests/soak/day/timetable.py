"""What happens between which two censuses: drawn from the seed, within what keeps the day's special hours special."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_ENOUGH = 3  # looks at a site before which nothing is taken away: too little is known (docs/decisions/0006-withdraw.md)
_ADDS = ("join", "guest", "enter", "host by hand")
_REPLACES = ("rename", "rename", "type", "clear", "delete a record")
_MOVES = ("move", "move")
_ENDS = ("leave", "leave", "take over", "roam", "unreserve", "remove", "pretend")
_MOMENTS = (12, 30)
_ACTS = 4  # at each moment


@dataclass(frozen=True)
class Timetable:
    """A day of so many censuses, one an hour, from `begin` on; the hours of `outage`, `half` and `killed` are censuses.

    At the last census nothing has changed at all since the one before.
    """

    begin: datetime
    hours: int
    outage: range
    half: int | None = None
    killed: int | None = None

    @property
    def still(self) -> int:
        """The census before which nothing happens."""
        return self.hours - 1

    def census_at(self, hour: int) -> datetime:
        """Minute 7 of each hour, and some seconds later each time: no timer ends at the second it is looked at."""
        return self.begin + timedelta(hours=hour, minutes=7, seconds=20 * hour)

    def acts(self, hour: int, chance: random.Random) -> Iterator[tuple[datetime, list[str]]]:
        """The moments between a census and the next one, each with what happens then."""
        open_ones = self._open(hour)
        for minute in _MOMENTS:
            drawn = [chance.choice(open_ones) for _ in range(_ACTS if open_ones else 0)]
            yield self.begin + timedelta(hours=hour, minutes=minute), drawn

    def _is_usual(self, hour: int) -> bool:
        """Whether every site was looked at often enough before this census."""
        blind = {*self.outage, self.half, self.killed}
        return sum(1 for one in range(hour) if one not in blind) >= _ENOUGH

    def _open(self, hour: int) -> list[str]:
        """What may happen after this census: all of it is over, timers too, before the still hour."""
        following = hour + 1
        if following >= self.still:
            return []
        if self.killed in {hour, following}:  # what it was about to publish must still be there for the next one
            return ["join", "guest"]
        found = [*_ADDS, "reserve"]
        if self._is_usual(following):
            found += [*_REPLACES]
        if self._is_usual(following) and following <= self.still - 2:
            found += [*_MOVES]
        if following <= self.still - 4:
            found += [*_ENDS]
        if following <= self.still - 5 and following + 1 != self.killed:
            found += ["vanish", "vanish"]
        return found


AUTUMN, SPRING = datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)
"""When Sofia's clocks are put back from 4 to 3, and forward from 3 to 4."""


def whole_day(change: datetime) -> Timetable:
    """24 hours with everything in them; the clocks change before the eighth census."""
    return Timetable(change - timedelta(hours=7), 24, outage=range(6, 10), half=13, killed=16)


def short_day(change: datetime) -> Timetable:
    """Six hours: an outage, and the clocks change before the fourth census."""
    return Timetable(change - timedelta(hours=3), 6, outage=range(2, 3))
