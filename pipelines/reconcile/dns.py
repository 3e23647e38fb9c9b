"""What the zones say now, in the words the other sources use: names and their addresses, pointers, Kea's marks."""

from functools import lru_cache

import pandas as pd

from pipelines.contract import TEXT
from pipelines.facts import Facts, of_each
from pipelines.keys import merged, stand_in
from pipelines.network import Network
from pipelines.reconcile.unasked import Holders
from pipelines.values import apex_over, reverse_name

FORWARD_TYPES = {"A", "AAAA"}
DHCID = "DHCID"


def standing_names(zone_records: pd.DataFrame) -> Holders:
    """Which addresses every name has in our zones now."""
    forward = zone_records[zone_records["type"].isin(FORWARD_TYPES)]
    return forward[["owner", "rdata"]].set_axis(["name", "ip"], axis="columns")


def owners_with_dhcid(zone_records: pd.DataFrame, applied: pd.DataFrame) -> set[str]:
    """The owner names that bear a DHCID we did not write: those are Kea's (rule R5)."""
    marked = zone_records[zone_records["type"] == DHCID]
    ours = applied[(applied["target"] == "dns") & (applied["field"] == DHCID)]
    written = [ours[["subject", name]].set_axis(["owner", "rdata"], axis="columns") for name in ("value", "intended")]
    return set(marked["owner"][~stand_in(marked, pd.concat(written))].tolist())


def agreeing_pointers(
    zone_records: pd.DataFrame, applied: pd.DataFrame, places: pd.DataFrame, *, network: Network
) -> pd.DataFrame:
    """The PTR records for the addresses of `places` (site, ip) that a person made and whose forward record agrees.

    Returns site, ip and hostname. Pointers that we or Kea wrote are no evidence: they repeat an older claim. So is an
    address with several pointers, which names nothing for certain.
    """
    pointers = zone_records[zone_records["type"] == "PTR"].drop_duplicates("owner", keep=False)
    ours = applied.loc[(applied["target"] == "dns") & (applied["field"] == "PTR"), "subject"]
    pointers = pointers[~pointers["owner"].isin(ours)]
    pointers = pointers[~pointers["owner"].isin(owners_with_dhcid(zone_records, applied))]
    forward = standing_names(zone_records)
    led_to = forward.loc[forward["name"].isin(pointers["rdata"]), "ip"]
    wanted = places[places["ip"].isin(led_to)]
    wanted = wanted.assign(owner=pointer_names(wanted["ip"], network))
    found = merged(wanted, pointers[["owner", "rdata"]], on="owner", validate="many_to_one")
    agreeing = found.rename(columns={"rdata": "name"})
    agreeing = agreeing[stand_in(agreeing, forward)]
    return agreeing.rename(columns={"name": "hostname"})[["site", "ip", "hostname"]]


def pointer_names(ips: "pd.Series[str]", network: Network) -> "pd.Series[str]":
    """Where the PTR of each address stands: `Network.pointer_name` for a column."""
    if network.dns.rfc2317:
        return ips.map(network.pointer_name).astype(TEXT)
    return _REVERSE_NAMES(ips)


_REVERSE_NAMES = Facts(of_each(reverse_name), TEXT)


def zones_of(names: "pd.Series[str]", network: Network) -> "pd.Series[str]":
    """The zone of ours that holds each owner name, null where none does: `Network.zone_of` for a column."""
    return _zones_among(frozenset(network.dns.zones))(names)


@lru_cache(maxsize=16)
def _zones_among(apexes: frozenset[str]) -> Facts:
    return Facts(of_each(lambda name: apex_over(name, apexes)), TEXT)


def address_type(ip: str) -> str:
    """The RR type that holds an address: A or AAAA."""
    return "AAAA" if ":" in ip else "A"
