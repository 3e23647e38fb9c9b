"""Leases of which only the end is told, as OpenWRT's two DHCP servers (dnsmasq, odhcpd) write them, as `tables.LEASES`.

When such a lease was last confirmed follows from its end and from the longest lease the router gives.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

import pandas as pd

from pipelines import tables
from pipelines.parse.parsed import Rejects
from pipelines.snapshots import Snapshot

USUAL_LEASE_S = 43_200
"""OpenWRT's usual lease."""

_SLACK_S = 60  # clocks are held equal within 30 s (resources/gateway.py), and a script over a slow line takes seconds
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
    rows: dict[str, tuple[object, ...]] = {}
    for number, line in leases:
        if line.ip in rows:
            rejects.add(number, f"{line.ip} is there twice, and the first counts", line)
            continue
        rows[line.ip] = _row(snapshot, line, lease_s, rejects, number)
    return tables.LEASES.rows(list(rows.values()))


def _row(snapshot: Snapshot, line: LeaseLine, lease_s: int, rejects: Rejects, number: int) -> tuple[object, ...]:
    """One row of `tables.LEASES`, its times by our clock."""
    if line.is_other_hardware:
        rejects.add(number, "the hardware address is no EUI-48; the lease is kept without it", line)
    ends_at = None if line.expires is None else _instant(line.expires - snapshot.clock_offset_s)
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


def _instant(seconds: int) -> pd.Timestamp:
    """An instant, of whatever clock; one that no column holds is a `ValueError` like any other damage."""
    return pd.Timestamp(seconds, unit="s", tz="UTC").as_unit("us")


def _confirmed(snapshot: Snapshot, begun_at: pd.Timestamp) -> pd.Timestamp | None:
    """When the lease began, never after we asked; None where that would be far in the future."""
    asked_at = pd.Timestamp(snapshot.read_at).as_unit("us")
    return None if begun_at > asked_at + timedelta(seconds=_SLACK_S) else min(begun_at, asked_at)
