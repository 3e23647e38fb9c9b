"""Dynamic updates (RFC 2136) as a function: a zone's records and a message in, the records that follow out.

Serial, TSIG and the network belong to the name server; here is only what the RFC's §3 prescribes. Where Technitium and
BIND differ the lab does as BIND: a message is applied whole or not at all.
"""

import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.update
from dns.name import Name
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rrset import RRset

from lab.zone import Records, records_of

MutableRecords = dict[tuple[Name, RdataType], Rdataset]

ANY, NONE = dns.rdataclass.ANY, dns.rdataclass.NONE
NOT_UPDATABLE = {RdataType.AXFR, RdataType.IXFR, RdataType.MAILA, RdataType.MAILB, RdataType.ANY}
BESIDE_CNAME = {RdataType.RRSIG, RdataType.NSEC}


class UpdateRefusedError(Exception):
    """The message is not applied; `rcode` is the answer."""

    def __init__(self, rcode: dns.rcode.Rcode) -> None:
        super().__init__(dns.rcode.to_text(rcode))
        self.rcode = rcode


def apply(origin: Name, records: Records, message: dns.update.UpdateMessage, allowed: set[RdataType]) -> Records:
    """The records after the message: the very same object when it changes nothing.

    `allowed` are the types the signer may change; RdataType.ANY among them lets it delete whole names.
    """
    check_prerequisites(origin, records, message)
    _prescan(origin, message, allowed)
    after: MutableRecords = dict(records)
    for change in message.update:
        _change(origin, after, change)
    return records if _same(after, records) else after


def check_prerequisites(origin: Name, records: Records, message: dns.update.UpdateMessage) -> None:
    """Refuse unless every prerequisite holds (RFC 2136 §3.2)."""
    values: list[RRset] = []
    for wanted in message.prerequisite:
        if not wanted.name.is_subdomain(origin):
            raise UpdateRefusedError(dns.rcode.NOTZONE)
        if wanted.deleting is None:
            if wanted.ttl != 0:
                raise UpdateRefusedError(dns.rcode.FORMERR)
            values.append(wanted)
        elif code := _unmet(records, wanted):
            raise UpdateRefusedError(code)
    for key, rdataset in records_of(values).items():
        if records.get(key) is None or set(records[key]) != set(rdataset):
            raise UpdateRefusedError(dns.rcode.NXRRSET)


def _unmet(records: Records, wanted: RRset) -> dns.rcode.Rcode | None:
    """What one value-independent prerequisite fails with: a name or an RRset that must, or must not, exist."""
    if wanted.rdtype == RdataType.ANY:
        is_there = any(name == wanted.name for name, _ in records)
        missing, present = dns.rcode.NXDOMAIN, dns.rcode.YXDOMAIN
    else:
        is_there = (wanted.name, wanted.rdtype) in records
        missing, present = dns.rcode.NXRRSET, dns.rcode.YXRRSET
    if wanted.deleting == ANY:
        return None if is_there else missing
    return present if is_there else None


def _prescan(origin: Name, message: dns.update.UpdateMessage, allowed: set[RdataType]) -> None:
    """Refuse a change outside the zone, of a type that cannot be, or that the signer may not make (§3.3, §3.4.1)."""
    for change in message.update:
        if not change.name.is_subdomain(origin):
            raise UpdateRefusedError(dns.rcode.NOTZONE)
        if change.rdtype in NOT_UPDATABLE and not (change.rdtype == RdataType.ANY and change.deleting == ANY):
            raise UpdateRefusedError(dns.rcode.FORMERR)
        if change.rdtype not in allowed:
            raise UpdateRefusedError(dns.rcode.REFUSED)


def _change(origin: Name, records: MutableRecords, change: RRset) -> None:
    """Carry out one RR of the update section (§3.4.2)."""
    if change.deleting is None:
        _add(records, change)
    elif change.deleting == NONE:
        _delete_rr(origin, records, change)
    else:
        for key in [key for key in records if key[0] == change.name and change.rdtype in (key[1], RdataType.ANY)]:
            # The apex keeps its SOA and NS whatever the message says (§3.4.2.3).
            if not (key[0] == origin and key[1] in (RdataType.SOA, RdataType.NS)):
                del records[key]


def _add(records: MutableRecords, change: RRset) -> None:
    """Add an RR; what may not stand beside a CNAME, or a CNAME beside others, is skipped in silence (§3.4.2.2)."""
    beside = {rdtype for name, rdtype in records if name == change.name} - BESIDE_CNAME
    if change.rdtype == RdataType.SOA:
        return  # the serial is the server's own; the lab lets nobody set it
    if change.rdtype == RdataType.CNAME and beside - {RdataType.CNAME}:
        return
    if change.rdtype != RdataType.CNAME and RdataType.CNAME in beside:
        return
    key = (change.name, change.rdtype)
    held = [] if change.rdtype == RdataType.CNAME else list(records.get(key, ()))
    records[key] = dns.rdataset.from_rdata_list(change.ttl, [*held, *(rr for rr in change if rr not in held)])


def _delete_rr(origin: Name, records: MutableRecords, change: RRset) -> None:
    """Delete one RR if it is there; never the SOA, nor the last NS of the apex (§3.4.2.4)."""
    key = (change.name, change.rdtype)
    held = records.get(key)
    if held is None or change.rdtype == RdataType.SOA:
        return
    left = [rr for rr in held if rr not in change]
    if left:
        records[key] = dns.rdataset.from_rdata_list(held.ttl, left)
    elif not (change.rdtype == RdataType.NS and change.name == origin):
        del records[key]


def _same(after: Records, before: Records) -> bool:
    """Whether nothing changed, TTLs included."""
    return after.keys() == before.keys() and all(
        rdataset is before[key] or (rdataset == before[key] and rdataset.ttl == before[key].ttl)
        for key, rdataset in after.items()
    )
