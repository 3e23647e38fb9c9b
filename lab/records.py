"""What the lab's zones hold on the first start: the records made by hand, and those D2 wrote for the leases."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import dns.name
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.reversename
import dns.rrset
from dns.name import Name
from dns.rrset import RRset

from lab import dhcid
from lab.folder import DATA, Folder, read_json
from lab.zone import Zone, read, records_of, rrsets_in

DOMAIN = dns.name.from_text("viktorbarzin.lan.")
ZONES = [
    "viktorbarzin.lan",
    "10.0.10.in-addr.arpa",
    "20.0.10.in-addr.arpa",
    "1.168.192.in-addr.arpa",
    "2.3.10.in-addr.arpa",
    "0.168.192.in-addr.arpa",
    "0.0.0.0.a.9.8.7.6.5.4.3.2.1.d.f.ip6.arpa",
]
NAMESERVERS = ["ns1.viktorbarzin.lan.", "ns2.viktorbarzin.lan.", "ns3.viktorbarzin.lan."]
APEX_TTL_S = 3600
MIN_TTL_S = 600  # D2: a third of the lease, at least this
SLEPT_THROUGH = {"192.168.1.30"}  # D2 found the DNS server down, tried three times, and forgot for good


def lay_out(folder: Folder) -> dict[Name, Zone]:
    """The lab's zones: from their files, or made and written when there are none."""
    folder.zones.mkdir(exist_ok=True)
    files = {dns.name.from_text(name): folder.zones / f"{name}.zone" for name in ZONES}
    if all(file.exists() for file in files.values()):
        return {origin: read(origin, file) for origin, file in files.items()}
    by_hand = rrsets_in(DATA / "records.zone")
    everything = [*by_hand, *registered(read_json(folder.leases)["leases"], {rrset.name for rrset in by_hand})]
    return {origin: _made(origin, everything, file) for origin, file in files.items()}


def _made(origin: Name, rrsets: Iterable[RRset], file: Path) -> Zone:
    serial = int(time.strftime("%Y%m%d01", time.gmtime()))  # the date scheme of the user's own zone
    soa = f"{NAMESERVERS[0]} hostmaster.viktorbarzin.lan. {serial} 900 300 604800 900"
    apex = [
        dns.rrset.from_text(origin, APEX_TTL_S, "IN", "SOA", soa),
        dns.rrset.from_text(origin, APEX_TTL_S, "IN", "NS", *NAMESERVERS),
    ]
    made = Zone(origin, records_of([*apex, *(rrset for rrset in rrsets if rrset.name.is_subdomain(origin))]), file)
    made.save()
    return made


def registered(leases: list[dict[str, Any]], in_use: set[Name]) -> Iterator[RRset]:
    """What D2 wrote for the leases, in the order they came: the first client at a free name has it, later ones fail.

    A name that holds anything D2 did not write is refused to every client, and then the PTR is not written either.
    """
    addresses_at: dict[Name, str] = defaultdict(str)
    for lease in leases:
        owner = fqdn(lease)
        if owner is None or owner in in_use or owner in addresses_at or lease["ip-address"] in SLEPT_THROUGH:
            continue
        addresses_at[owner] = lease["ip-address"]
        yield from pair(lease, owner)


def fqdn(lease: dict[str, Any]) -> Name | None:
    """The name D2 registers for this lease; None where DDNS is off for it or no zone of D2's holds it."""
    if not lease["fqdn-fwd"] or not lease["hostname"] or not lease["hostname"].isascii():
        return None
    name = dns.name.from_text(lease["hostname"])
    return name if name.is_subdomain(DOMAIN) else None


def pair(lease: dict[str, Any], owner: Name) -> list[RRset]:
    """A and DHCID at the name, PTR and the same DHCID at the address."""
    ttl = max(lease["valid-lft"] // 3, MIN_TTL_S)
    reverse = dns.reversename.from_address(lease["ip-address"])
    mark = dhcid.of_lease(lease, owner)
    return [
        dns.rrset.from_text(owner, ttl, "IN", "A", lease["ip-address"]),
        dns.rrset.from_rdata(owner, ttl, mark),
        dns.rrset.from_text(reverse, ttl, "IN", "PTR", owner.to_text()),
        dns.rrset.from_rdata(reverse, ttl, mark),
    ]
