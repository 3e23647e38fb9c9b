"""Names between us and Kea's D2: what it left when it was switched off, and our records that become its own."""

import pandas as pd
import pytest

from pipelines.plan.past import Past
from pipelines.reconcile.dhcid import dhcid
from pipelines.values import OwnerName, mac
from tests.lives import World
from tests.networks import (
    ALICE,
    BOB,
    Row,
    Tables,
    cells,
    census,
    handed_to_d2,
    hour,
    in_ipam,
    in_zone,
    lease,
    ledger,
    minutes_ago,
    only,
    reservation,
    written,
)

ON, OFF = "10.0.0.5", "10.0.1.5"
NAME, ZONE = OwnerName("nas.example.lan."), "example.lan."
D2_TTL_S = 1200


def registered(ip: str, device: str = ALICE, address: str | None = None) -> list[Row]:
    """What D2 writes for a lease of that name."""
    mark, pointer = str(dhcid(NAME, mac(device), None)), f"{'.'.join(reversed(ip.split('.')))}.in-addr.arpa."
    pairs = [(NAME, "A", address or ip), (NAME, "DHCID", mark), (pointer, "PTR", NAME), (pointer, "DHCID", mark)]
    return [in_zone(*one, ttl_s=D2_TTL_S) for one in pairs]


def long_lease(ip: str = OFF) -> Row:
    """A lease of Alice's that outlasts the test's first hours."""
    return lease(ip, ALICE, "nas", valid_s=36000, expires_at=minutes_ago(-600))


def test_what_d2_left_is_inherited_and_withdrawn_with_the_lease() -> None:
    """Without a word, and no message is sent; a day after the lease has ended, all of it goes."""
    world = World(zone_records=registered(OFF))
    made = world.census(0, leases=[long_lease()])
    assert set(cells(made["dns_plan"], "action")) == {("inherit",)}
    assert only(made["withheld"], target="dns").empty
    assert not only(world.applied, target="dns")["is_adopted"].any()
    assert len(world.records()) == 4
    world.census(1, leases=[long_lease()])
    made = world.census(2, leases=[long_lease()])
    assert made["dns_plan"].empty
    world.census(33.9, leases=[long_lease()])
    assert len(world.records()) == 4
    world.census(34.1, leases=[long_lease()])
    assert world.records() == set()


def test_our_own_names_are_found_again_after_the_ledger_was_lost() -> None:
    """They look like Kea's; with D2 off nobody but us can have them."""
    world = World()
    world.census(0, leases=[long_lease()])
    assert len(world.records()) == 4
    world.applied = ledger()
    made = world.census(1, leases=[long_lease()])
    assert set(cells(made["dns_plan"], "action")) == {("inherit",)}
    world.census(35, leases=[long_lease()])
    assert world.records() == set()


@pytest.mark.parametrize(("records", "leases"), [
    (registered(ON), [handed_to_d2(ON, ALICE, "nas")]),
    (registered(ON), [lease(ON, ALICE, "nas")]),
    (registered(OFF, BOB), [long_lease()]),
    (registered(OFF), []),
    ([*registered(OFF), in_zone(NAME, "DHCID", "AAEC")], [long_lease()]),
])  # fmt: skip
def test_what_may_be_somebody_elses_is_not_inherited(records: list[Row], leases: list[Row]) -> None:
    """Where D2 is on; another device's DHCID; no lease that would bear it; two DHCIDs: forward, nothing is ours."""
    made = census(hour(zone_records=records, leases=leases))
    assert NAME not in set(made["dns_plan"]["owner"])


def test_an_address_that_does_not_agree_stays_with_its_mark() -> None:
    """The DHCID alone does not make ours what another A says."""
    made = census(hour(zone_records=registered(OFF, address="10.0.1.99"), leases=[long_lease()]))
    assert ("inherit", NAME, "A") not in cells(made["dns_plan"], "action", "owner", "type")
    assert ("kept-edit", NAME, "A") in cells(made["withheld"], "rule", "subject", "field")


def test_our_record_that_is_right_already_gets_the_lease_s_mark() -> None:
    """A plain A keeps D2 out; with the DHCID that D2 would have written it is D2's, and the name is never gone."""
    pointer = "5.0.0.10.in-addr.arpa."
    records = [in_zone(NAME, "A", ON), in_zone(pointer, "PTR", NAME)]
    ours = ledger(written("dns", ZONE, NAME, "A", ON), written("dns", "0.0.10.in-addr.arpa.", pointer, "PTR", NAME))
    made = census(hour(zone_records=records, leases=[handed_to_d2(ON, ALICE, "nas")]), ours)
    mark = str(dhcid(NAME, mac(ALICE), None))
    assert cells(made["dns_plan"], "action", "type", "before", "after") == [
        ("create", "DHCID", None, mark), ("update", "A", ON, ON),
    ]  # fmt: skip
    assert list(made["heal_plan"]["ip"]) == [ON]


def test_after_the_mark_the_ledger_lets_go_of_it() -> None:
    """Once D2 has written the PTR as well, all of it is D2's."""
    world = World(ipam_addresses=[in_ipam(ON, "nas")])
    world.census(0)
    world.ipam_addresses = [in_ipam(ON, None, ALICE)]
    phone = handed_to_d2(ON, ALICE, "nas", expires_at=minutes_ago(-600))
    world.census(1, leases=[phone])
    assert (NAME, "A", ON) in world.records()
    world.zone_records = registered(ON)  # D2 did as it was asked
    made = world.census(2, leases=[phone])
    assert set(cells(made["dns_plan"], "action")) == {("forget",)}
    assert only(world.applied, target="dns").empty
    assert isinstance(made["registrations"], pd.DataFrame)


MARKED_A, POINTER_S = registered(OFF)[:2], registered(OFF)[2:]


def after_roaming(standing: list[Row], *, asked: bool = True, **tables_of_hour: list[Row]) -> Tables:
    """A census that finds this of the four RRsets we once wrote for the lease that still runs."""
    ours = [written("dns", str(one["zone"]), str(one["owner"]), str(one["type"]), str(one["rdata"])) for one in (
        *MARKED_A, *POINTER_S)]  # fmt: skip
    parsed = hour(zone_records=[*standing, *POINTER_S], leases=[long_lease()], **tables_of_hour)
    return census(parsed, ledger(*ours), past=Past(asked=None if asked else frozenset()))


def test_a_name_that_d2_took_over_and_away_is_given_back() -> None:
    """Neither the address nor the mark is there: a device roamed by and left, and no person deleted anything."""
    made = after_roaming([])
    changes = cells(made["dns_plan"][made["dns_plan"]["owner"] == NAME], "action", "type", "before", "after")
    assert changes == [("create", "A", None, OFF), ("create", "DHCID", None, MARKED_A[1]["rdata"])]
    assert only(made["withheld"], target="dns").empty


@pytest.mark.parametrize("standing", [MARKED_A[1:], [in_zone(NAME, "TXT", "mine")]], ids=["the mark", "another's"])
def test_of_what_a_person_deletes_something_stands(standing: list[Row]) -> None:
    """The mark beside the address, or what they put in its place: it stays deleted."""
    made = after_roaming(standing)
    assert NAME not in set(made["dns_plan"]["owner"])
    assert {("A",)} <= set(cells(only(made["withheld"], subject=NAME), "field"))


def test_without_d2_or_news_of_its_leases_a_person_deleted_it() -> None:
    """Where D2 is on nowhere; and in a run that did not ask the gateway, whose leases may have ended since."""
    off = [{"site": "home", "subnet": "10.0.1.0/24", "is_ddns_on": False, "ddns_suffix": None, "pools": None}]
    for made in (after_roaming([], dhcp_subnets=off), after_roaming([], asked=False)):
        assert NAME not in set(made["dns_plan"]["owner"])
        assert ("kept-edit", "A") in cells(made["withheld"], "rule", "field")


@pytest.mark.parametrize(("address", "stays"), [(ON, True), ("10.0.1.99", False)], ids=["D2", "a person"])
def test_the_mark_that_d2_took_over_with_the_name_stays(address: str, *, stays: bool) -> None:
    """Beside an address where D2 is on, it is D2's, though the ledger has it; beside a person's it goes."""
    world = World()
    world.census(0, leases=[long_lease()])
    another = {"rdata": address, "ttl_s": D2_TTL_S}
    world.zone_records = [row | another if row["type"] == "A" else row for row in world.zone_records]
    for hours in (11, 36, 61):
        world.census(hours)
    assert (NAME, "A", address) in world.records()
    assert ((NAME, "DHCID", MARKED_A[1]["rdata"]) in world.records()) == stays


PRETENDER = handed_to_d2(ON, BOB, "nas")


@pytest.mark.parametrize("owner", [
    {"reservations": [reservation(OFF, ALICE, "nas")]},
    {"ipam_addresses": [in_ipam(OFF, "nas")]},
    {"leases": [long_lease()], "zone_records": [in_zone(NAME, "A", OFF)]},
], ids=["reserved", "typed", "had it first"])  # fmt: skip
def test_who_calls_himself_like_another_keeps_nobody_from_that_one_s_name(owner: dict[str, list[Row]]) -> None:
    """A lease whose name is granted to others is not Kea's to name: the name is looked after as without it."""
    with_pretender = owner | {"leases": [*owner.get("leases", []), PRETENDER]}
    alone, beside = (
        cells(census(hour(**one))["dns_plan"], "owner", "type", "after") for one in (owner, with_pretender)
    )
    assert (NAME, "A", OFF) in alone
    assert alone == beside


def test_what_d2_has_registered_for_a_pretender_is_not_touched() -> None:
    """It came first, and its DHCID stands there: that is told, by its registration, and a person may clear it."""
    made = census(
        hour(zone_records=registered(ON, BOB), reservations=[reservation(OFF, ALICE, "nas")], leases=[PRETENDER])
    )
    assert NAME not in set(made["dns_plan"]["owner"])
    assert ("kea-name", "A") in cells(only(made["withheld"], subject=NAME), "rule", "field")
