"""What network.toml says of time: when each job runs, and for how long an answer is good (docs/decisions/0017)."""

import hashlib
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipelines.gateways import Part
from pipelines.network.texts import TimeZone

_HOUR, _DAY = 60, 1440  # minutes
EveryMinutes = Literal[15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440]
"""What divides a day, so that every day has the same times, and what one line of cron can say."""
EveryHours = Literal[1, 2, 3, 4, 6, 8, 12, 24]


def _of_the_clock(text: str) -> str:
    hour, colon, minute = text.partition(":")
    is_time = len(text) == len("03:37") and bool(colon) and hour.isdecimal() and minute.isdecimal()
    if not is_time or int(hour) * _HOUR + int(minute) >= _DAY or int(minute) >= _HOUR:
        raise ValueError(f"{text!r:.80} is no time of the day; write one such as 03:37")
    return text


class Cadence(Part):
    """When each job runs. The watch's interval stands beside what it tells: [alerts] every_minutes.

    A census is counted from `census_minute` of the UTC day, every `census_every_minutes`; UTC has no hour twice. It is
    moved by this network's own share of `jitter_minutes`. `prune_at` is a time of `time_zone`; phpIPAM's, unless said.
    """

    census_minute: Annotated[int, Field(ge=0, le=59)] = 7
    census_every_minutes: EveryMinutes = 60
    jitter_minutes: Annotated[int, Field(ge=0, le=59)] = 0
    dns_sync_every_minutes: Annotated[int, Field(ge=1, le=_DAY)] = 15
    prune_at: Annotated[str, AfterValidator(_of_the_clock)] = "03:37"
    time_zone: TimeZone | None = None

    def census_cron(self, jitter_minutes: int) -> str:
        """The times of the census, so much later than they are written, for cron in UTC."""
        every = self.census_every_minutes
        hours, minute = divmod((self.census_minute + jitter_minutes) % every, _HOUR)
        if every < _HOUR:
            return f"{','.join(str(one) for one in range(minute, _HOUR, every))} * * * *"
        if every == _HOUR:
            return f"{minute} * * * *"
        return f"{minute} {','.join(str(one) for one in range(hours, _DAY // _HOUR, every // _HOUR))} * * *"

    def jitter(self, seed: str) -> int:
        """How many minutes later than `census_minute`: the same for the same seed, anything from 0 to the most."""
        return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") % (self.jitter_minutes + 1)

    def prune_cron(self) -> str:
        """The time of the prune, for cron in its zone."""
        hour, _, minute = self.prune_at.partition(":")
        return f"{int(minute)} {int(hour)} * * *"


def held(interval: timedelta) -> timedelta:
    """How long the answers are good of a gateway asked so often: one census may fail, and the next be late."""
    return 2 * interval + timedelta(minutes=30)


def stale(interval: timedelta) -> timedelta:
    """For how long nobody may have looked where that is to be done so often: two times, and a little."""
    return 2 * interval + timedelta(minutes=10)
