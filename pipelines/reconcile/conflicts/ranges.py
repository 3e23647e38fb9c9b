"""Every range that addresses are handed out from: the DHCP servers' pools, and those of network.toml."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.contract import TEXT
from pipelines.network import Network, Range, address_range
from pipelines.subnets import IPV4, IPV6, is_ipv6, numbers


@dataclass(frozen=True)
class Pool:
    """One range: `name` as in network.toml, None for a DHCP server's."""

    site: str
    subnet: str
    range: Range
    name: str | None = None


def dhcp_pools(dhcp_subnets: pd.DataFrame) -> list[Pool]:
    """The pools of the DHCP servers; one with more than 2^32 addresses never runs out and is left out."""
    served = dhcp_subnets[dhcp_subnets["pools"].notna()].sort_values(["site", "subnet"])
    pools = []
    for site, subnet, texts in served[["site", "subnet", "pools"]].itertuples(index=False):
        for text in texts.split(","):
            with suppress(ValueError):
                pools.append(Pool(site, subnet, address_range(text)))
    return pools


def named_pools(network: Network) -> list[Pool]:
    """The ranges under [pools] in network.toml; each lies in one tracked subnet."""
    pools = []
    for name, addresses in sorted(network.pools.items()):
        subnet = network.subnet_of(addresses.first)
        assert subnet is not None  # noqa: S101 - network.toml is refused otherwise
        pools.append(Pool(network.site_of_subnet[subnet], str(subnet), addresses, name))
    return pools


class Places:
    """Addresses by site (columns site and ip), to be counted range by range."""

    def __init__(self, addresses: pd.DataFrame) -> None:
        places = addresses[["site", "ip"]].drop_duplicates()
        by_site = places["ip"].groupby([places["site"], _versions(places["ip"])])
        self._by_site = {where: sorted(numbers(ips)) for where, ips in by_site}

    def count_in(self, pool: Pool) -> int:
        """How many of them lie in the range."""
        held = self._by_site.get((pool.site, pool.range.version), [])
        first, last = pool.range.bounds
        return bisect_right(held, last) - bisect_left(held, first)


def pool_of(addresses: pd.DataFrame, pools: Sequence[Pool]) -> "pd.Series[str]":
    """The range, as text, in which each address (site, ip) lies at its site; null where there is none."""
    found = pd.array(np.full(len(addresses), None), dtype=TEXT)
    ips = addresses["ip"].reset_index(drop=True)
    for (site, version), some in ips.groupby([addresses["site"].array, _versions(ips)]):
        values = np.array(numbers(some), dtype=np.int64 if version == IPV4 else object)
        here = [one for one in pools if (one.site, one.range.version) == (site, version)]
        for pool in sorted(here, key=lambda one: one.range.bounds, reverse=True):  # of two, the first one's name stays
            first, last = pool.range.bounds
            found[some.index[(values >= first) & (values <= last)]] = str(pool.range)
    return pd.Series(found, addresses.index)


def _versions(ips: "pd.Series[str]") -> "pd.Series[int]":
    return is_ipv6(ips).map({True: IPV6, False: IPV4})
