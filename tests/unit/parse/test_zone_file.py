"""A zone published elsewhere, as a master file: every record that can be read, and nothing that another file says."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines import network as network_file
from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import zone_file
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot
from tests.networks import NETWORK_TOML, cells

FIXTURES = Path(__file__).parents[2] / "fixtures" / "zone-file"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def parsed(content: bytes, more: str = "") -> Parsed:
    """What a zone file says."""
    network = network_file.parse(f'{NETWORK_TOML}[sources.me]\nkind = "zone-file"\npath = "x"\n{more}', "x")
    return zone_file.parse(Snapshot("*", "zone-file/me", AT, content), network)


def records(content: bytes, more: str = "") -> set[tuple[object, ...]]:
    """Owner, type, TTL and data of each record."""
    return set(cells(parsed(content, more).table, "owner", "type", "ttl_s", "rdata"))


def test_cloudflares_export_is_read_whole() -> None:
    """With a CNAME beside other types at the apex, which is Cloudflare's own; what stands in comments is none of it."""
    read = parsed((FIXTURES / "cloudflare.example.me.txt").read_bytes(), 'origin = "example.me"\n')
    assert tables.OUTSIDE_RECORDS.violations(read.table) == []
    rows = set(cells(read.table, "owner", "type", "ttl_s", "rdata"))
    assert ("nas.example.me.", "A", 1, "10.0.1.5") in rows
    assert ("example.me.", "CNAME", 1, "home.example.me.") in rows
    assert ("example.me.", "MX", 1, "10 mail.example.me.") in rows
    assert ("example.me.", "TXT", 1, '"v=spf1 include:_spf.example.com -all; (really)"') in rows
    assert len(read.table) == 13
    assert set(read.table["zone"]) == {"example.me."}, "although its SOA lacks the final dot"
    assert read.rejects.empty


def test_binds_own_form_is_read() -> None:
    """Origins, TTLs with units, parentheses, owners that hold on, TTL and class in either order."""
    read = parsed((FIXTURES / "bind.example.me.zone").read_bytes())
    soa = "ns1.example.me. hostmaster.example.me. 2026030101 3600 900 604800 300"
    assert set(cells(read.table, "owner", "type", "ttl_s", "rdata")) == {
        ("example.me.", "SOA", 3600, soa),
        ("example.me.", "NS", 3600, "ns1.example.me."),
        ("example.me.", "NS", 3600, "ns2.example.net."),
        ("ns1.example.me.", "A", 3600, "203.0.113.53"),
        ("www.example.me.", "A", 300, "203.0.113.80"),
        ("www.example.me.", "AAAA", 60, "2001:db8::80"),
        ("*.apps.example.me.", "CNAME", 3600, "www.example.me."),
        ("deep.sub.example.me.", "A", 3600, "10.0.1.6"),
        ("text.sub.example.me.", "TXT", 3600, '"one" "two; not a comment"'),
        ("odd.sub.example.me.", "TYPE65534", 3600, "\\# 2 abcd"),
    }
    assert set(read.table["zone"]) == {"example.me."}
    assert sorted(read.rejects["line"]) == [18, 19, 20]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "has no record"),
        (b"; nothing\n", "has no record"),
        (b"<html>not found</html>\n", "has no record"),
        (b"$INCLUDE /etc/passwd\n", "line 1, '$INCLUDE /etc/passwd': $ORIGIN and $TTL are followed, and no other"),
        (b"$GENERATE 1-1000000000 h$ A 10.0.0.1\n", "$ORIGIN and $TTL are followed, and no other"),
        (b"$TTL soon\n", "line 1, '$TTL soon'"),
        (b"$ORIGIN relative\n", "the name is relative"),
        (b"a.example.me. IN SOA ns1. h. (1 2 3\n", "ends inside the parentheses of line 1: it was cut"),
        (b"a.example.me. A 10.0.0.1 )\n", "line 1 closes a parenthesis that is not open"),
    ],
)
def test_what_is_no_zone_file_is_unreadable(content: bytes, says: str) -> None:
    """And no other file is opened for it."""
    with pytest.raises(ParseError, match="named-checkzone") as caught:
        parsed(content)
    assert says in str(caught.value)


def test_a_bad_owner_is_not_the_one_befores() -> None:
    """What follows a line that cannot be read has no owner, rather than the wrong one."""
    read = parsed(b"a.example.me. 60 A 10.0.0.1\nb..c. 60 A 10.0.0.2\n 60 A 10.0.0.3\nd.example.me. 60 A 10.0.0.4\n")
    assert cells(read.table, "owner") == [("a.example.me.",), ("d.example.me.",)]
    assert sorted(read.rejects["line"]) == [2, 3]


def test_relative_names_need_an_origin() -> None:
    """From the file or from network.toml."""
    line = b"nas 60 A 10.0.0.1\n"
    assert records(line, 'origin = "example.me"\n') == {("nas.example.me.", "A", 60, "10.0.0.1")}
    with pytest.raises(ParseError, match="has no record"):
        parsed(line)
