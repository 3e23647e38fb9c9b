"""An address in phpIPAM that nobody sees any more: Offline, nameless, and back again."""

from collections.abc import Callable

import pytest

from tests.lives import World
from tests.networks import ALICE, BOB, Row, Tables, in_ipam, lease, minutes_ago, only
from tests.unit.plan.withdrawing import IP, LEASE, NOTHING, WHOLE, frozen, leased, off, running, shrunken, unborn, young

DAY = 24


def quiet(**more: object) -> World:
    """An address phpIPAM holds, which nobody names, last seen at the first census."""
    return World(ipam_addresses=[in_ipam(IP, None, ALICE, **more)])


@pytest.mark.parametrize(("days", "tag"), [(1, "Used"), (6.9, "Used"), (7, "Offline"), (30, "Offline")])
def test_an_address_nobody_sees_is_set_offline_after_a_week(days: float, tag: str) -> None:
    """Its tag, Used by default, and nothing else of the row."""
    world = quiet()
    world.census(days * DAY)
    assert world.in_ipam(IP) == in_ipam(IP, None, ALICE, tag=tag)


def test_tags_of_people_s_choosing_gateways_and_the_never_seen_stay() -> None:
    """Only Used becomes Offline, never a gateway, and never an address of which there was no sign yet."""
    kept: list[Row] = [
        {"tag": "Reserved"},
        {"tag": "DHCP"},
        {"tag": "Mine"},
        {"is_gateway": True},
        {"last_seen_at": None},
    ]
    rows = [in_ipam(f"10.0.1.{last}", None, ALICE, **more) for last, more in enumerate(kept, 10)]
    world = World(ipam_addresses=[*rows, in_ipam(IP, None, ALICE)])
    world.census(30 * DAY)
    assert [world.in_ipam(str(row["ip"])) for row in rows] == rows
    assert world.in_ipam(IP)["tag"] == "Offline"


def test_dns_goes_first() -> None:
    """While a record of ours stands the row is Used; the census after the one that withdrew it sets it Offline."""
    world = leased(10 * DAY)
    assert (world.records(), world.in_ipam(IP)["tag"]) == (WHOLE, "Used")
    world = leased(10 * DAY, 12 * DAY)
    assert (world.records(), world.in_ipam(IP)["tag"], world.in_ipam(IP)["hostname"]) == (NOTHING, "Used", "nas")
    world = leased(10 * DAY, 12 * DAY, 12 * DAY + 1)
    assert (world.in_ipam(IP)["tag"], world.in_ipam(IP)["hostname"]) == ("Offline", None)


def test_who_is_back_is_used_again_and_has_its_name() -> None:
    """Offline was ours, so it is undone; the name we cleared ourselves is written again."""
    world = leased(10 * DAY, 12 * DAY, 12 * DAY + 1)
    back = lease(IP, ALICE, "nas", cltt_at=minutes_ago(-60 * 13 * DAY), expires_at=minutes_ago(-60 * 14 * DAY))
    world.census(13 * DAY + 1, leases=[back])
    assert (world.in_ipam(IP)["tag"], world.in_ipam(IP)["hostname"]) == ("Used", "nas")
    assert world.records() == WHOLE
    made = world.census(13 * DAY + 1, leases=[back])
    assert only(made["ipam_plan"], action="update").empty


def test_a_tag_that_a_person_set_back_stays() -> None:
    """Used, by hand, after we had set it Offline: not fought over."""
    world = quiet()
    world.census(10 * DAY)
    assert world.in_ipam(IP)["tag"] == "Offline"
    world.in_ipam(IP)["tag"] = "Used"
    world.census(11 * DAY)
    assert world.in_ipam(IP)["tag"] == "Used"


def test_an_offline_that_a_person_set_stays() -> None:
    """It is not ours to undo, though the address is seen."""
    world = World(ipam_addresses=[in_ipam(IP, None, ALICE, tag="Offline")])
    world.census(0, leases=[lease(IP, ALICE)])
    assert world.in_ipam(IP)["tag"] == "Offline"


def test_a_name_that_moved_is_shown_once() -> None:
    """The old address in phpIPAM loses the name we wrote there when DNS has let go of it."""
    world = leased()
    moved = lease("10.0.1.6", ALICE, "nas")
    world.census(0.5, leases=[moved])
    world.census(0.6, leases=[moved])
    assert (world.in_ipam(IP)["hostname"], world.in_ipam("10.0.1.6")["hostname"]) == (None, "nas")


def test_a_namesake_at_another_site_is_another_name() -> None:
    """Both rows read `nas`; the one whose device is away has not moved there, and keeps its name as long as any."""
    world = leased()
    namesake = lease("10.9.0.6", BOB, "nas")
    for hours in (1, 30, 31):
        world.census(hours, leases=[running(namesake, hours)])
    assert not world.records() & WHOLE
    assert (world.in_ipam(IP)["hostname"], world.in_ipam("10.9.0.6")["hostname"]) == ("nas", "nas")


def test_a_device_that_takes_an_address_over_does_not_inherit_its_name() -> None:
    """It says no name itself: the row loses the other's when DNS has let go of it, and gets it back on its return."""
    world = leased()
    for hours in (1, 30, 31):
        world.census(hours, leases=[running(lease(IP, BOB), hours)])
        assert world.in_ipam(IP)["mac"] == BOB
        assert world.in_ipam(IP)["hostname"] == ("nas" if hours < 31 else None)
    world.census(32, leases=[running(LEASE, 32)])
    assert (world.in_ipam(IP)["mac"], world.in_ipam(IP)["hostname"]) == (ALICE, "nas")


def test_who_comes_after_the_name_is_gone_from_dns_never_bears_it() -> None:
    """The row gets the new device's MAC and loses the other's name in one plan."""
    world = leased(1, 30)
    assert (world.in_ipam(IP)["mac"], world.in_ipam(IP)["hostname"]) == (ALICE, "nas")
    world.census(31, leases=[running(lease(IP, BOB), 31)])
    assert (world.in_ipam(IP)["mac"], world.in_ipam(IP)["hostname"]) == (BOB, None)


def test_a_device_that_says_its_name_no_more_keeps_it_in_phpipam() -> None:
    """It is the one that said it: whether it was renamed, or forgot to say, nobody can tell."""
    world = leased()
    for hours in (1, 30, 31, 32):
        world.census(hours, leases=[running(lease(IP, ALICE), hours)])
    assert not world.records()
    assert world.in_ipam(IP)["hostname"] == "nas"


def test_a_name_that_a_person_wrote_is_not_cleared() -> None:
    """Nor one that was there before us."""
    world = World(ipam_addresses=[in_ipam(IP, "nas", ALICE)])
    world.census(0, leases=[LEASE])
    for days in (10, 12, 13):
        world.census(days * DAY)
    assert world.in_ipam(IP)["hostname"] == "nas"


@pytest.mark.parametrize("census", [frozen, shrunken, off, young, unborn])
def test_phpipam_waits_as_dns_does(census: Callable[[World], Tables]) -> None:
    """A site that was not read, shrank, or a policy that says no: the row stays as it is."""
    world = quiet(last_seen_at=minutes_ago(60 * DAY * 30))
    made = census(world)
    assert world.in_ipam(IP)["tag"] == "Used"
    assert made["ipam_plan"].empty
