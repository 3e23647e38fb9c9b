"""Entries of neighbour tables in which somebody answers for others: proxy ARP, repeaters, VPN routers.

Such an entry shows that the proxy is there, not who has the address. Taken for evidence, it would give the proxy's MAC
to every device behind it, and a device to every address of a subnet.
"""

import pandas as pd

from pipelines.keys import stand_in
from pipelines.network import Network
from pipelines.reconcile.as_of import AsOf
from pipelines.reconcile.sightings import active_leases

PROVEN = 3
"""Who answers for so many addresses that are leased or reserved to others is a proxy: a repeater, mostly.

Two may be a device that took over another's addresses, or a card that was changed."""
_PLACE = ["site", "ip"]
_ANSWERER = ["site", "interface", "mac"]


def without_proxied(  # noqa: PLR0913 - one table for each way in which an address can be somebody's own
    neighbours: pd.DataFrame,
    leases: pd.DataFrame,
    reservations: pd.DataFrame,
    ipam: pd.DataFrame,
    *,
    network: Network,
    as_of: AsOf,
) -> pd.DataFrame:
    """The rows of `neighbours` but those that a proxy answers for another.

    A MAC is a proxy that answers, on one interface of the gateway, for `PROVEN` addresses DHCP gives to others, or for
    `devices.proxy_arp_addresses` at all. Its own remain: what DHCP gives it, and in the second case what a person has
    named in phpIPAM (site, ip, hostname, description, is_gateway) or marked as a gateway. So a router keeps its
    address, and a load balancer those of its services.
    """
    live = neighbours[(neighbours["state"] == "dynamic") & neighbours["mac"].notna()]
    entries = live[[*_ANSWERER, "ip"]].drop_duplicates().reset_index(drop=True)
    if len(entries) < PROVEN:
        return neighbours
    given = pd.concat([active_leases(leases, as_of=as_of)[[*_PLACE, "mac"]], reservations[[*_PLACE, "mac"]]])
    given = given.dropna().drop_duplicates()
    is_given = stand_in(entries, given[_PLACE])
    is_own = stand_in(entries, given)
    entries = entries.assign(
        is_others=is_given & ~is_own, is_free=~is_given & ~stand_in(entries, _known(ipam, network))
    )
    by_answerer = entries.groupby(_ANSWERER)
    is_proven = by_answerer["is_others"].transform("sum") >= PROVEN
    is_many = by_answerer["ip"].transform("size") >= network.devices.proxy_arp_addresses
    is_proxied = entries["is_others"] & (is_proven | is_many) | entries["is_free"] & is_many
    proxied = entries[is_proxied]
    return neighbours[~stand_in(neighbours, proxied[[*_ANSWERER, "ip"]])]


def _known(ipam: pd.DataFrame, network: Network) -> pd.DataFrame:
    """The addresses that are a person's word in phpIPAM: named by no import, or a gateway."""
    is_named = ipam["hostname"].notna() & ~ipam["description"].isin(network.phpipam.imported)
    return ipam[is_named | ipam["is_gateway"]][_PLACE]
