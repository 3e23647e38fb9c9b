"""What the zones say now, in the words the other sources use: names and their addresses, pointers, Kea's marks."""

import ipaddress

import pandas as pd

from pipelines.network import Network

FORWARD_TYPES = {"A", "AAAA"}
DHCID = "DHCID"


def standing_names(zone_records: pd.DataFrame) -> dict[str, set[str]]:
    """Which addresses every name has in our zones now."""
    forward = zone_records[zone_records["type"].isin(FORWARD_TYPES)]
    names: dict[str, set[str]] = {}
    for owner, address in zip(forward["owner"], forward["rdata"], strict=True):
        names.setdefault(owner, set()).add(address)
    return names


def owners_with_dhcid(zone_records: pd.DataFrame, applied: pd.DataFrame) -> set[str]:
    """The owner names that bear a DHCID we did not write: those are Kea's (rule R5)."""
    marked = zone_records[zone_records["type"] == DHCID]
    ours = applied[(applied["target"] == "dns") & (applied["field"] == DHCID)]
    written = {*zip(ours["subject"], ours["value"], strict=True), *zip(ours["subject"], ours["intended"], strict=True)}
    return {
        owner for owner, rdata in zip(marked["owner"], marked["rdata"], strict=True) if (owner, rdata) not in written
    }


def agreeing_pointers(
    zone_records: pd.DataFrame, applied: pd.DataFrame, places: pd.DataFrame, *, network: Network
) -> pd.DataFrame:
    """The PTR records for the addresses of `places` (site, ip) that a person made and whose forward record agrees.

    Returns site, ip and hostname. Pointers that we or Kea wrote are no evidence: they repeat an older claim. So is an
    address with several pointers, which names nothing for certain.
    """
    wanted = places.assign(owner=places["ip"].map(network.pointer_name))
    pointers = zone_records[zone_records["type"] == "PTR"].drop_duplicates("owner", keep=False)
    ours = set(applied.loc[(applied["target"] == "dns") & (applied["field"] == "PTR"), "subject"])
    pointers = pointers[~pointers["owner"].isin(ours | owners_with_dhcid(zone_records, applied))]
    found = wanted.merge(pointers[["owner", "rdata"]], on="owner", validate="many_to_one")
    standing = standing_names(zone_records)
    agrees = [ip in standing.get(name, ()) for ip, name in zip(found["ip"], found["rdata"], strict=True)]
    return found[pd.Series(agrees, found.index, dtype=bool)].rename(columns={"rdata": "hostname"})[
        ["site", "ip", "hostname"]
    ]


def address_type(ip: str) -> str:
    """The RR type that holds an address: A or AAAA."""
    return "AAAA" if ipaddress.ip_address(ip).version == 6 else "A"  # noqa: PLR2004 - the IP version
