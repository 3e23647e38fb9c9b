"""A FreeBSD gateway's neighbour cache of IPv6 (`ndp -an`) as `tables.NEIGHBOURS`.

Source: usr.sbin/ndp/ndp.c of FreeBSD 14, function dump, and netinet6/nd6.c: an entry is REACHABLE for 15 to 45 s after
it was confirmed (ND_COMPUTE_RTIME), then STALE until nd6_gctimer is over. Link-local addresses are listed too, without
their zone index: no tracked subnet holds them.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot
from pipelines.values import ipv6, mac

REACHABLE_S = 45
STALE_S = 86_400  # nd6_gctimer, FreeBSD's default

_HEAD = re.compile(r"Neighbor +Linklayer Address +Netif +Expire +S(?:t)? +Flags.*\Z")
_LINE = re.compile(
    r"(?P<ip>[0-9A-Fa-f:.]+(?:%\S+)?) +(?P<mac>\S+) +(?P<interface>[!-~]{1,64}) +"
    r"(?P<expires>permanent|expired|(?:\d{1,4}d)?(?:\d{1,4}h)?(?:\d{1,4}m)?\d{1,9}s)"
    r"(?: +(?P<state>[NIRSDPW?]))?(?: +(?P<flags>[Rp]{1,2}))?(?: +\d+)?\Z"
)
_SPAN = re.compile(r"(\d+)([dhms])")
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_Row = tuple[object, ...]


def parse(snapshot: Snapshot) -> Parsed:
    """Every entry of the gateway's neighbour cache, in its order.

    Raises `ParseError` when the line is missing with which it begins, however empty it is.
    """
    text = snapshot.content.decode("utf-8", "replace")
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not lines or not _HEAD.match(lines[0][1]):
        first = lines[0][1] if lines else ""
        fault = f"it does not begin with the line `Neighbor  Linklayer Address ...`, but with {first!r:.120}"
        raise ParseError(f"{snapshot.source} of {snapshot.site}", fault, "Run `ndp -an` on the gateway and compare")
    rejects = Rejects(snapshot)
    return Parsed(tables.NEIGHBOURS.rows(list(_rows(snapshot, lines[1:], rejects))), rejects.table())


def _rows(snapshot: Snapshot, lines: list[tuple[int, str]], rejects: Rejects) -> Iterator[_Row]:
    for number, line in lines:
        try:
            yield _row(snapshot, line)
        except ValueError as error:
            rejects.add(number, error, line)


def _row(snapshot: Snapshot, line: str) -> _Row:
    """One row of `tables.NEIGHBOURS`. Raises `ValueError` for what is none."""
    found = _LINE.match(line)
    if found is None:
        raise ValueError("the line is not `ADDRESS MAC INTERFACE EXPIRE STATE FLAGS` as FreeBSD's ndp prints it")
    address = ipv6(found["ip"].partition("%")[0])
    hardware = None if found["mac"].startswith("(") else mac(found["mac"])
    state = _state(hardware, found["expires"], found["flags"] or "")
    ago_s = _confirmed_s(found["state"], found["expires"]) if state == "dynamic" else None
    confirmed_at = None if ago_s is None else snapshot.read_at - timedelta(seconds=ago_s)
    return (snapshot.site, snapshot.source, address, hardware, found["interface"], state, confirmed_at)


def _state(hardware: str | None, expires: str, flags: str) -> str:
    if hardware is None:
        return "incomplete"
    if "p" in flags:
        return "published"
    return expires if expires in {"permanent", "expired"} else "dynamic"


def _confirmed_s(state: str | None, expires: str) -> int | None:
    """How long ago the kernel heard from the device: no less than it was.

    DELAY and PROBE mean that it has something to send and is about to find out whether anybody is there.
    """
    left_s = sum(int(number) * _SECONDS[unit] for number, unit in _SPAN.findall(expires))
    if state == "R":
        return max(0, REACHABLE_S - left_s)
    return max(0, STALE_S - left_s) + REACHABLE_S if state == "S" else None
