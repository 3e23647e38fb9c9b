"""Kea's leases (lease4-get-page, lease6-get-page, ...-get-all) as `tables.LEASES`. One answer a line, pages in order.

Source: libdhcp_lease_cmds of Kea 2.2 to 3.0 (src/hooks/dhcp/lease_cmds/lease_cmds.cc). What a lease says stands in
kea_lease.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from pipelines.counted import counted
from pipelines.parse.kea_answers import EMPTY, OK, Object, answer, unreadable
from pipelines.parse.kea_columns import in_columns
from pipelines.parse.kea_lease import Lease, lease4, lease6, other_hardware, table
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot

PAGE_LIMIT = 10_000
"""Leases to a page: Kea serves no DHCP while it prints one (0.05 s for so many), and one page is one instant."""

Read = Callable[[Snapshot, object], Lease | None]
_PROOF = re.compile(r"(\d{1,9}) IPv([46]) lease\(s\) found\.\Z")


def parse(snapshot: Snapshot) -> Parsed:
    """Every lease Kea holds, of any state. Of an address that moved between two pages the later row counts.

    Raises `ParseError` when the answers do not prove that they are all of it: N announced and N there, and the last
    page short. A lease whose hardware address is no EUI-48 is kept without it, and also noted in the rejects.
    """
    rows = _rows(snapshot, "4")
    usual = in_columns(snapshot, rows)
    return collected(snapshot, rows, lease4) if usual is None else Parsed(usual, Rejects(snapshot).table())


def parse6(snapshot: Snapshot) -> Parsed:
    """The same of DHCPv6: every lease of a lasting address. Prefixes and temporary addresses are left out."""
    return collected(snapshot, _rows(snapshot, "6"), lease6)


def collected(snapshot: Snapshot, rows: Iterable[object], read: Read) -> Parsed:
    """The leases of these rows as a table; of several rows of one address the last counts."""
    rejects = Rejects(snapshot)
    leases: dict[str, Lease] = {}
    for line, row in enumerate(rows, start=1):
        try:
            lease = read(snapshot, row)
        except ValueError as error:
            rejects.add(line, error, row)
            continue
        if (fault := other_hardware(row)) is not None:
            rejects.add(line, fault, row)
        if lease is not None:
            leases[lease.ip] = lease
    return Parsed(table(snapshot, list(leases.values())), rejects.table())


def _rows(snapshot: Snapshot, version: str) -> list[Any]:
    """The leases of all pages, proved to be all."""
    answers = [answer(snapshot, line) for line in snapshot.content.split(b"\n") if line.strip()]
    pages = [_page(snapshot, one, version) for one in answers]
    is_paged = [_is_page(one) for one in answers]
    if not pages:
        raise unreadable(snapshot, "the answer is empty")
    if len(pages) > 1 and not all(is_paged):
        raise unreadable(snapshot, f"{counted(len(pages), 'answer')}, not all of them pages of lease{version}-get-page")
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


def _page(snapshot: Snapshot, reply: Object, version: str) -> list[Any]:
    """The leases in one answer, as many as it says there are."""
    result, words = reply.get("result"), reply.get("text")
    if result not in (OK, EMPTY):
        raise unreadable(snapshot, f"Kea answered result {result!r:.20}: {words!r:.200}")
    arguments = reply.get("arguments")
    leases = arguments.get("leases") if isinstance(arguments, dict) else None
    proof = _PROOF.match(words) if isinstance(words, str) else None
    if not isinstance(arguments, dict) or not isinstance(leases, list) or proof is None or proof[2] != version:
        asked = f"lease{version}-get-page or lease{version}-get-all"
        raise unreadable(snapshot, f"the answer is not to {asked}: {words!r:.200}")
    if not int(proof[1]) == arguments.get("count", len(leases)) == len(leases):
        raise unreadable(snapshot, f"Kea says {words!r}, but there came {counted(len(leases), 'lease')}")
    return leases
