"""The plan for DNS: whose names are written, and the many that are not."""

import pytest

from pipelines import network as network_file
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
    census,
    handed_to_d2,
    hour,
    in_ipam,
    in_zone,
    lease,
    ledger,
    only,
    reservation,
    source,
    written,
)

IP, NAME, PTR_NAME = "10.0.1.5", OwnerName("nas.example.lan."), "5.1.0.10.in-addr.arpa."
ZONE, REVERSE = "example.lan.", "1.0.10.in-addr.arpa."
MARK = str(dhcid(NAME, mac(ALICE), None))
LEASE = lease(IP, ALICE, "nas")
BY_HAND = in_ipam(IP, "nas")
OUR_A, OUR_PTR = written("dns", ZONE, NAME, "A", IP), written("dns", REVERSE, PTR_NAME, "PTR", NAME)
A, PTR = in_zone(NAME, "A", IP), in_zone(PTR_NAME, "PTR", NAME)


def planned(made: Tables) -> set[tuple[object, ...]]:
    """What is to be done to each RRset."""
    return set(cells(made["dns_plan"], "action", "owner", "type", "after"))


def rules(made: Tables) -> set[tuple[object, ...]]:
    """The rules by which RRsets were left alone."""
    told = only(made["withheld"], target="dns")
    return set(cells(told[told["field"].isin({"A", "AAAA", "PTR", "DHCID"})], "rule", "subject", "field"))


def test_a_leased_host_where_d2_is_off_gets_address_pointer_and_mark() -> None:
    """We are the writer there: A, PTR, and beside both the DHCID by which D2 could take the name over."""
    assert planned(census(hour(leases=[LEASE]))) == {
        ("create", NAME, "A", IP), ("create", NAME, "DHCID", MARK),
        ("create", PTR_NAME, "DHCID", MARK), ("create", PTR_NAME, "PTR", NAME),
    }  # fmt: skip


def test_a_hand_named_host_gets_no_mark() -> None:
    """A person's name is not the DHCP client's, even where the client has the lease."""
    made = census(hour(leases=[lease(IP, ALICE, "android")], ipam_addresses=[BY_HAND]))
    assert planned(made) == {("create", NAME, "A", IP), ("create", PTR_NAME, "PTR", NAME)}


def test_names_d2_registers_are_never_planned() -> None:
    """Where D2 is on, a lease handed to it is Kea's to register; what is missing is reported."""
    made = census(hour(leases=[handed_to_d2("10.0.0.5", ALICE, "nas")]))
    assert planned(made) == set()
    assert {rule for rule, *_ in rules(made)} == {"kea-missing"}


def test_a_lease_kea_did_not_hand_over_is_ours_even_where_d2_is_on() -> None:
    """A client that asked for no registration by the server is not D2's."""
    assert ("create", NAME, "A", "10.0.0.5") in planned(census(hour(leases=[lease("10.0.0.5", ALICE, "nas")])))


@pytest.mark.parametrize("ip", ["10.0.0.5", None])
def test_reserved_names_where_d2_is_on_are_never_planned(ip: str | None) -> None:
    """They are Kea's before their first lease already: neither name nor pointer is written, nor called missing."""
    leases = [] if ip else [lease("10.0.0.5", ALICE, None)]
    made = census(hour(reservations=[reservation(ip, ALICE, "nas")], leases=leases))
    assert NAME not in set(made["dns_plan"]["owner"])
    assert not (ip and planned(made))


def test_a_name_that_a_person_gave_to_another_host_is_kea_s_once_d2_has_written_it() -> None:
    """Then only the pointer is ours; before, it is theirs to whom the person gave it (rule R3)."""
    lease_s, pointer = {"leases": [handed_to_d2("10.0.0.5", ALICE, "nas")]}, ("create", PTR_NAME, "PTR", NAME)
    by_d2 = [in_zone(NAME, "A", "10.0.0.5"), in_zone(NAME, "DHCID", MARK)]
    assert planned(census(hour(**lease_s, ipam_addresses=[BY_HAND], zone_records=by_d2))) == {pointer}
    assert planned(census(hour(**lease_s, ipam_addresses=[BY_HAND]))) == {pointer, ("create", NAME, "A", "10.0.1.5")}


@pytest.mark.parametrize("owner", [NAME, PTR_NAME])
def test_a_name_with_a_dhcid_is_keas(owner: str) -> None:
    """Nothing is added, changed or adopted beside a DHCID we did not write, even where D2 is off."""
    records = [in_zone(owner, "DHCID", "somebody"), in_zone(NAME, "A", "10.0.1.99")]
    made = census(hour(leases=[LEASE], zone_records=records), ledger(OUR_A | {"value": "10.0.1.99"}, OUR_PTR))
    assert owner not in set(made["dns_plan"]["owner"])
    assert "kea-name" in {rule for rule, subject, _ in rules(made) if subject == owner}


def test_a_dhcid_we_wrote_is_not_keas() -> None:
    """The ledger tells our mark from Kea's: the address beside it can be changed, and the sender is told of it."""
    records = [in_zone(NAME, "A", "10.0.1.99"), in_zone(NAME, "DHCID", MARK, ttl_s=600)]
    mark = written("dns", ZONE, NAME, "DHCID", MARK, ttl_s=600)
    ours = ledger(written("dns", ZONE, NAME, "A", "10.0.1.99"), mark)
    made = census(hour(leases=[LEASE], zone_records=records), ours)
    assert ("update", NAME, "A", IP) in planned(made)
    assert ("keep", NAME, "DHCID", MARK) in planned(made)


def test_our_mark_is_told_to_the_sender_also_when_it_is_not_wanted_any_more() -> None:
    """A person renames a leased host: its pointer changes beside a DHCID that stays where it is."""
    records = [in_zone(PTR_NAME, "PTR", "old.example.lan."), in_zone(PTR_NAME, "DHCID", "AAEC")]
    ours = ledger(
        written("dns", REVERSE, PTR_NAME, "PTR", "old.example.lan."), written("dns", REVERSE, PTR_NAME, "DHCID", "AAEC")
    )
    made = census(hour(leases=[lease(IP, ALICE, "old")], ipam_addresses=[BY_HAND], zone_records=records), ours)
    at_pointer = only(made["dns_plan"], owner=PTR_NAME)
    assert cells(at_pointer, "action", "type", "after") == [("keep", "DHCID", "AAEC"), ("update", "PTR", NAME)]


def test_somebody_elses_record_gets_no_dhcid_of_ours() -> None:
    """A mark beside a hand-made address would hand the name to the client: it is left out with the address."""
    made = census(hour(leases=[LEASE], zone_records=[in_zone(NAME, "A", "10.0.1.99")]))
    assert set(made["dns_plan"]["owner"]) == {PTR_NAME}
    assert {("kept-edit", NAME, "A"), ("kept-edit", NAME, "DHCID")} <= rules(made)


def test_two_client_identifiers_of_one_machine_give_one_mark() -> None:
    """A machine that boots by PXE and then as itself has two leases and one name: a name bears one DHCID."""
    leases = [lease(IP, ALICE, "nas", client_id="00aa"), lease("10.0.1.6", ALICE, "nas", client_id="00bb")]
    (mark,) = only(census(hour(leases=leases))["dns_plan"], owner=NAME, type="DHCID")["after"]
    assert "\n" not in mark


def test_what_is_equal_and_unknown_is_adopted() -> None:
    """First run: what the old jobs wrote rightly becomes ours, and is not written again."""
    made = census(hour(ipam_addresses=[BY_HAND], zone_records=[A, PTR]))
    assert planned(made) == {("adopt", NAME, "A", IP), ("adopt", PTR_NAME, "PTR", NAME)}


def test_what_differs_and_is_not_ours_is_kept() -> None:
    """Without the ledger's word nothing is changed, and the line says what to do."""
    records = [in_zone(NAME, "A", "10.0.1.99"), in_zone(PTR_NAME, "PTR", "old.example.lan.")]
    made = census(hour(ipam_addresses=[BY_HAND], zone_records=records))
    assert planned(made) == set()
    assert rules(made) == {("kept-edit", NAME, "A"), ("kept-edit", PTR_NAME, "PTR")}


def test_what_we_wrote_follows_the_network() -> None:
    """A host that moved takes its name along: the update says what it replaces, with which TTL."""
    records = [in_zone(NAME, "A", "10.0.1.99", ttl_s=600)]
    made = census(hour(ipam_addresses=[BY_HAND], zone_records=records), ledger(OUR_A | {"value": "10.0.1.99"}))
    (update,) = only(made["dns_plan"], action="update").to_dict("records")
    assert (update["before"], update["before_ttl_s"], update["after"]) == ("10.0.1.99", 600, IP)


def test_a_record_somebody_edited_over_ours_says_how_to_undo_it() -> None:
    """Removing it would leave it away: what we wrote is to be put back."""
    records = [in_zone(NAME, "A", "10.0.1.98"), PTR]
    made = census(hour(ipam_addresses=[BY_HAND], zone_records=records), ledger(OUR_A, OUR_PTR))
    (told,) = only(made["withheld"], rule="kept-edit")["reason"]
    assert told.endswith(f"put back {IP}")


def test_a_record_somebody_removed_stays_removed() -> None:
    """What we wrote and is gone was taken away by a person: it is not written again."""
    made = census(hour(ipam_addresses=[BY_HAND], zone_records=[PTR]), ledger(OUR_A, OUR_PTR))
    assert planned(made) == set()
    assert rules(made) == {("kept-edit", NAME, "A")}


def test_an_interrupted_write_is_settled() -> None:
    """What was sent by a run that died is found again: kept as ours when it arrived, sent again when it did not."""
    asked = ledger(OUR_A | {"value": None, "intended": IP}, OUR_PTR | {"value": None, "intended": NAME})
    arrived = hour(ipam_addresses=[BY_HAND], zone_records=[A])
    assert planned(census(arrived, asked)) == {("adopt", NAME, "A", IP), ("create", PTR_NAME, "PTR", NAME)}


def test_only_our_own_ttl_is_changed() -> None:
    """A TTL that reads as we wrote it follows the policy; one that a person changed is kept."""
    for live, actions in ((600, ["update"]), (60, [])):
        records = [in_zone(NAME, "A", IP, ttl_s=live), PTR]
        made = census(hour(ipam_addresses=[BY_HAND], zone_records=records), ledger(OUR_A | {"ttl_s": 600}, OUR_PTR))
        assert list(made["dns_plan"]["action"]) == actions


def test_a_leased_name_outlives_its_lease_by_half_of_it_at_most() -> None:
    """The TTL is the class's, but never more than half the lease's length."""
    made = census(hour(leases=[lease(IP, ALICE, "nas", valid_s=300)]))
    assert set(made["dns_plan"]["after_ttl_s"]) == {150}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (in_zone(NAME, "CNAME", "other.example.lan."), "a CNAME stands there"),
        (in_zone(NAME, "TXT", '"v=1"'), "records of other types stand there"),
        (in_zone(NAME, "MX", "10 mail.example.lan."), "records of other types stand there"),
        (in_zone(NAME, "NS", "ns.example.lan."), "below a delegation or a DNAME"),
    ],
)
def test_names_that_are_never_ours_are_left_alone(record: Row, reason: str) -> None:
    """A name with a CNAME, with other types or at a delegation is not written, whatever the ledger says."""
    made = census(hour(leases=[LEASE], zone_records=[record]), ledger(OUR_A | {"value": None, "intended": IP}))
    assert NAME not in set(made["dns_plan"]["owner"])
    (told,) = only(made["withheld"], subject=NAME, field="A")["reason"]
    assert told.startswith(reason)


@pytest.mark.parametrize("rr_type", ["NS", "DNAME"])
def test_nothing_is_written_below_a_cut(rr_type: str) -> None:
    """Below a delegation or a DNAME another name answers."""
    made = census(
        hour(leases=[lease("10.9.0.5", ALICE, "tv")], zone_records=[in_zone("cabin.example.lan.", rr_type, "x.")])
    )
    assert planned(made) == set()


def test_a_zone_of_ours_that_its_parent_delegates_is_written() -> None:
    """The parent's NS records cut the parent, not the child zone we look after as well."""
    text = NETWORK_TOML.replace('"example.lan", ', '"example.lan", "cabin.example.lan", ')
    parsed = hour(leases=[lease("10.9.0.5", ALICE, "tv")], zone_records=[in_zone("cabin.example.lan.", "NS", "ns1.x.")])
    made = census(parsed, network=network_file.parse(text, "network.toml"))
    assert set(made["dns_plan"]["zone"]) == {"cabin.example.lan."}


def test_an_unread_zone_gets_nothing() -> None:
    """None of its RRsets is planned; those of the other zones are."""
    unread = [source("*", "zone/example.lan", "REFUSED")]
    made = census(hour(unread=unread, ipam_addresses=[BY_HAND]))
    assert planned(made) == {("create", PTR_NAME, "PTR", NAME)}
    assert rules(made) == {("unread-zone", NAME, "A")}


@pytest.mark.parametrize("who", ["shared", "taken"])
def test_a_name_that_a_frozen_sites_host_bears_is_not_changed(who: str) -> None:
    """A host nobody could look for does not lose its name to one of another site."""
    before = {"shared": ["10.0.1.5", "10.9.0.5"], "taken": ["10.0.1.5"]}[who]
    records = [in_zone(NAME, "A", ip) for ip in before]
    parsed = hour(
        unread=[source("home", "kea4.leases", "timed out")],
        ipam_addresses=[in_ipam("10.9.0.5", "nas.example.lan")],
        zone_records=records,
    )
    made = census(parsed, ledger(OUR_A | {"value": "\n".join(before)}))
    assert planned(made) == set()
    assert ("frozen", NAME, "A") in rules(made)


def test_two_hosts_of_one_name_share_an_rrset() -> None:
    """Round robin as a person meant it: one RRset with both addresses, sorted."""
    made = census(hour(ipam_addresses=[BY_HAND, in_ipam("10.0.1.6", "nas")]))
    assert ("create", NAME, "A", "10.0.1.5\n10.0.1.6") in planned(made)


def test_a_missing_reverse_zone_is_said_once_and_not_made() -> None:
    """One line per subnet; the names are published all the same."""
    made = census(hour(ipam_addresses=[in_ipam("10.9.0.5", "tv"), in_ipam("10.9.0.6", "cam")]))
    assert cells(only(made["withheld"], rule="no-zone"), "subject") == [("10.9.0.0/24",)]
    assert len(only(made["dns_plan"], type="A")) == 2


def test_one_address_is_a_subnet_too() -> None:
    """A tracked /32 is planned for like any other."""
    text = NETWORK_TOML.replace('"10.9.0.0/24"', '"10.9.0.5/32"')
    subnets = [{**hour()["ipam_subnets"].to_dict("records")[2], "cidr": "10.9.0.5/32"}]
    parsed = hour(ipam_subnets=subnets, ipam_addresses=[in_ipam("10.9.0.5", "tv")])
    made = census(parsed, network=network_file.parse(text, "network.toml"))
    assert planned(made) == {("create", "tv.cabin.example.lan.", "A", "10.9.0.5")}


def test_our_pointer_never_feeds_back() -> None:
    """A name that was granted, written and then lost its source is not granted again by our own record."""
    gone = hour(neighbours=[], ipam_addresses=[in_ipam(IP, "nas", BOB)], zone_records=[A, PTR])
    ours = ledger(written("phpipam", "10.0.1.0/24", IP, "hostname", "nas"), OUR_A, OUR_PTR)
    made = census(gone, ours)
    assert made["name_claims"].empty
    assert planned(made) == set()
    assert NETWORK.zone_of(NAME) == ZONE
