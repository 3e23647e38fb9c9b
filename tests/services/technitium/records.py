"""A zone as Technitium keeps it: every changed record is a commit of its own, seen at once, under a serial of its own.

The paragraphs named are of our notes on Technitium's source: 0 and 2 RFC 2136 and its costs, 3 transfers.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import cast

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.zone
from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType

from tests.services.dns_server import Zone

Key = tuple[Name, RdataType]
Policies = dict[str, dict[str, tuple[str, ...]]]
"""Key, then owner pattern, then types."""
_BYTES_A_RECORD = 76  # on disk, about: four history records of a changed A are 306 bytes (paragraph 0.3)
_TRANSFERABLE = {"primary", "secondary", "forwarder"}
_SERIALS = 2**32


class NoReply(Exception):
    """What Technitium throws at: it answers nothing, and the connection stays (paragraph 0.7)."""


@dataclass(frozen=True)
class TechnitiumZone(Zone):
    """A zone with what Technitium can make of it.

    Without policies no key is asked for at all, only the address counts (paragraph 2, Permission).
    """

    kind: str = "primary"
    is_disabled: bool = False
    is_address_allowed: bool = True
    policies: Policies | None = None


@dataclass(frozen=True)
class Stored:
    """One record. `is_from_wire` is false of one made by the web API, or by a commit (the SOA)."""

    data: Rdata
    ttl: int
    is_disabled: bool = False
    is_from_wire: bool = True


Nodes = dict[Name, dict[RdataType, tuple[Stored, ...]]]


@dataclass
class ZoneState:
    """The records of one zone, and what its changes cost. `on_commit` is called when one more record is live."""

    settings: TechnitiumZone
    is_ttl_only_add_ignored: bool
    on_commit: Callable[[], None]
    nodes: Nodes = field(default_factory=dict)
    serial_bumps: int = 0
    history_records: int = 0

    def __post_init__(self) -> None:
        zone = dns.zone.from_text(self.settings.text, self.origin, relativize=False)
        for owner, rdataset in zone.iterate_rdatasets():
            records = tuple(Stored(data, rdataset.ttl) for data in rdataset)
            self.nodes.setdefault(owner, {})[rdataset.rdtype] = records

    @property
    def origin(self) -> Name:
        """The apex."""
        return dns.name.from_text(self.settings.name)

    @property
    def soa(self) -> Stored:
        """The SOA as it is now."""
        return self.nodes[self.origin][RdataType.SOA][0]

    @property
    def is_transferable(self) -> bool:
        """Whether it is of a kind that is given to anybody at all (paragraph 3)."""
        return self.settings.kind in _TRANSFERABLE and not self.settings.is_disabled

    @property
    def file_bytes(self) -> int:
        """About how long its file is: live records and seven days of history, rewritten whole (paragraph 0.2)."""
        live = sum(len(rrset) for node in self.nodes.values() for rrset in node.values())
        return _BYTES_A_RECORD * (live + self.history_records)

    def get(self, owner: Name, rdtype: RdataType) -> tuple[Stored, ...]:
        """An RRset with its disabled records: prerequisites and updates see them too."""
        return self.nodes.get(owner, {}).get(rdtype, ())

    def types_at(self, owner: Name) -> list[RdataType]:
        """The types that stand at a name."""
        return list(self.nodes.get(owner, {}))

    def live(self) -> Iterable[tuple[Name, Stored]]:
        """What a transfer lists: no SOA, no disabled record (paragraph 0.10), each RRset as it is when its turn comes.

        There is no lock on the zone (paragraph 3, Form).
        """
        for owner in sorted(self.nodes):
            for rdtype in self.types_at(owner):
                if rdtype != RdataType.SOA:
                    yield from ((owner, one) for one in self.get(owner, rdtype) if not one.is_disabled)

    def put(self, owner: Name, rdtype: RdataType, records: tuple[Stored, ...]) -> None:
        """One commit: the RRset is live, then the serial goes up by one (paragraph 0.1)."""
        before = self.get(owner, rdtype)
        node = self.nodes.setdefault(owner, {})
        if records:
            node[rdtype] = records
        else:
            node.pop(rdtype, None)
        if not node:
            del self.nodes[owner]
        self.history_records += 2 + len(set(before) ^ set(records))
        self._raise_serial()
        self.on_commit()

    def add(self, owner: Name, record: Stored) -> None:
        """Add one record; one that is there already is left as it is, with its TTL before 15.2 (paragraph 0.5)."""
        rdtype = record.data.rdtype
        others = self.get(owner, rdtype)
        twin = next((one for one in others if one.data == record.data), None)
        if twin is not None and (twin.ttl == record.ttl or self.is_ttl_only_add_ignored):
            return
        kept = tuple(one for one in others if one is not twin)
        if any(one.ttl != record.ttl for one in kept):
            # The siblings take the TTL and lose their tag: a disabled one goes live (paragraph 2).
            kept = tuple(replace(one, ttl=record.ttl, is_disabled=False) for one in kept)
        self.put(owner, rdtype, (*kept, replace(record, is_disabled=twin is not None and twin.is_disabled)))

    def delete(self, owner: Name, rdtype: RdataType, data: Rdata | None = None) -> None:
        """Delete an RRset, or one record of it; what is not there changes nothing, not even the serial."""
        before = self.get(owner, rdtype)
        kept = () if data is None else tuple(one for one in before if one.data != data)
        if kept != before:
            self.put(owner, rdtype, kept)

    def _raise_serial(self) -> None:
        soa = cast("dns.rdtypes.ANY.SOA.SOA", self.soa.data)
        next_soa = soa.replace(serial=(soa.serial + 1) % _SERIALS)
        # A committed SOA is no longer one read from the wire: no compare-and-swap on it before 15.2 (paragraph 0.6).
        self.nodes[self.origin][RdataType.SOA] = (replace(self.soa, data=next_soa, is_from_wire=False),)
        self.serial_bumps += 1


def enclosing(zones: dict[Name, ZoneState], owner: Name) -> ZoneState | None:
    """The closest zone that holds the name (paragraph 2, Zone lookup)."""
    holding = [zone for origin, zone in zones.items() if owner.is_subdomain(origin)]
    return max(holding, key=lambda zone: len(zone.origin), default=None)
