"""IPv6 addresses that only a neighbour cache tells of: which of them last, and whose name they bear.

A host makes itself a new address each day and drops it (RFC 8981). Such an address is evidence that its device is
there; a row in phpIPAM for each would drown it, and a name in DNS would be wrong tomorrow.
"""

import ipaddress

import pandas as pd

from pipelines.keys import merged, stand_in
from pipelines.reconcile.claims import ADDRESS, PTR, SAME_MAC
from pipelines.subnets import IPV6, is_ipv6

_INTERFACE_ID = 0xFFFF_FFFF_FFFF_FFFF
_EUI_64 = 0xFFFE  # what stands in the middle of an identifier made of a MAC: RFC 4291, appendix A
_ENOUGH_ZEROS = 6
"""So many of its sixteen digits are zero when a person, or a server, chose it; by chance it is once in two thousand."""


def lasting(sightings: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The rows of `sightings` but those of addresses in passing: of IPv6, made up, and of nobody's knowing.

    `known` has the addresses (site, ip) that are leased or reserved, or that phpIPAM holds.
    """
    of_v6 = sightings[is_ipv6(sightings["ip"])]
    unknown = of_v6[~stand_in(of_v6, known[ADDRESS])]
    passing = [ip for ip in unknown["ip"].unique() if is_made_up(ip)]
    return sightings.drop(index=unknown.index[unknown["ip"].isin(passing)])


def is_made_up(ip: str) -> bool:
    """Whether an IPv6 address looks as if chance had made it: neither out of a MAC, nor by a person or a server.

    >>> is_made_up("fd00::ba27:ebff:fe01:50"), is_made_up("fd00::192:168:1:10"), is_made_up("fd00::5c1e:93a7:4f0b:d286")
    (False, False, True)
    """
    address = ipaddress.ip_address(ip)
    if address.version != IPV6:
        return False
    identifier = int(address) & _INTERFACE_ID
    return identifier >> 24 & 0xFFFF != _EUI_64 and f"{identifier:016x}".count("0") < _ENOUGH_ZEROS


def wanted_by_mac(claims: pd.DataFrame, bindings: pd.DataFrame) -> pd.DataFrame:
    """Claims of the names that devices bear on IPv4, for their IPv6 addresses without one, as `name_claims` takes them.

    A device with several names on IPv4 gives none. `claims` is `tables.NAME_CLAIMS` without these.
    """
    granted = claims[claims["verdict"] == "granted"]
    held = bindings.loc[bindings["mac"].notna(), ["site", "ip", "mac"]]
    is_v6 = is_ipv6(held["ip"])
    given = granted.loc[granted["source"] != PTR, [*ADDRESS, "name"]]
    named = merged(held[~is_v6], given, on=ADDRESS, validate="one_to_one")[["site", "mac", "name"]].drop_duplicates()
    named = named.drop_duplicates(["site", "mac"], keep=False)
    bare = merged(held[is_v6], granted[ADDRESS], on=ADDRESS, how="left_anti", validate="one_to_one")
    found = merged(bare, named, on=["site", "mac"], validate="many_to_one")
    return found.rename(columns={"name": "wanted", "mac": "device"}).assign(source=SAME_MAC)
