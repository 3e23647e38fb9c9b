"""The nsupdate script by which a person would clear a name that is not ours to clear.

It changes something only while everything stands as it was seen (RFC 2136 section 2.4). Its text is safe to show and to
run: names are canonical, and of data only addresses, host names and DHCIDs are quoted.
"""

import re

from pipelines.network import Network
from pipelines.reconcile.dns import DHCID, FORWARD_TYPES
from pipelines.reconcile.rrsets import RRsets

_QUOTABLE = FORWARD_TYPES | {"PTR", DHCID}
_PLAIN = re.compile(r"[A-Za-z0-9.:_+/=-]+")
_NEVER = frozenset({"SOA", "NS", "DNAME", "DS", "DNSKEY", "RRSIG", "NSEC", "NSEC3"})


def clearing_script(owner: str, ip: str, zones: RRsets, network: Network) -> str | None:
    """Lines for `nsupdate -k <keyfile>` that delete what stands at `owner`; None where that would be unwise.

    Pointers back to `owner` from the addresses that go with it, but for `ip`'s, go too: D2 replaces that one itself.
    """
    messages = [_message(owner, zones, network)]
    for address in sorted((zones.data(owner, "A") | zones.data(owner, "AAAA")) - {ip}):
        pointer = network.pointer_name(address)
        if zones.data(pointer, "PTR") == {owner} and zones.types(pointer) == {"PTR"}:
            messages.append(_message(pointer, zones, network))
    if messages[0] is None:
        return None
    return "\n".join([f"server {network.dns.server} {network.dns.port}", *filter(None, messages)])


def _message(owner: str, zones: RRsets, network: Network) -> str | None:
    """One message: what must stand there, what must not, and what then goes."""
    types, zone = sorted(zones.types(owner)), network.zone_of(owner)
    if zone is None or _NEVER.intersection(types) or not all(map(_PLAIN.fullmatch, [owner, zone, *types])):
        return None
    must = [line for rr_type in types for line in _must_stand(owner, rr_type, zones)]
    if DHCID not in types:
        must.append(f"prereq nxrrset {owner} {DHCID}")
    gone = [f"update delete {owner} {rr_type}" for rr_type in types]
    return "\n".join([f"zone {zone}", *must, *gone, "send"])


def _must_stand(owner: str, rr_type: str, zones: RRsets) -> list[str]:
    """The RRset with just this data, where it is safe to quote; else that there is one."""
    values = sorted(zones.data(owner, rr_type))
    if rr_type in _QUOTABLE and all(map(_PLAIN.fullmatch, values)):
        return [f"prereq yxrrset {owner} {rr_type} {value}" for value in values]
    return [f"prereq yxrrset {owner} {rr_type}"]
