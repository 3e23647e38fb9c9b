"""The DHCID that Kea's D2 writes beside a lease's A and PTR (RFC 4701 §3, the identifiers as Kea chooses them)."""

import hashlib
from typing import Any

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

ETHERNET = b"\x01"
SHA256_DIGEST = b"\x01"
TYPE_HARDWARE, TYPE_CLIENT_ID, TYPE_DUID = b"\x00\x00", b"\x00\x01", b"\x00\x02"
DUID_CLIENT_ID = 0xFF  # RFC 4361: ff, four bytes of IAID, the DUID
DUID_STARTS_AT = 5


def of_lease(lease: dict[str, Any], fqdn: dns.name.Name) -> dns.rdata.Rdata:
    """The DHCID by which D2 knows this lease's client under this name."""
    kind, identity = _identity(lease)
    digest = hashlib.sha256(identity + fqdn.to_digestable()).digest()
    return dns.rdata.from_wire(
        dns.rdataclass.IN, dns.rdatatype.DHCID, kind + SHA256_DIGEST + digest, 0, len(kind + SHA256_DIGEST + digest)
    )


def _identity(lease: dict[str, Any]) -> tuple[bytes, bytes]:
    client_id = bytes.fromhex(str(lease.get("client-id", "")).replace(":", ""))
    if not client_id:
        return TYPE_HARDWARE, ETHERNET + bytes.fromhex(str(lease["hw-address"]).replace(":", ""))
    if client_id[0] == DUID_CLIENT_ID:
        return TYPE_DUID, client_id[DUID_STARTS_AT:]
    return TYPE_CLIENT_ID, client_id
