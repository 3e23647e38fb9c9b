"""Which subnet an address belongs to, for whole columns at once."""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network

import numpy as np
import pandas as pd

from pipelines.contract import TEXT

IPV4, IPV6 = 4, 6
_SHORTEST_WITHOUT_BROADCAST = 31  # RFC 3021: a /31 has two host addresses and no others
_NOWHERE = -1

Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]
Subnets = Sequence[IPv4Network | IPv6Network]


def locate(ips: "pd.Series[str]", subnets: Iterable[IPv4Network | IPv6Network]) -> "pd.Series[str]":
    """The longest of `subnets` each address is a host address in, as text; null where there is none.

    An IPv4 subnet's own and broadcast address are no host addresses, as phpIPAM sees it (`subnet_boundaries`).
    """
    every = list(subnets)
    return _named(ips, every, [str(subnet) for subnet in every])


def site_of(ips: "pd.Series[str]", sites: Mapping[IPv4Network | IPv6Network, str]) -> "pd.Series[str]":
    """The site of the longest of these subnets that each address is a host address in; null where there is none."""
    return _named(ips, list(sites), list(sites.values()))


def lies_in(ips: "pd.Series[str]", subnets: Iterable[IPv4Network | IPv6Network]) -> "pd.Series[bool]":
    """Whether each address lies in one of `subnets`, their own and their broadcast address among them."""
    return pd.Series(_places(ips, list(subnets), is_host=False) != _NOWHERE, ips.index)


def is_ipv6(ips: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether each address is of IPv6."""
    return pd.Series([":" in text for text in ips.tolist()], ips.index, dtype=bool)


def numbers(ips: "pd.Series[str]") -> list[int]:
    """Addresses of one family as numbers."""
    is_v6 = bool(is_ipv6(ips.head(1)).any())
    return list(map(_ipv6_number, ips.tolist())) if is_v6 else _ipv4_numbers(ips).tolist()


def ordinals(ips: "pd.Series[str]") -> Numbers:
    """A number for each address by which they sort: IPv4 by its own, then IPv6 by its place among those here."""
    found, is_v6 = np.zeros(len(ips), dtype=np.int64), is_ipv6(ips).to_numpy()
    found[~is_v6] = _ipv4_numbers(ips[~is_v6])
    values = [_ipv6_number(text) for text in ips[is_v6].tolist()]
    places = {value: 2**32 + place for place, value in enumerate(sorted(set(values)))}
    found[is_v6] = [places[value] for value in values]
    return found


def _ipv4_numbers(ips: "pd.Series[str]") -> Numbers:
    """All in one go: `ipaddress` takes five microseconds for each. They are in their shortest text since parsing."""
    octets = np.fromstring(".".join(ips.tolist()), dtype=np.int64, sep=".").reshape(-1, 4)
    return np.asarray(octets @ np.array([1 << 24, 1 << 16, 1 << 8, 1]))


def _named(ips: "pd.Series[str]", subnets: Subnets, names: Sequence[str]) -> "pd.Series[str]":
    places = _places(ips, subnets, is_host=True)
    return pd.Series(np.array([*names, None], dtype="object")[places], ips.index, dtype=TEXT)


def _places(ips: "pd.Series[str]", subnets: Subnets, *, is_host: bool) -> Numbers:
    """The place in `subnets` of the longest one that holds each address; -1 for none, and for one that is no host's."""
    places, is_v6 = np.full(len(ips), _NOWHERE), is_ipv6(ips).to_numpy()
    places[~is_v6] = _ipv4_places(_ipv4_numbers(ips[~is_v6]), subnets, is_host=is_host)
    places[is_v6] = _ipv6_places(ips[is_v6], subnets)
    return places


def _ipv4_places(values: Numbers, subnets: Subnets, *, is_host: bool) -> Numbers:
    places, is_open = np.full(len(values), _NOWHERE), np.full(len(values), fill_value=True)
    levels = _levels(subnets, IPV4)
    for length in sorted(levels, reverse=True):
        bits = 32 - length
        starts = np.array(sorted(levels[length]), dtype=np.int64)
        order = np.array([levels[length][start] for start in starts.tolist()], dtype=np.int64)
        at = np.searchsorted(starts, values >> bits).clip(max=len(starts) - 1)
        is_here = is_open & (starts[at] == values >> bits)
        part = values & ((1 << bits) - 1)
        is_edge = (length < _SHORTEST_WITHOUT_BROADCAST) & ((part == 0) | (part == (1 << bits) - 1))
        is_held = is_here & ~(is_edge & is_host)
        places[is_held] = order[at[is_held]]
        is_open &= ~is_here
    return places


def _ipv6_places(ips: "pd.Series[str]", subnets: Subnets) -> list[int]:
    levels = sorted(_levels(subnets, IPV6).items(), reverse=True)
    return [_ipv6_place(_ipv6_number(text), levels) for text in ips.tolist()]


def _ipv6_place(value: int, levels: list[tuple[int, dict[int, int]]]) -> int:
    found = (level[start] for length, level in levels if (start := value >> (128 - length)) in level)
    return next(found, _NOWHERE)


@lru_cache(maxsize=2**17)
def _ipv6_number(text: str) -> int:
    return int(ipaddress.IPv6Address(text))


def _levels(subnets: Subnets, version: int) -> dict[int, dict[int, int]]:
    """Of each length, the subnets' network bits and their places in `subnets`."""
    levels: dict[int, dict[int, int]] = {}
    for place, subnet in enumerate(subnets):
        if subnet.version == version:
            bits = subnet.max_prefixlen - subnet.prefixlen
            levels.setdefault(subnet.prefixlen, {})[int(subnet.network_address) >> bits] = place
    return levels
