"""The generated network: so many hosts, drawn from a seed, one row each.

Columns: site, subnet, ip, ip6 (null but for hosts of two stacks), mac (null where nothing tells it), name (null for
those that say none) and kind:

    reserved    a DHCP reservation gives its address and name
    leased      takes a lease, with the MAC it was made with, and says its name; at site home half of them have IPv6
    phone       the same with a MAC it made up (locally administered); when it does so again it gets another address
    by hand     a person entered it in phpIPAM; nothing else tells of it
    silent      only its neighbours know it: no lease, no name
"""

import numpy as np
import pandas as pd

from bench.layout import HOME, IPV4_SUBNETS, IPV6_SUBNET, SITE_OF

SEED = 20260301
RESERVED, LEASED, PHONE, BY_HAND, SILENT = "reserved", "leased", "phone", "by hand", "silent"
SHARES = {RESERVED: 0.10, LEASED: 0.40, PHONE: 0.20, BY_HAND: 0.25, SILENT: 0.05}
_DUAL_STACK = 0.5
"""The share of leased hosts at site `home` that have an IPv6 address: a tenth of all hosts."""
_FIRST = 256  # the first /24 of each subnet is left to gateways
_OUI, _MADE_UP = "00:1b:21", "da:a1:19"


def hosts(count: int, seed: int = SEED) -> pd.DataFrame:
    """So many hosts, spread evenly over the IPv4 subnets; of a larger network the first are those of a smaller one."""
    kinds, stacks = (np.random.default_rng([seed, draw]) for draw in range(2))
    numbers = range(count)
    found = pd.DataFrame({
        "subnet": np.array(IPV4_SUBNETS)[np.arange(count) % len(IPV4_SUBNETS)],
        "ip": [address(number) for number in numbers],
        "ip6": [_address6(number) for number in numbers],
        "mac": [mac(number, _OUI) for number in numbers],
        "name": [f"host-{number}" for number in numbers],
        "kind": kinds.choice(list(SHARES), size=count, p=list(SHARES.values())),
    })  # fmt: skip
    found.insert(0, "site", found["subnet"].map(SITE_OF))
    is_dual = (found["kind"] == LEASED) & (found["site"] == HOME) & (stacks.random(count) < _DUAL_STACK)
    made_up = found["mac"].str.replace(_OUI, _MADE_UP)
    return found.assign(
        ip6=found["ip6"].where(is_dual),
        mac=found["mac"].mask(found["kind"] == PHONE, made_up).where(found["kind"] != BY_HAND),
        name=found["name"].where(found["kind"] != SILENT),
    )


def address(number: int) -> str:
    """The IPv4 address of a host; those of higher numbers than there are hosts are free."""
    subnet, at = number % len(IPV4_SUBNETS), number // len(IPV4_SUBNETS) + _FIRST
    return f"10.{subnet}.{at >> 8}.{at & 255}"


def _address6(number: int) -> str:
    """In canonical form: no group of it is zero but those in the middle."""
    high, low = number >> 15, number & 0x7FFF
    return f"{IPV6_SUBNET.partition('::')[0]}::{high + 1:x}:{low + 1:x}"


def mac(number: int, prefix: str) -> str:
    """The MAC with this number under a prefix of three octets."""
    return f"{prefix}:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
