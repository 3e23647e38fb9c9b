"""What DNS should hold: an A or AAAA and a PTR for every granted name, and who is to write each of them."""

import ipaddress

import pandas as pd

from pipelines import contract, tables
from pipelines.network import Network
from pipelines.reconcile.as_of import AsOf
from pipelines.reconcile.claims import KEA_LEASES, LEASES, PTR, RESERVATION, SAME_MAC, SERVICE
from pipelines.reconcile.dhcid import dhcid
from pipelines.reconcile.dns import DHCID, address_type
from pipelines.reconcile.sightings import active_leases
from pipelines.values import OwnerName, host_name, reverse_name

_ADDRESS = ["site", "ip"]


def registered_by_kea(
    leases: pd.DataFrame,
    reservations: pd.DataFrame,
    dhcp_subnets: pd.DataFrame,
    *,
    network: Network,
    as_of: AsOf,
) -> tuple[set[str], set[str]]:
    """The names, and the addresses, that Kea's D2 registers or may register at any moment (rule R5).

    Names of active leases that were handed to D2, and of reservations, in the subnets where D2 is on; addresses of
    those leases, and of the reservations that bear a name.
    """
    active = active_leases(leases, as_of=as_of)
    handed = active[active["is_ddns_forward"] & is_ddns_on(active, dhcp_subnets)]
    reserved = reservations[is_ddns_on(reservations, dhcp_subnets) | _is_roaming(reservations, dhcp_subnets)]
    pairs = pd.concat([handed[["site", "hostname"]], reserved[["site", "hostname"]]]).dropna().drop_duplicates()
    names = {_name_or_none(text, network.suffix(site)) for site, text in pairs.itertuples(index=False)}
    pointed = active.loc[active["is_ddns_reverse"] & is_ddns_on(active, dhcp_subnets), "ip"]
    awaited = reserved.loc[reserved["hostname"].notna(), "ip"].dropna()
    return {name for name in names if name is not None}, {*pointed, *awaited}


def is_ddns_on(frame: pd.DataFrame, dhcp_subnets: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each row's address lies in a subnet of its own site that hands names to D2."""
    on = dhcp_subnets[dhcp_subnets["is_ddns_on"]]
    ranges = [(site, ipaddress.ip_network(subnet)) for site, subnet in zip(on["site"], on["subnet"], strict=True)]
    return pd.Series(
        [
            pd.notna(ip) and any(site == owner and ipaddress.ip_address(ip) in subnet for owner, subnet in ranges)
            for site, ip in zip(frame["site"], frame["ip"], strict=True)
        ],
        index=frame.index,
        dtype=bool,
    )


def _is_roaming(reservations: pd.DataFrame, dhcp_subnets: pd.DataFrame) -> "pd.Series[bool]":
    on = set(dhcp_subnets.loc[dhcp_subnets["is_ddns_on"], "site"])
    return reservations["ip"].isna() & reservations["site"].isin(on)


def _name_or_none(text: str, suffix: str) -> OwnerName | None:
    try:
        return host_name(text, suffix)
    except ValueError:
        return None


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
    lease_of = bindings[[*_ADDRESS, "valid_s"]].merge(
        active_leases(leases, as_of=as_of)[[*_ADDRESS, "mac", "client_id", "expires_at"]].assign(is_leased=True),
        on=_ADDRESS, how="left", validate="one_to_one",
    )  # fmt: skip
    named = addresses[addresses["name"].notna() & (addresses["named_by"] != PTR)].drop(columns="mac")
    named = named.merge(lease_of, on=_ADDRESS, how="left", validate="one_to_one")
    named = named.assign(longest_ttl_s=_half_of_the_rest(named, now))
    rows = [row for host in named.to_dict("records") for row in _rows_of(host, network, kea)]
    every = tables.RECORDS.rows(rows).drop_duplicates(list(tables.RECORDS.key))
    is_second_mark = (every["type"] == DHCID) & every.duplicated(["owner", "type"])  # RFC 4701 section 3: one to a name
    return every[~is_second_mark].reset_index(drop=True)


def _rows_of(host: dict[str, object], network: Network, kea: tuple[set[str], set[str]]) -> list[tuple[object, ...]]:
    ip, name, site = str(host["ip"]), OwnerName(str(host["name"])), host["site"]
    kea_names, kea_addresses = kea
    ttl, longest, reason = _ttl(host, network), host["longest_ttl_s"], f"{name} is {ip}, named by {host['named_by']}"
    forward = "kea" if name in kea_names else "netcensus"
    # No pointer to a name that may not have the address: nothing is added beside what Kea registers for IPv4.
    backward = "kea" if ip in kea_addresses or (forward == "kea" and ":" in ip) else "netcensus"
    pointer, mark = network.pointer_name(ip), _mark(host)
    is_classless = pointer != reverse_name(ip)
    if is_classless and host["is_leased"] is True:
        backward = "netcensus"  # D2 knows nothing of RFC 2317: nobody but we would ever write it
    pairs = [(name, address_type(ip), ip, forward), (pointer, "PTR", name, backward)]
    if mark is not None:
        pairs += [(owner, DHCID, mark, writer) for owner, _, _, writer in pairs[: 1 if is_classless else 2]]
    zones = {owner: network.zone_of(owner) for owner, *_ in pairs}
    return [
        (site, ip, zones[owner], owner, rr_type, ttl, longest, rdata, writer, host["named_by"], reason)
        for owner, rr_type, rdata, writer in pairs
        if zones[owner] is not None and (writer == "netcensus" or host["is_leased"] is True)
    ]


def _mark(host: dict[str, object]) -> str | None:
    """The DHCID of a host whose name comes with its lease; a name that a person gave it stays a person's."""
    if host["is_leased"] is not True or host["named_by"] not in {*KEA_LEASES, RESERVATION}:
        return None
    values = [None if pd.isna(host[key]) else str(host[key]) for key in ("mac", "client_id")]
    return dhcid(OwnerName(str(host["name"])), *values)  # type: ignore[arg-type]  # canonical since parsing


def _ttl(host: dict[str, object], network: Network) -> int:
    """The TTL of the name's class, at most half the lease's length: no name outlives its holder for long."""
    if str(host["named_by"]).partition("/")[0] not in {*LEASES, SERVICE, SAME_MAC}:
        return network.dns.ttl.static
    valid_s = host["valid_s"]
    half = network.dns.ttl.dynamic if pd.isna(valid_s) else int(str(valid_s)) // 2
    return max(1, min(network.dns.ttl.dynamic, half))


def _half_of_the_rest(named: pd.DataFrame, now: pd.Timestamp) -> "pd.Series[int]":
    """Half of what is left of each lease that gives its address the name, in seconds, at least one."""
    rest = (named["expires_at"] - now).where(named["named_by"].isin(LEASES))
    return (rest.dt.total_seconds() // 2).clip(lower=1).astype(contract.INTEGER)
