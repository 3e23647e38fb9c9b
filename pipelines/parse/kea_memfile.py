"""Kea's lease files as `tables.LEASES`: what it last wrote, for an hour in which it does not answer itself.

Source: memfile_lease_mgr.cc, csv_lease_file4.cc, csv_lease_file6.cc and util/csv_file.cc of Kea 2.2 to 3.0. Every
change of a lease is a row at the end of the file. Clean-up (LFC, hourly by default) renames the file to `.1`, merges
`.2` and `.1` into `.completed`, removes these two and renames `.completed` to `.2`: right after it the file itself is
no more than its head.
"""

import json
import re
from collections.abc import Iterator

from pipelines import tables
from pipelines.parse.kea_answers import Object, unreadable
from pipelines.parse.kea_lease import ADDRESS, PREFIX, TEMPORARY, lease4, lease6
from pipelines.parse.kea_leases import Read, collected
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot

MAIN, OLD, COMPLETED, MERGED = "", ".1", ".completed", ".2"
"""What is behind the lease file's name, newest first: in this order they must be read, for each becomes the next."""

_BOTH = {"address", "valid_lifetime", "expire", "fqdn_fwd", "fqdn_rev", "hostname", "hwaddr", "state"}
_NEEDED = {"4": _BOTH | {"client_id"}, "6": _BOTH | {"duid", "lease_type"}}
_TYPES = {"0": ADDRESS, "1": TEMPORARY, "2": PREFIX}  # Lease::Type
_NUMBER = re.compile(r"[0-9]{1,19}\Z")
_ESCAPED = re.compile(r"&#x([0-9A-Fa-f]{2})")  # CSVRow::escapeCharacters: commas, and this mark itself
_Row = dict[str, str]


def pack(files: dict[str, bytes]) -> bytes:
    """A snapshot's content: the lease files by what stands behind their name (`MAIN`, `OLD`, ...)."""
    return json.dumps({suffix: text.decode("latin-1") for suffix, text in files.items()}).encode() + b"\n"


def parse(snapshot: Snapshot) -> Parsed:
    """Every lease the DHCPv4 server had when it last wrote. Of an address the last row counts; lifetime 0 is its end.

    A row cut at the end of a file, or split by a line end in a name, is rejected. Raises `ParseError` when the content
    is no set of lease files.
    """
    return _parse(snapshot, "4", lease4)


def parse6(snapshot: Snapshot) -> Parsed:
    """The same of DHCPv6: every lease of a lasting address."""
    return _parse(snapshot, "6", lease6)


def _parse(snapshot: Snapshot, version: str, read: Read) -> Parsed:
    rejects = Rejects(snapshot)
    last: dict[tuple[str, str], Object] = {}
    for line, row in enumerate(_rows(snapshot, version), start=1):
        try:
            key, lease = _lease(row)
        except ValueError as error:
            rejects.add(line, error, row)
            continue
        last.pop(key, None)
        if lease["valid-lft"] != 0:
            last[key] = lease
    parsed = collected(snapshot, last.values(), read)
    return Parsed(parsed.table, tables.REJECTS.concat([rejects.table(), parsed.rejects]))


def _rows(snapshot: Snapshot, version: str) -> Iterator[_Row | str]:
    """The rows of all files that count, oldest first, by their columns' names; the text of those that are none.

    A finished merge counts in the place of what went into it, as for Kea itself.
    """
    files = _files(snapshot)
    for suffix in (COMPLETED, MAIN) if COMPLETED in files else (MERGED, OLD, MAIN):
        head, *lines = files.get(suffix, "").split("\n")
        if not head:
            continue
        columns = head.split(",")
        if not _NEEDED[version].issubset(columns):
            raise unreadable(snapshot, f"the lease file {suffix} begins with {head!r:.200}, which is no such head")
        torn = lines.pop() if lines else ""
        for line in filter(None, lines):
            values = line.split(",")
            is_whole = len(values) == len(columns)
            yield dict(zip(columns, map(_unescaped, values), strict=True)) if is_whole else line
        if torn:
            yield f"{torn} (cut here)"


def _files(snapshot: Snapshot) -> dict[str, str]:
    try:
        found = json.loads(snapshot.content)
    except (ValueError, RecursionError) as error:
        raise unreadable(snapshot, f"{len(snapshot.content)} bytes are not one whole JSON value ({error})") from None
    is_known = isinstance(found, dict) and found.keys() <= {MAIN, OLD, COMPLETED, MERGED}
    if not is_known or not found or not all(isinstance(text, str) for text in found.values()):
        raise unreadable(snapshot, "it holds no lease files")
    return dict(found)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def _lease(row: _Row | str) -> tuple[tuple[str, str], Object]:
    """What the row is about, and the lease as Kea's API would print it. Raises `ValueError` for what is none."""
    if isinstance(row, str):
        raise ValueError("the row has not as many columns as its head: cut, or split by a line end in a name")  # noqa: TRY004 - the row's fault like any other
    valid_s = _number(row, "valid_lifetime")
    lease: Object = {
        "ip-address": row["address"],
        "hw-address": row["hwaddr"],
        "client-id": row.get("client_id", ""),
        "duid": row.get("duid", ""),
        "type": _TYPES.get(row.get("lease_type", "0")),
        "cltt": _number(row, "expire") - valid_s,
        "valid-lft": valid_s,
        "hostname": row["hostname"],
        "state": _number(row, "state"),
        "fqdn-fwd": row["fqdn_fwd"] == "1",
        "fqdn-rev": row["fqdn_rev"] == "1",
    }
    return (row["address"], row.get("lease_type", "0")), lease


def _number(row: _Row, name: str) -> int:
    if not _NUMBER.match(row[name]):
        raise ValueError(f"{name} is {row[name]!r:.40}, no number")
    return int(row[name])
