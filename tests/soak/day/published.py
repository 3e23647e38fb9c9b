"""What must stand in DNS: our names while they are wanted and for their grace, Kea's while a lease runs, a person's."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import dns.name

from lab.dhcid import of_lease
from tests.soak.day.facts import Facts, Lease, Place, place_of, pointer

_GRACE = timedelta(hours=2)
_KEA_TELLS = timedelta(hours=1)  # Kea's hold-reclaimed-time: so long it lists a lease that has ended
_STATIC_TTL, _DYNAMIC_TTL, _D2_TTL = 3600, 600, 2400  # D2's: a third of the lease
RRsets = dict[tuple[str, str], frozenset[tuple[int, str]]]
"""By owner and type: (TTL, data)."""
_Key = tuple[str, str]


@dataclass(frozen=True)
class Wanted:
    """Why a name is published (`typed`, `reserved`, `leased`), and the lease that marks it as its client's."""

    why: str
    lease: Lease | None = None

    @property
    def ttl_s(self) -> int:
        """The TTL of its class."""
        return _DYNAMIC_TTL if self.why == "leased" else _STATIC_TTL


@dataclass
class _Name:
    """A name of ours with one of its addresses; it is missed `since`, if it is known that nothing wants it any more."""

    wanted: Wanted
    is_wanted: bool = True
    since: datetime | None = None


@dataclass
class Published:
    """The names of ours that stand in DNS."""

    names: dict[_Key, _Name] = field(default_factory=dict)

    def addresses(self) -> set[str]:
        """The addresses of which a name of ours tells."""
        return {ip for _, ip in self.names}

    def census(self, wanted: Mapping[_Key, Wanted], facts: Facts, at: datetime, looked: Mapping[Place, bool]) -> None:
        """What is wanted stands; what is not goes: at once if something took its place, else after its grace.

        `looked` are the places that were looked at, and whether it can be told by now that something is missing there.
        """
        owners, addresses = {owner for owner, _ in wanted}, {ip for _, ip in wanted}
        for key, name in list(self.names.items()):
            owner, ip = key
            name.is_wanted = key in wanted or place_of(ip) not in looked
            if name.is_wanted or not looked[place_of(ip)]:
                continue
            name.since = name.since or _ended_at(name, facts.leases.get(ip), at)
            is_replaced = owner in owners or ip in addresses or name.wanted.why == "typed"
            if is_replaced or name.since + _GRACE <= at:
                del self.names[key]
        self.names.update({key: _Name(one) for key, one in wanted.items()})

    def rrsets(self, facts: Facts, at: datetime) -> RRsets:
        """Everything that must stand in the zones but their SOA and NS.

        What is not wanted any more gives way where a wanted name, or a name for the same address, needs its place.
        """
        found: dict[_Key, set[tuple[int, str]]] = {}
        wanted = [(*key, name.wanted.ttl_s, name.wanted.lease) for key, name in self.names.items() if name.is_wanted]
        for ip, lease in facts.active(at).items():
            if place_of(ip).is_d2_on and lease.name is not None:
                wanted.append((place_of(ip).owner(lease.name), ip, _D2_TTL, lease))
        for one in wanted:
            _add(found, *one)
        taken = set(found)
        for (owner, ip), name in self.names.items():
            if not name.is_wanted:
                _add(found, owner, ip, name.wanted.ttl_s, name.wanted.lease, taken)
        ours = {key: frozenset(data) for key, data in found.items()}
        return {key: data for key, data in (ours | facts.records_by_hand).items() if data}


def _ended_at(name: _Name, lease: Lease | None, at: datetime) -> datetime:
    """When a lease ended that the name went with, where Kea still says so; else it is missed from now on."""
    if name.wanted.why != "leased" or lease is None or name.wanted.lease is None or lease.mac != name.wanted.lease.mac:
        return at
    is_told = place_of(lease.ip).is_kea and at - _KEA_TELLS < lease.ends_at <= at
    return lease.ends_at if is_told else at


def _add(  # noqa: PLR0913, PLR0917 - what a name stands for
    found: dict[_Key, set[tuple[int, str]]],
    owner: str,
    ip: str,
    ttl_s: int,
    lease: Lease | None,
    taken: Collection[_Key] = (),
) -> None:
    """A, PTR and, where Kea leases the address, the DHCIDs beside both; but for places that are `taken`."""
    records = [(owner, "A", ip)]
    if place_of(ip).has_reverse_zone:
        records.append((pointer(ip), "PTR", f"{owner}."))
    records = [one for one in records if one[:2] not in taken]
    if lease is not None and place_of(ip).is_kea:
        records += [(at, "DHCID", _mark(owner, lease)) for at, *_ in records]
    for at, rtype, data in records:
        found.setdefault((at, rtype), set()).add((ttl_s, data))


def _mark(owner: str, lease: Lease) -> str:
    told = {"hw-address": lease.mac} | ({"client-id": lease.client_id.hex()} if lease.client_id else {})
    return of_lease(told, dns.name.from_text(owner)).to_text(chunksize=0)
