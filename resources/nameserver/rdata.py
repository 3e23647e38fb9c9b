"""Record data from its text to the wire, for the four types we write, and for nothing that is not canonical.

Stricter than DNS: a target is a host name, for BIND's check-names refuses others and Technitium does not even answer.
"""

import base64
import ipaddress
import re
from collections.abc import Callable
from typing import NoReturn

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"(?:{_LABEL}\.)+")
_LONGEST_NAME = 254  # with the final dot: RFC 1035 section 2.3.4
_DHCID_LENGTH = 35  # identifier type, digest type, SHA-256: RFC 4701 section 3.1


def wire(rtype: str, text: str) -> bytes:
    """The data's wire form. `ValueError` says what is wrong with it."""
    return _WIRE[rtype](text)


def name(text: str) -> bytes:
    """The wire form of an absolute host name in lower case; `ValueError` when it is none."""
    if not _HOST_NAME.fullmatch(text) or len(text) > _LONGEST_NAME:
        raise ValueError(f"{text[:80]!r} is no absolute host name of lower-case letters, digits and inner hyphens")
    return labels(text) + b"\0"


def labels(text: str) -> bytes:
    """The wire form of a name's labels, without the root. Not checked: for names that went through `name`."""
    return b"".join(len(label).to_bytes(1, "big") + label.encode("ascii") for label in text.split(".") if label)


def _ipv4(text: str) -> bytes:
    address = ipaddress.IPv4Address(text)
    return address.packed if str(address) == text else _not_canonical(text, address)


def _ipv6(text: str) -> bytes:
    address = ipaddress.IPv6Address(text)
    return address.packed if str(address) == text else _not_canonical(text, address)


def _not_canonical(text: str, canonical: object) -> NoReturn:
    raise ValueError(f"{text!r} is not the canonical form {canonical}")


def _dhcid(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if len(data) != _DHCID_LENGTH or base64.b64encode(data).decode() != text:
        raise ValueError(f"{text[:80]!r} is no DHCID with a SHA-256 digest")
    return data


_WIRE: dict[str, Callable[[str], bytes]] = {"A": _ipv4, "AAAA": _ipv6, "PTR": name, "DHCID": _dhcid}
WRITABLE = frozenset(_WIRE)
