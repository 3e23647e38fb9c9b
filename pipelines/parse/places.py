"""Where an address that a list names belongs."""

import ipaddress

from pipelines.network import Network
from pipelines.values import Ip


def site_of(address: Ip, network: Network) -> str | None:
    """The site of the tracked subnet an address is in; None where it is in none.

    Raises `ValueError` for the address of the subnet itself, or of its broadcasts: no host has those.
    """
    subnet = network.subnet_of(address)
    if subnet is None:
        return None
    number = ipaddress.ip_address(address)
    has_ends = number.version == 4 and subnet.num_addresses > 2  # noqa: PLR2004 - IPv4; RFC 3021 lets a /31 have none
    if has_ends and number in {subnet.network_address, subnet.broadcast_address}:
        raise ValueError(f"{address} is the network or the broadcast address of {subnet}")
    return network.site_of_subnet[subnet]
