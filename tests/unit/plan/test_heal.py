"""Kea's names that DNS lacks: what is found of each, what is asked of Kea, and what is left to a person."""

from typing import Any

import pandas as pd
import pytest

from pipelines import network as network_file
from pipelines import tables
from pipelines.network import Network
from pipelines.plan.past import Past
from pipelines.plan.plans import plans
from pipelines.reconcile.account import account
from pipelines.reconcile.dhcid import dhcid
from pipelines.values import OwnerName, mac
from tests.networks import (
    ALICE,
    BOB,
    NETWORK,
    NETWORK_TOML,
    Row,
    Tables,
    cells,
    frame,
    handed_to_d2,
    hour,
    in_ipam,
    in_zone,
    ledger,
    minutes_ago,
    only,
    reservation,
    written,
)

IP, NAME, PTR_NAME = "10.0.0.5", OwnerName("nas.example.lan."), "5.0.0.10.in-addr.arpa."
ZONE, REVERSE = "example.lan.", "0.0.10.in-addr.arpa."
LEASE = handed_to_d2(IP, ALICE, "nas.example.lan.")
MARK, OTHER = str(dhcid(NAME, mac(ALICE), None)), str(dhcid(NAME, mac(BOB), None))
A, PTR = in_zone(NAME, "A", IP), in_zone(PTR_NAME, "PTR", NAME)
MARKS = [in_zone(NAME, "DHCID", MARK), in_zone(PTR_NAME, "DHCID", MARK)]
RIGHT = [A, PTR, *MARKS]


def census(
    parsed: Tables,
    applied: pd.DataFrame | None = None,
    network: Network = NETWORK,
    resent: list[Row] | None = None,
    sites: frozenset[str] | None = None,
) -> Tables:
    """The tables of reconcile and plan by name, Kea having been asked before as `resent` says, now at `sites`."""
    remembered = tables.APPLIED.empty() if applied is None else applied
    made = account(parsed, remembered, network=network)
    past = Past(resent=frame(tables.RESENT, resent or []), asked=sites)
    return made | plans(parsed, made, remembered, network=network, past=past)


def found(*records: Row, leases: list[Row] | None = None, **others: Any) -> Tables:
    """The census of one lease, with these records in DNS."""
    applied = others.pop("applied", None)
    return census(hour(leases=leases or [LEASE], zone_records=list(records), **others), applied)


def verdict(made: Tables, ip: str = IP) -> str:
    """What is found of the lease on an address."""
    (text,) = only(made["registrations"], ip=ip)["verdict"]
    return str(text)


def asked(made: Tables) -> list[str]:
    """The addresses of the leases Kea is asked to register again."""
    return list(made["heal_plan"]["ip"])


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (RIGHT, "right"),
        ([], "missing"),
        ([A, *MARKS[:1]], "missing"),
        ([A, PTR, *MARKS[:1]], "missing"),
        ([in_zone(NAME, "A", "10.0.0.9"), *MARKS[:1]], "missing"),
        ([A, *MARKS, in_zone(PTR_NAME, "PTR", "old.example.lan.")], "blocked"),
        (
            [A, *MARKS[:1], in_zone(PTR_NAME, "PTR", "old.example.lan."), in_zone(PTR_NAME, "DHCID", OTHER)],
            "missing",
        ),
        ([A, *MARKS[:1], in_zone(PTR_NAME, "PTR", "old.example.lan.")], "blocked"),
        ([A], "blocked"),
        ([in_zone(NAME, "TXT", '"mine"')], "blocked"),
        ([A, in_zone(NAME, "DHCID", OTHER)], "other-device"),
    ],
)
def test_every_lease_gets_one_verdict(records: list[Row], expected: str) -> None:
    """By what stands at its name, and where that is right, at its PTR; only what D2 can do is asked of Kea."""
    made = found(*records)
    assert verdict(made) == expected
    assert asked(made) == ([IP] if expected == "missing" else [])
    assert tables.REGISTRATIONS.violations(made["registrations"]) == []


def test_where_d2_is_off_nothing_is_registered() -> None:
    """There we are the writer."""
    assert found(leases=[handed_to_d2("10.0.1.5", ALICE, "nas")])["registrations"].empty


@pytest.mark.parametrize("name", ["a_b", "nas.elsewhere.org", "7"])
def test_a_name_that_is_none_of_ours_is_told(name: str) -> None:
    """Illegal, or outside our zones: nothing can be looked up, and nothing is asked."""
    made = found(leases=[handed_to_d2(IP, ALICE, name)])
    assert (verdict(made), asked(made)) == ("unmatched", [])


@pytest.mark.parametrize("name", ["wpad", "ns1"])
def test_a_reserved_name_is_not_healed(name: str) -> None:
    """What no client may be called is no loss; its claim is contested, and that is told once."""
    made = found(leases=[handed_to_d2(IP, ALICE, name)])
    assert (verdict(made), asked(made)) == ("missing", [])
    assert set(only(made["withheld"], subject=IP)["rule"]) == {"contested"}
    assert "kea-missing" not in set(made["withheld"]["rule"])


def test_one_device_with_two_leases_is_not_registered_back_and_forth() -> None:
    """A client with one identifier on two subnets has one name: it is at whichever address came last."""
    both = [handed_to_d2(ip, ALICE, "nas", client_id="ff00000001aabbccddeeff") for ip in (IP, "10.0.0.6")]
    mark = str(dhcid(NAME, mac(ALICE), "ff00000001aabbccddeeff"))
    six = "6.0.0.10.in-addr.arpa."
    pointers = [in_zone(owner, "PTR", NAME) for owner in (PTR_NAME, six)]
    marks = [in_zone(owner, "DHCID", mark) for owner in (NAME, PTR_NAME, six)]
    made = found(in_zone(NAME, "A", "10.0.0.6"), *pointers, *marks, leases=both)
    assert (verdict(made), verdict(made, "10.0.0.6"), asked(made)) == ("right", "right", [])


def test_whose_the_name_is_instead_is_said() -> None:
    """The impostor is found among the leases by trying; to the owner the script is given that clears the name."""
    impostor = handed_to_d2("10.0.0.66", BOB, "nas")
    records = [in_zone(NAME, "A", "10.0.0.66"), in_zone(NAME, "DHCID", OTHER)]
    made = found(*records, leases=[LEASE, impostor], reservations=[reservation(IP, ALICE, "nas")])
    (row,) = only(made["registrations"], ip=IP).to_dict("records")
    assert f"10.0.0.66 ({BOB})" in row["reason"]
    assert row["nsupdate"].split("\n") == [
        "server 10.0.0.3 53", f"zone {ZONE}", f"prereq yxrrset {NAME} A 10.0.0.66",
        f"prereq yxrrset {NAME} DHCID {OTHER}", f"update delete {NAME} A", f"update delete {NAME} DHCID", "send",
    ]  # fmt: skip
    assert only(made["registrations"], ip="10.0.0.66")["nsupdate"].isna().all()


def test_text_from_the_zone_never_gets_into_a_script() -> None:
    """A TXT is only said to be there: its text could end the line and begin another command."""
    made = found(in_zone(NAME, "TXT", '"x"\nupdate delete example.lan. SOA'))
    (script,) = made["registrations"]["nsupdate"]
    assert f"prereq yxrrset {NAME} TXT\n" in script
    assert "SOA" not in script


def test_what_we_wrote_is_taken_out_of_the_way_with_its_pointer() -> None:
    """Both in one plan, and Kea is asked after it; a record we only found and adopted is not ours to delete."""
    nine = "9.0.0.10.in-addr.arpa."
    records = [in_zone(NAME, "A", "10.0.0.9"), in_zone(nine, "PTR", NAME)]
    ours = [written("dns", ZONE, NAME, "A", "10.0.0.9"), written("dns", REVERSE, nine, "PTR", NAME)]
    made = found(*records, applied=ledger(*ours))
    gone = only(made["dns_plan"], action="delete")
    assert cells(gone, "owner", "type", "before") == [(nine, "PTR", NAME), (NAME, "A", "10.0.0.9")]
    assert asked(made) == [IP]
    made = found(*records, applied=ledger(*({**row, "is_adopted": True} for row in ours)))
    assert only(made["dns_plan"], action="delete").empty
    assert (verdict(made), asked(made)) == ("blocked", [])


def test_what_is_told_is_told_once() -> None:
    """The registration's verdict stands for what the plan leaves alone at the name and its PTR."""
    made = found(in_zone(NAME, "A", "10.0.0.9"))
    told = only(made["withheld"], target="dns")
    assert cells(told[told["subject"].isin([NAME, PTR_NAME])], "rule", "subject") == [("kea-blocked", NAME)]


def resent(minutes: float, reason: str, tries: int = 1) -> list[Row]:
    """Kea was asked so long ago, in this state."""
    return [{"site": "home", "ip": IP, "name": NAME, "tries": tries, "reason": reason, "at": minutes_ago(minutes)}]


@pytest.mark.parametrize(
    ("minutes", "tries", "is_asked"),
    [
        (20, 1, False),
        (59, 1, True),
        (59, 2, False),
        (110, 2, True),
        (300, 4, False),
        (1430, 12, False),
        (1441, 12, True),
    ],
)
def test_the_wait_doubles_with_every_vain_try(minutes: float, tries: int, *, is_asked: bool) -> None:
    """An hourly census asks after one hour, two, four, at last once a day: D2 may not know the zone at all."""
    state = f"DNS has nothing at {NAME}"
    made = census(hour(leases=[LEASE]), resent=resent(minutes, state, tries))
    assert asked(made) == ([IP] if is_asked else [])
    assert list(made["heal_plan"]["tries"]) == ([tries + 1] if is_asked else [])
    (told,) = only(made["withheld"], rule="kea-missing")["reason"]
    assert ("kea-dhcp-ddns" in told) == (not is_asked and tries >= 3)


def test_another_state_is_another_matter() -> None:
    """Something changed since: there is no reason to wait."""
    made = census(hour(leases=[LEASE]), resent=resent(1, "blocked by something", tries=9))
    assert list(made["heal_plan"]["tries"]) == [1]


def test_at_most_fifty_are_asked_for_and_first_those_that_never_were() -> None:
    """The others wait for the next run."""
    leases = [handed_to_d2(f"10.0.0.{n}", f"52:54:00:00:01:{n:02x}", f"host{n}") for n in range(5, 66)]
    early = [row | {"name": "host5.example.lan."} for row in resent(300, "DNS has nothing at host5.example.lan.")]
    made = census(hour(leases=leases), resent=early)
    assert len(asked(made)) == 50
    assert IP not in asked(made)


def test_it_can_be_turned_off() -> None:
    """Then it is only told."""
    text = NETWORK_TOML.replace('server = "10.0.0.3"', 'server = "10.0.0.3"\nheal = false')
    made = census(hour(leases=[LEASE]), network=network_file.parse(text, "network.toml"))
    assert asked(made) == []
    assert "heal is false" in only(made["withheld"], rule="kea-missing")["reason"].iloc[0]


def test_old_answers_of_the_gateway_heal_nothing() -> None:
    """A run that did not ask Kea sees a newer DNS than leases: what it misses may be right."""
    made = census(hour(leases=[LEASE]), sites=frozenset({"cabin"}))
    assert asked(made) == []
    assert "Kea was not asked now" in only(made["withheld"], rule="kea-missing")["reason"].iloc[0]
    assert asked(census(hour(leases=[LEASE]), sites=frozenset({"cabin", "home"}))) == [IP]


OURS = [
    written("dns", ZONE, NAME, "A", IP), written("dns", ZONE, NAME, "DHCID", MARK),
    written("dns", REVERSE, PTR_NAME, "PTR", NAME), written("dns", REVERSE, PTR_NAME, "DHCID", MARK),
]  # fmt: skip


def test_what_d2_took_over_is_forgotten_and_nothing_is_deleted() -> None:
    """A, PTR and DHCIDs are Kea's once the lease was handed to D2: the ledger lets go of them, DNS stays as it is."""
    made = found(*RIGHT, applied=ledger(*OURS))
    assert set(cells(made["dns_plan"], "action")) == {("forget",)}
    assert len(made["dns_plan"]) == 4


def test_what_d2_removed_is_forgotten() -> None:
    """The lease has ended: what is gone was no person's deletion, and may be written again one day."""
    made = census(hour(), ledger(*OURS))
    assert set(cells(made["dns_plan"], "action", "owner")) == {("forget", NAME), ("forget", PTR_NAME)}


def test_a_person_s_deletion_is_remembered() -> None:
    """A name that was never a lease's is not D2's to remove."""
    made = census(hour(ipam_addresses=[in_ipam(IP, "nas")]), ledger(OURS[0], OURS[2]))
    assert made["dns_plan"].empty
