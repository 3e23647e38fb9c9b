"""Leases of which only the end is told, as OpenWRT's two DHCP servers (dnsmasq, odhcpd) write them, as `tables.LEASES`.

When such a lease was last confirmed follows from its end and from the longest lease the router gives.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pandas as pd

from pipelines import tables
from pipelines.parse.parsed import Rejects, origin
from pipelines.snapshots import Snapshot

USUAL_LEASE_S = 43_200
"""OpenWRT's usual lease."""

_EPOCH, _SECOND = datetime(1970, 1, 1, tzinfo=UTC), 1_000_000  # microseconds, as the columns hold them
_SLACK_S = 60  # clocks are held equal within 30 s (resources/gateways.py), and a script over a slow line takes seconds
_LENGTHEN = "set gateway.lease_s in network.toml to the longest lease the router gives (`uci show dhcp`, leasetime)"


class LeaseLine(NamedTuple):
    """One lease as a router tells it; `expires` in seconds since 1970 by the router's clock, None for one without end.

    A DHCPv6 lease has no hardware address, and `is_other_hardware` is for one that is no EUI-48.
    """

    expires: int | None
    mac: str | None
    ip: str
    hostname: str | None
    client_id: str | None
    is_other_hardware: bool = False


def lines_of(snapshot: Snapshot) -> list[tuple[int, str]]:
    """The lines that are not empty, with their numbers from 1; a byte order mark and carriage returns are dropped."""
    text = snapshot.content.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = [line.rstrip("\r") for line in text.split("\n")]  # no other line end is written by either server
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def dated(snapshot: Snapshot, leases: Iterable[tuple[int, LeaseLine]], lease_s: int, rejects: Rejects) -> pd.DataFrame:
    """These leases, with their lines' numbers, as `tables.LEASES`; of several of one address the first counts.

    A lease was confirmed at the latest `lease_s` before its end. One without end, or with more than `lease_s` to go,
    bears no date (rule R2).
    """
    asked_at = (snapshot.read_at - _EPOCH) // timedelta(microseconds=1)
    rows: dict[str, tuple[object, ...]] = {}
    for number, line in leases:
        if line.ip in rows:
            rejects.add(number, f"{line.ip} is there twice, and the first counts", line)
            continue
        if line.is_other_hardware:
            rejects.add(number, "the hardware address is no EUI-48; the lease is kept without it", line)
        ends_at = None if line.expires is None else (line.expires - snapshot.clock_offset_s) * _SECOND
        confirmed_at = None if ends_at is None else _confirmed(asked_at, ends_at - lease_s * _SECOND)
        if ends_at is not None and confirmed_at is None:
            rejects.add(number, f"more than {lease_s} s to go, so when it began is unknown: {_LENGTHEN}", line)
        rows[line.ip] = (line.ip, line.mac, line.client_id, line.hostname, confirmed_at, ends_at)
    return _table(snapshot, list(rows.values()), lease_s)


def _confirmed(asked_at: int, begun_at: int) -> int | None:
    """When the lease began, never after we asked; None where that would be far in the future."""
    return None if begun_at > asked_at + _SLACK_S * _SECOND else min(begun_at, asked_at)


def _table(snapshot: Snapshot, rows: list[tuple[object, ...]], lease_s: int) -> pd.DataFrame:
    """`tables.LEASES` of rows that have address, MAC, identifier, name, and two times in microseconds by our clock."""
    names = ["ip", "mac", "client_id", "hostname", "cltt_at", "expires_at"]
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    times = {
        name: pd.to_datetime(pd.Series(columns[name], dtype="Int64"), unit="us", utc=True)
        for name in ("cltt_at", "expires_at")
    }
    found = pd.DataFrame({name: pd.Series(values, dtype="object") for name, values in columns.items()}).assign(**times)
    length = pd.Series(lease_s, found.index, dtype="Int64").where(found["expires_at"].notna())
    same = {"state": "assigned", "valid_s": length, "is_ddns_forward": False, "is_ddns_reverse": False}
    return tables.LEASES.frame(found.assign(**origin(snapshot, len(found)), **same))
