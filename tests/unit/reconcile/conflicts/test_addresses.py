"""Addresses that two devices have, that are leased past a reservation, taken without asking, or outside."""

import pytest

from tests.contradictions import POOL, dhcp, the_census, told
from tests.networks import (
    ALICE,
    BOB,
    CAROL,
    Row,
    hour,
    in_ipam,
    ipam_subnet,
    lease,
    minutes_ago,
    neighbour,
    reservation,
    source,
    written,
)

HERE, THERE = "10.0.1.5", "10.0.1.6"
POOLED = "10.0.1.150"
ROUTER = "00:00:5e:00:01:01"


def seen(mac: str | None, minutes: float, ip: str = HERE, **more: object) -> Row:
    """An ARP entry confirmed so long ago."""
    return neighbour(ip, mac, confirmed_at=minutes_ago(minutes)) | more


def told_of(kind: str, **rows: list[Row]) -> dict[str, str]:
    """The conflicts of one kind in an hour with these rows."""
    return told(the_census(hour(**rows)), kind)


# --- two MACs on one address ---------------------------------------------------------------------------------------


def test_two_macs_that_answer_at_the_same_time_are_told_with_both_times() -> None:
    """Two entries confirmed within the window contradict each other; the evidence says who, when and by what."""
    found = told_of("two-macs", neighbours=[seen(ALICE, 5), seen(BOB, 15, interface="em1")])
    assert found == {
        HERE: f"both answer: {ALICE} at 2026-03-01 11:55 UTC (arp); {BOB} at 2026-03-01 11:45 UTC (arp)",
    }


@pytest.mark.parametrize(
    "rows",
    [
        {"neighbours": [seen(ALICE, 5), seen(BOB, 26, interface="em1")]},
        {
            "neighbours": [seen(ALICE, 5), seen(BOB, 8, interface="em1")],
            "leases": [lease(HERE, ALICE, cltt_at=minutes_ago(7))],
        },
        {"neighbours": [seen(ALICE, 5), seen(ROUTER, 5, interface="em1")]},
        {"neighbours": [seen(ALICE, 5), seen(ALICE, 5, source="ip_neigh")]},
        {"neighbours": [seen(ALICE, 5), seen(BOB, 5, state="expired")]},
        {"neighbours": [seen(ALICE, 5), seen(BOB, 5, confirmed_at=None)]},
    ],
    ids=["moved long ago", "leased to the other since", "a virtual router's", "one MAC twice", "expired", "undated"],
)  # fmt: skip
def test_an_address_that_moved_is_no_conflict(rows: dict[str, list[Row]]) -> None:
    """Only two devices, confirmed within the window, with no lease given in between, are two."""
    assert told_of("two-macs", **rows) == {}


def test_the_window_is_the_operators() -> None:
    """`within_minutes` decides how close together."""
    both = hour(neighbours=[seen(ALICE, 5), seen(BOB, 26, interface="em1")])
    assert told(the_census(both, toml="[conflicts]\nwithin_minutes = 30\n"), "two-macs").keys() == {HERE}


def test_devices_that_take_turns_are_told_though_never_both_answer() -> None:
    """Who lost the address is back while the other has not left: the evidence says who answers, and who has it."""
    parsed = hour(neighbours=[seen(ALICE, 5)], ipam_addresses=[in_ipam(HERE, mac=BOB, last_seen_at=minutes_ago(65))])
    lost = written("phpipam", "10.0.1.0/24", HERE, "mac", ALICE)
    assert told(the_census(parsed, lost=[lost]), "two-macs") == {
        HERE: f"by turns: {ALICE} answered at 2026-03-01 11:55 UTC; {BOB}, which phpIPAM has, was last seen at "
        "2026-03-01 10:55 UTC",
    }
    assert told(the_census(parsed), "two-macs") == {}


# --- lease and ARP ---------------------------------------------------------------------------------------------------


def test_who_answers_on_an_address_leased_to_another_is_told() -> None:
    """An entry confirmed after the lease was, with another MAC: lease and ARP disagree."""
    found = told_of("lease-and-neighbour", leases=[lease(HERE, ALICE)], neighbours=[seen(BOB, 2)])
    assert found[HERE].startswith(f"{BOB} answered at 2026-03-01 11:58 UTC; leased to {ALICE} until 2026-03-01 12:50")


@pytest.mark.parametrize(
    ("of_lease", "entry"),
    [
        ({}, seen(BOB, 11)),
        ({}, seen(ALICE, 2)),
        ({"mac": None, "client_id": "01aa"}, seen(BOB, 2)),
        ({"expires_at": minutes_ago(3)}, seen(BOB, 2)),
        ({"state": "declined"}, seen(BOB, 2)),
        ({"cltt_at": None}, seen(BOB, 2)),
    ],
    ids=["left before the lease", "the same device", "a lease without MAC", "over", "declined", "undated"],
)
def test_a_lease_whose_address_nobody_else_uses_is_no_conflict(of_lease: Row, entry: Row) -> None:
    """Who answered before the lease was given has left; what bears no date says nothing."""
    assert told_of("lease-and-neighbour", leases=[lease(HERE, ALICE) | of_lease], neighbours=[entry]) == {}


def test_a_lease_for_ever_has_no_date_and_needs_none() -> None:
    """Who answers on an address that is leased to another for good contradicts it at any time."""
    endless = lease(HERE, ALICE, cltt_at=None, expires_at=None, valid_s=None)
    assert told_of("lease-and-neighbour", leases=[endless], neighbours=[seen(BOB, 2)]).keys() == {HERE}


def test_two_macs_are_not_told_twice() -> None:
    """Where both answer, the leaseholder among them, that is the conflict."""
    made = the_census(hour(leases=[lease(HERE, ALICE)], neighbours=[seen(ALICE, 1), seen(BOB, 2, interface="em1")]))
    assert told(made, "two-macs").keys() == {HERE}
    assert told(made, "lease-and-neighbour") == {}


# --- lease against reservation ---------------------------------------------------------------------------------------


def test_an_address_leased_past_its_reservation_is_told() -> None:
    """The reserved address is another device's by lease."""
    found = told_of("reserved-address-leased", leases=[lease(HERE, ALICE)], reservations=[reservation(HERE, BOB)])
    assert found == {HERE: f"reserved for {BOB}, but leased to {ALICE}, confirmed at 2026-03-01 11:50 UTC"}


def test_a_device_leased_beside_its_reservation_is_told() -> None:
    """It has an address of the same subnet, and not the one that is kept for it."""
    kept = [reservation(THERE, ALICE)]
    found = told_of("leased-beside-reservation", leases=[lease(HERE, ALICE)], reservations=kept)
    assert found == {HERE: f"{ALICE} has it, confirmed at 2026-03-01 11:50 UTC, though reserved {THERE}"}
    by_client = [reservation(THERE, None, client_id="01aa")]
    leased = [lease(HERE, ALICE, client_id="01aa")]
    assert told_of("leased-beside-reservation", leases=leased, reservations=by_client).keys() == {HERE}


@pytest.mark.parametrize(
    "rows",
    [
        {"leases": [lease(HERE, ALICE)], "reservations": [reservation(HERE, ALICE), reservation(HERE, BOB)]},
        {"leases": [lease(HERE, ALICE, client_id="01aa")], "reservations": [reservation(HERE, None, client_id="01aa")]},
        {"leases": [lease(HERE, ALICE), lease(THERE, ALICE)], "reservations": [reservation(THERE, ALICE)]},
        {"leases": [lease("10.0.0.5", ALICE)], "reservations": [reservation(HERE, ALICE)]},
        {"leases": [lease(HERE, ALICE, state="reclaimed")], "reservations": [reservation(HERE, BOB)]},
        {"leases": [lease(HERE, None)], "reservations": [reservation(None, BOB, "bob")]},
    ],
    ids=["a dock and a laptop", "by client identifier", "has both", "in another subnet", "reclaimed", "global"],
)
def test_a_lease_that_keeps_to_the_reservations_is_no_conflict(rows: dict[str, list[Row]]) -> None:
    """One of several reservations is enough, and each subnet has its own."""
    made = the_census(hour(**rows))
    assert told(made, "reserved-address-leased") == told(made, "leased-beside-reservation") == {}


# --- static hosts in pools -------------------------------------------------------------------------------------------


def test_a_static_host_inside_a_pool_is_told() -> None:
    """Who answers in the pool without a lease took the address by itself."""
    found = told_of("static-in-pool", dhcp_subnets=dhcp(), neighbours=[seen(ALICE, 5, POOLED)])
    assert found[POOLED].startswith(f"{ALICE} answered at 2026-03-01 11:55 UTC inside the pool {POOL}, without a lease")


@pytest.mark.parametrize(
    "rows",
    [
        {"neighbours": [seen(ALICE, 5, HERE)]},
        {"neighbours": [seen(ALICE, 5, POOLED)], "leases": [lease(POOLED, ALICE)]},
        {"neighbours": [seen(ALICE, 5, POOLED)], "leases": [lease(POOLED, ALICE, expires_at=minutes_ago(9))]},
        {"neighbours": [seen(ALICE, 5, POOLED)], "leases": [lease(POOLED, None, client_id="01aa")]},
        {"neighbours": [seen(ALICE, 5, POOLED)], "reservations": [reservation(POOLED, ALICE)]},
        {"neighbours": [seen(ALICE, 5, POOLED)], "unread": [source("home", "kea4.leases", "timed out")]},
    ],
    ids=["outside the pool", "leased", "overstayed", "by client identifier", "reserved", "leases unread"],
)
def test_who_is_entitled_to_the_address_is_no_static_host(rows: dict[str, list[Row]]) -> None:
    """A lease, one that just ended and a reservation entitle; of a site that was not read whole nothing is said."""
    assert told_of("static-in-pool", dhcp_subnets=dhcp(), **rows) == {}


# --- outside ---------------------------------------------------------------------------------------------------------


def outside(ip: str, mac: str = CAROL) -> Row:
    """An ARP entry of the site `home`."""
    return seen(mac, 5, ip, site="home")


def test_addresses_outside_every_tracked_subnet_are_told_once_per_subnet() -> None:
    """One row for the subnet, by phpIPAM's own where it has one; the latest sighting is its time."""
    entries = [outside(f"10.7.0.{last}") for last in range(1, 6)] + [outside("10.8.0.1")]
    parsed = hour(neighbours=entries, ipam_subnets=[ipam_subnet("10.8.0.0/16")])
    found = told(the_census(parsed), "outside-tracked-subnets")
    assert found.keys() == {"10.7.0.0/24", "10.8.0.0/16"}
    assert found["10.7.0.0/24"].startswith(
        f"outside every tracked subnet, 5 seen: 10.7.0.1 ({CAROL}) at 2026-03-01 11:55"
    )
    assert found["10.7.0.0/24"].endswith("and 2 more")


def test_what_is_elsewhere_anyway_is_not_outside() -> None:
    """The internet's addresses, a link's own, another site's, a broadcast address, and other people's subnets."""
    ips = ["9.9.9.9", "169.254.1.1", "fe80::1", "10.9.0.7", "10.0.1.255", "10.6.0.1"]
    parsed = hour(neighbours=[outside(ip) for ip in ips])
    made = the_census(parsed, toml='[conflicts]\nforeign = ["10.6.0.0/16"]\n')
    assert told(made, "outside-tracked-subnets") == {}
