"""A zone as a master file (RFC 1035 section 5), such as BIND keeps and Cloudflare exports, as `tables.OUTSIDE_RECORDS`.

Nothing is looked at but this file: $INCLUDE is refused, and $GENERATE, with which a line can make a million records.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.ttl

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.network import Network
from pipelines.network.listed import ZoneFile
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot

_TTL = re.compile(r"\d[\dsmhdw]*\Z", re.IGNORECASE)
_CLASSES = frozenset({"IN", "CH", "HS", "CS"})
_WORD = re.compile(r"(?:\\.|[^\s\\])+")
_PIECE = re.compile(r'"(?:\\.|[^"\\])*"|\\.|[^"\\();]+|[();"\\]', re.DOTALL)
_OF_NAMES = frozenset({"CNAME", "DNAME", "NS", "PTR", "MX", "SRV", "SOA"})
_REMEDY = "Export the zone again, or give its file to `named-checkzone` to see where it is wrong"
_FAULTS = (ValueError, KeyError, dns.exception.DNSException)  # dnspython's own, and what slips through it


@dataclass
class _Reader:
    """What stands above a line and holds for it: the origin, the owner named last, $TTL or else the TTL told last."""

    origin: dns.name.Name | None
    default_ttl_s: int | None = None  # RFC 2308 section 4
    last_ttl_s: int | None = None  # RFC 1035 section 5.1
    owner: dns.name.Name | None = None


def parse(snapshot: Snapshot, network: Network) -> Parsed:
    """Every record of the file, whatever its type; a bad one is in the rejects. Raises `ParseError`.

    `zone` is the origin of network.toml, else the owner of its SOA record, else null.
    """
    settings = network.listed(snapshot.source)
    apex = settings.origin if isinstance(settings, ZoneFile) else None
    reader = _Reader(None if apex is None else dns.name.from_text(apex))
    rejects = Rejects(snapshot)
    rows: dict[tuple[str, str, str], int | None] = {}
    for line, text in _logical(snapshot):
        if text.startswith("$"):
            _obey(snapshot, reader, line, text)
            continue
        try:
            owner, rr_type, ttl_s, rdata = _record(reader, text)
        except _FAULTS as error:
            rejects.add(line, f"it is no record: {error}", text)
            continue
        rows.setdefault((owner, rr_type, rdata), ttl_s)
    if not rows:
        raise ParseError(snapshot.source, "has no record", _REMEDY)
    zone = apex or next((owner for owner, rr_type, _ in rows if rr_type == "SOA"), None)
    every = [(snapshot.source, zone, owner, rr_type, ttl_s, data) for (owner, rr_type, data), ttl_s in rows.items()]
    return Parsed(tables.OUTSIDE_RECORDS.rows(every), rejects.table())


def _logical(snapshot: Snapshot) -> Iterator[tuple[int, str]]:
    """The file's entries, each on one line and without comments, with the line it begins on; parentheses join lines."""
    text = snapshot.content.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    held, begun, depth = "", 0, 0
    for number, line in enumerate(text.split("\n"), start=1):
        begun = begun if depth else number
        piece, depth = _joined(line, depth)
        held += piece + " "
        if depth < 0:
            raise ParseError(snapshot.source, f"line {number} closes a parenthesis that is not open", _REMEDY)
        if not depth:
            if held.strip():
                yield begun, held.rstrip()
            held = ""
    if depth:
        raise ParseError(snapshot.source, f"ends inside the parentheses of line {begun}: it was cut", _REMEDY)


def _joined(line: str, depth: int) -> tuple[str, int]:
    """A line without its comment and parentheses, and how deep in those its end is."""
    if not any(mark in line for mark in '();"'):
        return line, depth
    kept = []
    for piece in _PIECE.findall(line):
        if piece == ";":
            break
        depth += {"(": 1, ")": -1}.get(piece, 0)
        kept.append(" " if piece in {"(", ")"} else piece)
    return "".join(kept), depth


def _obey(snapshot: Snapshot, reader: _Reader, line: int, text: str) -> None:
    """Let $ORIGIN and $TTL hold from here on. Raises `ParseError` for others, and for these where they are wrong."""
    word, *values = text.split(maxsplit=1)
    value = "".join(values).strip()
    try:
        if word.upper() == "$ORIGIN":
            reader.origin = _name(value, reader.origin)
        elif word.upper() == "$TTL":
            reader.default_ttl_s = dns.ttl.from_text(value)
        else:
            raise ValueError("$ORIGIN and $TTL are followed, and no other")
    except _FAULTS as error:
        raise ParseError(snapshot.source, f"line {line}, {text!r:.60}: {error}", _REMEDY) from None


def _record(reader: _Reader, text: str) -> tuple[str, str, int | None, str]:
    """Owner, type, TTL and data of an entry. Raises one of `_FAULTS`."""
    rest = text
    if not text[0].isspace():
        word, rest = _next(text)
        reader.owner = None  # of a bad owner, the lines below it are not the one before's
        reader.owner = _name(word, reader.origin)
    if reader.owner is None:
        raise ValueError("no owner name stands here or above")
    word, rest = _next(rest)
    ttl_s = reader.last_ttl_s if reader.default_ttl_s is None else reader.default_ttl_s
    while _TTL.match(word) or word.upper() in _CLASSES:
        if word.upper() in _CLASSES - {"IN"}:
            raise ValueError(f"class {word} is not IN")
        if word.upper() != "IN":
            ttl_s = reader.last_ttl_s = dns.ttl.from_text(word)
        word, rest = _next(rest)
    rr_type = dns.rdatatype.from_text(word)
    data = dns.rdata.from_text(dns.rdataclass.IN, rr_type, rest, reader.origin, relativize=False)
    shown = data.to_text()
    if not shown:
        raise ValueError("it has no data")
    mnemonic = dns.rdatatype.to_text(rr_type)
    return reader.owner.to_text().lower(), mnemonic, ttl_s, shown.lower() if mnemonic in _OF_NAMES else shown


def _next(text: str) -> tuple[str, str]:
    """The first word, and what follows it. Raises `ValueError` where there is none."""
    found = _WORD.search(text)
    if found is None:
        raise ValueError("it ends before its type")
    return found[0], text[found.end() :]


def _name(text: str, origin: dns.name.Name | None) -> dns.name.Name:
    name = dns.name.from_text(text, origin)
    if not name.is_absolute():
        raise ValueError("the name is relative and no origin is known; set origin in network.toml")
    return name
