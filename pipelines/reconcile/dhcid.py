"""The DHCID record by which a DHCP server marks a name as one client's (RFC 4701)."""

import base64
import hashlib
from functools import lru_cache

import pandas as pd

from pipelines import contract
from pipelines.values import Mac, OwnerName

_HARDWARE, _CLIENT_ID, _DUID = 0, 1, 2  # identifier types: RFC 4701 section 3.3
_SHA_256 = b"\x01"  # the digest type: section 3.4
_ETHERNET = b"\x01"
_DUID_FOLLOWS = 0xFF  # a client identifier that holds a DUID behind a four-byte IAID: RFC 4361 section 6.1
_DUID_AT = 5


def dhcid(name: OwnerName, mac: Mac | None, client_id: str | None) -> str | None:
    """The DHCID, base64, that Kea's D2 writes at `name` for this client; None when nothing identifies it.

    `client_id` is lower-case hex without colons. A client that sent one is known by it alone, else by its MAC.
    """
    identity = _identity(mac, client_id)
    if identity is None:
        return None
    kind, identifier = identity
    digest = hashlib.sha256(identifier + _wire(name)).digest()
    return base64.b64encode(kind.to_bytes(2, "big") + _SHA_256 + digest).decode()


def dhcids(names: "pd.Series[str]", macs: "pd.Series[str]", client_ids: "pd.Series[str]") -> "pd.Series[str]":
    """The DHCID of each name for the client beside it; null when nothing identifies that."""
    plain = (one.to_numpy(dtype="object", na_value=None).tolist() for one in (names, macs, client_ids))
    return pd.Series([dhcid(*one) for one in zip(*plain, strict=True)], names.index, dtype=contract.TEXT)


def _identity(mac: Mac | None, client_id: str | None) -> tuple[int, bytes] | None:
    if client_id is None:
        return None if mac is None else (_HARDWARE, _ETHERNET + bytes.fromhex(mac.replace(":", "")))
    identifier = bytes.fromhex(client_id)
    if not identifier or identifier[0] != _DUID_FOLLOWS:
        return (_CLIENT_ID, identifier) if identifier else None
    # Kea gives up on one too short to hold a DUID (d2_dhcid / ncr_msg.cc, D2Dhcid::fromClientId).
    return (_DUID, identifier[_DUID_AT:]) if len(identifier) > _DUID_AT else None


def _wire(name: OwnerName) -> bytes:
    """The name in canonical wire form; owner names are in lower case already."""
    label, _, rest = name.rstrip(".").partition(".")
    return bytes([len(label)]) + label.encode("ascii") + _wire_of_suffix(rest)


@lru_cache(maxsize=1024)
def _wire_of_suffix(suffix: str) -> bytes:
    return _wire(OwnerName(suffix)) if suffix else b"\0"
