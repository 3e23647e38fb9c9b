"""Canonical MAC address, IP address and names: one function and one type each.

A value of one of these types went through its function, so no other code has to lower-case, strip or check it again.
All of these raise `ValueError` with a reason a person can act on; the caller turns it into a row of `rejects`.
"""

import ipaddress
import re
from functools import lru_cache
from typing import NewType

Mac = NewType("Mac", str)
Ip = NewType("Ip", str)
OwnerName = NewType("OwnerName", str)

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
CANONICAL_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
CANONICAL_MAC = r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}"
"""The forms that `ipv4` and `mac` leave as they are, as regular expressions."""
_CANONICAL_IPV4 = re.compile(rf"{CANONICAL_IPV4}\Z")
_CANONICAL_MAC = re.compile(rf"{CANONICAL_MAC}\Z")
_HEX = re.compile(r"[0-9a-f]{12}\Z")
_OCTETS = re.compile(r"[0-9a-f]{1,2}([:-])[0-9a-f]{1,2}(?:\1[0-9a-f]{1,2}){4}\Z")
_WORDS = re.compile(r"[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}\Z")
_HOST_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_SHARED = (
    "00:00:5e:00:01:", "00:00:5e:00:02:",  # VRRP (RFC 9568 section 7.3), and CARP, which uses the same
    "00:00:0c:07:ac:", "00:00:0c:9f:f", "00:05:73:a0:0",  # HSRP versions 1 and 2, and for IPv6 (Cisco)
    "00:07:b4:00:",  # GLBP (Cisco)
)  # fmt: skip
"""How addresses begin that belong to whichever of several routers or hosts answers just now."""
_OF_NO_DEVICE = re.compile("|".join([".[13579bdf]", "(?:00:){5}00", *_SHARED]))
"""How those begin that are a group's (multicast, broadcast), zero, or shared."""
_SHOWN = 80  # characters of a bad value that its error repeats
_LONGEST_NAME = 253  # characters without the final dot: RFC 1035 section 2.3.4


def mac(text: str) -> Mac:
    """Return an EUI-48 address in lower-case colon form.

    Read are octets behind colons or hyphens, with or without leading zeros, four-digit words behind dots, and twelve
    bare digits.

    >>> mac("0011.22AA.bbcc")
    '00:11:22:aa:bb:cc'
    """
    if _CANONICAL_MAC.match(text):
        return Mac(text)
    lowered = text.strip().lower()
    if _OCTETS.match(lowered):
        digits = "".join(octet.zfill(2) for octet in re.split("[:-]", lowered))
    else:
        digits = lowered.replace(".", "") if _WORDS.match(lowered) else lowered
    if not _HEX.match(digits):
        raise ValueError(f"{text!r:.{_SHOWN}} is not a 48-bit MAC address")
    return Mac(":".join(digits[at : at + 2] for at in range(0, 12, 2)))


def ip(text: str) -> Ip:
    """Return an IPv4 or IPv6 address in its shortest standard text (RFC 5952 for IPv6), without a zone index.

    >>> ip("FD00:0192::0010")
    'fd00:192::10'
    """
    address, percent, _zone_index = text.strip().partition("%")
    if percent and ":" not in address:
        raise ValueError(f"{text!r:.{_SHOWN}} is not an IP address: only IPv6 addresses have a zone index")
    try:
        return Ip(str(ipaddress.ip_address(address)))
    except ValueError:
        raise ValueError(f"{text!r:.{_SHOWN}} is not an IP address") from None


def ipv4(text: str) -> Ip:
    """An IPv4 address. Raises `ValueError`."""
    return Ip(text) if _CANONICAL_IPV4.match(text) else Ip(str(ipaddress.IPv4Address(text)))


def address_or_none(text: str) -> Ip | None:
    """An address in its shortest standard text; None for what is none."""
    if _CANONICAL_IPV4.match(text):
        return Ip(text)
    try:
        return Ip(str(ipaddress.ip_address(text)))
    except ValueError:
        return None


def ipv6(text: str) -> Ip:
    """An IPv6 address in its shortest standard text (RFC 5952). Raises `ValueError`."""
    address = ipaddress.IPv6Address(text)
    if address.scope_id is not None:
        raise ValueError(f"{text!r:.80} has a zone index, and so it means nothing elsewhere")
    return Ip(str(address))


def is_device_mac(address: Mac) -> bool:
    """Whether a device may own this MAC: not zero, a group's (multicast, broadcast), nor one that routers share."""
    return _OF_NO_DEVICE.match(address) is None


def owner_name(text: str) -> OwnerName:
    """Return a DNS owner name as our zones hold it: lower case, absolute, with its final dot.

    Any label a zone may hold is let through (`_`, `*`); what we publish goes through `host_name`.

    >>> owner_name("NAS.Example.LAN")
    'nas.example.lan.'
    """
    return OwnerName(text.strip().lower().rstrip(".") + ".")


def host_name(text: str, suffix: str) -> OwnerName:
    """Return the absolute name of a host that calls itself `text`, where bare names live under `suffix`.

    Only letters, digits and inner hyphens make a host name (RFC 952, RFC 1123 section 2.1), and its first label is
    no number. Nothing is mended: two clients' names must not become one by our scrubbing.

    >>> host_name("NAS", "example.lan")
    'nas.example.lan.'
    >>> host_name("nas.example.lan.", "example.lan")
    'nas.example.lan.'
    """
    if _HOST_LABEL.match(text) and not text.isdecimal() and _may_follow(text, suffix):  # nearly all there are
        return OwnerName(f"{text}.{suffix}.")
    if not text.isascii():  # before lower(), which makes an ASCII k of the Kelvin sign
        raise ValueError(f"{text!r:.{_SHOWN}} is not a host name: it has other characters than ASCII")
    plain = text.strip().lower().removesuffix(".")
    full = plain if "." in plain else f"{plain}.{suffix}"
    labels = full.split(".")
    bad = next((label for label in labels if not _HOST_LABEL.match(label)), None)
    if bad is not None:
        reason = f"the label {bad!r:.{_SHOWN}} is not up to 63 letters, digits and inner hyphens"
        raise ValueError(f"{text!r:.{_SHOWN}} is not a host name: {reason}")
    if len(full) > _LONGEST_NAME:
        raise ValueError(f"{text!r:.{_SHOWN}} is not a host name: longer than {_LONGEST_NAME} characters")
    if labels[0].isdecimal():
        raise ValueError(f"{text!r:.{_SHOWN}} is not a host name: it reads as a number")
    return OwnerName(full + ".")


def _may_follow(label: str, suffix: str) -> bool:
    """Whether a suffix makes a host name of a good label."""
    return len(label) + 1 + len(suffix) <= _LONGEST_NAME and _is_of_hosts(suffix)


@lru_cache(maxsize=1024)
def _is_of_hosts(suffix: str) -> bool:
    return all(map(_HOST_LABEL.match, suffix.split(".")))


def is_below(name: str, apex: str) -> bool:
    """Whether an absolute name is the apex or lies under it (both with or without the final dot).

    >>> is_below("a.example.lan.", "example.lan"), is_below("badexample.lan.", "example.lan")
    (True, False)
    """
    inner, outer = name.rstrip("."), apex.rstrip(".")
    return inner == outer or inner.endswith("." + outer)


def apex_over(name: str, apexes: frozenset[str]) -> OwnerName | None:
    """The longest of these apexes (with their final dots) that holds an owner name; None where none does."""
    rest = name.rstrip(".") + "."
    while rest and rest not in apexes:
        rest = rest.partition(".")[2]
    return OwnerName(rest) if rest else None


def reverse_name(address: str) -> OwnerName:
    """Return the owner name of an address's PTR record (RFC 1035 section 3.5, RFC 3596 section 2.5)."""
    if ":" in address:
        return OwnerName(ipaddress.ip_address(address).reverse_pointer + ".")
    first, second, third, fourth = address.split(".")
    return OwnerName(f"{fourth}.{third}.{second}.{first}.in-addr.arpa.")
