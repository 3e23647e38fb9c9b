"""What DNS should hold: an A or AAAA and a PTR for every granted name, and who is to write each of them."""

import ipaddress
from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipelines import contract, tables
from pipelines.keys import merged, stand_in
from pipelines.network import Network
from pipelines.reconcile.as_of import AsOf
from pipelines.reconcile.claims import KEA_LEASES, LEASES, PTR, RESERVATION, SAME_MAC, SERVICE, kind
from pipelines.reconcile.dhcid import dhcids
from pipelines.reconcile.dns import DHCID, pointer_names, zones_of
from pipelines.reconcile.ipam import absolute_names
from pipelines.reconcile.sightings import active_leases
from pipelines.subnets import is_ipv6, lies_in

_ADDRESS = ["site", "ip"]


def registered_by_kea(
    parsed: Mapping[str, pd.DataFrame], claims: pd.DataFrame, *, network: Network, as_of: AsOf
) -> tuple[set[str], set[str]]:
    """The names, and the addresses, that Kea's D2 registers or may register at any moment (rule R5).

    Names of active leases that were handed to D2, and of reservations, in the subnets where D2 is on; addresses of
    those leases, and of the reservations that bear a name. A lease's name that `claims` grant to others alone is not
    Kea's (rule R3): whoever calls himself like a server keeps nobody from looking after the server's record.
    """
    dhcp_subnets, reservations = parsed["dhcp_subnets"], parsed["reservations"]
    active = active_leases(parsed["leases"], as_of=as_of)
    active = active[is_ddns_on(active, dhcp_subnets)]
    handed = active[active["is_ddns_forward"]]
    handed = handed.assign(name=absolute_names(handed["site"], handed["hostname"], network=network))
    has_it = claims[claims["verdict"].isin({"granted", "agrees"}) & claims["name"].isin(handed["name"])]
    is_its_own = stand_in(handed[[*_ADDRESS, "name"]], has_it[[*_ADDRESS, "name"]])
    handed = handed[is_its_own | ~handed["name"].isin(has_it["name"])]
    reserved = reservations[is_ddns_on(reservations, dhcp_subnets) | _is_roaming(reservations, dhcp_subnets)]
    names = absolute_names(reserved["site"], reserved["hostname"], network=network)
    pointed = active.loc[active["is_ddns_reverse"], "ip"]
    awaited = reserved.loc[reserved["hostname"].notna(), "ip"].dropna()
    return {*handed["name"].dropna().tolist(), *names.dropna().tolist()}, {*pointed.tolist(), *awaited.tolist()}


def is_ddns_on(frame: pd.DataFrame, dhcp_subnets: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each row's address lies in a subnet of its own site that hands names to D2."""
    is_on = np.full(len(frame), fill_value=False)
    for site, subnets in dhcp_subnets[dhcp_subnets["is_ddns_on"]].groupby("site")["subnet"]:
        is_here = ((frame["site"] == site) & frame["ip"].notna()).to_numpy()
        is_on[is_here] = lies_in(frame["ip"][is_here], map(ipaddress.ip_network, subnets))
    return pd.Series(is_on, frame.index)


def _is_roaming(reservations: pd.DataFrame, dhcp_subnets: pd.DataFrame) -> "pd.Series[bool]":
    on = set(dhcp_subnets.loc[dhcp_subnets["is_ddns_on"], "site"])
    return reservations["ip"].isna() & reservations["site"].isin(on)


def records(  # noqa: PLR0913 - three tables and three parameters, each by name
    addresses: pd.DataFrame,
    bindings: pd.DataFrame,
    leases: pd.DataFrame,
    *,
    network: Network,
    kea: tuple[set[str], set[str]],
    as_of: AsOf,
    now: pd.Timestamp,
) -> pd.DataFrame:
    """`tables.RECORDS` for the named rows of `addresses`; `kea` comes from `registered_by_kea`.

    Of Kea's own names only those of running leases are listed: the others need not be in DNS. A name that was taken
    from DNS is not listed either: those records are a person's, and stay so.

    Where Kea leases an address but D2 is off, the A and the PTR get the lease's DHCID beside them, so that D2 can
    take the name over the day it is switched on (RFC 4703 section 5.3).

    `as_of` is when the gateways were asked, `now` when their answers are used: what is left of a lease counts from it.
    """
    active = active_leases(leases, as_of=as_of)[[*_ADDRESS, "mac", "client_id", "expires_at"]].assign(is_leased=True)
    lease_of = merged(bindings[[*_ADDRESS, "valid_s"]], active, on=_ADDRESS, how="left", validate="one_to_one")
    named = addresses[addresses["name"].notna() & (addresses["named_by"] != PTR)].drop(columns="mac")
    named = merged(named, lease_of, on=_ADDRESS, how="left", validate="one_to_one")
    named = named.assign(is_leased=named["is_leased"].eq(True), longest_ttl_s=_half_of_the_rest(named, now))  # noqa: FBT003 - null: not leased
    hosts = named.assign(ttl_s=_ttls(named, network), **_owners(named, network), **_writers(named, network, kea))
    every = _rows(hosts)
    every = every[every["zone"].notna() & ((every["writer"] == _US) | every["is_leased"])]
    every = tables.RECORDS.frame(every).drop_duplicates(list(tables.RECORDS.key))
    is_second_mark = (every["type"] == DHCID) & every.duplicated(["owner", "type"])  # RFC 4701 section 3: one to a name
    return every[~is_second_mark].reset_index(drop=True)


_US, _KEA = "netcensus", "kea"


def _owners(hosts: pd.DataFrame, network: Network) -> dict[str, "pd.Series[str]"]:
    """Where each host's PTR stands, and the zones of its name and of its PTR; null for what no zone of ours holds."""
    pointers = pointer_names(hosts["ip"], network)
    zones = {"name_zone": zones_of(hosts["name"], network), "pointer_zone": zones_of(pointers, network)}
    return {"pointer": pointers, **zones}


def _writers(
    hosts: pd.DataFrame, network: Network, kea: tuple[set[str], set[str]]
) -> dict[str, "pd.Series[str] | pd.Series[bool]"]:
    """Who is to write each host's name, and who its PTR, and whether that stands in an RFC 2317 zone."""
    kea_names, kea_addresses = kea
    is_named_by_kea = hosts["name"].isin(kea_names)
    # No pointer to a name that may not have the address: nothing is added beside what Kea registers for IPv4.
    is_pointed_by_kea = hosts["ip"].isin(kea_addresses) | (is_named_by_kea & is_ipv6(hosts["ip"]))
    is_classless = pd.Series([network.is_classless(ip) for ip in hosts["ip"].tolist()], hosts.index, dtype=bool)
    is_pointed_by_kea &= ~(
        is_classless & hosts["is_leased"]
    )  # D2 knows nothing of RFC 2317: nobody else would write it
    writer = {True: _KEA, False: _US}
    return {
        "name_writer": is_named_by_kea.map(writer),
        "pointer_writer": is_pointed_by_kea.map(writer),
        "is_classless": is_classless,
    }


def _rows(hosts: pd.DataFrame) -> pd.DataFrame:
    """Each host's address, pointer, and the DHCIDs beside them, one after the other."""
    hosts = hosts.reset_index(drop=True)
    types = pd.Series(np.where(is_ipv6(hosts["ip"]), "AAAA", "A"), hosts.index, dtype=contract.TEXT)
    marks = _marks(hosts)
    is_marked = marks.notna()
    shared = hosts[_SHARED].assign(reason=_reasons(hosts))
    at_name, at_pointer = shared.assign(**_place(hosts, "name")), shared.assign(**_place(hosts, "pointer"))
    parts = [
        at_name.assign(type=types, rdata=hosts["ip"]),
        at_pointer.assign(type="PTR", rdata=hosts["name"]),
        at_name[is_marked].assign(type=DHCID, rdata=marks),
        at_pointer[is_marked & ~hosts["is_classless"]].assign(type=DHCID, rdata=marks),
    ]
    return pd.concat(parts).sort_index(kind="stable")


_SHARED = ["site", "ip", "ttl_s", "longest_ttl_s", "named_by", "is_leased"]
"""What all records of a host have alike."""


def _place(hosts: pd.DataFrame, at: str) -> dict[str, "pd.Series[str]"]:
    """Where the records at each host's name, or at its pointer, stand, and who writes them."""
    return {"owner": hosts[at], "zone": hosts[f"{at}_zone"], "writer": hosts[f"{at}_writer"]}


def _reasons(hosts: pd.DataFrame) -> "pd.Series[str]":
    """In one go: each sum of two columns would leave its texts in the vocabulary."""
    rows = zip(*(hosts[name].tolist() for name in ("name", "ip", "named_by")), strict=True)
    told = [f"{name} is {ip}, named by {source}" for name, ip, source in rows]
    return pd.Series(told, hosts.index, dtype=contract.TEXT)


def _marks(hosts: pd.DataFrame) -> "pd.Series[str]":
    """The DHCIDs of hosts whose name comes with their lease; a name that a person gave stays a person's."""
    leased = hosts[hosts["is_leased"] & hosts["named_by"].isin({*KEA_LEASES, RESERVATION})]
    return dhcids(leased["name"], leased["mac"], leased["client_id"]).reindex(hosts.index)


def _ttls(named: pd.DataFrame, network: Network) -> "pd.Series[int]":
    """The TTL of each name's class, at most half the lease's length: no name outlives its holder for long."""
    ttl = network.dns.ttl
    by_lease = (named["valid_s"] // 2).fillna(ttl.dynamic).clip(1, ttl.dynamic)
    return by_lease.where(kind(named["named_by"]).isin({*LEASES, SERVICE, SAME_MAC}), ttl.static)


def _half_of_the_rest(named: pd.DataFrame, now: pd.Timestamp) -> "pd.Series[int]":
    """Half of what is left of each lease that gives its address the name, in seconds, at least one."""
    rest = (named["expires_at"] - now).where(named["named_by"].isin(LEASES))
    return (rest.dt.total_seconds() // 2).clip(lower=1).astype(contract.INTEGER)
