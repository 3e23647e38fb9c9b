"""Which subnet an address belongs to, for whole columns at once."""

import ipaddress
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network

import pandas as pd  # noqa: TC002 - named in annotations, as everywhere

from pipelines.contract import TEXT

IPV6 = 6
_SHORTEST_WITHOUT_BROADCAST = 31  # RFC 3021: a /31 has two host addresses and no others


def locate(ips: "pd.Series[str]", subnets: Iterable[IPv4Network | IPv6Network]) -> "pd.Series[str]":
    """The longest of `subnets` each address is a host address in, as text; null where there is none.

    An IPv4 subnet's own and broadcast address are no host addresses, as phpIPAM sees it (`subnet_boundaries`).
    """
    by_length: dict[tuple[int, int], dict[int, str]] = {}
    for subnet in subnets:
        level = by_length.setdefault((subnet.version, subnet.prefixlen), {})
        level[int(subnet.network_address) >> (subnet.max_prefixlen - subnet.prefixlen)] = str(subnet)
    levels = sorted(by_length.items(), reverse=True)
    found = {text: _longest(text, levels) for text in ips.unique()}
    return ips.map(found).astype(TEXT)


def _longest(text: str, levels: list[tuple[tuple[int, int], dict[int, str]]]) -> str | None:
    address = ipaddress.ip_address(text)
    value, bits = int(address), address.max_prefixlen
    for (version, length), level in levels:
        if version != address.version:
            continue
        cidr = level.get(value >> (bits - length))
        if cidr is not None:
            return cidr if _is_host(value, bits - length, address.version, length) else None
    return None


def _is_host(value: int, host_bits: int, version: int, length: int) -> bool:
    if version == IPV6 or length >= _SHORTEST_WITHOUT_BROADCAST:
        return True
    part = value & ((1 << host_bits) - 1)
    return part not in {0, (1 << host_bits) - 1}
