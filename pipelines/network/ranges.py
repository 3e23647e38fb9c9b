"""The ranges of addresses that network.toml names: `10.0.20.200-10.0.20.220`, checked and canonical."""

import ipaddress
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator

from pipelines.network.texts import Subnet
from pipelines.values import Ip

_MOST = 2**32
"""More addresses than this never run out (an IPv6 /64), and no integer column holds their number."""


class Range(NamedTuple):
    """Addresses from `first` to `last`, both in it."""

    first: Ip
    last: Ip

    @property
    def bounds(self) -> tuple[int, int]:
        """Both ends as numbers."""
        return int(ipaddress.ip_address(self.first)), int(ipaddress.ip_address(self.last))

    @property
    def version(self) -> int:
        """The IP version, 4 or 6."""
        return ipaddress.ip_address(self.first).version

    @property
    def size(self) -> int:
        """How many addresses."""
        first, last = self.bounds
        return last - first + 1

    def is_in(self, subnet: Subnet) -> bool:
        """Whether the subnet holds all of it."""
        return all(ipaddress.ip_address(end) in subnet for end in self)

    def overlaps(self, other: "Range") -> bool:
        """Whether the two share an address."""
        ours, theirs = self.bounds, other.bounds
        return self.version == other.version and ours[0] <= theirs[1] and theirs[0] <= ours[1]

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


def address_range(text: str) -> Range:
    """The range that `first-last` means. Raises `ValueError` where it is none, or endless."""
    first, dash, last = str(text).replace(" ", "").partition("-")
    try:
        ends = ipaddress.ip_address(first), ipaddress.ip_address(last)
    except ValueError:
        raise ValueError(f"{text!r:.80} is no range; write one such as 10.0.20.200-10.0.20.220") from None
    if not dash or ends[0].version != ends[1].version or not 0 <= int(ends[1]) - int(ends[0]) < _MOST:
        raise ValueError(f"{text!r:.80} does not lead from a first address to a last one, at most {_MOST} of them")
    return Range(Ip(str(ends[0])), Ip(str(ends[1])))


def _range(value: object) -> Range:
    return address_range(str(value))


AddressRange = Annotated[Any, BeforeValidator(_range)]
