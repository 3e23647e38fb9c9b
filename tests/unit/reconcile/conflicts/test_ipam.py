"""phpIPAM and the network, where one says yes and the other no, or both mean different devices."""

import pandas as pd
import pytest

from tests.contradictions import severities, the_census, told
from tests.networks import (
    ALICE,
    BOB,
    CAROL,
    Row,
    hour,
    in_ipam,
    ipam_subnet,
    lease,
    minutes_ago,
    neighbour,
    reservation,
    source,
    written,
)

HERE, THERE = "10.0.1.5", "10.0.1.6"
DAY = 24 * 60
LONG_AGO = minutes_ago(31 * DAY)
SOMEBODY = neighbour("10.0.1.9", CAROL)
"""Who shows that the subnet can be looked into."""


def told_of(kind: str, *ours: Row, born_at: pd.Timestamp | None = None, **rows: list[Row]) -> dict[str, str]:
    """The conflicts of one kind in an hour with these rows, in a subnet where somebody is seen."""
    rows["neighbours"] = [SOMEBODY, *rows.get("neighbours", [])]
    return told(the_census(hour(**rows), *ours, born_at=born_at), kind)


# --- reclaimable: phpIPAM says yes, the network no -------------------------------------------------------------------


def test_a_row_nobody_was_seen_on_for_long_is_reclaimable() -> None:
    """What phpIPAM says of it, and when it was last seen."""
    found = told_of("reclaimable-address", ipam_addresses=[in_ipam(HERE, "old-tv", last_seen_at=LONG_AGO)])
    assert found == {HERE: "phpIPAM says Used, 'old-tv'; last seen at 2026-01-29 12:00 UTC"}


def test_a_row_that_was_never_seen_is_reclaimable_once_it_was_looked_for_as_long() -> None:
    """The ledger's age is how long we have looked."""
    never = [in_ipam(HERE, last_seen_at=None)]
    assert told_of("reclaimable-address", ipam_addresses=never) == {}
    assert told_of("reclaimable-address", ipam_addresses=never, born_at=minutes_ago(DAY)) == {}
    assert told_of("reclaimable-address", ipam_addresses=never, born_at=LONG_AGO).keys() == {HERE}


@pytest.mark.parametrize(
    "rows",
    [
        {"ipam_addresses": [in_ipam(HERE, last_seen_at=minutes_ago(29 * DAY))]},
        {"ipam_addresses": [in_ipam(HERE, last_seen_at=LONG_AGO)], "neighbours": [neighbour(HERE, ALICE)]},
        {"ipam_addresses": [in_ipam(HERE, last_seen_at=LONG_AGO)], "reservations": [reservation(HERE, ALICE)]},
        {"ipam_addresses": [in_ipam(HERE, last_seen_at=LONG_AGO, tag="Reserved")]},
        {"ipam_addresses": [in_ipam(HERE, last_seen_at=LONG_AGO, is_gateway=True)]},
        {"ipam_addresses": [in_ipam("10.0.0.5", last_seen_at=LONG_AGO)]},
        {
            "ipam_addresses": [in_ipam(HERE, last_seen_at=LONG_AGO)],
            "unread": [source("home", "arp", "timed out")],
        },
    ],
    ids=["lately", "now", "in Kea's reservations", "Reserved", "a gateway", "where nobody is seen", "frozen"],
)
def test_a_row_that_is_kept_or_could_not_be_looked_for_is_not_reclaimable(rows: dict[str, list[Row]]) -> None:
    """Static rows stay; silence means nothing where we could not look (rule R1)."""
    assert told_of("reclaimable-address", **rows) == {}


def test_a_row_already_offline_is_only_noted() -> None:
    """PhpIPAM says so itself; a person may free the address."""
    rows = [in_ipam(HERE, last_seen_at=LONG_AGO, tag="Offline"), in_ipam(THERE, last_seen_at=LONG_AGO)]
    census = the_census(hour(neighbours=[SOMEBODY], ipam_addresses=rows))
    assert severities(census, "reclaimable-address") == {HERE: "notice", THERE: "warning"}


# --- unknown: the network has it, phpIPAM does not -------------------------------------------------------------------

GUESTS = "10.0.7.0/24"
GUEST = neighbour("10.0.7.7", ALICE)


def test_an_address_of_a_subnet_that_only_phpipam_has_is_unknown_to_it() -> None:
    """There netcensus creates no rows, so a person must."""
    subnets = [ipam_subnet("10.0.1.0/24"), ipam_subnet(GUESTS)]
    found = told_of("unknown-address", neighbours=[GUEST], ipam_subnets=subnets)
    assert found.keys() == {"10.0.7.7"}
    assert found["10.0.7.7"].endswith(f"phpIPAM has the subnet {GUESTS}, but no such row")
    has_row = [in_ipam(HERE) | {"ip": "10.0.7.7", "subnet_id_phpipam": 90}]
    assert told_of("unknown-address", neighbours=[GUEST], ipam_subnets=subnets, ipam_addresses=has_row) == {}


def test_what_netcensus_adds_itself_is_not_unknown() -> None:
    """A device with a MAC in a tracked subnet gets its row in the same census."""
    assert told_of("unknown-address", leases=[lease(HERE, ALICE)], neighbours=[GUEST]) == {}


def test_a_client_without_mac_and_name_is_unknown() -> None:
    """There is nothing to make a row of."""
    nameless = lease(HERE, None, client_id="01aa")
    assert told_of("unknown-address", leases=[nameless]).keys() == {HERE}
    assert told_of("unknown-address", leases=[nameless | {"hostname": "tv"}]) == {}
    assert told_of("unknown-address", leases=[nameless], ipam_addresses=[in_ipam(HERE)]) == {}


# --- mismatched ------------------------------------------------------------------------------------------------------


def test_a_mac_somebody_entered_that_another_device_answers_for_is_told() -> None:
    """However it is written in phpIPAM."""
    rows = {
        "ipam_addresses": [in_ipam(HERE, mac=ALICE.upper().replace(":", "-"))],
        "neighbours": [neighbour(HERE, BOB)],
    }
    found = told_of("mismatched-mac", **rows)
    assert found == {HERE: f"phpIPAM says {ALICE}; {BOB} was seen at 2026-03-01 11:55 UTC (arp)"}
    assert told_of("mismatched-mac", **rows | {"neighbours": [neighbour(HERE, ALICE)]}) == {}


def test_a_mac_we_wrote_ourselves_follows_the_network_and_is_no_mismatch() -> None:
    """The same census corrects it."""
    rows = {"ipam_addresses": [in_ipam(HERE, mac=ALICE)], "neighbours": [neighbour(HERE, BOB)]}
    assert told_of("mismatched-mac", written("phpipam", "10.0.1.0/24", HERE, "mac", ALICE), **rows) == {}
    assert told_of("mismatched-mac", written("phpipam", "10.0.1.0/24", HERE, "mac", CAROL), **rows).keys() == {HERE}


def test_a_name_somebody_entered_against_the_dhcp_server_is_told() -> None:
    """Against a reservation it is a contradiction; against what a client calls itself it is only noted."""
    rows = [in_ipam(HERE, "kueche"), in_ipam(THERE, "Bedroom TV!")]
    kept, leased = [reservation(HERE, ALICE, "kitchen")], [lease(HERE, ALICE), lease(THERE, BOB, "tv")]
    census = the_census(hour(ipam_addresses=rows, reservations=kept, leases=leased))
    assert told(census, "mismatched-name") == {
        HERE: "phpIPAM says 'kueche'; its reservation says 'kitchen', seen at 2026-03-01 11:50 UTC",
        THERE: "phpIPAM says 'Bedroom TV!'; its lease says 'tv', seen at 2026-03-01 11:50 UTC",
    }
    assert severities(census, "mismatched-name") == {HERE: "warning", THERE: "notice"}


def test_a_name_that_says_the_same_or_is_ours_is_no_mismatch() -> None:
    """Full or short, and what we wrote follows the network."""
    rows = {"ipam_addresses": [in_ipam(HERE, "TV.example.lan")], "leases": [lease(HERE, ALICE, "tv")]}
    assert told_of("mismatched-name", **rows) == {}
    rows = {"ipam_addresses": [in_ipam(HERE, "old")], "leases": [lease(HERE, ALICE, "tv")]}
    assert told_of("mismatched-name", written("phpipam", "10.0.1.0/24", HERE, "hostname", "old"), **rows) == {}


def test_the_text_of_a_row_is_quoted_and_cannot_act() -> None:
    """Control characters are escaped and long text is cut before they become evidence (rule R11)."""
    row = in_ipam(HERE, "\x1b[2J" + "x" * 300, last_seen_at=LONG_AGO)
    (evidence,) = told_of("reclaimable-address", ipam_addresses=[row]).values()
    assert "\\x1b[2J" in evidence
    assert evidence.isprintable()
    assert len(evidence) < 150
