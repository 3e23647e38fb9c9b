"""The life of a name in DNS, hour by hour: what is taken back, and when."""

import pytest

from pipelines.values import OwnerName
from tests.lives import World
from tests.networks import ALICE, cells, in_ipam, lease, minutes_ago, only, reservation
from tests.unit.plan.withdrawing import BARE, IP, LEASE, NAME, NOTHING, PTR_NAME, WHOLE, by_hand, leased, rules


@pytest.mark.parametrize(
    ("hours", "stands"),
    [(0.5, True), (1, True), (24, True), (24.8, True), (24.9, False), (100, False)],
)
def test_a_lease_s_name_goes_a_day_after_the_lease_ended(hours: float, stands: bool) -> None:  # noqa: FBT001 - parametrized
    """Counted from the lease's end, which Kea still tells, and not from the census that missed it."""
    world = leased()
    world.census(hours, leases=[LEASE])
    assert world.records() == (WHOLE if stands else NOTHING)


def test_a_lease_that_kea_no_longer_knows_is_waited_for_from_the_census_that_missed_it() -> None:
    """Missed at hour 2, so gone at hour 26 and not before."""
    world = leased()
    for hours in (2, 3, 25):
        made = world.census(hours)
        assert ("withdraw-later", NAME, "A") in rules(made)
        assert world.records() == WHOLE
    world.census(26)
    assert world.records() == NOTHING


def test_being_missed_is_noted_once() -> None:
    """The ledger changes when a name is first missed, when it is back, and in no hour between."""
    world = leased()
    before = world.applied
    world.census(2)
    missed = world.applied
    assert missed["missing_since_at"].notna().sum() == len(WHOLE)
    world.census(3)
    assert world.applied.equals(missed)
    world.census(4, leases=[lease(IP, ALICE, "nas", expires_at=minutes_ago(-600))])
    assert world.applied["missing_since_at"].isna().all()
    assert len(world.applied) == len(before)


def test_a_device_that_comes_back_in_time_keeps_its_name() -> None:
    """What was missed for 20 hours and is there again starts anew: it is not gone ten hours later."""
    world = leased()
    world.census(2)
    world.census(22, leases=[lease(IP, ALICE, "nas", expires_at=minutes_ago(-60 * 23))])
    world.census(30)
    assert world.records() == WHOLE


def test_a_name_that_a_person_removed_goes_at_once() -> None:
    """The row's name was cleared by hand: A and PTR go with the next census."""
    world = by_hand()
    assert world.records() == BARE
    world.ipam_addresses = [in_ipam(IP, None)]
    world.census(1)
    assert world.records() == NOTHING


def test_a_name_that_a_person_gave_stays_however_long_nobody_is_seen_there() -> None:
    """Never because it is unseen."""
    world = World(ipam_addresses=[in_ipam(IP, "nas", last_seen_at=minutes_ago(60 * 24 * 400))])
    world.census(0)
    world.census(2000)
    assert world.records() == BARE


def test_a_reservation_s_name_goes_a_day_after_it_left_kea() -> None:
    """Its grace is its own; unseen, but configured, it stays for ever."""
    world = World()
    for hours in (0, 500):
        world.census(hours, reservations=[reservation(IP, ALICE, "nas")])
    assert world.records() == BARE
    world.census(501)
    world.census(524.9)
    assert world.records() == BARE
    world.census(525)
    assert world.records() == NOTHING


def test_a_guest_s_name_goes_with_the_lease() -> None:
    """In a subnet of guests nothing is waited for."""
    world = leased(policy='guests = ["10.0.1.0/24"]')
    world.census(1, leases=[LEASE])
    assert world.records() == NOTHING


def test_what_a_gateway_said_before_does_not_end_a_lease() -> None:
    """A run between two censuses: by Kea's older answer the lease is over, but it may have been renewed since."""
    world = leased(policy='guests = ["10.0.1.0/24"]')
    world.census(1, asked=0.5, leases=[LEASE])
    assert world.records() == WHOLE


def test_what_a_person_removes_goes_between_two_censuses_as_well() -> None:
    """For that no gateway need be asked."""
    world = by_hand()
    world.ipam_addresses = [in_ipam(IP, None)]
    world.census(1, asked=0)
    assert world.records() == NOTHING


@pytest.mark.parametrize("source", ["lease", "person"])
def test_a_renamed_host_has_one_name(source: str) -> None:
    """The old A, its DHCID included, goes in the plan that brings the new one; the PTR is changed, not removed."""
    world = leased() if source == "lease" else by_hand()
    new = OwnerName("attic.example.lan.")
    if source == "lease":
        made = world.census(0.5, leases=[lease(IP, ALICE, "attic")])
    else:
        world.ipam_addresses = [in_ipam(IP, "attic")]
        made = world.census(0.5)
    assert ("delete", NAME, "A") in cells(made["dns_plan"], "action", "owner", "type")
    assert ("update", PTR_NAME, "PTR") in cells(made["dns_plan"], "action", "owner", "type")
    assert {(owner, data) for owner, rr_type, data in world.records() if rr_type != "DHCID"} == {
        (new, IP),
        (PTR_NAME, new),
    }
    assert not [record for record in world.records() if record[0] == NAME]


def test_a_device_that_moved_leaves_no_pointer_behind() -> None:
    """Its name has another address, so the PTR of the old one goes at once."""
    world = leased()
    world.census(0.5, leases=[lease("10.0.1.6", ALICE, "nas")])
    owners = {owner for owner, *_ in world.records()}
    assert owners == {NAME, "6.1.0.10.in-addr.arpa."}


def test_nothing_is_left_to_do_afterwards() -> None:
    """The census after a withdrawal plans nothing and withholds nothing, and the ledger has forgotten the name."""
    world = leased(30, 60)
    made = world.census(61)
    assert made["dns_plan"].empty
    assert rules(made) == set()
    assert only(world.applied, target="dns").empty


def test_a_withdrawn_device_that_returns_is_published_again() -> None:
    """What we took away ourselves is not a person's removal."""
    world = leased(30, 60)
    assert world.records() == NOTHING
    world.census(61, leases=[lease(IP, ALICE, "nas", expires_at=minutes_ago(-60 * 70))])
    assert world.records() == WHOLE
