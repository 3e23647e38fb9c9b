"""The life of a binding, hour by hour: what is taken back, when, and the many things that are not."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache

import pandas as pd
import pytest

from pipelines import network as network_file
from pipelines.reconcile.dhcid import dhcid
from pipelines.values import OwnerName, mac
from tests.lives import World, failed
from tests.networks import (
    ALICE,
    AT,
    BOB,
    NETWORK_TOML,
    Row,
    Tables,
    cells,
    handed_to_d2,
    in_ipam,
    in_zone,
    lease,
    ledger,
    minutes_ago,
    only,
    reservation,
    written,
)

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


def leased(policy: str = "") -> World:
    """A world in which a lease has been published."""
    return deepcopy(_leased(policy))


@cache
def _leased(policy: str) -> World:
    """The same, which many tests begin with, and none writes into."""
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


# --- when -----------------------------------------------------------------------------------------------------


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
    world = leased('guests = ["10.0.1.0/24"]')
    world.census(1, leases=[LEASE])
    assert world.records() == NOTHING


def test_what_a_gateway_said_before_does_not_end_a_lease() -> None:
    """A run between two censuses: by Kea's older answer the lease is over, but it may have been renewed since."""
    world = leased('guests = ["10.0.1.0/24"]')
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
    world = leased()
    world.census(30)
    world.census(60)
    made = world.census(61)
    assert made["dns_plan"].empty
    assert rules(made) == set()
    assert only(world.applied, target="dns").empty


def test_a_withdrawn_device_that_returns_is_published_again() -> None:
    """What we took away ourselves is not a person's removal."""
    world = leased()
    world.census(30)
    world.census(60)
    assert world.records() == NOTHING
    world.census(61, leases=[lease(IP, ALICE, "nas", expires_at=minutes_ago(-60 * 70))])
    assert world.records() == WHOLE


# --- what never goes ------------------------------------------------------------------------------------------


def _frozen(world: World) -> Tables:
    return world.census(60, unread=[failed("home")])


def _shrunken(world: World) -> Tables:
    world.rows = 50
    return world.census(60)


def _off(world: World) -> Tables:
    world.network = network("enabled = false")
    return world.census(60)


def _young(world: World) -> Tables:
    world.born_at = minutes_ago(60 * 24 * 4)  # so 6.5 days at the census
    return world.census(60)


def _unborn(world: World) -> Tables:
    world.born_at = None
    return world.census(60)


def _lost(world: World) -> Tables:
    world.applied = ledger()
    return world.census(60)


def _without_subnet(world: World) -> Tables:
    return world.census(60, ipam_subnets=[])


@pytest.mark.parametrize(
    ("census", "rule"),
    [
        (_frozen, "frozen"),
        (_shrunken, "shrunken"),
        (_off, "withdraw-off"),
        (_young, "withdraw-later"),
        (_unborn, "withdraw-later"),
        (_lost, None),
        (_without_subnet, "frozen"),
    ],
)
def test_what_cannot_be_told_for_certain_is_not_taken_back(census: Callable[[World], Tables], rule: str | None) -> None:
    """Two days after the lease ended it would be time; yet nothing goes, and the report says why."""
    world = leased()
    world.census(30)
    made = census(world)
    assert world.records() == WHOLE
    assert {told[0] for told in rules(made)} == ({rule} if rule else set())


def test_what_stood_there_before_us_is_not_taken_back() -> None:
    """Adopted is looked after, never deleted; the report lists it once."""
    world = World(zone_records=[in_zone(NAME, "A", IP), in_zone(PTR_NAME, "PTR", NAME)])
    world.census(0, reservations=[reservation(IP, ALICE, "nas")])
    assert only(world.applied, target="dns")["is_adopted"].all()
    made = world.census(60)
    assert world.records() == BARE
    assert {told[0] for told in rules(made)} == {"adopted"}
    assert rules(world.census(61)) == set()
    assert world.records() == BARE


def _edited(world: World, owner: str, rr_type: str, rdata: str) -> None:
    kept = [row for row in world.zone_records if (row["owner"], row["type"]) != (owner, rr_type)]
    world.zone_records = [*kept, in_zone(owner, rr_type, rdata)]


def test_of_a_name_that_a_person_edited_the_rest_goes() -> None:
    """The address somebody changed stays and is told; the pointer and what else is ours goes."""
    world = by_hand()
    _edited(world, NAME, "A", "10.0.1.99")
    world.ipam_addresses = [in_ipam(IP, None)]
    made = world.census(1)
    assert world.records() == {(NAME, "A", "10.0.1.99")}
    assert rules(made) == {("kept-edit", NAME, "A")}


def test_another_ttl_is_an_edit() -> None:
    """Who changed the TTL has looked at the record, and may want it."""
    world = by_hand()
    for row in world.zone_records:
        row["ttl_s"] = 77
    world.ipam_addresses = [in_ipam(IP, None)]
    made = world.census(1)
    assert world.records() == BARE
    assert {told[0] for told in rules(made)} == {"kept-edit"}


@pytest.mark.parametrize(("rr_type", "rdata"), [("TXT", '"mine"'), ("DHCID", "AAEC")])
def test_a_name_that_others_look_after_is_not_touched(rr_type: str, rdata: str) -> None:
    """A record of another type, or a mark of Kea's, came to stand beside ours."""
    world = by_hand()
    world.zone_records.append(in_zone(NAME, rr_type, rdata))
    world.ipam_addresses = [in_ipam(IP, None)]
    made = world.census(1)
    assert (NAME, "A", IP) in world.records()
    assert {told[0] for told in rules(made)} <= {"never", "kea-name"}
    assert rules(made)


def test_what_keeps_kea_from_a_name_is_not_waited_for() -> None:
    """A lease has claimed the name, handed to D2, which leaves alone what bears no DHCID: ours goes at once."""
    world = by_hand("10.0.0.5")
    world.ipam_addresses = []
    world.census(1, leases=[handed_to_d2("10.0.0.7", BOB, "nas", expires_at=minutes_ago(-600))])
    assert world.records() == NOTHING


def test_all_addresses_of_a_name_are_waited_for_together() -> None:
    """A name a person gave two addresses, one of them in a site that was not read: both stay."""
    world = World(ipam_addresses=[in_ipam(IP, "nas"), in_ipam("10.9.0.5", "nas.example.lan")])
    world.census(0)
    before = world.records()
    assert {(NAME, "A", IP), (NAME, "A", "10.9.0.5")} <= before
    world.ipam_addresses = []
    world.census(1, unread=[failed("cabin")])
    assert world.records() == before
    world.census(2)
    assert world.records() == NOTHING


# --- crashes --------------------------------------------------------------------------------------------------


def test_a_deletion_that_came_true_unnoticed_is_forgotten() -> None:
    """The run died after the server had done it: the next one knows, and does not take a person's record for ours."""
    gone = written("dns", ZONE, NAME, "A", IP, intended="(nothing)")
    world = World(applied=ledger(gone))
    world.census(0)
    assert world.applied.empty
    world.zone_records = [in_zone(NAME, "A", IP)]
    world.census(1)
    assert world.records() == {(NAME, "A", IP)}


def test_a_deletion_that_did_not_come_true_is_made_again() -> None:
    """The run died before the server heard of it."""
    rows: list[Row] = [
        written("dns", ZONE, NAME, "A", IP, intended="(nothing)", named_by="phpipam"),
        written("dns", REVERSE, PTR_NAME, "PTR", NAME, intended="(nothing)", named_by="phpipam"),
    ]
    world = World(applied=ledger(*rows), zone_records=[in_zone(NAME, "A", IP), in_zone(PTR_NAME, "PTR", NAME)])
    world.census(0)
    assert world.records() == NOTHING


# --- phpIPAM --------------------------------------------------------------------------------------------------

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


@pytest.mark.parametrize(
    "more", [{"tag": "Reserved"}, {"tag": "DHCP"}, {"tag": "Mine"}, {"is_gateway": True}, {"last_seen_at": None}]
)
def test_tags_of_people_s_choosing_gateways_and_the_never_seen_stay(more: Row) -> None:
    """Only Used becomes Offline, never a gateway, and never an address of which there was no sign yet."""
    world = quiet(**more)
    world.census(30 * DAY)
    assert world.in_ipam(IP) == in_ipam(IP, None, ALICE, **more)


def test_dns_goes_first() -> None:
    """While a record of ours stands the row is Used; the census after the one that withdrew it sets it Offline."""
    world = leased()
    world.census(10 * DAY)
    assert (world.records(), world.in_ipam(IP)["tag"]) == (WHOLE, "Used")
    world.census(12 * DAY)
    assert (world.records(), world.in_ipam(IP)["tag"], world.in_ipam(IP)["hostname"]) == (NOTHING, "Used", "nas")
    world.census(12 * DAY + 1)
    assert (world.in_ipam(IP)["tag"], world.in_ipam(IP)["hostname"]) == ("Offline", None)


def test_who_is_back_is_used_again_and_has_its_name() -> None:
    """Offline was ours, so it is undone; the name we cleared ourselves is written again."""
    world = leased()
    for hours in (10 * DAY, 12 * DAY, 12 * DAY + 1):
        world.census(hours)
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
    world = leased()
    for hours in (1, 30):
        world.census(hours)
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


@pytest.mark.parametrize("census", [_frozen, _shrunken, _off, _young, _unborn])
def test_phpipam_waits_as_dns_does(census: Callable[[World], Tables]) -> None:
    """A site that was not read, shrank, or a policy that says no: the row stays as it is."""
    world = quiet(last_seen_at=minutes_ago(60 * DAY * 30))
    made = census(world)
    assert world.in_ipam(IP)["tag"] == "Used"
    assert made["ipam_plan"].empty
