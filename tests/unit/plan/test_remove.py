"""The end of a row of phpIPAM, hour by hour: only what we made, what nobody edited, and what the policy says."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache

import pytest

from pipelines import network as network_file
from tests.lives import World, failed
from tests.networks import (
    ALICE,
    NETWORK_TOML,
    Row,
    Tables,
    cells,
    in_zone,
    lease,
    ledger,
    minutes_ago,
    only,
    reservation,
    written,
)

DAY = 24
IP, NAME, PTR_NAME, CIDR = "10.0.1.5", "nas.example.lan.", "5.1.0.10.in-addr.arpa.", "10.0.1.0/24"
LEASE = lease(IP, ALICE, "nas")
POLICY = "remove_rows_after_days = 30\n"


def network(policy: str) -> network_file.Network:
    """The network with this under [withdraw]."""
    return network_file.parse(NETWORK_TOML + "[withdraw]\n" + policy, "network.toml")


def offline(policy: str = POLICY) -> World:
    """A world whose one row we made for a lease, and set Offline 12 days and an hour after the first census."""
    return deepcopy(_offline(policy))


@cache
def _offline(policy: str) -> World:
    """The same, which many tests begin with: four censuses of which none writes into it."""
    world = World(network(policy))
    world.census(0, leases=[LEASE])
    for hours in (10 * DAY, 12 * DAY, 12 * DAY + 1):
        world.census(hours)
    return world


def is_there(world: World) -> bool:
    """Whether phpIPAM still holds the row."""
    return any(row["ip"] == IP for row in world.ipam_addresses)


def deletions(made: Tables) -> list[tuple[object, ...]]:
    """What a deletion would take."""
    return cells(only(made["ipam_plan"], action="delete"), "field", "after")


@pytest.mark.parametrize(("policy", "days", "stands"), [
    (POLICY, 41, True), (POLICY, 42.1, False), ("remove_rows_after_days = 3\n", 16, False), ("", 4000, True),
    ("remove_rows_after_days = 0\n", 4000, True),
])  # fmt: skip
def test_a_row_goes_so_many_days_after_it_was_set_offline(policy: str, days: float, stands: bool) -> None:  # noqa: FBT001 - parametrized
    """By default never."""
    world = offline(policy)
    assert world.in_ipam(IP)["tag"] == "Offline"
    world.census(days * DAY)
    assert is_there(world) == stands


def test_nothing_is_left_of_it() -> None:
    """Every field it loses stands in the plan, the ledger forgets it, and the next census has nothing to do."""
    world = offline()
    made = world.census(43 * DAY)
    assert deletions(made) == [("lastSeen", None), ("mac", None), ("row", None), ("tag", None)]
    assert only(world.applied, target="phpipam").empty
    made = world.census(44 * DAY)
    assert made["ipam_plan"].empty


def test_who_returns_gets_a_new_row() -> None:
    """As any device that is seen for the first time; that row is ours again."""
    world = offline()
    world.census(43 * DAY)
    back = lease(IP, ALICE, "nas", cltt_at=minutes_ago(-44 * DAY * 60), expires_at=minutes_ago(-45 * DAY * 60))
    world.census(44 * DAY, leases=[back])
    assert (world.in_ipam(IP)["hostname"], world.in_ipam(IP)["tag"]) == ("nas", "Used")
    assert set(cells(only(world.applied, subject=IP), "field")) == {("hostname",), ("mac",), ("row",)}


@pytest.mark.parametrize("edit", [
    {"is_bare": False}, {"description": "the old one"}, {"hostname": "attic"}, {"mac": None},
    {"mac": "02:00:00:00:00:77"}, {"tag": "Used"}, {"tag": "Reserved"}, {"tag": "Mine"}, {"is_gateway": True},
    {"id_phpipam": 4711}, {"last_seen_at": None},
])  # fmt: skip
def test_a_row_that_somebody_edited_stays(edit: Row) -> None:
    """A note, an owner, a field of their own (all told by `is_bare`), any field of ours, or made anew by hand."""
    world = offline()
    world.in_ipam(IP).update(edit)
    made = world.census(43 * DAY)
    assert deletions(made) == []
    assert is_there(world)


def test_a_row_that_we_only_filled_stays() -> None:
    """Who made it, may want it."""
    world = World(network(POLICY))
    world.census(0, leases=[LEASE])
    world.applied = world.applied[world.applied["field"] != "row"]
    for days in (10, 12, 12.1, 43):
        world.census(days * DAY)
    assert (world.in_ipam(IP)["tag"], is_there(world)) == ("Offline", True)


@pytest.mark.parametrize("record", [
    in_zone("attic.example.lan.", "A", IP), in_zone(PTR_NAME, "PTR", "attic.example.lan."),
])  # fmt: skip
def test_dns_goes_first_whoever_wrote_it(record: Row) -> None:
    """While any record in our zones speaks of the address, its row stays."""
    world = offline()
    world.zone_records = [record]
    world.census(43 * DAY)
    assert is_there(world)


def _reserved(world: World) -> Tables:
    return world.census(43 * DAY, reservations=[reservation(IP, ALICE)])


def _frozen(world: World) -> Tables:
    return world.census(43 * DAY, unread=[failed("home")])


def _unread_zone(world: World) -> Tables:
    return world.census(43 * DAY, unread=[failed("*", "zone/1.0.10.in-addr.arpa")])


def _shrunken(world: World) -> Tables:
    world.rows = 50
    return world.census(43 * DAY)


def _off(world: World) -> Tables:
    world.network = network(POLICY + "enabled = false")
    return world.census(43 * DAY)


def _young(world: World) -> Tables:
    world.born_at = minutes_ago(-37 * DAY * 60)
    return world.census(43 * DAY)


def _lost(world: World) -> Tables:
    world.applied = ledger()
    return world.census(43 * DAY)


@pytest.mark.parametrize("census", [_reserved, _frozen, _unread_zone, _shrunken, _off, _young, _lost])
def test_what_cannot_be_told_for_certain_is_not_removed(census: Callable[[World], Tables]) -> None:
    """The guards of every other deletion hold here."""
    world = offline()
    made = census(world)
    assert deletions(made) == []
    assert is_there(world)


def test_a_deletion_that_came_true_unnoticed_is_forgotten() -> None:
    """The run died after the database had done it."""
    fields = {"mac": ALICE, "tag": "Offline", "row": "1000"}
    rows = [written("phpipam", CIDR, IP, name, value, intended="(nothing)") for name, value in fields.items()]
    world = World(network(POLICY), applied=ledger(*rows))
    made = world.census(0)
    assert set(made["ipam_plan"]["action"]) == {"forget"}
    assert world.applied.empty
