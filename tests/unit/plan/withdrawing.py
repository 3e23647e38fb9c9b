"""Worlds in which a name or an address was published, and hours in which nothing may be taken back."""

from copy import deepcopy
from functools import cache

import pandas as pd

from pipelines import network as network_file
from pipelines.reconcile.dhcid import dhcid
from pipelines.values import OwnerName, mac
from tests.lives import World, failed
from tests.networks import ALICE, AT, NETWORK_TOML, Row, Tables, cells, in_ipam, lease, ledger, minutes_ago, only

IP, NAME, PTR_NAME = "10.0.1.5", OwnerName("nas.example.lan."), "5.1.0.10.in-addr.arpa."
ZONE, REVERSE = "example.lan.", "1.0.10.in-addr.arpa."
MARK = str(dhcid(NAME, mac(ALICE), None))
LEASE = lease(IP, ALICE, "nas")  # ends 50 minutes after the first census
WHOLE = {(NAME, "A", IP), (PTR_NAME, "PTR", NAME), (NAME, "DHCID", MARK), (PTR_NAME, "DHCID", MARK)}
BARE = {(NAME, "A", IP), (PTR_NAME, "PTR", NAME)}
NOTHING: set[tuple[object, ...]] = set()


def network(policy: str) -> network_file.Network:
    """The network with this under [withdraw]."""
    return network_file.parse(NETWORK_TOML + "[withdraw]\n" + policy, "network.toml")


def leased(*hours: float, policy: str = "") -> World:
    """A world in which a lease has been published, and did not show in the censuses at these hours."""
    return deepcopy(_leased(hours, policy))


@cache
def _leased(hours: tuple[float, ...], policy: str) -> World:
    """The same, which many tests begin with, and none writes into."""
    if hours:
        world = deepcopy(_leased(hours[:-1], policy))
        world.census(hours[-1])
        return world
    world = World(network(policy))
    world.census(0, leases=[LEASE])
    assert world.records() == WHOLE
    return world


def by_hand(ip: str = IP, name: str = "nas") -> World:
    """A world in which a name given by a person has been published."""
    return deepcopy(_by_hand(ip, name))


@cache
def _by_hand(ip: str, name: str) -> World:
    """As `_leased`."""
    world = World(ipam_addresses=[in_ipam(ip, name)])
    world.census(0)
    return world


def running(one: Row, hours: float) -> Row:
    """The lease, with an hour to go so many hours after the first census."""
    return one | {"expires_at": AT + pd.Timedelta(hours=hours + 1)}


def rules(made: Tables) -> set[tuple[object, ...]]:
    """The rules by which RRsets stayed that nothing wants."""
    told = only(made["withheld"], target="dns")
    return set(cells(told[told["wanted"].isna()], "rule", "subject", "field"))


# --- the census two days after, when something is in doubt ---------------------------------------------------


def frozen(world: World) -> Tables:
    """Its site is not read."""
    return world.census(60, unread=[failed("home")])


def shrunken(world: World) -> Tables:
    """A source gives far fewer rows than it did."""
    world.rows = 50
    return world.census(60)


def off(world: World) -> Tables:
    """The network file says that nothing is taken back."""
    world.network = network("enabled = false")
    return world.census(60)


def young(world: World) -> Tables:
    """The ledger is not a week old."""
    world.born_at = minutes_ago(60 * 24 * 4)  # so 6.5 days at the census
    return world.census(60)


def unborn(world: World) -> Tables:
    """The ledger does not know how old it is."""
    world.born_at = None
    return world.census(60)


def lost(world: World) -> Tables:
    """The ledger is empty."""
    world.applied = ledger()
    return world.census(60)


def without_subnet(world: World) -> Tables:
    """PhpIPAM tracks none of the subnets."""
    return world.census(60, ipam_subnets=[])
