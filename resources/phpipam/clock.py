"""The time zone of phpIPAM's PHP, which stands nowhere in its database, told from two clocks that do.

A logged-in user's page view writes `users.lastActivity` in PHP's zone and `php_sessions.access` in seconds since 1970:
where the two belong together, their difference is the zone's offset from UTC. Where they cannot be read, only a
`lastSeen` that lies ahead of our clock tells that the zone is wrong.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Connection, String, cast, func, select
from sqlalchemy.exc import DBAPIError

from pipelines.parse.phpipam import instant_of, local_text
from resources.phpipam import faults, schema
from resources.phpipam.sink import FUTURE_LIMIT

_ONE_VIEW_S = range(-1, 4)  # lastActivity is written when a page begins, access when it ends
_STEP = timedelta(minutes=30)
_OFFSETS = [_STEP * steps for steps in range(-24, 29)]  # UTC-12 to UTC+14; a quarter-hour zone is tried if it is ours
_WIDEST = timedelta(hours=26)
_READABLE = range(1000)  # sessions: more would match any offset by chance


@dataclass(frozen=True)
class Finding:
    """Whether the configured zone is phpIPAM's, and how that was found."""

    verdict: Literal["right", "wrong", "untold"]
    text: str


def finding(connection: Connection, zone: ZoneInfo, at: datetime) -> Finding:
    """What the database tells about the zone; `at` is our own clock."""
    return _by_sessions(connection, zone) or _by_sightings(connection, zone, at)


def _by_sessions(connection: Connection, zone: ZoneInfo) -> Finding | None:
    """The finding by the last page view; None when it may not be read or tells nothing."""
    active = _instant(_last_activity(connection))
    ours = active.replace(tzinfo=zone).utcoffset() if active else None
    if active is None or ours is None:
        return None
    uses = _session_uses(connection, active)
    shown = f"somebody was active at {active:%Y-%m-%d %H:%M:%S} by phpIPAM's clock"
    if _fits(active, ours, uses):
        return Finding("right", f"{shown}, and a session was used at that time of {zone.key}")
    others = [offset for offset in _OFFSETS if _fits(active, offset, uses)]
    if len(others) != 1:
        return None
    return Finding("wrong", f"{shown}, when {_zone_like(others[0], active, zone)}, but {zone.key} is {_signed(ours)}")


def _fits(active: datetime, offset: timedelta, uses: Iterable[int]) -> bool:
    began = (active - offset).replace(tzinfo=UTC).timestamp()
    return any(round(use - began) in _ONE_VIEW_S for use in uses)


def _last_activity(connection: Connection) -> str | None:
    """The latest `users.lastActivity`. A TIMESTAMP is read back in the server's zone, in which phpIPAM wrote it."""
    is_mysql = connection.dialect.name != "sqlite"
    if is_mysql:
        connection.exec_driver_sql("SET time_zone = @@global.time_zone")
    try:
        return connection.scalar(select(func.max(cast(schema.ACTIVITY.c.lastActivity, String))))
    except DBAPIError as error:
        if not _is_unreadable(error):
            raise
        return None
    finally:
        if is_mysql:
            connection.exec_driver_sql("SET time_zone = '+00:00'")


def _session_uses(connection: Connection, active: datetime) -> Sequence[int]:
    around = active.replace(tzinfo=UTC).timestamp()
    width = _WIDEST.total_seconds()
    used = schema.SESSIONS.c.access
    try:
        found = connection.scalars(select(used).where(used.between(int(around - width), int(around + width))))
        uses = found.fetchmany(_READABLE.stop + 1)
    except DBAPIError as error:
        if not _is_unreadable(error):
            raise
        return []
    return uses if len(uses) in _READABLE else []


def _is_unreadable(error: DBAPIError) -> bool:
    return faults.is_right_missing(error) or faults.is_not_there(error)


def _by_sightings(connection: Connection, zone: ZoneInfo, at: datetime) -> Finding:
    """The finding by the latest `lastSeen`. One more than a day ahead is no matter of zones."""
    seen = cast(schema.ADDRESSES.c.lastSeen, String)
    latest = connection.scalar(select(func.max(seen)).where(seen < local_text(at + _WIDEST, zone)))
    instant = instant_of(latest, zone)
    if instant is None or instant <= at + FUTURE_LIMIT:
        hint = "grant the optional lines of deploy/mysql-grants.sql and log in to phpIPAM once"
        return Finding("untold", f"that phpIPAM's time zone is {zone.key} could not be verified: to have it so, {hint}")
    ahead = _STEP * math.ceil((instant - at - FUTURE_LIMIT) / _STEP)
    offset = (instant.astimezone(zone).utcoffset() or timedelta()) + ahead
    fitting = _zone_like(offset, instant.replace(tzinfo=None), zone)
    return Finding("wrong", f"the latest lastSeen, {latest}, has not come yet in {zone.key}: {fitting}")


def _zone_like(offset: timedelta, naive: datetime, zone: ZoneInfo) -> str:
    """A zone that has this offset then, of the same continent where there is one."""
    continent = zone.key.partition("/")[0] + "/"
    names = sorted(available_timezones(), key=lambda name: (name != "UTC", not name.startswith(continent), name))
    fitting = next((name for name in names if naive.replace(tzinfo=ZoneInfo(name)).utcoffset() == offset), None)
    return f"the zone that fits is {_signed(offset)}" + (f", such as {fitting}" if fitting else "")


def _signed(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _instant(text: str | None) -> datetime | None:
    """A naive time as the digits say it; None for never, and for what is no time."""
    try:
        found = instant_of(text, ZoneInfo("UTC"))
    except ValueError:
        return None
    return found.replace(tzinfo=None) if found else None
