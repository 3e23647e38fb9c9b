"""UPDATE messages, RFC 2136, from parts that are encoded once: cutting and halving a batch only joins them again.

Owner names are written as their labels in front of a pointer to the zone's name, which stands at byte 12 of every
message; so a part's size is known, and it means the same wherever it stands.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import dns.rdatatype

from resources.nameserver import rdata
from resources.nameserver.connection import new_id

ROOM = 60_000  # bytes to a message, signature included: under the 65,535 of TCP
_OPCODE_UPDATE = 5 << 11
_ZONE_NAME = b"\xc0\x0c"  # a pointer to byte 12
_IN, _NONE, _ANY = 1, 254, 255  # classes: RFC 2136 section 2.4 and 2.5 say what NONE and ANY mean where
_ANY_TYPE = 255
_SOA = 6
_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")


@dataclass(frozen=True)
class Group:
    """The changes at one owner name, as encoded parts. They are never sent apart.

    `rows` are the plan's rows they stand for. `loose` are the prerequisites for a server that cannot compare data
    (see `uncomparable`): that such records stand there, not which.
    """

    rows: tuple[int, ...]
    prerequisites: tuple[bytes, ...]
    updates: tuple[bytes, ...]
    loose: tuple[bytes, ...] = ()

    @property
    def size(self) -> int:
        """Its bytes in a message."""
        return sum(map(len, self.prerequisites)) + sum(map(len, self.updates))


@dataclass(frozen=True)
class Owner:
    """An owner name in its zone, and the parts of a message that speak of it. Both names went through `rdata.name`."""

    name: str
    zone: str

    def is_unused(self) -> bytes:
        """Prerequisite: no record of any type stands at the name (RFC 2136 section 2.4.5)."""
        return self._part(_ANY_TYPE, _NONE)

    def has_no(self, rtype: str) -> bytes:
        """Prerequisite: no record of this type stands at the name (section 2.4.3)."""
        return self._part(_number(rtype), _NONE)

    def has_some(self, rtype: str) -> bytes:
        """Prerequisite: a record of this type, whatever it says, stands at the name (section 2.4.1)."""
        return self._part(_number(rtype), _ANY)

    def has_just(self, rtype: str, data: bytes) -> bytes:
        """Prerequisite: this record, with its like in the message, is the whole RRset (section 2.4.2)."""
        return self._part(_number(rtype), _IN, data=data)

    def add(self, rtype: str, ttl_s: int, data: bytes) -> bytes:
        """Update: add the record (section 2.5.1)."""
        return self._part(_number(rtype), _IN, ttl_s, data)

    def delete(self, rtype: str, data: bytes) -> bytes:
        """Update: delete this one record, if it is there (section 2.5.4)."""
        return self._part(_number(rtype), _NONE, data=data)

    def _part(self, rtype: int, rclass: int, ttl_s: int = 0, data: bytes = b"") -> bytes:
        return self._name + _RECORD.pack(rtype, rclass, ttl_s, len(data)) + data

    @cached_property
    def _name(self) -> bytes:
        return rdata.labels(self.name.removesuffix(self.zone)) + _ZONE_NAME


def message(zone: str, groups: Sequence[Group]) -> bytes:
    """One unsigned UPDATE message of these groups."""
    prerequisites = [part for group in groups for part in group.prerequisites]
    updates = [part for group in groups for part in group.updates]
    header = _HEADER.pack(int.from_bytes(new_id(), "big"), _OPCODE_UPDATE, 1, len(prerequisites), len(updates), 0)
    return b"".join([header, _zone_section(zone), *prerequisites, *updates])


def batches(zone: str, groups: Sequence[Group], signature: int) -> list[list[Group]]:
    """The groups in order, cut so that no message has more than `ROOM` bytes with its signature.

    A group that is larger by itself stands alone.
    """
    room = ROOM - _HEADER.size - len(_zone_section(zone)) - signature
    cut: list[list[Group]] = []
    left = 0
    for group in groups:
        if not cut or group.size > left:
            cut.append([])
            left = room
        cut[-1].append(group)
        left -= group.size
    return cut


def _zone_section(zone: str) -> bytes:
    return rdata.name(zone) + struct.pack("!HH", _SOA, _IN)


@cache
def _number(rtype: str) -> int:
    return int(dns.rdatatype.from_text(rtype))
