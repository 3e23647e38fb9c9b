"""The DUID, by which DHCPv6 knows a client (RFC 8415 section 11), in the words of `tables.LEASES`."""

import re

from pipelines.values import Mac, mac

_LLT, _LL = "0001", "0003"  # link-layer address plus time, link-layer address: sections 11.2 and 11.4
_ETHERNET = "0001"
_BEHIND_IAID = 10  # hex digits: the type ff and an IAID of four octets stand before the DUID
_NOBODY = re.compile(r"(?:00)*\Z")  # what Kea keeps for a declined address (DUID::EMPTY)


def as_client_id(duid: str | None) -> str | None:
    """A DUID (plain hex) as the DHCPv4 client identifier of the same client (RFC 4361 section 6.1); None for none.

    Its IAID is left as zero: reservations know none. The DHCID that follows from it is the one of the DUID.

    >>> as_client_id("00030001525400000001")
    'ff0000000000030001525400000001'
    """
    return None if duid is None or _NOBODY.match(duid) else "ff00000000" + duid


def hardware(duid: str | None) -> Mac | None:
    """The Ethernet address inside a DUID (plain hex) of the two kinds that have one: an identity, and no evidence.

    >>> hardware("00030001525400000001")
    '52:54:00:00:00:01'
    """
    for kind, at in ((_LLT, 16), (_LL, 8)):
        if duid is not None and duid.startswith(kind + _ETHERNET) and len(duid) == at + 12:
            return mac(duid[at:])
    return None


def hardware_in(client_id: str) -> Mac | None:
    """The Ethernet address inside the DUID that a client identifier of RFC 4361 holds; None where it holds none.

    >>> hardware_in("ff0000000000030001525400000001")
    '52:54:00:00:00:01'
    """
    return hardware(client_id[_BEHIND_IAID:]) if client_id.startswith("ff") else None
