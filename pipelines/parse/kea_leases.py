"""Kea's leases (lease4-get-page, lease4-get-all) as `tables.LEASES`. One answer a line, pages in the order asked for.

Source: libdhcp_lease_cmds of Kea 2.2 to 3.0 (src/hooks/dhcp/lease_cmds/lease_cmds.cc), lease states in lease.h.
"""

import re
from typing import Any, NamedTuple

import pandas as pd

from pipelines import tables
from pipelines.parse.kea_answers import (
    EMPTY,
    OK,
    Object,
    answer,
    client_id,
    field,
    ipv4,
    mac_or_none,
    text_or_none,
    unreadable,
)
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot

PAGE_LIMIT = 10_000
"""Leases to a page: Kea serves no DHCP while it prints one (0.05 s for so many), and one page is one instant."""

STATES = ("assigned", "declined", "reclaimed", "released", "registered")
FOR_EVER = 0xFFFFFFFF  # valid-lft (RFC 2131 section 3.3)
_LATEST_CLTT = 2**33  # the year 2242: a time beyond it is damage, and would not fit the column's arithmetic
_PROOF = re.compile(r"(\d{1,9}) IPv4 lease\(s\) found\.\Z")


class _Lease(NamedTuple):
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


def parse(snapshot: Snapshot) -> Parsed:
    """Every lease Kea holds, of any state. Of an address that moved between two pages the later row counts.

    Raises `ParseError` when the answers do not prove that they are all of it: N announced and N there, and the last
    page short. A lease whose hardware address is no EUI-48 is kept without it, and also noted in the rejects.
    """
    rejects = Rejects(snapshot)
    leases: dict[str, _Lease] = {}
    for line, row in enumerate(_rows(snapshot), start=1):
        try:
            lease = _lease(snapshot, row)
        except ValueError as error:
            rejects.add(line, error, row)
            continue
        if lease.mac is None and row["hw-address"]:
            rejects.add(line, f"hw-address {row['hw-address']!r:.80} is no EUI-48; the lease is kept without it", row)
        leases[lease.ip] = lease
    return Parsed(_table(snapshot, list(leases.values())), rejects.table())


def _rows(snapshot: Snapshot) -> list[Any]:
    """The leases of all pages, proved to be all."""
    answers = [answer(snapshot, line) for line in snapshot.content.split(b"\n") if line.strip()]
    pages = [_page(snapshot, one) for one in answers]
    is_paged = [_is_page(one) for one in answers]
    if not pages:
        raise unreadable(snapshot, "the answer is empty")
    if len(pages) > 1 and not all(is_paged):
        raise unreadable(snapshot, f"{len(pages)} answers, not all of them pages of lease4-get-page")
    lengths = [len(page) for page in pages]
    if is_paged[0] and not _has_end(lengths):
        raise unreadable(snapshot, f"pages of {lengths[-5:]} leases: the last one was not reached")
    return [row for page in pages for row in page]


def _has_end(lengths: list[int]) -> bool:
    """Whether pages this long are all there are: an empty one ends them, or one shorter than the full ones before."""
    *before, last = lengths
    full = before[0] if before else PAGE_LIMIT
    return last == 0 or (last < full and all(length == full for length in before))


def _is_page(reply: Object) -> bool:
    return "count" in reply["arguments"]


def _page(snapshot: Snapshot, reply: Object) -> list[Any]:
    """The leases in one answer, as many as it says there are."""
    result, words = reply.get("result"), reply.get("text")
    if result not in (OK, EMPTY):
        raise unreadable(snapshot, f"Kea answered result {result!r:.20}: {words!r:.200}")
    arguments = reply.get("arguments")
    leases = arguments.get("leases") if isinstance(arguments, dict) else None
    proof = _PROOF.match(words) if isinstance(words, str) else None
    if not isinstance(arguments, dict) or not isinstance(leases, list) or proof is None:
        raise unreadable(snapshot, f"the answer is not to lease4-get-page or lease4-get-all: {words!r:.200}")
    if not int(proof[1]) == arguments.get("count", len(leases)) == len(leases):
        raise unreadable(snapshot, f"Kea says {words!r}, but {len(leases)} leases are there")
    return leases


def _lease(snapshot: Snapshot, row: object) -> _Lease:
    """One lease of Kea's. Raises `ValueError` naming the field that cannot be."""
    if not isinstance(row, dict):
        raise ValueError("a lease is a JSON object")  # noqa: TRY004 - the row's fault like any other
    valid_s: int | None = _number(row, "valid-lft", FOR_EVER)
    cltt = _number(row, "cltt", _LATEST_CLTT)
    valid_s = None if valid_s == FOR_EVER else valid_s
    hostname = text_or_none(row, "hostname") if field(row, "hostname", str) else None
    return _Lease(
        site=snapshot.site,
        source=snapshot.source,
        ip=ipv4(field(row, "ip-address", str)),
        mac=mac_or_none(field(row, "hw-address", str)),
        client_id=client_id(text_or_none(row, "client-id")),
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


def _table(snapshot: Snapshot, leases: list[_Lease]) -> pd.DataFrame:
    """The table, its times by our clock: a gateway's that runs ahead must not confirm a lease after we asked."""
    columns = dict(zip(_Lease._fields, map(list, zip(*leases, strict=True)), strict=True)) if leases else {}
    if not columns:
        return tables.LEASES.empty()
    asked_at = int(snapshot.read_at.timestamp())
    offset_s = snapshot.clock_offset_s
    cltt = [min(second - offset_s, asked_at) for second in columns["cltt_at"]]
    expires = [None if second is None else second - offset_s for second in columns["expires_at"]]
    return tables.LEASES.frame({**columns, "cltt_at": _instants(cltt), "expires_at": _instants(expires)})


def _instants(seconds: list[int | None] | list[int]) -> "pd.Series[object]":
    return pd.to_datetime(pd.Series(seconds, dtype="Int64"), unit="s", utc=True)
