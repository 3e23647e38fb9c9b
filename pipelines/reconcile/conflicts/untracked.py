"""Addresses outside every tracked subnet, told once for each subnet they lie in."""

import ipaddress
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_network

import pandas as pd

from pipelines import contract
from pipelines.contract import TEXT
from pipelines.keys import in_order
from pipelines.network import Network
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.rows import ADDRESSES, KEY, WARNING, conflict_rows, listed, when
from pipelines.reconcile.sightings import active_leases, may_be_a_device
from pipelines.subnets import locate

_ADVICE = "List the subnet under a site in network.toml to have it looked after, or under [conflicts] foreign"
_USUAL_LENGTH = {4: 24, 6: 64}


def untracked(census: Census) -> pd.DataFrame:
    """`tables.CONFLICTS` of the kind `outside-tracked-subnets`: what gateways see and network.toml does not know."""
    seen = outsiders(census)
    who = (" (" + seen["mac"] + ")").fillna("")
    told = seen.assign(one=seen["ip"] + who + " " + when(seen["seen_at"]))
    grouped = told.groupby(["site", "cidr"]).agg(count=("ip", "size"), some=("one", listed), seen_at=("seen_at", "max"))
    grouped = grouped.reset_index()
    evidence = "outside every tracked subnet, " + grouped["count"].astype(TEXT) + " seen: " + grouped["some"]
    rows = grouped.assign(subject=grouped["cidr"], evidence=evidence, advice=_ADVICE)
    return conflict_rows(rows, ADDRESSES, "outside-tracked-subnets", WARNING)


def outsiders(census: Census) -> pd.DataFrame:
    """Who is seen outside (site, ip, mac, seen_at, cidr), the latest sighting of each address.

    `cidr` is the subnet of phpIPAM that holds it, else the usual one. Left out: the internet's own addresses, those
    that are good on one link only, and the subnets that are other people's.
    """
    leases = active_leases(census.parsed["leases"], as_of=census.asked_at)
    found = census.parsed["neighbours"]
    found = found[(found["state"] == "dynamic") & found["mac"].notna()]
    found = found[may_be_a_device(found["mac"])]
    columns = [*KEY, "mac", "seen_at"]
    seen = pd.concat(
        [
            leases.rename(columns={"cltt_at": "seen_at"})[columns],
            found.rename(columns={"confirmed_at": "seen_at"})[columns],
        ]
    )
    seen = seen[locate(seen["ip"], census.network.site_of_subnet).isna()]
    seen = in_order(seen, [*KEY, "seen_at", "mac"], na_position="first").drop_duplicates(KEY, keep="last")
    is_told = [_is_of_interest(ipaddress.ip_address(ip), census.network) for ip in seen["ip"]]
    seen = seen[pd.Series(is_told, seen.index, dtype=bool)]
    return seen.assign(cidr=_subnets(seen["ip"], census.parsed["ipam_subnets"]["cidr"]))


def _is_of_interest(address: IPv4Address | IPv6Address, network: Network) -> bool:
    is_elsewhere = address.is_global or address.is_link_local or address.is_multicast or address.is_loopback
    known = (*network.site_of_subnet, *network.conflicts.foreign)
    return not is_elsewhere and not any(address in subnet for subnet in known)


def _subnets(ips: "pd.Series[str]", cidrs: Iterable[str]) -> "pd.Series[str]":
    held = locate(ips, map(ip_network, cidrs))
    return held.where(held.notna(), ips.map(_usual_subnet).astype(contract.TEXT))


def _usual_subnet(ip: str) -> str:
    return str(ip_network(f"{ip}/{_USUAL_LENGTH[ipaddress.ip_address(ip).version]}", strict=False))
