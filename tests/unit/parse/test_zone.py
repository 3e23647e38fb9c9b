"""Zone transfers to tables: against dnspython's own reading, and against damage."""

import struct
import time
from datetime import UTC, datetime
from pathlib import Path

import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import zone
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import ZONE, Snapshot, missing

APEX = "example.lan."
SOA = "ns1.example.lan. hostmaster.example.lan. 7 3600 600 604800 300"
READ_AT = datetime(2026, 3, 1, tzinfo=UTC)
Line = tuple[str, int, str, str]
CAPTURES = Path(__file__).parents[2] / "fixtures/ddns"


def message(*records: Line, flags: int = 0x8400, rdclass: str = "IN") -> bytes:
    """One DNS message with these (owner, ttl, type, data) as its answer, compressed as dnspython does."""
    reply = dns.message.Message(id=9)
    reply.flags = flags
    for owner, ttl, rtype, data in records:
        rrset = dns.rrset.from_text(dns.name.from_text(owner), ttl, rdclass, rtype, data)
        reply.answer.append(rrset)
    return reply.to_wire()


def stream(*wires: bytes) -> bytes:
    """Messages as they come over TCP."""
    return b"".join(struct.pack("!H", len(wire)) + wire for wire in wires)


def transfer(*records: Line, soa: str = SOA, closing: str = SOA) -> bytes:
    """A whole transfer in one message."""
    start, end = (APEX, 60, "SOA", soa), (APEX, 60, "SOA", closing)
    return stream(message(start, *records, end))


def parse(content: bytes, version: str | None = None) -> Parsed:
    """What the parser makes of a snapshot with this content."""
    return zone.parse(Snapshot("*", ZONE + "example.lan", READ_AT, content, version=version))


def rows(parsed: Parsed) -> list[tuple[str, str, int, str]]:
    """Owner, type, TTL and data of every record but the SOA."""
    table = parsed.table[parsed.table["type"] != "SOA"]
    return list(table[["owner", "type", "ttl_s", "rdata"]].itertuples(index=False, name=None))


def test_each_record_is_a_row_in_canonical_form() -> None:
    """Owner and names inside the data become absolute and lower-case, whatever case the server keeps."""
    parsed = parse(
        transfer(
            ("NAS.Example.LAN.", 300, "A", "10.0.0.7"),
            ("nas.example.lan.", 300, "AAAA", "FD00:0:0::0010"),
            ("www.example.lan.", 60, "CNAME", "NAS.Example.lan."),
            ("nas.example.lan.", 60, "DHCID", "AAABR3v0cA4+L0WBcSoIANwvg+L3JrBXHzUi+eQqJBXibBs="),
            ("example.lan.", 60, "MX", "10 Mail.Example.lan."),
            ("_x._tcp.example.lan.", 60, "SRV", "0 0 80 NAS.example.lan."),
            ("t.example.lan.", 60, "TXT", '"Case stays"'),
            ("p.example.lan.", 60, "TYPE65280", r"\# 2 abcd"),
        )
    )
    assert rows(parsed) == [
        ("nas.example.lan.", "A", 300, "10.0.0.7"),
        ("nas.example.lan.", "AAAA", 300, "fd00::10"),
        ("www.example.lan.", "CNAME", 60, "nas.example.lan."),
        ("nas.example.lan.", "DHCID", 60, "AAABR3v0cA4+L0WBcSoIANwvg+L3JrBXHzUi+eQqJBXibBs="),
        ("example.lan.", "MX", 60, "10 mail.example.lan."),
        ("_x._tcp.example.lan.", "SRV", 60, "0 0 80 nas.example.lan."),
        ("t.example.lan.", "TXT", 60, '"Case stays"'),
        ("p.example.lan.", "TYPE65280", 60, r"\# 2 abcd"),
    ]
    assert tables.ZONE_RECORDS.violations(parsed.table) == []
    assert parsed.rejects.empty


def test_the_soa_is_one_row_though_it_comes_twice() -> None:
    """The closing SOA is the proof of completeness, not a record more."""
    assert parse(transfer()).table["type"].tolist() == ["SOA"]


def test_messages_are_read_as_one_transfer() -> None:
    """RFC 5936 section 2.2 leaves it to the server where one message ends and the next begins."""
    soa = (APEX, 60, "SOA", SOA)
    parsed = parse(stream(message(soa), message(("a.example.lan.", 60, "A", "10.0.0.1")), message(soa)))
    assert rows(parsed) == [("a.example.lan.", "A", 60, "10.0.0.1")]


def test_records_that_do_not_belong_are_rejected_one_by_one() -> None:
    """A record out of the zone or of another class is named in the rejects, and the rest is kept."""
    soa = (APEX, 60, "SOA", SOA)
    wires = [
        message(soa, ("a.example.lan.", 60, "A", "10.0.0.1"), ("b.other.lan.", 60, "A", "10.0.0.2")),
        message(("c.example.lan.", 60, "TXT", "chaos"), rdclass="CH"),
        message(soa),
    ]
    parsed = parse(stream(*wires))
    assert rows(parsed) == [("a.example.lan.", "A", 60, "10.0.0.1")]
    assert parsed.rejects["line"].tolist() == [3, 4]
    assert parsed.rejects["reason"].tolist() == ["the owner is not in example.lan.", "class 3 is not IN"]


def test_a_dot_inside_a_label_does_not_make_a_name_belong() -> None:
    r"""`evil\.example.lan.` is two labels below the root: its text ends like the zone's names, and it is rejected."""
    parsed = parse(transfer((r"evil\.example.lan.", 60, "A", "10.0.0.1"), (r"a\.b.example.lan.", 60, "A", "10.0.0.2")))
    assert rows(parsed) == [(r"a\.b.example.lan.", "A", 60, "10.0.0.2")]


def test_records_below_a_delegation_are_kept() -> None:
    """Glue is part of the zone's data (RFC 5936 section 3.5); the plan must see it to leave it alone."""
    parsed = parse(
        transfer(("sub.example.lan.", 60, "NS", "ns.sub.example.lan."), ("ns.sub.example.lan.", 60, "A", "10.0.0.1"))
    )
    assert [owner for owner, *_ in rows(parsed)] == ["sub.example.lan.", "ns.sub.example.lan."]


def test_data_that_is_not_its_type_is_rejected() -> None:
    """An A record of three bytes and a PTR with bytes behind its name do not make it, and do not take others along."""
    parsed = parse(
        transfer(
            ("a.example.lan.", 60, "TYPE65281", r"\# 3 0a0000"),
            ("b.example.lan.", 60, "TYPE65282", r"\# 3 016100"),
            ("c.example.lan.", 60, "A", "10.0.0.1"),
        )
        .replace(b"\xff\x01\x00\x01", b"\x00\x01\x00\x01")
        .replace(b"\xff\x02\x00\x01", b"\x00\x0c\x00\x01")
    )
    assert rows(parsed) == [("b.example.lan.", "PTR", 60, "a."), ("c.example.lan.", "A", 60, "10.0.0.1")]
    assert parsed.rejects["reason"].tolist() == ["the data is no A (FormError)"]


def test_a_ttl_above_31_bits_reads_as_zero() -> None:
    """RFC 2181 section 8."""
    content = transfer(("a.example.lan.", 0x12345678, "A", "10.0.0.1")).replace(
        b"\x12\x34\x56\x78", b"\x92\x34\x56\x78"
    )
    assert rows(parse(content)) == [("a.example.lan.", "A", 0, "10.0.0.1")]


INCOMPLETE = {
    "nothing at all": b"",
    "no closing SOA": stream(message((APEX, 60, "SOA", SOA), ("a.example.lan.", 60, "A", "10.0.0.1"))),
    "no opening SOA": stream(message(("a.example.lan.", 60, "A", "10.0.0.1"), (APEX, 60, "SOA", SOA))),
    "SOA of another serial": transfer(closing=SOA.replace(" 7 ", " 8 ")),
    "a record after the closing SOA": transfer() + stream(message(("a.example.lan.", 60, "A", "10.0.0.1"))),
    "SOA of another zone": stream(message(*2 * [("other.lan.", 60, "SOA", SOA)])),
    "truncated flag": stream(message(*2 * [(APEX, 60, "SOA", SOA)], flags=0x8600)),
    "refused": stream(message(flags=0x8405)),
    "cut in a message": transfer(("a.example.lan.", 60, "A", "10.0.0.1"))[:-3],
    "cut in a length": transfer() + b"\0",
    "no header": b"\0\3abc",
    "pointer to itself": stream(struct.pack("!6H", 9, 0x8400, 0, 1, 0, 0) + b"\xc0\x0c" + bytes(10)),
    "pointer forward": stream(struct.pack("!6H", 9, 0x8400, 0, 1, 0, 0) + b"\xc0\x0e" + bytes(20)),
    "bytes behind": stream(message(*2 * [(APEX, 60, "SOA", SOA)]) + b"\0"),
}


@pytest.mark.parametrize("content", INCOMPLETE.values(), ids=INCOMPLETE.keys())
def test_a_transfer_that_is_not_whole_is_worth_nothing(content: bytes) -> None:
    """Without the proof of completeness a missing record could not be told from a deleted one (rule R1)."""
    with pytest.raises(ParseError, match=r"zone/example\.lan"):
        parse(content)


def test_the_serial_must_be_the_snapshots() -> None:
    """A transfer filed under another serial would be skipped as unchanged for ever."""
    assert len(parse(transfer(), version="7").table) == 1
    with pytest.raises(ParseError, match="serial 7"):
        parse(transfer(), version="8")


def test_a_zone_that_could_not_be_read_is_no_empty_zone() -> None:
    """The reason why it could not be read is passed on."""
    with pytest.raises(ParseError, match="the key may not"):
        zone.parse(missing("*", ZONE + "example.lan", READ_AT, "the key may not"))


@pytest.mark.parametrize("capture", ["zones.t0.axfr.txt", "zones.t1.axfr.txt"])
def test_what_kea_wrote_reads_as_dnspython_reads_it(capture: str) -> None:
    """Every record of the captured zones comes back with its owner, TTL, type and data."""
    wanted = set()
    for line in (CAPTURES / capture).read_text().splitlines():
        owner, ttl, _, rtype, data = line.split(None, 4)
        if owner.endswith("viktorbarzin.lan.") and rtype != "SOA":
            wanted.add((owner, int(ttl), rtype, data))
    soa = ("viktorbarzin.lan.", 60, "SOA", SOA)
    content = stream(message(soa, *wanted, soa))
    parsed = zone.parse(Snapshot("*", ZONE + "viktorbarzin.lan", READ_AT, content))
    found = parsed.table[parsed.table["type"] != "SOA"]
    assert len(wanted) > 50
    assert set(found[["owner", "ttl_s", "type", "rdata"]].itertuples(index=False, name=None)) == wanted


labels = st.binary(min_size=1, max_size=20).filter(lambda label: label != b"\0")
owners = st.lists(labels, min_size=1, max_size=4).map(
    lambda parts: dns.name.Name((*parts, b"example", b"lan", b"")).to_text()
)
data = st.one_of(
    st.tuples(st.just("A"), st.ip_addresses(v=4).map(str)),
    st.tuples(
        st.just("AAAA"),
        st.integers(2**112, 2**128 - 1).map(lambda n: dns.rdata.from_text("IN", "AAAA", _v6(n)).to_text()),
    ),
    st.tuples(st.sampled_from(["PTR", "CNAME", "NS"]), owners),
    st.tuples(st.just("MX"), owners.map("5 {}".format)),
)


def _v6(number: int) -> str:
    return ":".join(f"{number >> shift & 0xFFFF:x}" for shift in range(112, -16, -16))


@given(st.lists(st.tuples(owners, st.integers(0, 2**31 - 1), data), max_size=12))
def test_any_zone_reads_as_dnspython_reads_it(records: list[tuple[str, int, tuple[str, str]]]) -> None:
    """Whatever bytes the labels hold and wherever names are compressed, both readings are the same."""
    flat = [(owner, ttl, rtype, text) for owner, ttl, (rtype, text) in records]
    content = transfer(*flat)
    wanted = {
        (rrset.name.to_text().lower(), dns.rdatatype.to_text(rrset.rdtype), one.to_text().lower())
        for rrset in dns.message.from_wire(content[2:], one_rr_per_rrset=True).answer
        for one in rrset
        if rrset.rdtype != dns.rdatatype.SOA
    }
    assert {(owner, rtype, text) for owner, rtype, _, text in rows(parse(content))} == wanted


whole = transfer(
    ("a.example.lan.", 60, "A", "10.0.0.1"),
    ("www.example.lan.", 60, "CNAME", "a.example.lan."),
    ("a.example.lan.", 60, "DHCID", "AAABR3v0cA4+L0WBcSoIANwvg+L3JrBXHzUi+eQqJBXibBs="),
    ("x.example.lan.", 60, "NAPTR", '1 1 "u" "x" "!a!b!" .'),
    ("x.example.lan.", 60, "TYPE65280", r"\# 4 01020304"),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=6), st.integers(0, len(whole)))
def test_damage_is_a_parse_error_or_a_reject_and_nothing_else(damage: list[tuple[int, int]], cut: int) -> None:
    """No bytes from a server make the parser raise anything but ParseError."""
    content = bytearray(whole)
    for at, value in damage:
        content[at] = value
    for damaged in (bytes(content), bytes(content[:cut])):
        try:
            parsed = parse(damaged)
        except ParseError:
            continue
        assert tables.ZONE_RECORDS.violations(parsed.table) == []


@settings(max_examples=300)
@given(st.integers(0, 65535), st.binary(max_size=60))
def test_any_data_of_any_type_is_a_row_or_a_reject(rtype: int, text: bytes) -> None:
    """Whatever type a server invents, its record is kept as it is or rejected by name."""
    head = message((APEX, 60, "SOA", SOA), ("x.example.lan.", 60, "TYPE65280", rf"\# {len(text)} {text.hex()}"))
    content = stream(head.replace(b"\xff\x00\x00\x01", struct.pack("!HH", rtype, 1)), message((APEX, 60, "SOA", SOA)))
    try:
        parsed = parse(content)
    except ParseError:
        return
    assert len(parsed.table) + len(parsed.rejects) == 2


def test_a_hostile_message_costs_no_more_than_its_size() -> None:
    """A chain of pointers to pointers is cut at the length no honest name needs."""
    chain = b"".join(struct.pack("!H", 0xC000 + 12 + 2 * max(at - 1, 0)) for at in range(8000))
    wire = struct.pack("!6H", 9, 0x8400, 0, 1, 0, 0) + b"\0" + chain
    started = time.process_time()
    with pytest.raises(ParseError):
        parse(stream(wire))
    assert time.process_time() - started < 0.5


def test_twenty_thousand_records_are_read_in_less_than_a_second() -> None:
    """Reading is cheap enough for every hour, on the smallest machine."""
    lines = [(f"host-{n}.example.lan.", 300, "A", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}") for n in range(20_000)]
    soa = message((APEX, 60, "SOA", SOA))
    content = stream(soa, *(message(*lines[at : at + 1000]) for at in range(0, len(lines), 1000)), soa)
    started = time.process_time()
    assert len(parse(content).table) == 20_001
    assert time.process_time() - started < 1.0
