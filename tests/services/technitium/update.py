"""UPDATE as Technitium 14.3 does it: prerequisites, permission, prescan, then record by record (paragraph 2).

The paragraphs named are of our notes on its source.

Not atomic: each record is live before the next is looked at, and whatever throws is answered with nothing at all.
"""

import re
from dataclasses import dataclass
from typing import cast

import dns.rcode
import dns.rdataclass
import dns.rdtypes.ANY.SOA
import dns.update
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.rrset import RRset

from tests.services.technitium.records import Key, NoReply, Stored, ZoneState, enclosing

_ANY, _NONE = dns.rdataclass.ANY, dns.rdataclass.NONE
_LABEL = re.compile(rb"[A-Za-z0-9_/](?:[A-Za-z0-9_/-]*[A-Za-z0-9_/])?|\*")  # paragraph 0.7
_FWD = RdataType.make(65281)
_THROWING = {_FWD, RdataType.DNSKEY}  # in a primary zone (paragraph 0.7)
_DNSSEC = {RdataType.DNSKEY, RdataType.RRSIG, RdataType.NSEC, RdataType.NSEC3, RdataType.NSEC3PARAM}
_QUESTIONS = {RdataType.AXFR, RdataType.IXFR, RdataType.MAILA, RdataType.MAILB}


class Refused(Exception):
    """The message is answered with `rcode`."""

    def __init__(self, rcode: Rcode) -> None:
        super().__init__(dns.rcode.to_text(rcode))
        self.rcode = rcode


@dataclass(frozen=True)
class Update:
    """One UPDATE message at one of the server's zones, signed by `key` or by nobody."""

    zones: dict[Name, ZoneState]
    zone: ZoneState
    message: dns.update.UpdateMessage
    key: str | None
    is_value_trusted: bool

    def carry_out(self) -> None:
        """Apply it. `Refused` when it is answered with a code, `NoReply` when it is not answered."""
        self._check_prerequisites()  # before the permission: a stranger may learn what stands there
        self.check_permission()
        for change in self.message.update:
            self._prescan(change)
        touched: dict[Key, tuple[Stored, ...]] = {}
        try:
            for change in self.message.update:
                self._apply(change, touched)
        except NoReply:
            self._put_back(touched)
            raise

    def check_permission(self) -> None:
        """The address, then every record of the message against the key's policies; one that fails refuses all."""
        settings = self.zone.settings
        if not settings.is_address_allowed:
            raise Refused(dns.rcode.REFUSED)
        if not settings.policies:
            return
        policy = settings.policies.get(self.key or "")
        if policy is None or not all(_is_permitted(policy, change) for change in self.message.update):
            raise Refused(dns.rcode.REFUSED)

    def _check_prerequisites(self) -> None:
        wanted: dict[Key, list[RRset]] = {}
        for one in self.message.prerequisite:
            self._check_zone(one.name)
            if one.deleting is None:
                if one.ttl:
                    raise Refused(dns.rcode.FORMERR)
                wanted.setdefault((one.name, one.rdtype), []).append(one)
            else:
                self._check_presence(one)
        for key, rrsets in wanted.items():
            if not self._reads(key, rrsets):
                raise Refused(dns.rcode.NXRRSET)

    def _check_presence(self, one: RRset) -> None:
        is_name = one.rdtype == RdataType.ANY
        is_there = bool(self.zone.types_at(one.name) if is_name else self.zone.get(one.name, one.rdtype))
        if one.deleting == _ANY and not is_there:
            raise Refused(dns.rcode.NXDOMAIN if is_name else dns.rcode.NXRRSET)
        if one.deleting == _NONE and is_there:
            raise Refused(dns.rcode.YXDOMAIN if is_name else dns.rcode.YXRRSET)

    def _reads(self, key: Key, wanted: list[RRset]) -> bool:
        """Whether the RRset has just these values; before 15.2 one not parsed from wire or disk is never equal."""
        held = self.zone.get(*key)
        is_comparable = self.is_value_trusted or all(one.is_from_wire for one in held)
        values = [data for rrset in wanted for data in rrset]
        return is_comparable and len(held) == len(values) and all(any(v == h.data for h in held) for v in values)

    def _check_zone(self, owner: Name) -> None:
        """NOTZONE unless the closest zone is ours; a label its tree cannot hold throws, wherever it is looked up."""
        check_labels(owner)
        if enclosing(self.zones, owner) is not self.zone:
            raise Refused(dns.rcode.NOTZONE)

    def _prescan(self, change: RRset) -> None:
        self._check_zone(change.name)
        is_any_allowed = change.deleting == _ANY
        if change.rdtype in _QUESTIONS or (change.rdtype == RdataType.ANY and not is_any_allowed):
            raise Refused(dns.rcode.FORMERR)
        if change.deleting == _NONE and change.ttl:
            raise Refused(dns.rcode.FORMERR)

    def _apply(self, change: RRset, touched: dict[Key, tuple[Stored, ...]]) -> None:
        if change.deleting is None:
            self._add(change, touched)
        elif change.deleting == _NONE:
            self._delete_one(change, touched)
        else:
            self._delete_all(change, touched)

    def _add(self, change: RRset, touched: dict[Key, tuple[Stored, ...]]) -> None:
        others = set(self.zone.types_at(change.name)) - {change.rdtype}
        is_alias = change.rdtype == RdataType.CNAME
        if (is_alias and others) or RdataType.CNAME in others:
            return  # skipped, and NOERROR all the same
        self._touch(change.name, change.rdtype, touched)
        expire_s = cast("dns.rdtypes.ANY.SOA.SOA", self.zone.soa.data).expire
        if change.ttl > expire_s or (change.rdtype in _THROWING and self.zone.settings.kind == "primary"):
            raise NoReply(f"{change}")
        record = Stored(change[0], change.ttl)
        if is_alias or change.rdtype == RdataType.SOA:
            self.zone.put(change.name, change.rdtype, (record,))
        else:
            self.zone.add(change.name, record)

    def _delete_one(self, change: RRset, touched: dict[Key, tuple[Stored, ...]]) -> None:
        if change.rdtype == RdataType.SOA or change.rdtype in _DNSSEC:
            return
        is_apex_ns = change.rdtype == RdataType.NS and change.name == self.zone.origin
        if is_apex_ns and len(self.zone.get(change.name, change.rdtype)) == 1:
            return  # the last one is kept
        self._touch(change.name, change.rdtype, touched)
        self.zone.delete(change.name, change.rdtype, change[0])

    def _delete_all(self, change: RRset, touched: dict[Key, tuple[Stored, ...]]) -> None:
        types = self.zone.types_at(change.name) if change.rdtype == RdataType.ANY else [change.rdtype]
        is_apex = change.name == self.zone.origin
        for rdtype in types:
            if rdtype in _DNSSEC or (is_apex and rdtype in {RdataType.SOA, RdataType.NS}):
                continue
            self._touch(change.name, rdtype, touched)
            self.zone.delete(change.name, rdtype)

    def _touch(self, owner: Name, rdtype: RdataType, touched: dict[Key, tuple[Stored, ...]]) -> None:
        touched.setdefault((owner, rdtype), self.zone.get(owner, rdtype))

    def _put_back(self, touched: dict[Key, tuple[Stored, ...]]) -> None:
        """The touched RRsets as they were, by commits that cost serials too (paragraph 2, Atomicity)."""
        for (owner, rdtype), records in touched.items():
            if records or self.zone.get(owner, rdtype):
                self.zone.put(owner, rdtype, records)


def check_labels(owner: Name) -> None:
    """`NoReply` at a label outside `[A-Za-z0-9_/-]`, or with a hyphen at its edge (paragraph 0.7)."""
    if not all(_LABEL.fullmatch(label) for label in owner.labels if label):
        raise NoReply(f"{owner}")


def _is_permitted(policy: dict[str, tuple[str, ...]], change: RRset) -> bool:
    owner = change.name.to_text(omit_final_dot=True).lower()
    return any(
        # `*.z` is what ends in `.z`: all below z, and not z itself.
        (owner == pattern or (pattern.startswith("*.") and owner.endswith(pattern[1:])))
        and ("ANY" in types or change.rdtype.name in types)
        for pattern, types in policy.items()
    )
