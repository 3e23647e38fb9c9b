"""dnsmasq's lease file as `tables.LEASES`: `expiry MAC address name client-id`, an asterisk for what there is none of.

Source: src/lease.c of dnsmasq 2.90, lease_update_file. After a line `duid` come the DHCPv6 leases, which have an IAID
in the MAC's place and a DUID in the client identifier's. That the file is whole is proved by the section it came in
(resources/sections.py): an empty file is the answer of a server that has no leases.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import IPv4Address
from typing import NamedTuple

import pandas as pd

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse.duid import as_client_id
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot
from pipelines.values import ipv6, mac

USUAL_LEASE_S = 43_200
"""OpenWRT's usual lease."""

_FOR_EVER = 0
_NOTHING = "*"
_SLACK_S = 60  # clocks are held equal within 30 s (resources/gateway.py), and a script over a slow line takes seconds
_EXPIRY = re.compile(r"[0-9]{1,10}\Z")
_IAID = re.compile(r"T?[0-9]{1,10}\Z")  # T: a temporary address
_OTHER_HARDWARE = re.compile(r"[0-9a-f]{2}-[0-9a-f:]*\Z")  # ARP's number for the kind of hardware goes first
_IDENTIFIER = re.compile(r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2})*\Z")


class _Line(NamedTuple):
    """One lease as it stands in the file; `expires` in seconds since 1970 by the router's clock.

    A DHCPv6 lease has no hardware address, and `is_other_hardware` is for one that is no EUI-48.
    """

    expires: int
    mac: str | None
    ip: str
    hostname: str | None
    client_id: str | None
    is_other_hardware: bool = False


def parse(snapshot: Snapshot, lease_s: int = USUAL_LEASE_S) -> Parsed:
    """Every lease of the file but those of temporary addresses; `lease_s` is the longest lease that dnsmasq gives.

    dnsmasq writes only when a lease ends, so it was confirmed at the latest `lease_s` before that. A lease without end,
    or with more than `lease_s` to go, bears no date (rule R2). Raises `ParseError` when not one line is dnsmasq's.
    """
    rejects = Rejects(snapshot)
    leases: dict[str, tuple[object, ...]] = {}
    found, lines = 0, _lines(snapshot)
    for number, line in _leases(lines, rejects):
        found += 1
        if line is None:
            continue
        if line.ip in leases:
            rejects.add(number, f"{line.ip} is there twice, and the first is the newer", line)
            continue
        leases[line.ip] = _lease(snapshot, line, lease_s, rejects, number)
    if lines and not found and len(rejects.table()) == len(lines):
        raise _unreadable(snapshot, f"none of {len(lines)} lines is a lease; the first is {lines[0][1]!r:.120}")
    return Parsed(tables.LEASES.rows(list(leases.values())), rejects.table())


def _lines(snapshot: Snapshot) -> list[tuple[int, str]]:
    """The lines that are not empty, with their numbers from 1; a byte order mark and carriage returns are dropped."""
    text = snapshot.content.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = [line.rstrip("\r") for line in text.split("\n")]  # no other line end is one of dnsmasq's
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _unreadable(snapshot: Snapshot, fault: str) -> ParseError:
    remedy = "Look at the file on the gateway; `uci get dhcp.@dnsmasq[0].leasefile` names it"
    return ParseError(f"{snapshot.source} of {snapshot.site}", fault, remedy)


def _leases(lines: list[tuple[int, str]], rejects: Rejects) -> Iterator[tuple[int, _Line | None]]:
    """The leases with their lines' numbers, None for what is no device's address. What cannot be read is rejected."""
    read = _ipv4_line
    for number, line in lines:
        try:
            if line.startswith("duid "):
                read = _ipv6_line
            else:
                yield number, read(line)
        except ValueError as error:
            rejects.add(number, error, line)


def _fields(line: str) -> list[str]:
    fields = line.split(" ")
    if len(fields) != 5 or not _EXPIRY.match(fields[0]):  # noqa: PLR2004 - see the module's first line
        raise ValueError("the line is not `expiry MAC address name client-id` as dnsmasq writes it")
    return fields


def _ipv6_line(line: str) -> _Line | None:
    """A DHCPv6 lease; None for a temporary address (RFC 8415 section 6.5), which no name should bear."""
    expires, iaid, address, name, duid = _fields(line)
    if not _IAID.match(iaid):
        raise ValueError(f"{iaid!r:.80} is no IAID, and a lease behind the line `duid` has one")
    lease = _Line(int(expires), None, ipv6(address), _name(name), as_client_id(_client_id(duid)))
    return None if iaid.startswith("T") else lease


def _ipv4_line(line: str) -> _Line | None:
    expires, hardware, address, name, client = _fields(line)
    known = _hardware(hardware)
    return _Line(
        int(expires), known, str(IPv4Address(address)), _name(name), _client_id(client), is_other_hardware=known is None
    )


def _hardware(text: str) -> str | None:
    """An EUI-48 address; None for another kind of hardware, or for none."""
    return None if _OTHER_HARDWARE.match(text) else mac(text)


def _name(text: str) -> str | None:
    if not text.isprintable() or not text:
        raise ValueError(f"{text!r:.80} is no name dnsmasq would keep")
    return None if text == _NOTHING else text


def _client_id(text: str) -> str | None:
    if text == _NOTHING:
        return None
    if not _IDENTIFIER.match(text):
        raise ValueError(f"client identifier {text!r:.80} is neither hex octets nor an asterisk")
    return text.replace(":", "").lower()


def _lease(snapshot: Snapshot, line: _Line, lease_s: int, rejects: Rejects, number: int) -> tuple[object, ...]:
    """One row of `tables.LEASES`, its times by our clock."""
    if line.is_other_hardware:
        rejects.add(number, "the hardware address is no EUI-48; the lease is kept without it", line)
    ends_at = None if line.expires == _FOR_EVER else _instant(line.expires - snapshot.clock_offset_s)
    confirmed_at = None
    if ends_at is not None:
        confirmed_at = _confirmed(snapshot, ends_at - pd.Timedelta(seconds=lease_s))
        if confirmed_at is None:
            rejects.add(number, f"more than {lease_s} s to go, so when it began is unknown: {_LENGTHEN}", line)
    length = None if ends_at is None else lease_s
    return (
        snapshot.site, snapshot.source, line.ip, line.mac, line.client_id, line.hostname, "assigned", confirmed_at,
        length, ends_at, False, False,
    )  # fmt: skip


_LENGTHEN = "set gateway.lease_s in network.toml to the longest lease dnsmasq gives (`uci show dhcp`, leasetime)"


def _instant(seconds: int) -> pd.Timestamp:
    """An instant, of whatever clock; one that no column holds is a `ValueError` like any other damage."""
    return pd.Timestamp(seconds, unit="s", tz="UTC").as_unit("us")


def _confirmed(snapshot: Snapshot, begun_at: pd.Timestamp) -> pd.Timestamp | None:
    """When the lease began, never after we asked; None where that would be far in the future."""
    asked_at = pd.Timestamp(snapshot.read_at).as_unit("us")
    return None if begun_at > asked_at + timedelta(seconds=_SLACK_S) else min(begun_at, asked_at)
