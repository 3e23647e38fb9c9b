"""Queries and transfers as Technitium answers them (paragraph 3 of our notes on its source)."""

from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rrset
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType

from tests.services.dns_server import KEYS
from tests.services.technitium.records import Stored, ZoneState, enclosing

MESSAGE_BYTES = 16 * 1024  # of records to a message of a transfer, counted as if nothing were compressed
_FIXED_BYTES = 10  # type, class, TTL, length


def answer_query(zones: dict[Name, ZoneState], question: Message) -> Message:
    """The answer to one question; REFUSED where no zone of ours holds the name."""
    response = dns.message.make_response(question)
    if len(question.question) != 1:
        response.set_rcode(dns.rcode.FORMERR)
        return response
    owner, rdtype = question.question[0].name, question.question[0].rdtype
    zone = enclosing({name: one for name, one in zones.items() if not one.settings.is_disabled}, owner)
    if zone is None:
        response.set_rcode(dns.rcode.REFUSED)
        return response
    response.flags |= dns.flags.AA
    response.answer = [
        rrset(owner, live)
        for found in zone.types_at(owner)
        if found in {rdtype, RdataType.CNAME} or rdtype == RdataType.ANY
        if (live := [one for one in zone.get(owner, found) if not one.is_disabled])
    ]
    if not response.answer:
        response.authority = [rrset(zone.origin, [zone.soa])]
        if not any(name.is_subdomain(owner) for name in list(zone.nodes)):
            response.set_rcode(dns.rcode.NXDOMAIN)
    return response


def is_transfer_allowed(zone: ZoneState, key: str | None) -> bool:
    """Whether the signer may have the zone."""
    return zone.is_transferable and key in (KEYS if zone.settings.is_transfer_allowed else ("hand",))


def transfer(zone: ZoneState, on_listing: Callable[[], None]) -> Iterator[list[dns.rrset.RRset]]:
    """The records of each message, from SOA to SOA: one and the same, read before the others are listed."""
    soa = (zone.origin, zone.soa)
    on_listing()
    batch: list[dns.rrset.RRset] = []
    room = MESSAGE_BYTES
    for owner, record in [soa, *zone.live(), soa]:
        size = len(owner.to_wire() or b"") + _FIXED_BYTES + len(record.data.to_wire() or b"")
        if size > room:
            yield batch
            batch, room = [], MESSAGE_BYTES
        batch.append(rrset(owner, [record]))
        room -= size
    yield batch


def rrset(owner: Name, records: list[Stored]) -> dns.rrset.RRset:
    """Records of one type at one name, as dnspython has them."""
    return dns.rrset.from_rdata_list(owner, records[0].ttl, [one.data for one in records])
