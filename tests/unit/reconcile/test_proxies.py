"""Who answers for others is no evidence of them."""

import pytest

from pipelines import network as network_file
from tests.networks import (
    ALICE,
    BOB,
    CAROL,
    NETWORK,
    NETWORK_TOML,
    Row,
    Tables,
    cells,
    census,
    hour,
    in_ipam,
    lease,
    neighbour,
    only,
    reservation,
)

PROXY = "50:c7:bf:00:00:01"
STRICT = network_file.parse(NETWORK_TOML + "[devices]\nproxy_arp_addresses = 5\n", "x")


def answered(*lasts: int, mac: str = PROXY, **more: object) -> list[Row]:
    """The ARP entries in which one MAC answers for 10.0.0.<last>."""
    return [neighbour(f"10.0.0.{last}", mac, **more) for last in lasts]


def held(made: Tables) -> dict[object, object]:
    """Who is bound to which address."""
    return dict(cells(made["bindings"], "ip", "mac"))  # type: ignore[arg-type]  # pairs


def test_a_repeater_does_not_take_its_clients_addresses() -> None:
    """Three devices lease by their own MACs and answer ARP by the repeater's: each keeps its address."""
    clients = [lease(f"10.0.0.{last}", mac) for last, mac in ((5, ALICE), (6, BOB), (7, CAROL))]
    made = census(hour(leases=clients, neighbours=answered(5, 6, 7, 9)))
    assert held(made) == {"10.0.0.5": ALICE, "10.0.0.6": BOB, "10.0.0.7": CAROL, "10.0.0.9": PROXY}
    assert set(only(made["ipam_plan"], field="mac")["after"]) == {ALICE, BOB, CAROL, PROXY}


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_foreign_addresses_prove_nothing(count: int) -> None:
    """A changed card, or a neighbour that took an address over, is seen as what it is."""
    clients = [lease("10.0.0.5", ALICE), lease("10.0.0.6", BOB)][:count]
    made = census(hour(leases=clients, neighbours=answered(5, 6, 9)))
    assert set(held(made).values()) == {PROXY}


def test_a_router_that_answers_for_a_whole_subnet_makes_no_devices() -> None:
    """From `proxy_arp_addresses` on, none of them is bound or entered in phpIPAM, but the router's own."""
    made = census(
        hour(
            neighbours=answered(5, 6, 7, 8, 9, 10),
            reservations=[reservation("10.0.0.9", PROXY, "repeater")],
            ipam_addresses=[in_ipam("10.0.0.10", is_gateway=True)],
        ),
        network=STRICT,
    )
    assert held(made) == {"10.0.0.9": PROXY, "10.0.0.10": PROXY}
    assert set(only(made["ipam_plan"], action="create")["ip"]) == {"10.0.0.9"}


def test_a_load_balancers_services_that_a_person_named_are_its_own() -> None:
    """Not those that only an import had entered: they are what the old jobs made of such answers."""
    rows = [in_ipam("10.0.0.5", "mqtt"), in_ipam("10.0.0.6", "ghost", description="-- arp discovered --")]
    made = census(hour(neighbours=answered(5, 6, 7, 8, 9), ipam_addresses=rows), network=STRICT)
    assert held(made) == {"10.0.0.5": PROXY}


def test_an_address_in_each_subnet_is_a_routers_own() -> None:
    """What is counted is one interface of the gateway: a router with a leg in every VLAN is no proxy."""
    legs = [neighbour(f"10.0.{last % 2}.{last}", PROXY, interface=f"em0.{last}") for last in range(5, 15)]
    assert len(held(census(hour(neighbours=legs), network=STRICT))) == 10


def test_fewer_addresses_are_taken_as_they_are() -> None:
    """The default leaves fifteen addresses at one MAC alone: aliases, and the services of a small cluster."""
    assert len(held(census(hour(neighbours=answered(*range(10, 25)))))) == 15
    assert held(census(hour(neighbours=answered(*range(10, 26))))) == {}
    assert NETWORK.devices.proxy_arp_addresses == 16
