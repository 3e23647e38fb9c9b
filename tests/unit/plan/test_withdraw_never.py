"""What is not taken back from DNS, though nothing wants it any more; and a run that died while it took something."""

from collections.abc import Callable

import pytest

from tests.lives import World, failed
from tests.networks import (
    ALICE,
    BOB,
    Row,
    Tables,
    handed_to_d2,
    in_ipam,
    in_zone,
    ledger,
    minutes_ago,
    only,
    reservation,
    written,
)
from tests.unit.plan.withdrawing import (
    BARE,
    IP,
    NAME,
    NOTHING,
    PTR_NAME,
    REVERSE,
    WHOLE,
    ZONE,
    by_hand,
    frozen,
    leased,
    lost,
    off,
    rules,
    shrunken,
    unborn,
    without_subnet,
    young,
)


@pytest.mark.parametrize(
    ("census", "rule"),
    [
        (frozen, "frozen"),
        (shrunken, "shrunken"),
        (off, "withdraw-off"),
        (young, "withdraw-later"),
        (unborn, "withdraw-later"),
        (lost, None),
        (without_subnet, "frozen"),
    ],
)
def test_what_cannot_be_told_for_certain_is_not_taken_back(census: Callable[[World], Tables], rule: str | None) -> None:
    """Two days after the lease ended it would be time; yet nothing goes, and the report says why."""
    world = leased(30)
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
