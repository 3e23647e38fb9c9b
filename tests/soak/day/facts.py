"""What is so in the network at one moment: who has which lease, who answers, what is reserved, what a person typed.

Only the generator writes here (life.py), from what it did itself and what the DHCP server answered; what netcensus
should have made of it is worked out in truth.py. Nothing of netcensus's own code is used for either.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Network, ip_address

DOMAIN = "viktorbarzin.lan"
ARP_MEMORY = timedelta(minutes=20)
"""How long pfSense remembers who answered."""
_REACHABLE = timedelta(seconds=45)  # as long ago it may be that a device answered which Linux calls REACHABLE
SOFIA, VALCHEDRYM, LONDON = "sofia", "valchedrym", "london"


@dataclass(frozen=True)
class Place:
    """One subnet, and what is different about it."""

    site: str
    prefix: str
    is_kea: bool = True
    is_d2_on: bool = False
    has_reverse_zone: bool = True
    is_pinged: bool = True

    def address(self, number: int) -> str:
        """The address with this number."""
        return str(IPv4Network(self.prefix)[number])

    def owner(self, label: str) -> str:
        """The whole name of a host that calls itself so here."""
        return f"{label}.{DOMAIN}" if self.site == SOFIA else f"{label}.{self.site}.{DOMAIN}"


MANAGEMENT = Place(SOFIA, "10.0.10.0/24", is_d2_on=True)
CLUSTER = Place(SOFIA, "10.0.20.0/24", is_d2_on=True)
LAN = Place(SOFIA, "192.168.1.0/24")
FARM = Place(VALCHEDRYM, "192.168.0.0/24", is_kea=False, is_pinged=False)
FLAT = Place(LONDON, "192.168.8.0/24", is_kea=False, is_pinged=False, has_reverse_zone=False)
PLACES = (MANAGEMENT, CLUSTER, LAN, FARM, FLAT)


def place_of(ip: str) -> Place:
    """The subnet an address lies in."""
    return next(one for one in PLACES if ip_address(ip) in IPv4Network(one.prefix))


def pointer(ip: str) -> str:
    """The owner of its PTR."""
    return ip_address(ip).reverse_pointer


@dataclass(frozen=True)
class Lease:
    """A lease as its server gave it; `name` is what the client called itself."""

    ip: str
    mac: str
    name: str | None
    at: datetime
    ends_at: datetime
    client_id: bytes | None = None


@dataclass(frozen=True)
class Neighbour:
    """A device that answered on an address, and when last."""

    mac: str
    at: datetime


@dataclass(frozen=True)
class Reservation:
    """A device for which Kea keeps an address and a name."""

    mac: str
    name: str


@dataclass
class Facts:
    """All of it, by address: an address is at one site only. `typed` are the names that a person entered in phpIPAM."""

    leases: dict[str, Lease] = field(default_factory=dict)
    neighbours: dict[str, Neighbour] = field(default_factory=dict)
    reservations: dict[str, Reservation] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    records_by_hand: dict[tuple[str, str], frozenset[tuple[int, str]]] = field(default_factory=dict)
    """What a person made of RRsets in DNS, by owner and type: (TTL, data); nothing where it was deleted."""
    cleared: set[str] = field(default_factory=set)
    """Addresses whose name a person took out of phpIPAM: it stays out."""

    def active(self, at: datetime) -> dict[str, Lease]:
        """The leases that have not ended."""
        return {ip: lease for ip, lease in self.leases.items() if lease.ends_at > at}

    def answering(self, at: datetime) -> dict[str, Neighbour]:
        """Who answers, as the gateways remember it: pfSense tells when they did, a router that it is not long ago."""
        told = {}
        for ip, one in self.neighbours.items():
            if not place_of(ip).is_kea:
                told[ip] = replace(one, at=at - _REACHABLE)
            elif at - one.at < ARP_MEMORY:
                told[ip] = one
        return told
