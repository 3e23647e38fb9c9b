"""One lease of Kea's, of either family, whether its API or its lease file tells of it; and many as `tables.LEASES`.

Source: lease states in lease.h and the fields of Lease4::toElement and Lease6::toElement, Kea 2.2 to 3.0.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from pipelines import tables
from pipelines.parse.duid import as_client_id, hardware
from pipelines.parse.kea_answers import Object, client_id, field, mac_or_none, text_or_none
from pipelines.snapshots import Snapshot
from pipelines.values import ipv4, ipv6

STATES = ("assigned", "declined", "reclaimed", "released", "registered")
FOR_EVER = 0xFFFFFFFF  # valid-lft (RFC 2131 section 3.3, RFC 8415 section 7.7)
ADDRESS, TEMPORARY, PREFIX = "IA_NA", "IA_TA", "IA_PD"
LATEST_CLTT = 2**33  # the year 2242: a time beyond it is damage, and would not fit the column's arithmetic


class Lease(NamedTuple):
    """One lease in the order of `tables.LEASES`; times in seconds since 1970 by Kea's clock."""

    site: str
    source: str
    ip: str
    mac: str | None
    client_id: str | None
    hostname: str | None
    state: str
    cltt_at: int
    valid_s: int | None
    expires_at: int | None
    is_ddns_forward: bool
    is_ddns_reverse: bool


def lease4(snapshot: Snapshot, row: object) -> Lease:
    """A lease of the DHCPv4 server. Raises `ValueError` naming the field that cannot be."""
    told = _object(row)
    mac, client = mac_or_none(field(told, "hw-address", str)), client_id(text_or_none(told, "client-id"))
    return _lease(snapshot, told, ipv4(field(told, "ip-address", str)), mac, client)


def lease6(snapshot: Snapshot, row: object) -> Lease | None:
    """A lease of the DHCPv6 server for one lasting address; None for a prefix, and for a temporary address.

    The hardware address may be missing. Where it is the one inside the DUID, Kea most likely took it from there
    (`mac-sources`): it is that of an interface the client had when it was installed, and no evidence of this one.
    Raises `ValueError` naming the field that cannot be.
    """
    told = _object(row)
    kind = field(told, "type", str)
    if kind not in {ADDRESS, TEMPORARY, PREFIX}:
        raise ValueError(f"type is {kind!r:.40}, neither {ADDRESS} nor {TEMPORARY} nor {PREFIX}")
    ip, duid = ipv6(field(told, "ip-address", str)), client_id(field(told, "duid", str))
    mac = mac_or_none(text_or_none(told, "hw-address"))
    lease = _lease(snapshot, told, ip, None if mac == hardware(duid) else mac, as_client_id(duid))
    return lease if kind == ADDRESS else None


def other_hardware(row: object) -> str | None:
    """What is wrong with a lease's hardware address if it is kept without it: no EUI-48. None where nothing is."""
    told = row.get("hw-address") if isinstance(row, dict) else None
    is_other = isinstance(told, str) and bool(told) and mac_or_none(told) is None
    return f"hw-address {told!r:.80} is no EUI-48; the lease is kept without it" if is_other else None


def _object(row: object) -> Object:
    if not isinstance(row, dict):
        raise ValueError("a lease is a JSON object")  # noqa: TRY004 - the row's fault like any other
    return row


def _lease(snapshot: Snapshot, row: Object, ip: str, mac: str | None, client: str | None) -> Lease:
    """What is the same in both families. Raises `ValueError` naming the field that cannot be."""
    valid_s: int | None = _number(row, "valid-lft", FOR_EVER)
    cltt = _number(row, "cltt", LATEST_CLTT)
    valid_s = None if valid_s == FOR_EVER else valid_s
    hostname = text_or_none(row, "hostname") if field(row, "hostname", str) else None
    return Lease(
        site=snapshot.site,
        source=snapshot.source,
        ip=ip,
        mac=mac,
        client_id=client,
        hostname=hostname.lower() if hostname else None,
        state=_state(field(row, "state", int)),
        cltt_at=cltt,
        valid_s=valid_s,
        expires_at=None if valid_s is None else cltt + valid_s,
        is_ddns_forward=field(row, "fqdn-fwd", bool),
        is_ddns_reverse=field(row, "fqdn-rev", bool),
    )


def _number(row: Object, key: str, most: int) -> int:
    value = field(row, key, int)
    if not 0 <= value <= most:
        raise ValueError(f"{key} is {value!r:.40}, not 0 to {most}")
    return value


def _state(code: int) -> str:
    if not 0 <= code < len(STATES):
        raise ValueError(f"state is {code!r:.40}, not 0 to {len(STATES) - 1}; is this Kea newer than we know?")
    return STATES[code]


def table(snapshot: Snapshot, leases: list[Lease]) -> pd.DataFrame:
    """`tables.LEASES` of leases whose times are by Kea's clock."""
    if not leases:
        return tables.LEASES.empty()
    return by_our_clock(snapshot, dict(zip(Lease._fields, map(list, zip(*leases, strict=True)), strict=True)))


def by_our_clock(snapshot: Snapshot, columns: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    """`tables.LEASES` of its columns, cltt_at and expires_at of which are seconds since 1970 by Kea's clock.

    Then they are instants by ours: a gateway's clock that runs ahead must not confirm a lease after we asked.
    """
    cltt, expires = (
        pd.Series(columns[name], dtype="Int64") - snapshot.clock_offset_s for name in ("cltt_at", "expires_at")
    )
    cltt = cltt.clip(upper=int(snapshot.read_at.timestamp()))
    return tables.LEASES.frame({**columns, "cltt_at": _instants(cltt), "expires_at": _instants(expires)})


def _instants(seconds: "pd.Series[object]") -> "pd.Series[object]":
    return pd.to_datetime(seconds, unit="s", utc=True)
