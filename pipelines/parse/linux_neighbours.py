"""A Linux gateway's neighbour tables as `tables.NEIGHBOURS`: /proc/net/arp, and below it `ip neigh` where there is one.

/proc/net/arp lists IPv4 only, and everything the kernel still remembers: its flag 0x2 is also the entry of a device
that left days ago. What the kernel has confirmed is told by `ip neigh` alone, so only from there does an entry get a
date (rule R2). The forms of single lines stand in proc_net_arp and ip_neigh.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import ip_neigh, proc_net_arp
from pipelines.parse.neighbour_entry import Entry
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot


def parse(snapshot: Snapshot) -> Parsed:
    """Every entry, those of /proc/net/arp first; where both tell of one address, `ip neigh` counts.

    Raises `ParseError` when the line is missing with which /proc/net/arp begins, however empty it is.
    """
    text = snapshot.content.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = [line.rstrip("\r") for line in text.split("\n")]
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    heads = [at for at, (_, line) in enumerate(numbered) if proc_net_arp.is_head(line)]
    rejects = Rejects(snapshot)
    if len(heads) != 1:
        raise _unreadable(snapshot, numbered[0][1] if numbered else "")
    for number, line in numbered[: heads[0]]:
        rejects.add(number, "the line stands before the table's head: a banner?", line)
    entries: dict[tuple[str, str], Entry] = {}
    for entry in _entries(numbered[heads[0] + 1 :], rejects):
        known = entries.get((entry.interface, entry.ip))
        if known is None or not entry.is_of_proc:
            entries[entry.interface, entry.ip] = entry
    return Parsed(tables.NEIGHBOURS.rows([_row(snapshot, one) for one in entries.values()]), rejects.table())


def _unreadable(snapshot: Snapshot, first: str) -> ParseError:
    fault = f"/proc/net/arp does not begin with its line `IP address  HW type ...`, but with {first!r:.120}"
    remedy = "Run `cat /proc/net/arp` on the gateway and compare"
    return ParseError(f"{snapshot.source} of {snapshot.site}", fault, remedy)


def _entries(lines: list[tuple[int, str]], rejects: Rejects) -> Iterator[Entry]:
    for number, line in lines:
        try:
            yield ip_neigh.entry(line) if ip_neigh.is_one(line) else proc_net_arp.entry(line)
        except ValueError as error:
            rejects.add(number, error, line)


def _row(snapshot: Snapshot, entry: Entry) -> tuple[object, ...]:
    confirmed_at = _confirmed_at(entry, snapshot.read_at)
    return (snapshot.site, snapshot.source, entry.ip, entry.mac, entry.interface, entry.state, confirmed_at)


def _confirmed_at(entry: Entry, read_at: datetime) -> datetime | None:
    return None if entry.confirmed_s is None else read_at - timedelta(seconds=entry.confirmed_s)
