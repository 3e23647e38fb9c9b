"""What zones published elsewhere say of our network."""

from pipelines.reconcile.conflicts.outside import published_outside
from tests.contradictions import the_census
from tests.networks import Row, cells, hour, source

ME = "zone-file/me"
LISTED = '[sources.me]\nkind = "zone-file"\npath = "x"\n'


def outside(owner: str, rr_type: str, rdata: str, zone: str | None = "example.me.") -> Row:
    """A record of that file."""
    return {"source": ME, "zone": zone, "owner": owner, "type": rr_type, "ttl_s": 300, "rdata": rdata}


def told(*records: Row, expect: str = "", reason: str | None = None) -> list[tuple[object, ...]]:
    """Kind, site, subject and evidence of each conflict."""
    parsed = hour(outside_records=list(records), unread=[source("*", ME, reason)])
    found = published_outside(the_census(parsed, toml=LISTED + expect))
    return cells(found, "kind", "site", "subject", "evidence")


def test_a_private_address_in_a_public_zone_is_told() -> None:
    """With the site whose address it is, where it is one of ours; every name once."""
    found = told(
        outside("nas.example.me.", "A", "10.0.1.5"),
        outside("nas.example.me.", "A", "10.0.1.6"),
        outside("x.example.me.", "A", "172.31.0.1"),
        outside("y.example.me.", "AAAA", "fd00::1"),
        outside("www.example.me.", "A", "9.9.9.9"),
        outside("www.example.me.", "AAAA", "2606:4700::1111"),
    )
    assert found == [
        ("private-address-published", "*", "x.example.me.", f"{ME}: A 172.31.0.1"),
        ("private-address-published", "*", "y.example.me.", f"{ME}: AAAA fd00::1"),
        ("private-address-published", "home", "nas.example.me.", f"{ME}: A 10.0.1.5, {ME}: A 10.0.1.6"),
    ]


def test_our_names_in_somebody_elses_zone_are_told() -> None:
    """As an owner, as an owner that lost its final dot, and as the aim of an alias or a mail exchange."""
    found = told(
        outside("nas.example.lan.", "A", "9.9.9.9"),
        outside("tv.example.lan.example.me.", "A", "9.9.9.9"),
        outside("media.example.me.", "CNAME", "jellyfin.example.lan."),
        outside("example.me.", "MX", "10 mail.example.lan."),
        outside("note.example.me.", "TXT", '"example.lan."'),
        outside("badexample.lan.example.me.", "A", "9.9.9.9"),
        outside("ok.example.me.", "CNAME", "badexample.lan."),
    )
    assert [(kind, subject) for kind, _, subject, _ in found] == [
        ("own-name-published", "example.me."),
        ("own-name-published", "media.example.me."),
        ("own-name-published", "nas.example.lan."),
        ("own-name-published", "tv.example.lan.example.me."),
    ]


def test_the_public_face_of_our_own_zone_may_hold_our_names() -> None:
    """A split horizon: names are meant to be there, private addresses are not."""
    found = told(
        outside("www.example.lan.", "A", "9.9.9.9", zone="example.lan."),
        outside("nas.example.lan.", "A", "10.0.1.5", zone="example.lan."),
    )
    assert [(kind, subject) for kind, _, subject, _ in found] == [("private-address-published", "nas.example.lan.")]


def test_a_name_that_is_expected_is_missed_only_where_the_file_was_read() -> None:
    """A wildcard answers for it; an unread file lacks nothing (R1)."""
    expect = 'expect = ["vpn.example.me", "www.example.me", "a.apps.example.me"]\n'
    there = [outside("www.example.me.", "A", "9.9.9.9"), outside("*.apps.example.me.", "A", "9.9.9.9")]
    missing = [("name-not-published", "*", "vpn.example.me.", f"{ME} has no record of it")]
    assert told(*there, expect=expect) == missing
    assert told(expect=expect, reason="cannot be read") == []
    assert told(*there) == []
