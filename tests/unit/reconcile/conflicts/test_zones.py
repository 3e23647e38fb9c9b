"""A without PTR, PTR without A, and the two disagreeing."""

import pytest

from pipelines.reconcile.conflicts.zones import zone_conflicts
from tests.contradictions import the_census, told
from tests.networks import Row, hour, in_ipam, in_zone, source, written

HERE, THERE = "10.0.1.5", "10.0.1.6"
PTR, PTR_THERE = "5.1.0.10.in-addr.arpa.", "6.1.0.10.in-addr.arpa."
NAS, TV = "nas.example.lan.", "tv.example.lan."


def of_dns(*records: Row, **rows: list[Row]) -> set[str]:
    """The kinds of DNS conflicts of these records."""
    return set(zone_conflicts(the_census(hour(zone_records=list(records), **rows)))["kind"])


def test_an_a_without_ptr_is_told_once_per_address() -> None:
    """The address, the names that lead to it, and the name that is missing."""
    records = [in_zone(TV, "A", HERE), in_zone(NAS, "A", HERE)]
    found = told(the_census(hour(zone_records=records)), "a-without-ptr")
    assert found == {HERE: f"{NAS}, {TV} leads to it, and there is no {PTR}"}


def test_a_ptr_without_a_is_told() -> None:
    """Its name exists nowhere."""
    found = told(the_census(hour(zone_records=[in_zone(PTR, "PTR", NAS)])), "ptr-without-a")
    assert found == {HERE: f"{PTR} points to {NAS}, which has no address"}


def test_a_ptr_whose_name_leads_elsewhere_disagrees() -> None:
    """A and PTR disagree, in the direction the PTR is read."""
    records = [in_zone(PTR, "PTR", NAS), in_zone(NAS, "A", THERE), in_zone(PTR_THERE, "PTR", NAS)]
    assert told(the_census(hour(zone_records=records)), "ptr-disagrees") == {
        HERE: f"{PTR} points to {NAS}, which is {THERE}"
    }


@pytest.mark.parametrize(
    "records",
    [
        [in_zone(NAS, "A", HERE), in_zone(PTR, "PTR", NAS)],
        [in_zone(NAS, "A", HERE), in_zone(TV, "A", HERE), in_zone(PTR, "PTR", NAS)],
        [in_zone(NAS, "A", HERE), in_zone(NAS, "A", THERE), in_zone(PTR, "PTR", NAS)],
        [in_zone("*.example.lan.", "A", HERE)],
        [in_zone(NAS, "A", HERE), in_zone(NAS, "TXT", '"by hand"')],
        [in_zone(NAS, "A", HERE), in_zone(PTR, "CNAME", "5.sub.1.0.10.in-addr.arpa.")],
        [in_zone("lab.example.lan.", "NS", NAS), in_zone("ns.lab.example.lan.", "A", HERE)],
        [in_zone(PTR, "PTR", "www.bank.com.")],
        [in_zone(PTR, "PTR", TV), in_zone(TV, "CNAME", "else.example.lan.")],
        [in_zone(PTR, "PTR", "x.apps.example.lan."), in_zone("*.apps.example.lan.", "A", HERE)],
        [in_zone("b._dns-sd._udp.example.lan.", "PTR", NAS)],
        [in_zone(NAS, "A", "9.9.9.9")],
    ],
    ids=[
        "agreeing", "two names at an address", "two addresses at a name", "a wildcard", "by hand", "RFC 2317",
        "delegated", "a foreign name", "an alias", "answered by a wildcard", "service discovery", "public",
    ],
)  # fmt: skip
def test_what_is_right_or_not_ours_to_judge_is_no_conflict(records: list[Row]) -> None:
    """Several names at an address, or addresses at a name, agree; the never-list's names are left alone."""
    assert of_dns(*records) == set()


def test_a_missing_reverse_zone_is_told_once_and_only_noted() -> None:
    """One row for the zone, however many names it would hold."""
    records = [in_zone(f"h{last}.example.lan.", "A", f"10.9.0.{last}") for last in range(1, 9)]
    (row,) = zone_conflicts(the_census(hour(zone_records=records))).to_dict("records")
    assert (row["kind"], row["subject"], row["severity"]) == ("no-reverse-zone", "0.9.10.in-addr.arpa.", "notice")
    assert row["evidence"].startswith("8 names lead to addresses")


def test_what_this_census_writes_or_looks_after_is_no_conflict() -> None:
    """The PTR that is about to be written is no news, nor is one of ours whose name has gone."""
    assert of_dns(in_zone(NAS, "A", HERE), ipam_addresses=[in_ipam(HERE, "nas")]) == set()
    ours = written("dns", "1.0.10.in-addr.arpa.", PTR, "PTR", NAS)
    assert zone_conflicts(the_census(hour(zone_records=[in_zone(PTR, "PTR", NAS)]), ours)).empty


def test_a_zone_that_was_not_read_is_not_missing_anything() -> None:
    """Could not look is not the same as nothing there (rule R1)."""
    unread = [source("*", "zone/1.0.10.in-addr.arpa", "REFUSED")]
    assert of_dns(in_zone(NAS, "A", HERE), unread=unread) == set()
    unread = [source("*", "zone/example.lan", "REFUSED")]
    assert of_dns(in_zone(PTR, "PTR", NAS), unread=unread) == set()


def test_ipv6_and_rfc_2317_pointers_are_read_back() -> None:
    """The address a PTR speaks for is told from its name, in whichever form."""
    toml = '[dns.rfc2317]\n"10.0.1.0/25" = "0-127.1.0.10.in-addr.arpa"\n'
    toml += '[sites.v6]\nsubnets = ["fd00::/64"]\n'
    v6 = "5.0.0.0." + "0." * 28
    records = [
        {
            "zone": "0-127.1.0.10.in-addr.arpa.",
            "owner": "7.0-127.1.0.10.in-addr.arpa.",
            "type": "PTR",
            "ttl_s": 60,
            "rdata": NAS,
        },
        {
            "zone": "example.lan.",
            "owner": v6.removesuffix("0.0.") + "d.f.ip6.arpa.",
            "type": "PTR",
            "ttl_s": 60,
            "rdata": TV,
        },
    ]
    made = the_census(hour(zone_records=records), toml=toml)
    assert told(made, "ptr-without-a").keys() >= {"10.0.1.7"}
