"""The records of one DNS message, straight off the wire (RFC 1035 section 4), in canonical text.

dnspython makes objects of every name and record, at 30 µs each; a zone is read every hour, so the types that make up
nearly all of it are decoded here at a thirtieth of that, and every other type is given to dnspython.
"""

import base64
import functools
import ipaddress
import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

ANSWER, AUTHORITY, ADDITIONAL = 1, 2, 3
IN = int(dns.rdataclass.IN)
SOA = int(dns.rdatatype.SOA)
TSIG = int(dns.rdatatype.TSIG)

_HEADER = struct.Struct("!6H")
HEADER_LENGTH = _HEADER.size
_RECORD = struct.Struct("!HHIH")
LONGEST_NAME = 255  # bytes: RFC 1035 section 2.3.4
MOST_HOPS = 127  # as many labels as a name can have: no honest name needs more pointers
MOST_TTL = 0x7FFFFFFF  # more is to be read as 0: RFC 2181 section 8
_PLAIN_LABEL = re.compile(rb"[A-Za-z0-9_*/-]+\Z")


class Malformed(ValueError):
    """A message, name or record is not what RFC 1035 says."""


class Record(NamedTuple):
    """One resource record: where it and its data stand in the message. `owner` is absolute, in lower case."""

    section: int
    start: int
    owner: str
    rtype: int
    rclass: int
    ttl: int
    data_at: int
    data_length: int


class Message:
    """One message. Nothing is read but what is asked for; `Malformed` where the wire cannot be what it should be."""

    def __init__(self, wire: bytes) -> None:
        if len(wire) < HEADER_LENGTH:
            raise Malformed(f"a message of {len(wire)} bytes has no header")
        self.wire = wire
        self.id, self.flags, *self.counts = _HEADER.unpack_from(wire)
        self._names: dict[int, tuple[str, int, int]] = {}

    @property
    def rcode(self) -> int:
        """The header's response code."""
        return int(self.flags) & 0xF

    @property
    def is_truncated(self) -> bool:
        """The TC flag."""
        return bool(self.flags & 0x0200)

    def records(self) -> Iterator[Record]:
        """The records of all sections but the question, in order."""
        try:
            yield from self._records()
        except (IndexError, struct.error):
            raise Malformed("the message ends within a record") from None

    def _records(self) -> Iterator[Record]:
        at = HEADER_LENGTH
        for _ in range(self.counts[0]):
            at = self._name(at)[2] + 4
        for section, count in enumerate(self.counts[1:], ANSWER):
            for _ in range(count):
                owner, _, head = self._name(at)
                rtype, rclass, ttl, length = _RECORD.unpack_from(self.wire, head)
                data_at = head + _RECORD.size
                ttl = ttl if ttl <= MOST_TTL else 0
                yield Record(section, at, owner or ".", rtype, rclass, ttl, data_at, length)
                at = data_at + length
                if at > len(self.wire):
                    raise Malformed("the message ends within a record's data")
        if at != len(self.wire):
            raise Malformed(f"{len(self.wire) - at} bytes follow the last record")

    def _name(self, at: int, hops: int = 0) -> tuple[str, int, int]:
        """The name at `at` in text (the root: empty), its length uncompressed, and where what follows it starts."""
        known = self._names.get(at)
        if known is not None:
            return known
        wire, here, text = self.wire, at, ""
        while 0 < (length := wire[here]) < 64:  # noqa: PLR2004 - RFC 1035 section 4.1.4: 00 a label, 11 a pointer
            text += label_text(wire[here + 1 : here + 1 + length])
            here += 1 + length
        size, end = here - at + 1, here + 1
        if length:
            suffix, suffix_size = self._pointed(here, at, hops)
            text, size, end = text + suffix, size - 1 + suffix_size, here + 2
        if size > LONGEST_NAME:
            raise Malformed(f"a name is longer than {LONGEST_NAME} bytes")
        self._names[at] = text, size, end
        return text, size, end

    def _pointed(self, here: int, start: int, hops: int) -> tuple[str, int]:
        """The name a compression pointer leads to. It must lead back, or a name could hold itself."""
        target = int.from_bytes(self.wire[here : here + 2], "big") - 0xC000
        if here + 2 > len(self.wire) or target < 0:
            raise Malformed("a name is neither labels nor a pointer")
        if target >= start or hops >= MOST_HOPS:
            raise Malformed("a name's pointer does not lead back")
        text, size, _ = self._name(target, hops + 1)
        return text, size

    def text(self, record: Record) -> str:
        """The record's data in presentation form, names absolute and in lower case."""
        match record.rtype:
            case dns.rdatatype.A if record.data_length == 4:  # noqa: PLR2004 - an IPv4 address, RFC 1035 section 3.4.1
                return "{}.{}.{}.{}".format(*self._data(record))
            case dns.rdatatype.AAAA if record.data_length == 16:  # noqa: PLR2004 - an IPv6 address, RFC 3596 section 2.2
                return str(ipaddress.IPv6Address(self._data(record)))
            case dns.rdatatype.CNAME | dns.rdatatype.PTR:
                return self._only_name(record)
            case dns.rdatatype.DHCID if record.data_length:
                return base64.b64encode(self._data(record)).decode()
        return self._by_dnspython(record)

    def _data(self, record: Record) -> bytes:
        return self.wire[record.data_at : record.data_at + record.data_length]

    def _only_name(self, record: Record) -> str:
        try:
            text, _, end = self._name(record.data_at)
        except IndexError:
            raise Malformed("the record's name does not end") from None
        if end != record.data_at + record.data_length:
            raise Malformed("the record's data is not one name")
        return text or "."

    def _by_dnspython(self, record: Record) -> str:
        try:
            data = _from_wire(record.rtype, self.wire, record.data_at, record.data_length)
            canonical = data.to_digestable()  # what DNSSEC signs: names uncompressed and in lower case
            return _from_wire(record.rtype, canonical, 0, len(canonical)).to_text()
        except (dns.exception.DNSException, ValueError) as error:
            raise Malformed(f"the data is no {type_text(record.rtype)} ({type(error).__name__})") from None

    def tsig(self, record: Record) -> dns.rdata.Rdata:
        """The data of a TSIG record, for `dns.tsig`."""
        try:
            rtype = dns.rdatatype.RdataType.TSIG
            return dns.rdata.from_wire(dns.rdataclass.ANY, rtype, self.wire, record.data_at, record.data_length)
        except dns.exception.DNSException as error:
            raise Malformed(f"the TSIG record cannot be read ({type(error).__name__})") from None


def _from_wire(rtype: int, wire: bytes, at: int, length: int) -> dns.rdata.Rdata:
    return dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.RdataType.make(rtype), wire, at, length)


def is_plain(label: bytes) -> bool:
    """Whether a label stands for itself in text: its letters, digits and marks need no escape."""
    return _PLAIN_LABEL.match(label) is not None


def label_text(label: bytes) -> str:
    """One label as text with its dot; what is not plain is escaped as RFC 4343 section 2.1 says."""
    if is_plain(label):
        return label.decode("ascii").lower() + "."
    return dns.name.Name((label.lower(),)).to_text() + "."


@functools.cache
def type_text(rtype: int) -> str:
    """The mnemonic of an RR type; TYPE65280 and the like where it has none."""
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rtype))


def messages(stream: bytes) -> Iterator[bytes]:
    """The messages of a TCP stream, each of which its two-byte length precedes (RFC 1035 section 4.2.2)."""
    at = 0
    while at < len(stream):
        start = at + 2
        at = start + int.from_bytes(stream[at:start], "big")
        if start > len(stream) or at > len(stream):
            raise Malformed("the stream ends within a message")
        yield stream[start:at]


def is_in_zone(owner: str, apex: str) -> bool:
    r"""Whether an owner name is the apex or below it. `a\.lan.` is one label: a plain text suffix would not do."""
    if apex in (owner, "."):
        return True
    if not owner.endswith("." + apex):
        return False
    return "\\" not in owner or dns.name.from_text(owner).is_subdomain(dns.name.from_text(apex))
