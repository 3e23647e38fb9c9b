"""One authoritative zone: its RRsets, the answers it gives, and the text file that outlives the server."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import dns.name
import dns.rcode
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.rrset
import dns.zonefile
from dns.name import Name
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rrset import RRset

from lab.folder import write_whole

Records = Mapping[tuple[Name, RdataType], Rdataset]
CNAME_CHAIN_LIMIT = 8
SERIAL_SPACE = 2**32


@dataclass(frozen=True)
class Answer:
    """The sections of one answer, its code, and whether it is authoritative (a referral is not)."""

    rcode: dns.rcode.Rcode
    answer: list[RRset]
    authority: list[RRset]
    is_authoritative: bool = True


class Zone:
    """A primary zone. `records` is replaced whole by each change, so a reader never sees half of one."""

    def __init__(self, origin: Name, records: Records, file: Path) -> None:
        self.origin = origin
        self.records = records
        self.file = file

    @property
    def name(self) -> str:
        """The zone's name without the final dot, as network.toml writes it."""
        return self.origin.to_text(omit_final_dot=True)

    @property
    def soa(self) -> RRset:
        """The SOA record, as an RRset of its own."""
        return _rrset(self.origin, self.records[self.origin, RdataType.SOA])

    @property
    def serial(self) -> int:
        """The serial other servers compare."""
        return cast("dns.rdtypes.ANY.SOA.SOA", self.soa[0]).serial

    def become(self, records: Records) -> None:
        """Take on the new records under the next serial (RFC 1982), and write them down."""
        soa = cast("dns.rdtypes.ANY.SOA.SOA", self.soa[0])
        next_soa = soa.replace(serial=(soa.serial + 1) % SERIAL_SPACE or 1)
        apex = dns.rdataset.from_rdata(self.soa.ttl, next_soa)
        self.records = {**records, (self.origin, RdataType.SOA): apex}
        self.save()

    def save(self) -> None:
        """Write the zone's text, whole or not at all."""
        write_whole(self.file, "".join(f"{rrset.to_text()}\n" for rrset in self.transfer()[:-1]))

    def transfer(self) -> list[RRset]:
        """Every RRset between two copies of the SOA, as AXFR sends them (RFC 5936)."""
        others = [
            _rrset(owner, rdataset)
            for (owner, rdtype), rdataset in sorted(self.records.items(), key=lambda item: item[0])
            if rdtype != RdataType.SOA
        ]
        return [self.soa, *others, self.soa]

    def at(self, owner: Name) -> list[RRset]:
        """Every RRset at one name."""
        return [_rrset(owner, rdataset) for (name, _), rdataset in self.records.items() if name == owner]

    def resolve(self, owner: Name, rdtype: RdataType) -> Answer:
        """The answer to a query (RFC 1034 §4.3.2): referral, data, CNAME chain, wildcard, NODATA or NXDOMAIN."""
        chain: list[RRset] = []
        for _ in range(CNAME_CHAIN_LIMIT):
            if cut := self._delegation(owner):
                return Answer(dns.rcode.NOERROR, chain, [cut], is_authoritative=bool(chain))
            exists = self._exists(owner)
            here = self.at(owner) if exists else self._wildcard(owner)
            wanted = [rrset for rrset in here if rdtype in (rrset.rdtype, RdataType.ANY)]
            alias = next((rrset for rrset in here if rrset.rdtype == RdataType.CNAME), None)
            if wanted or alias is None:
                return self._end(owner, chain + wanted, exists=exists or bool(here))
            chain.append(alias)
            owner = alias[0].target
            if not owner.is_subdomain(self.origin):
                break
        return Answer(dns.rcode.NOERROR, chain, [])

    def _end(self, owner: Name, answer: list[RRset], *, exists: bool) -> Answer:
        if answer and answer[-1].name == owner:
            return Answer(dns.rcode.NOERROR, answer, [])
        return Answer(dns.rcode.NOERROR if exists else dns.rcode.NXDOMAIN, answer, [self.soa])

    def _exists(self, owner: Name) -> bool:
        """Whether the name, or anything below it, holds records: an empty non-terminal exists."""
        return any(name.is_subdomain(owner) for name, _ in self.records)

    def _delegation(self, owner: Name) -> RRset | None:
        """The NS RRset at or above the name, below the apex."""
        while owner not in (self.origin, dns.name.root):
            if rdataset := self.records.get((owner, RdataType.NS)):
                return _rrset(owner, rdataset)
            owner = owner.parent()
        return None

    def _wildcard(self, name: Name) -> list[RRset]:
        """The RRsets of the wildcard at the closest encloser, under the name asked for (RFC 4592)."""
        owner = name
        while owner != self.origin:
            closest = owner.parent()
            if self._exists(closest):
                return [_rrset(name, rrset) for rrset in self.at(dns.name.from_text("*", closest))]
            owner = closest
        return []


def read(origin: Name, file: Path) -> Zone:
    """The zone as its file holds it."""
    return Zone(origin, records_of(rrsets_in(file, origin)), file)


def rrsets_in(file: Path, origin: Name = dns.name.root) -> list[RRset]:
    """The RRsets of a text file: absolute names, each line with its TTL and class."""
    return dns.zonefile.read_rrsets(file.read_text(encoding="utf-8"), rdclass=None, origin=origin)


def records_of(rrsets: Iterable[RRset]) -> dict[tuple[Name, RdataType], Rdataset]:
    """The RRsets by name and type, those of one name and type joined."""
    records: dict[tuple[Name, RdataType], Rdataset] = {}
    for rrset in rrsets:
        held = records.setdefault((rrset.name, rrset.rdtype), Rdataset(rrset.rdclass, rrset.rdtype, ttl=rrset.ttl))
        for rdata in rrset:
            held.add(rdata, rrset.ttl)
    return records


def _rrset(owner: Name, rdataset: Rdataset) -> RRset:
    return dns.rrset.from_rdata_list(owner, rdataset.ttl, list(rdataset))
