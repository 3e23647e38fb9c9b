"""The texts of network.toml that mean something: subnets, apexes, labels. Each is checked and canonical."""

import ipaddress
import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from pipelines.values import OwnerName, host_name, owner_name

Subnet = IPv4Network | IPv6Network

OCTET_CUT = 24  # the longest prefix that in-addr.arpa can cut at a dot
_ZONE_LABEL = r"[a-z0-9_](?:[a-z0-9_/-]{0,61}[a-z0-9_])?"  # the slash is RFC 2317's
_APEX = re.compile(rf"{_ZONE_LABEL}(?:\.{_ZONE_LABEL})*\.")


def _apex(text: str) -> OwnerName:
    apex = owner_name(text)
    if not _APEX.fullmatch(apex):
        raise ValueError(f"{text!r:.80} is no domain name; write one such as example.lan or 10.0.10.in-addr.arpa")
    return apex


def _subnet(text: object) -> Subnet:
    try:
        return ipaddress.ip_network(str(text))
    except ValueError as error:
        raise ValueError(f"{error}; write a subnet such as 10.0.10.0/24") from None


def _tracked(text: object) -> Subnet:
    subnet = _subnet(text)
    if subnet.is_link_local or subnet.is_multicast:
        raise ValueError(f"{subnet} is link-local or multicast: its addresses are no device's; leave it out")
    return subnet


def _without_slash(apex: OwnerName) -> OwnerName:
    if "/" in apex:
        raise ValueError(f"{apex} has a slash, which Technitium does not take; name the zone with a hyphen, as 0-25")
    return apex


def _classless(text: object) -> IPv4Network:
    subnet = _subnet(text)
    if not isinstance(subnet, IPv4Network) or subnet.prefixlen <= OCTET_CUT:
        raise ValueError(f"{subnet} ends at an octet: its zone needs no RFC 2317, list it under [dns] zones")
    return subnet


def _time_zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError(f"{text!r} is no time zone; write one such as Europe/Sofia")
    return text


def _label(text: str) -> str:
    """One label: a name with dots in it would be compared with first labels, and never match."""
    if "." in text or text != text.strip():
        raise ValueError(f"{text!r:.80} is not one label; write the part before the first dot")
    host_name(text, "invalid")
    return text.lower()


def _site_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_]+", text):
        raise ValueError(f"{text!r:.80} is no site name: assets bear it, so letters, digits and underscores only")
    return text


TrackedSubnet = Annotated[Any, BeforeValidator(_tracked)]
ClasslessSubnet = Annotated[Any, BeforeValidator(_classless)]
Apex = Annotated[OwnerName, AfterValidator(_apex)]
ClasslessApex = Annotated[OwnerName, AfterValidator(_apex), AfterValidator(_without_slash)]
Label = Annotated[str, AfterValidator(_label)]
PublicKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]
SiteName = Annotated[str, AfterValidator(_site_name)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
