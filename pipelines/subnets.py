"""Which subnet an address belongs to, for whole columns at once."""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network

import numpy as np
import pandas as pd

from pipelines.contract import TEXT
from pipelines.facts import Facts

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
    return _places_in(tuple(subnets), is_host=False)(ips) != _NOWHERE


def is_ipv6(ips: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether each address is of IPv6."""
    return _IS_IPV6(ips)


def numbers(ips: "pd.Series[str]") -> list[int]:
    """Addresses of one family as numbers."""
    is_v6 = bool(is_ipv6(ips.head(1)).any())
    return list(map(_ipv6_number, ips.tolist())) if is_v6 else _IPV4_NUMBERS(ips).tolist()


def ordinals(ips: "pd.Series[str]") -> Numbers:
    """A number for each address by which they sort: IPv4 by its own, then IPv6 by its place among those here."""
    found, is_v6 = np.zeros(len(ips), dtype=np.int64), is_ipv6(ips).to_numpy()
    found[~is_v6] = _IPV4_NUMBERS(ips[~is_v6])
    values = [_ipv6_number(text) for text in ips[is_v6].tolist()]
    places = {value: 2**32 + place for place, value in enumerate(sorted(set(values)))}
    found[is_v6] = [places[value] for value in values]
    return found


def _are_ipv6(texts: list[str]) -> list[bool]:
    return [":" in text for text in texts]


def _ipv4_numbers(texts: list[str]) -> Numbers:
    """All in one go: `ipaddress` takes five microseconds for each. They are in their shortest text since parsing."""
    octets = np.fromstring(".".join(texts), dtype=np.int64, sep=".").reshape(-1, 4)
    return np.asarray(octets @ np.array([1 << 24, 1 << 16, 1 << 8, 1]))


_IS_IPV6 = Facts(_are_ipv6, "bool", of_null=False)
_IPV4_NUMBERS = Facts(_ipv4_numbers, "int64", of_null=_NOWHERE)


def _named(ips: "pd.Series[str]", subnets: Subnets, names: Sequence[str]) -> "pd.Series[str]":
    places = _places_in(tuple(subnets), is_host=True)(ips)
    return pd.Series(pd.array([*names, None], dtype=TEXT)[places.to_numpy()], ips.index)


@lru_cache(maxsize=64)
def _places_in(subnets: Subnets, *, is_host: bool) -> Facts:
    """The place in `subnets` of the longest one that holds each address; -1 for none, and for one that is no host's."""

    def places(texts: list[str]) -> Numbers:
        is_v6 = np.array(_are_ipv6(texts), dtype=bool)
        ips, found = np.array(texts, dtype=object), np.full(len(texts), _NOWHERE)
        found[~is_v6] = _ipv4_places(_ipv4_numbers(ips[~is_v6].tolist()), subnets, is_host=is_host)
        found[is_v6] = _ipv6_places(ips[is_v6].tolist(), subnets)
        return found

    return Facts(places, "int32", of_null=_NOWHERE)


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


def _ipv6_places(texts: list[str], subnets: Subnets) -> list[int]:
    levels = sorted(_levels(subnets, IPV6).items(), reverse=True)
    return [_ipv6_place(_ipv6_number(text), levels) for text in texts]


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
