"""Names: whose claim is granted, and which are contested (rule R3)."""

import pytest

from tests.networks import (
    ALICE,
    BOB,
    CAROL,
    Row,
    cells,
    census,
    granted,
    hour,
    in_ipam,
    in_zone,
    lease,
    ledger,
    neighbour,
    objection,
    only,
    reservation,
    source,
    written,
)

HERE, THERE, ELSEWHERE = "10.0.1.5", "10.0.1.6", "10.0.1.7"
A = in_zone("nas.example.lan.", "A", HERE)
PTR = in_zone("5.1.0.10.in-addr.arpa.", "PTR", "nas.example.lan.")


def by_lease(*leases: Row, **more: list[Row]) -> dict[str, str]:
    """The names granted when these leases run."""
    return granted(census(hour(leases=list(leases), **more)))


def test_a_person_wins_over_a_reservation_that_over_a_lease_that_over_a_ptr() -> None:
    """The claims of one address, taken away from the top one by one, are granted in this order."""
    sources: dict[str, list[Row]] = {
        "ipam_addresses": [in_ipam(HERE, "persons")],
        "reservations": [reservation(HERE, ALICE, "reserved")],
        "leases": [lease(HERE, ALICE, "leased")],
        "zone_records": [A, PTR],
        "neighbours": [neighbour(HERE, ALICE)],
    }
    names = []
    for name in list(sources):
        names.append(granted(census(hour(**sources))).get(HERE))
        del sources[name]
    assert names == ["persons.example.lan", "reserved.example.lan", "leased.example.lan", "nas.example.lan", None]


def test_a_loser_knows_who_outranked_it() -> None:
    """A claim that is not granted says which source was."""
    made = census(hour(leases=[lease(HERE, ALICE, "leased")], ipam_addresses=[in_ipam(HERE, "persons")]))
    assert cells(only(made["name_claims"], verdict="outranked"), "source", "reason") == [
        ("kea4.leases", "outranked by phpipam")
    ]


def test_a_name_of_a_remote_site_stands_under_its_label() -> None:
    """A bare name in the cabin is not the same name as at home."""
    names = by_lease(lease("10.9.0.5", ALICE, "tv"), lease(HERE, BOB, "tv"))
    assert names == {"10.9.0.5": "tv.cabin.example.lan", HERE: "tv.example.lan"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("wpad", "wpad is a reserved or infrastructure name"),
        ("LOCALHOST", "localhost is a reserved or infrastructure name"),
        ("ns1", "ns1 is a reserved or infrastructure name"),
        ("gateway.example.lan.", "gateway is a reserved or infrastructure name"),
        ("www.bank.com", "www.bank.com. does not belong to example.lan."),
        ("example.lan", "example.lan. does not belong to example.lan."),
        ("*", "is not a host name"),
        ("my phone", "is not a host name"),
        ("<script>alert(1)</script>", "is not a host name"),
        ("a\0b", "is not a host name"),
        ("\ud83d\ude00", "is not a host name"),
        ("_dmarc", "is not a host name"),
        ("12345", "it reads as a number"),
        ("a" * 64, "is not up to 63 letters"),
    ],
)
def test_a_client_cannot_have_every_name(name: str, reason: str) -> None:
    """Reserved words, infrastructure, foreign domains and illegal names are contested, with the reason."""
    made = census(hour(leases=[lease(HERE, ALICE, name)]))
    assert reason in objection(made, HERE)
    assert granted(made) == {}
    assert only(made["dns_plan"]).empty
    assert "hostname" not in set(made["ipam_plan"]["field"])
    assert cells(made["withheld"], "rule", "subject", "wanted") == [("contested", HERE, name)]


@pytest.mark.parametrize(
    "owners",
    [
        {"reservations": [reservation(THERE, BOB, "nas")]},
        {"reservations": [reservation(None, BOB, "nas")], "neighbours": [neighbour(THERE, BOB)]},
        {"ipam_addresses": [in_ipam(THERE, "NAS")]},
        {"ipam_addresses": [in_ipam(THERE, "nas.example.lan", BOB)]},
        {
            "zone_records": [
                in_zone("nas.example.lan.", "A", THERE),
                in_zone("6.1.0.10.in-addr.arpa.", "PTR", "nas.example.lan."),
            ],
            "neighbours": [neighbour(THERE, BOB)],
        },
    ],
    ids=["reserved", "reserved for a MAC", "named by hand", "named by hand with its MAC", "named by hand in DNS"],
)
def test_a_client_cannot_take_another_hosts_name(owners: dict[str, list[Row]]) -> None:
    """A lease name that is reserved for, or was given by hand to, another device is contested, never published."""
    made = census(hour(leases=[lease(HERE, ALICE, "nas")], **owners))
    assert "is reserved for, or was given by hand to, another device" in objection(made, HERE)
    assert HERE not in granted(made)
    assert granted(made)[THERE] == "nas.example.lan"


def test_a_device_may_bear_its_reserved_name_elsewhere() -> None:
    """The reserved device itself, on another address for now, is no impostor."""
    names = by_lease(lease(HERE, ALICE, "nas"), reservations=[reservation(THERE, ALICE, "nas")])
    assert names == {HERE: "nas.example.lan", THERE: "nas.example.lan"}


def test_the_same_device_on_two_addresses_keeps_its_name_on_both() -> None:
    """One MAC with two leases is one device."""
    assert set(by_lease(lease(HERE, ALICE, "nas"), lease(THERE, ALICE, "nas")).values()) == {"nas.example.lan"}


def test_of_two_clients_the_one_that_has_the_name_keeps_it() -> None:
    """What phpIPAM holds decides, then what DNS holds, then the lower address; arrival never does."""
    rivals = [lease(HERE, ALICE, "nas"), lease(THERE, BOB, "nas"), lease(ELSEWHERE, CAROL, "nas")]
    in_dns = {"zone_records": [in_zone("nas.example.lan.", "A", THERE)]}
    ours = ledger(written("phpipam", "10.0.1.0/24", ELSEWHERE, "hostname", "nas"))
    for order in (rivals, rivals[::-1]):
        assert by_lease(*order) == {HERE: "nas.example.lan"}
        assert by_lease(*order, **in_dns) == {THERE: "nas.example.lan"}
        in_both = hour(leases=order, **in_dns, ipam_addresses=[in_ipam(ELSEWHERE, "nas")])
        assert granted(census(in_both, ours)) == {ELSEWHERE: "nas.example.lan"}


def test_who_bears_another_name_keeps_nobody_from_this_one() -> None:
    """The lower address, to which a person has given a name of its own: the other client has theirs."""
    rivals = [lease(HERE, ALICE, "nas"), lease(THERE, BOB, "nas")]
    made = census(hour(leases=rivals, ipam_addresses=[in_ipam(HERE, "printer")]))
    assert granted(made) == {HERE: "printer.example.lan", THERE: "nas.example.lan"}


def test_the_loser_of_a_tie_is_told_to_whom_it_lost() -> None:
    """The reason names the address that keeps the name."""
    made = census(hour(leases=[lease(HERE, ALICE, "nas"), lease(THERE, BOB, "nas")]))
    assert objection(made, THERE) == f"nas.example.lan. is also wanted by {HERE}, which keeps it"


@pytest.mark.parametrize(
    "dead", [{"state": "declined"}, {"state": "reclaimed"}, {"expires_at": "2026-03-01T11:00:00Z"}]
)
def test_a_lease_that_does_not_hold_claims_nothing(dead: Row) -> None:
    """An expired, declined or reclaimed lease gives its address no name, though the device is still seen there."""
    assert by_lease(lease(HERE, ALICE, "nas") | dead, neighbours=[neighbour(HERE, ALICE)]) == {}


def test_a_lease_whose_address_another_device_took_claims_nothing() -> None:
    """The name is the leaseholder's, not that of whoever answers there since."""
    assert by_lease(lease(HERE, ALICE, "nas"), neighbours=[neighbour(HERE, BOB)]) == {}


def test_a_squatter_does_not_inherit_the_reserved_name() -> None:
    """While another device sits on the reserved address, the name is published for nobody."""
    assert by_lease(reservations=[reservation(HERE, ALICE, "nas")], neighbours=[neighbour(HERE, BOB)]) == {}


def test_of_two_reserved_names_that_of_the_device_which_is_there_is_granted() -> None:
    """A dock and a laptop that share an address do not take turns by row order."""
    both = [reservation(HERE, ALICE, "laptop"), reservation(HERE, BOB, "dock")]
    for order in (both, both[::-1]):
        assert by_lease(reservations=order, neighbours=[neighbour(HERE, ALICE)]) == {HERE: "laptop.example.lan"}


def test_our_own_writing_is_no_persons_claim() -> None:
    """A name we once wrote to phpIPAM, or were about to write, does not outrank today's lease."""
    parsed = hour(leases=[lease(HERE, ALICE, "new")], ipam_addresses=[in_ipam(HERE, "old")])
    for memory in ({"value": "old"}, {"value": None, "intended": "old"}):
        ours = ledger(written("phpipam", "10.0.1.0/24", HERE, "hostname", **{"value": None} | memory))
        assert granted(census(parsed, ours)) == {HERE: "new.example.lan"}


def test_what_a_person_made_of_our_writing_is_a_persons_claim() -> None:
    """Overwriting our name makes it theirs."""
    parsed = hour(leases=[lease(HERE, ALICE, "new")], ipam_addresses=[in_ipam(HERE, "mine")])
    ours = ledger(written("phpipam", "10.0.1.0/24", HERE, "hostname", "old"))
    assert granted(census(parsed, ours)) == {HERE: "mine.example.lan"}


@pytest.mark.parametrize(
    ("records", "ours"),
    [
        ([A, PTR], [written("dns", "1.0.10.in-addr.arpa.", "5.1.0.10.in-addr.arpa.", "PTR", "nas.example.lan.")]),
        ([A, PTR, in_zone("5.1.0.10.in-addr.arpa.", "DHCID", "AAAA")], []),
        ([PTR], []),
        ([in_zone("nas.example.lan.", "A", THERE), PTR], []),
        ([A, PTR, in_zone("5.1.0.10.in-addr.arpa.", "PTR", "other.example.lan.")], []),
        ([A, in_zone("5.1.0.10.in-addr.arpa.", "PTR", "nas.other.lan.")], []),
    ],
    ids=["ours", "Kea's", "no forward record", "another address", "two pointers", "foreign"],
)
def test_only_a_hand_made_pointer_that_is_confirmed_names_a_host(records: list[Row], ours: list[Row]) -> None:
    """A PTR we or Kea wrote, one without an agreeing forward record and one of several are no evidence of a name."""
    parsed = hour(neighbours=[neighbour(HERE, ALICE)], zone_records=records)
    assert granted(census(parsed, ledger(*ours))) == {}


def test_a_contested_lease_name_leaves_the_address_to_its_pointer() -> None:
    """A client that calls itself `localhost` does not take the name a person gave its address in DNS."""
    assert by_lease(lease(HERE, ALICE, "localhost"), zone_records=[A, PTR]) == {HERE: "nas.example.lan"}


def test_a_name_from_dns_is_pulled_into_phpipam_and_its_records_stay_a_persons() -> None:
    """The PTR names an empty phpIPAM row; nothing in DNS is planned, adopted or remembered for it."""
    made = census(hour(ipam_addresses=[in_ipam(HERE)], zone_records=[A, PTR]))
    assert cells(made["ipam_plan"], "action", "field", "after") == [("update", "hostname", "nas")]
    assert made["dns_plan"].empty


def test_an_unread_source_of_a_site_takes_no_name_from_another() -> None:
    """A site that could not be looked at is out of the account; the names of the other stand."""
    parsed = hour(unread=[source("home", "kea4.config", "timed out")], leases=[lease("10.9.0.5", ALICE, "tv")])
    assert set(census(parsed)["addresses"]["site"]) == {"cabin"}


def test_a_name_of_a_site_that_was_not_read_is_not_given_away() -> None:
    """Its holder cannot speak for it this hour; who has the name in DNS already keeps it."""
    home, theirs = lease("10.0.1.5", ALICE, "nas.cabin.example.lan"), in_ipam("10.9.0.5", "nas")
    ours = ledger(written("phpipam", "10.9.0.0/24", "10.9.0.5", "hostname", "nas"))
    unread = [source("cabin", "arp", "no answer")]
    made = census(hour(leases=[home], ipam_addresses=[theirs], unread=unread), ours)
    assert "10.9.0.5's as far as we know" in objection(made, "10.0.1.5")
    assert granted(census(hour(leases=[home], ipam_addresses=[theirs]), ours)) == {"10.0.1.5": "nas.cabin.example.lan"}
    records = [in_zone("nas.cabin.example.lan.", "A", "10.0.1.5")]
    made = census(hour(leases=[home], ipam_addresses=[theirs], unread=unread, zone_records=records), ours)
    assert granted(made)["10.0.1.5"] == "nas.cabin.example.lan"
