"""A FreeBSD gateway's ARP cache (`arp -an`, by libxo as JSON or as text) as `tables.NEIGHBOURS`.

Source: usr.sbin/arp/arp.c of FreeBSD 14, function print_entry. An entry's `expires` counts down from
net.link.ether.inet.max_age, and starts there each time the kernel confirms the address.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipelines import tables
from pipelines.counted import counted
from pipelines.errors import ParseError
from pipelines.parse.arp_columns import INTERFACE, LONGEST_S, MAX_AGE_S, in_columns
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot
from pipelines.values import ipv4, mac

_LINE = re.compile(
    r"(?P<host>\S+) \((?P<ip>\S+)\) at (?P<mac>\S+) on (?P<interface>\S+)"
    r"(?: (?P<permanent>permanent)| expires in (?P<expires>\d{1,9}) seconds| (?P<expired>expired))?"
    r"(?: (?P<published>published(?: \(proxy only\))?))?(?: \[[\w-]+\])?\Z"
)


@dataclass(frozen=True)
class _Entry:
    """One entry as arp prints it, in either form."""

    ip: str
    mac: str | None
    interface: str
    expires_s: int | None
    is_permanent: bool
    is_expired: bool
    is_published: bool

    @property
    def state(self) -> str:
        """The contract's one word for it: what says most about whether a device is there comes first."""
        if self.mac is None:
            return "incomplete"
        if self.is_published:
            return "published"
        if self.is_permanent:
            return "permanent"
        return "expired" if self.is_expired else "dynamic"

    def confirmed_at(self, read_at: datetime) -> datetime | None:
        """When the kernel last confirmed it; None for what it never does, or does not date."""
        if self.mac is None or self.is_permanent or (self.expires_s is None and not self.is_expired):
            return None
        left_s = 0 if self.expires_s is None else min(self.expires_s, MAX_AGE_S)  # a raised max_age: not after read_at
        return read_at - timedelta(seconds=MAX_AGE_S - left_s)


def parse(snapshot: Snapshot) -> Parsed:
    """Every entry of the gateway's ARP cache, in its order; the form is told by the first character.

    Raises `ParseError` when it is neither form, or no line of it can be read.
    """
    text = snapshot.content.decode("utf-8", "replace")
    is_json = text.lstrip()[:1] == "{"
    rows = _json_rows(snapshot, text) if is_json else [line for line in text.splitlines() if line.strip()]
    rejects = Rejects(snapshot)
    usual = in_columns(snapshot, rows) if is_json else None
    if usual is not None:
        return Parsed(usual, rejects.table())
    entries = list(_entries(rows, _json_entry if is_json else _text_entry, rejects))
    if not is_json and not entries:
        raise _unreadable(
            snapshot, f"none of {counted(len(rows), 'line')} is an ARP entry; the first is {rows[:1]!r:.120}"
        )
    return Parsed(tables.NEIGHBOURS.rows([_neighbour(snapshot, entry) for entry in entries]), rejects.table())


def _unreadable(snapshot: Snapshot, fault: str) -> ParseError:
    remedy = "Run `arp -an` on the gateway and compare; a gateway always lists at least its own addresses"
    return ParseError(f"{snapshot.source} of {snapshot.site}", fault, remedy)


def _json_rows(snapshot: Snapshot, text: str) -> list[object]:
    """The list `arp-cache` that libxo prints."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(snapshot, f"{len(text)} characters are not one whole JSON value ({error})") from None
    inner = found.get("arp")
    rows = inner.get("arp-cache") if isinstance(inner, dict) else None
    if not isinstance(rows, list):
        raise _unreadable(snapshot, "there is no list arp.arp-cache in its JSON")
    return rows


def _entries(rows: list[Any], read: Callable[[Any], _Entry], rejects: Rejects) -> Iterator[_Entry]:
    for line, row in enumerate(rows, start=1):
        try:
            yield read(row)
        except ValueError as error:
            rejects.add(line, error, row)


def _text_entry(line: str) -> _Entry:
    found = _LINE.match(line.strip())
    if found is None:
        raise ValueError("the line is not `HOST (IP) at MAC on INTERFACE ...` as FreeBSD's arp prints it")
    return _entry(
        found["ip"],
        None if found["mac"] == "(incomplete)" else found["mac"],
        found["interface"],
        None if found["expires"] is None else int(found["expires"]),
        {word for word in ("permanent", "expired", "published") if found[word]},
    )


def _json_entry(row: object) -> _Entry:
    if not isinstance(row, dict):
        raise ValueError("an entry is a JSON object")  # noqa: TRY004 - the row's fault like any other
    flags = {word for word in ("incomplete", "permanent", "expired", "published") if row.get(word) is True}
    hardware = None if "incomplete" in flags else row.get("mac-address", "")
    return _entry(row.get("ip-address"), hardware, row.get("interface"), row.get("expires"), flags)


def _entry(ip: object, hardware: object, interface: object, expires: object, flags: set[str]) -> _Entry:
    """An entry of canonical values. Raises `ValueError` naming the one that cannot be."""
    if not isinstance(ip, str) or not isinstance(hardware, str | None):
        raise ValueError("ip-address or mac-address is no text")  # noqa: TRY004 - the row's fault like any other
    if not isinstance(interface, str) or not INTERFACE.match(interface):
        raise ValueError(f"{interface!r:.80} is no interface's name")
    if expires is not None and (type(expires) is not int or not 0 <= expires <= LONGEST_S):
        raise ValueError(f"expires is {expires!r:.40}, not a number of seconds")
    return _Entry(
        ip=ipv4(ip),
        mac=None if hardware is None else mac(hardware),
        interface=interface,
        expires_s=expires if isinstance(expires, int) else None,
        is_permanent="permanent" in flags,
        is_expired="expired" in flags,
        is_published="published" in flags,
    )


def _neighbour(snapshot: Snapshot, entry: _Entry) -> tuple[object, ...]:
    """One row of `tables.NEIGHBOURS`."""
    confirmed_at = entry.confirmed_at(snapshot.read_at)
    return (snapshot.site, snapshot.source, entry.ip, entry.mac, entry.interface, entry.state, confirmed_at)
