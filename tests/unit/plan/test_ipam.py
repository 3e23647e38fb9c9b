"""The plan for phpIPAM: what is created, updated, touched, adopted, and what is left alone."""

import pandas as pd
import pytest

from tests.networks import (
    ALICE,
    AT,
    BOB,
    CAROL,
    Row,
    Tables,
    cells,
    census,
    hour,
    in_ipam,
    ipam_subnet,
    lease,
    ledger,
    minutes_ago,
    neighbour,
    only,
    reservation,
    source,
    written,
)

IP, CIDR = "10.0.1.5", "10.0.1.0/24"
LEASE = lease(IP, ALICE, "nas")


def planned(made: Tables) -> list[tuple[object, ...]]:
    """What is to be done to each field, and to what it is to be changed."""
    return cells(only(made["ipam_plan"]), "action", "field", "before", "after")


def withheld(made: Tables, **values: object) -> list[tuple[object, ...]]:
    """What is left alone in phpIPAM."""
    return cells(only(made["withheld"], target="phpipam", **values), "rule", "subject", "field")


def test_a_new_address_is_created_with_name_mac_and_the_time_it_was_seen() -> None:
    """One row of the plan per field; the time is the lease's, not now."""
    assert planned(census(hour(leases=[LEASE]))) == [
        ("create", "hostname", None, "nas"),
        ("create", "lastSeen", None, "2026-03-01T11:50:00Z"),
        ("create", "mac", None, ALICE),
    ]


def test_a_reserved_address_nobody_used_is_created_without_a_time() -> None:
    """Never seen is never, not now."""
    made = census(hour(reservations=[reservation(IP, ALICE, "nas")]))
    assert planned(made) == [("create", "hostname", None, "nas"), ("create", "mac", None, ALICE)]


def test_empty_fields_are_filled() -> None:
    """What nobody entered is ours to fill."""
    made = census(hour(leases=[LEASE], ipam_addresses=[in_ipam(IP)]))
    assert planned(made) == [("update", "hostname", None, "nas"), ("update", "mac", None, ALICE)]


def test_what_we_wrote_follows_the_network() -> None:
    """A name and a MAC of ours are updated, from exactly what phpIPAM holds."""
    ours = ledger(written("phpipam", CIDR, IP, "hostname", "old"), written("phpipam", CIDR, IP, "mac", BOB))
    made = census(hour(leases=[LEASE], ipam_addresses=[in_ipam(IP, "old", BOB)]), ours)
    assert planned(made) == [("update", "hostname", "old", "nas"), ("update", "mac", BOB, ALICE)]


def test_what_a_person_entered_is_kept_and_said() -> None:
    """A name and a MAC that somebody else entered stay, each with a line that says so."""
    made = census(hour(leases=[LEASE], ipam_addresses=[in_ipam(IP, "Bedroom TV!", BOB)]))
    assert planned(made) == []
    assert withheld(made, rule="kept-edit") == [("kept-edit", IP, "hostname"), ("kept-edit", IP, "mac")]


def test_what_a_person_entered_over_ours_says_how_to_undo_it() -> None:
    """A MAC is a person's over one we wrote: clearing it would leave it empty, entering ours again lets it follow."""
    ours = ledger(written("phpipam", CIDR, IP, "mac", BOB))
    made = census(hour(leases=[LEASE], ipam_addresses=[in_ipam(IP, "nas", CAROL)]), ours)
    (told,) = only(made["withheld"], rule="kept-edit")["reason"]
    assert told.endswith(f"enter what we wrote: {BOB}")
    followed = census(hour(leases=[LEASE], ipam_addresses=[in_ipam(IP, "nas", BOB)]), ours)
    assert ("update", "mac", BOB, ALICE) in planned(followed)


def test_what_a_person_cleared_stays_cleared() -> None:
    """A field of ours that somebody emptied is not filled again, and its line says how to have it back."""
    ours = ledger(written("phpipam", CIDR, IP, "hostname", "nas"), written("phpipam", CIDR, IP, "mac", ALICE))
    made = census(hour(leases=[LEASE], ipam_addresses=[in_ipam(IP)]), ours)
    assert planned(made) == []
    assert set(only(made["withheld"], rule="kept-edit")["reason"]) == {
        "somebody cleared what we wrote; enter it by hand to have it back"
    }


@pytest.mark.parametrize(("hostname", "mac"), [("NAS", "52-54-00-00-00-0A"), ("nas.example.lan", "5254.0000.000a")])
def test_what_means_the_same_is_adopted_as_it_stands(hostname: str, mac: str) -> None:
    """Another spelling is no difference: nothing is rewritten, but from now on the fields are ours."""
    made = census(hour(leases=[LEASE], ipam_addresses=[in_ipam(IP, hostname, mac)]))
    assert planned(made) == [("adopt", "hostname", hostname, hostname), ("adopt", "mac", mac, mac)]


def test_a_persons_own_name_is_never_adopted() -> None:
    """A name no lease or reservation says remains its author's: adopted, it would fall to the next lease."""
    made = census(hour(neighbours=[neighbour(IP, ALICE)], ipam_addresses=[in_ipam(IP, "nas", ALICE)]))
    assert planned(made) == [("adopt", "mac", ALICE, ALICE)]


def test_without_a_ledger_nothing_is_overwritten() -> None:
    """After a lost ledger the plan only creates, fills and adopts; what differs is kept."""
    held = [in_ipam(IP, "old", BOB), in_ipam("10.0.1.6", "tv", BOB)]
    leases = [LEASE, lease("10.0.1.6", BOB, "tv"), lease("10.0.1.7", ALICE, "cam")]
    made = census(hour(leases=leases, ipam_addresses=held))
    assert set(made["ipam_plan"]["action"]) == {"create", "adopt"}


def test_an_interrupted_write_is_known_again() -> None:
    """What reads as we were about to write it is ours, though no answer came."""
    ours = ledger(written("phpipam", CIDR, IP, "hostname", "older", intended="old"))
    made = census(hour(leases=[LEASE], ipam_addresses=[in_ipam(IP, "old", ALICE)]), ours)
    assert ("update", "hostname", "old", "nas") in planned(made)


@pytest.mark.parametrize("mark", [{"is_gateway": True}, {"tag": "Reserved"}])
@pytest.mark.parametrize("texts", [(None, None), ("old", BOB)])
def test_marked_rows_are_left_to_people(mark: Row, texts: tuple[str | None, str | None]) -> None:
    """A gateway's and a reserved row's name and MAC are never changed, ours or empty; they are only seen."""
    ours = [written("phpipam", CIDR, IP, "hostname", "old"), written("phpipam", CIDR, IP, "mac", BOB)]
    row = in_ipam(IP, *texts, last_seen_at=None) | mark
    made = census(hour(leases=[LEASE], ipam_addresses=[row]), ledger(*(ours if texts[0] else [])))
    assert planned(made) == [("touch", "lastSeen", None, "2026-03-01T11:50:00Z")]
    assert withheld(made, rule="locked") == [("locked", IP, "hostname"), ("locked", IP, "mac")]


@pytest.mark.parametrize(
    ("is_pinged", "age_minutes", "is_due"),
    [(True, 44.9, False), (True, 45, True), (False, 24 * 60 - 1, False), (False, 24 * 60, True), (False, 45, False)],
)
def test_last_seen_is_written_when_its_reader_needs_it(is_pinged: bool, age_minutes: float, is_due: bool) -> None:  # noqa: FBT001 - pytest's parameters
    """With a status dot after 45 minutes, elsewhere after a day, and not before."""
    held = in_ipam(IP, "nas", ALICE, last_seen_at=minutes_ago(10 + age_minutes))
    subnets = [ipam_subnet(CIDR, is_pinged=is_pinged)]
    made = census(hour(leases=[LEASE], ipam_addresses=[held], ipam_subnets=subnets))
    assert len(only(made["ipam_plan"], action="touch")) == is_due


@pytest.mark.parametrize("later", [0, 60, 60 * 24 * 400])
def test_last_seen_never_moves_backwards(later: float) -> None:
    """Evidence older than what phpIPAM holds changes nothing, however much older."""
    held = in_ipam(IP, "nas", ALICE, last_seen_at=minutes_ago(10 - later))
    assert only(census(hour(leases=[LEASE], ipam_addresses=[held]))["ipam_plan"], action="touch").empty


def test_an_address_nobody_sees_is_not_touched() -> None:
    """No evidence, no time: phpIPAM's own is kept."""
    assert planned(census(hour(ipam_addresses=[in_ipam(IP, "nas", ALICE)]))) == []


def test_a_sighting_is_never_later_than_the_reading() -> None:
    """No `lastSeen` lies after the instant the sources were asked."""
    made = census(hour(leases=[LEASE], neighbours=[neighbour(IP, ALICE)]))
    assert (pd.to_datetime(only(made["ipam_plan"], field="lastSeen")["after"]) < AT).all()


def test_an_unread_source_freezes_its_site_and_no_other() -> None:
    """One source of a site that failed keeps every row of that site out of both plans, and the reason is said."""
    leases = [LEASE, lease("10.9.0.5", BOB, "tv")]
    made = census(hour(unread=[source("home", "arp", "timed out")], leases=leases))
    assert set(made["ipam_plan"]["site"]) == set(made["dns_plan"]["site"]) == {"cabin"}
    assert cells(only(made["withheld"], rule="frozen"), "site", "reason") == [("home", "arp: timed out")]


@pytest.mark.parametrize(
    ("subnets", "reason"),
    [
        ([], "phpIPAM has no such subnet"),
        ([ipam_subnet(CIDR), ipam_subnet(CIDR, id_phpipam=80, section="Lab")], "phpIPAM has it more than once"),
        ([ipam_subnet(CIDR), ipam_subnet(CIDR, id_phpipam=80, vrf="blue")], "phpIPAM has it more than once"),
        ([ipam_subnet(CIDR, is_leaf=False), ipam_subnet("10.0.1.0/25")], "phpIPAM has smaller subnets below it"),
    ],
    ids=["absent", "in two sections", "in two VRFs", "a parent"],
)
def test_a_subnet_that_cannot_be_told_is_withheld(subnets: list[Row], reason: str) -> None:
    """An absent, ambiguous or parent subnet gets no row, and a line with what to do."""
    others = [ipam_subnet("10.0.0.0/24"), ipam_subnet("10.9.0.0/24")]
    made = census(hour(leases=[LEASE, lease("10.0.0.5", BOB, "tv")], ipam_subnets=[*others, *subnets]))
    assert set(made["ipam_plan"]["cidr"]) == {"10.0.0.0/24"}
    (told,) = only(made["withheld"], rule="subnet", subject=CIDR)["reason"]
    assert told.startswith(reason)


def test_subnets_are_found_by_prefix_whatever_their_id() -> None:
    """The id is phpIPAM's own and taken from it."""
    made = census(hour(leases=[LEASE], ipam_subnets=[ipam_subnet(CIDR, id_phpipam=4711)]))
    assert set(made["ipam_plan"]["subnet_id_phpipam"]) == {4711}


@pytest.mark.parametrize("ip", ["10.0.1.0", "10.0.1.255"])
def test_network_and_broadcast_addresses_are_never_planned(ip: str) -> None:
    """Not even when a reservation or a row of phpIPAM stands there."""
    parsed = hour(reservations=[reservation(ip, ALICE, "nas")], ipam_addresses=[in_ipam(ip)])
    assert planned(census(parsed)) == []


@pytest.mark.parametrize(("seen", "touches"), [("01:50", 0), ("02:55", 1)])
def test_in_the_hour_that_autumn_repeats_last_seen_does_not_go_back(seen: str, touches: int) -> None:
    """First 03:55 by Sofia's wall, 55 minutes later 03:50: as text that is earlier, so it waits for 04:00."""
    held = in_ipam(IP, None, ALICE, last_seen_at=pd.Timestamp("2026-10-25T00:55:00Z"))
    arp = neighbour(IP, ALICE, confirmed_at=pd.Timestamp(f"2026-10-25T{seen}:00Z"))
    made = census(hour(neighbours=[arp], ipam_addresses=[held]))
    assert len(only(made["ipam_plan"], action="touch")) == touches
