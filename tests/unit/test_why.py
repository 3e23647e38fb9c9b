"""Why: one answer for an address, a name or a MAC, with the claims that won and lost and the times of the evidence."""

import pytest

from pipelines.why import why
from tests.networks import (
    ALICE,
    BOB,
    Tables,
    census,
    hour,
    in_ipam,
    in_zone,
    lease,
    minutes_ago,
    neighbour,
    reservation,
    source,
)


def known(**rows: object) -> Tables:
    """All tables of an hour in which `nas` is reserved for Alice, and Bob calls himself the same."""
    given: dict[str, object] = {
        "reservations": [reservation("10.0.1.5", ALICE, "nas")],
        "leases": [lease("10.0.1.5", ALICE, "nas"), lease("10.0.1.6", BOB, "nas")],
        "neighbours": [neighbour("10.0.1.5", ALICE, confirmed_at=minutes_ago(3))],
        "ipam_addresses": [in_ipam("10.0.1.5", "storage")],
        "zone_records": [in_zone("nas.example.lan.", "A", "10.0.1.5"), in_zone("only.example.lan.", "A", "10.0.1.77")],
    }
    parsed = hour(**(given | rows))  # type: ignore[arg-type]  # rows of tables by name
    return parsed | census(parsed)


def test_the_winner_the_losers_the_rule_and_the_times_are_told() -> None:
    """A person called it storage; that wins over the reservation and the lease, and each says why it lost."""
    answer = why("10.0.1.5", known())
    assert answer.splitlines()[0] == (
        "10.0.1.5 (home) is storage.example.lan., named by phpipam; held by 52:54:00:00:00:0a (reservation, last seen "
        "2026-03-01 11:57 UTC)"
    )
    assert "2026-03-01 11:57 UTC  52:54:00:00:00:0a  by arp" in answer
    assert "2026-03-01 11:50 UTC  52:54:00:00:00:0a  by kea4.leases" in answer
    lines = [line.split("  ") for line in answer.splitlines() if "(rank" in line]
    assert [line[2].strip() for line in lines] == ["granted", "outranked", "outranked"]
    assert "rule: a person's entry in phpIPAM > static list > reservation or WireGuard peer > service" in answer


@pytest.mark.parametrize("asked", ["nas", "NAS.example.lan", "nas.example.lan."])
def test_a_name_leads_to_all_who_bear_it_or_want_it(asked: str) -> None:
    """The reserved host and the client that took its name: one answer each, the second with the reason it lost."""
    first, second = why(asked, known()).split("\n\n")
    assert first.startswith("10.0.1.5 (home) is storage.example.lan.")
    assert second.startswith("10.0.1.6 (home) bears no name; held by 52:54:00:00:00:0b (lease")
    assert "contested  nas  by kea4.leases" in second
    assert "reserved for, or was given by hand to, another device" in second


def test_a_mac_leads_to_its_addresses() -> None:
    """In any of the usual forms."""
    assert why("5254.0000.000b", known()).startswith("10.0.1.6 (home)")


def test_what_dns_holds_and_what_becomes_of_it_is_told() -> None:
    """The record as it stands, and the one to come, with its reason."""
    answer = why("10.0.1.5", known())
    assert "  DNS holds\n    nas.example.lan. 3600 A 10.0.1.5" in answer
    assert "create storage.example.lan. A: - -> 10.0.1.5  storage.example.lan. is 10.0.1.5, named by phpipam" in answer


def test_a_name_that_only_dns_knows_is_shown_as_that() -> None:
    """Nobody of the census names it, and that is said."""
    assert why("only", known()).splitlines() == [
        "only.example.lan. is in DNS only: no source of the census names it",
        "  DNS holds",
        "    only.example.lan. 3600 A 10.0.1.77",
    ]


def test_what_is_unknown_says_what_was_not_read() -> None:
    """Could not look is not the same as nothing there: the answer names the sources that are missing."""
    answer = why("ghost", known(unread=[source("cabin", "arp", "refused")]))
    assert answer.startswith("ghost: nothing is known of it.")
    assert "Not read then: cabin arp." in answer


def test_no_terminal_obeys_a_name() -> None:
    """A hostile host name, and a hostile question, are printed as their escapes (rule R11)."""
    answer = why("10.0.1.6", known(leases=[lease("10.0.1.6", BOB, "\x1b[2J<script>")]))
    assert "\\x1b[2J<script>" in answer
    assert (answer + why("\x1b]0;x\x07", known())).replace("\n", "").isprintable()
