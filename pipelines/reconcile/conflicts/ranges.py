"""Every range that addresses are handed out from: the DHCP servers' pools, and those of network.toml."""

import ipaddress
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import pandas as pd

from pipelines.network import Network, Range, address_range


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
        self._by_site: dict[tuple[str, int], list[int]] = {}
        for site, ip in addresses[["site", "ip"]].drop_duplicates().itertuples(index=False, name=None):
            address = ipaddress.ip_address(ip)
            self._by_site.setdefault((site, address.version), []).append(int(address))
        for held in self._by_site.values():
            held.sort()

    def count_in(self, pool: Pool) -> int:
        """How many of them lie in the range."""
        held = self._by_site.get((pool.site, pool.range.version), [])
        first, last = pool.range.bounds
        return bisect_right(held, last) - bisect_left(held, first)


def pool_of(addresses: pd.DataFrame, pools: Sequence[Pool]) -> "pd.Series[str]":
    """The range, as text, in which each address (site, ip) lies at its site; null where there is none."""
    starts: dict[tuple[str, int], list[tuple[int, int, str]]] = {}
    for pool in pools:
        place = starts.setdefault((pool.site, pool.range.version), [])
        place.append((*pool.range.bounds, str(pool.range)))
    for place in starts.values():
        place.sort()
    found = [_holding(site, ip, starts) for site, ip in zip(addresses["site"], addresses["ip"], strict=True)]
    return pd.Series(found, addresses.index, dtype="str")


def _holding(site: str, ip: str, starts: dict[tuple[str, int], list[tuple[int, int, str]]]) -> str | None:
    address = ipaddress.ip_address(ip)
    value = int(address)
    holding = (text for first, last, text in starts.get((site, address.version), ()) if first <= value <= last)
    return next(holding, None)
