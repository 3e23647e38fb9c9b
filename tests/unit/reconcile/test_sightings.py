"""Evidence: what counts as one, for when, and from whom."""

import pandas as pd
import pytest

from pipelines import tables
from pipelines.reconcile.bindings import bindings
from pipelines.reconcile.incumbents import Standing
from pipelines.reconcile.sightings import sightings
from tests.networks import (
    ALICE,
    AT,
    BOB,
    NETWORK,
    Row,
    cells,
    frame,
    lease,
    minutes_ago,
    neighbour,
    reservation,
)

_NONE = tables.SIGHTINGS.empty()
NOBODY = Standing(_NONE[["site", "ip", "mac", "last_seen_at"]], _NONE[["site", "ip", "mac"]])


def seen(leases: list[Row], neighbours: list[Row]) -> pd.DataFrame:
    """The sightings of these leases and neighbours."""
    table = sightings(frame(tables.LEASES, leases), frame(tables.NEIGHBOURS, neighbours), network=NETWORK, as_of=AT)
    assert tables.SIGHTINGS.violations(table) == []
    return table


def bound(leases: list[Row], neighbours: list[Row], reservations: list[Row]) -> pd.DataFrame:
    """The bindings of one hour."""
    parts = frame(tables.LEASES, leases), frame(tables.RESERVATIONS, reservations)
    table = bindings(seen(leases, neighbours), *parts, NOBODY, network=NETWORK, as_of=AT)
    assert tables.BINDINGS.violations(table) == []
    return table


def test_evidence_has_the_time_of_its_source() -> None:
    """A lease was seen when its client confirmed it, a neighbour when the kernel did: never when we asked."""
    table = seen([lease("10.0.0.5", ALICE)], [neighbour("10.0.0.6", BOB)])
    assert cells(table, "ip", "last_seen_at") == [("10.0.0.5", minutes_ago(10)), ("10.0.0.6", minutes_ago(5))]


@pytest.mark.parametrize(
    "dead",
    [
        {"expires_at": minutes_ago(1)},
        {"expires_at": AT},
        {"state": "declined"},
        {"state": "reclaimed"},
        {"state": "released"},
        {"state": "registered"},
    ],
)
def test_a_lease_that_does_not_hold_is_no_evidence(dead: Row) -> None:
    """Expired (though Kea still lists it), declined, reclaimed and released leases show nobody."""
    assert seen([lease("10.0.0.5", ALICE) | dead], []).empty


def test_a_lease_for_ever_holds() -> None:
    """No end is not an end in the past."""
    assert len(seen([lease("10.0.0.5", ALICE, valid_s=None, expires_at=None)], [])) == 1


@pytest.mark.parametrize(
    "dull",
    [
        neighbour("10.0.0.5", None, state="incomplete"),
        neighbour("10.0.0.5", ALICE, state="expired"),
        neighbour("10.0.0.5", ALICE, state="permanent"),
        neighbour("10.0.0.5", ALICE, state="published"),
        neighbour("10.0.0.5", ALICE, confirmed_at=None),
        neighbour("10.0.0.5", "01:00:5e:00:00:01"),
        neighbour("10.0.0.5", "00:00:5e:00:01:01"),
    ],
)
def test_an_arp_entry_that_shows_no_device_is_no_evidence(dull: Row) -> None:
    """Incomplete, own, proxied, undated and shared entries tell nothing of a device."""
    assert seen([], [dull]).empty


@pytest.mark.parametrize("ip", ["10.0.0.0", "10.0.0.255", "192.0.2.5", "169.254.1.1", "224.0.0.5"])
def test_only_host_addresses_of_tracked_subnets_count(ip: str) -> None:
    """A subnet's own and broadcast address, and everything that is not tracked, is left out."""
    assert seen([], [neighbour(ip, ALICE, site="home")]).empty


def test_a_gateway_speaks_for_its_own_site_only() -> None:
    """What one site's gateway says about another's subnet is no evidence, nor is a reservation there."""
    stranger = neighbour("10.9.0.5", ALICE, site="home")
    assert bound([], [stranger], [reservation("10.9.0.5", ALICE, "tv", site="home")]).empty


def test_a_client_known_by_identifier_only_is_seen_without_a_mac() -> None:
    """A lease may have no MAC; it is evidence all the same."""
    table = bound([lease("10.0.0.5", None, client_id="ff01")], [], [])
    assert cells(table, "ip", "mac", "client_id", "kind") == [("10.0.0.5", None, "ff01", "lease")]


def test_the_latest_sighting_says_who_is_there() -> None:
    """A device seen by ARP after the last lease transaction of another holds the address."""
    table = bound([lease("10.0.0.5", ALICE)], [neighbour("10.0.0.5", BOB)], [])
    assert cells(table, "mac", "kind", "evidence") == [(BOB, "neighbour", "arp")]


def test_sources_that_agree_are_both_named() -> None:
    """A binding rests on every source that saw its device, and has the time of the latest."""
    table = bound([lease("10.0.0.5", ALICE)], [neighbour("10.0.0.5", ALICE)], [reservation("10.0.0.5", ALICE)])
    wanted = (ALICE, "reservation", "reservation,arp,kea4.leases", minutes_ago(5))
    assert cells(table, "mac", "kind", "evidence", "last_seen_at") == [wanted]


def test_a_reservation_binds_an_address_nobody_uses() -> None:
    """The device is expected there; nobody has seen it, so no time is given."""
    table = bound([], [], [reservation("10.0.0.5", ALICE)])
    assert cells(table, "mac", "kind", "last_seen_at") == [(ALICE, "reservation", None)]


def test_a_squatter_on_a_reserved_address_is_told_from_its_owner() -> None:
    """Another device on a reserved address is a neighbour, not the reservation's."""
    table = bound([], [neighbour("10.0.0.5", BOB)], [reservation("10.0.0.5", ALICE)])
    assert cells(table, "mac", "kind") == [(BOB, "neighbour")]


def test_of_several_reservations_that_of_the_device_which_is_there_counts() -> None:
    """Kea lets a dock and a laptop share a reserved address; whichever is there has it by reservation."""
    both = [reservation("10.0.0.5", ALICE), reservation("10.0.0.5", BOB)]
    for mac in (ALICE, BOB):
        assert cells(bound([], [neighbour("10.0.0.5", mac)], both), "mac", "kind") == [(mac, "reservation")]
