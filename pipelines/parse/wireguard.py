"""`wg show all latest-handshakes` and `... allowed-ips` as `tables.PEERS`, each below a line `# VIEW`.

Source: show.c of wireguard-tools 1.0.20210914. Its `dump` is never asked for: that prints private keys.
"""

import ipaddress
import re
from collections.abc import Iterator

import pandas as pd

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot

VIEWS = ("latest-handshakes", "allowed-ips")
_KEY = re.compile(r"[A-Za-z0-9+/]{43}=\Z")
_INTERFACE = re.compile(r"[!-~]{1,64}\Z")
_EPOCH = re.compile(r"[0-9]{1,10}\Z")
_NONE = "(none)"
Peer = tuple[str, str]
"""Interface and public key."""


def parse(snapshot: Snapshot) -> Parsed:
    """Every address range of every peer, with the peer's last handshake; a peer without ranges is one row.

    Raises `ParseError` unless both views are there, in their order.
    """
    rejects = Rejects(snapshot)
    views: dict[str, dict[Peer, str]] = {}
    for number, line in enumerate(snapshot.content.decode("utf-8", "replace").split("\n"), start=1):
        if line.startswith("# "):
            views[line.removeprefix("# ")] = {}
        elif line.strip():
            _add(list(views.values())[-1:], number, line, rejects)
    if tuple(views) != VIEWS:
        fault = f"it has the views {', '.join(views)[:80] or 'none'}, and not {' and '.join(VIEWS)}"
        raise ParseError(f"{snapshot.source} of {snapshot.site}", fault, "Run `wg show all allowed-ips` there and see")
    rows = list(_rows(snapshot, views, rejects))
    return Parsed(tables.PEERS.rows(rows), rejects.table())


def _add(views: list[dict[Peer, str]], number: int, line: str, rejects: Rejects) -> None:
    fields = line.split("\t")
    if not views or len(fields) != 3 or not _INTERFACE.match(fields[0]) or not _KEY.match(fields[1]):  # noqa: PLR2004 - interface, key, value
        # The line itself is not shown: what stands in a key's place may be somebody's secret.
        rejects.add(
            number, "the line is not `interface, public key, value` below a view, as wg prints it", "(not shown)"
        )
        return
    views[0][fields[0], fields[1]] = fields[2]


def _rows(snapshot: Snapshot, views: dict[str, dict[Peer, str]], rejects: Rejects) -> Iterator[tuple[object, ...]]:
    handshakes, ranges = (views[view] for view in VIEWS)
    for number, (peer, text) in enumerate(sorted(ranges.items()), start=1):
        try:
            at = _handshake(snapshot, handshakes.get(peer, ""))
            cidrs = [None] if text == _NONE else sorted({str(ipaddress.ip_network(one)) for one in text.split(" ")})
        except ValueError as error:
            rejects.add(number, error, peer)
            continue
        yield from ((snapshot.site, snapshot.source, *peer, cidr, at) for cidr in cidrs)


def _handshake(snapshot: Snapshot, epoch: str) -> pd.Timestamp | None:
    """When it was, by our clock and never after we asked; None for never."""
    if not _EPOCH.match(epoch):
        raise ValueError(f"{epoch!r:.40} is no time of a handshake")
    if int(epoch) == 0:
        return None
    at = pd.Timestamp(int(epoch) - snapshot.clock_offset_s, unit="s", tz="UTC").as_unit("us")
    return min(at, pd.Timestamp(snapshot.read_at).as_unit("us"))
