"""A zone read by columns: against the reading record by record, of which it may say less, and nothing else."""

import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.parse.dns_wire import Malformed
from pipelines.parse.zone import records
from pipelines.parse.zone_columns import in_columns
from pipelines.parse.zone_copy import answered, proved
from tests.unit.parse.test_zone import APEX, SOA, Line, data, message, owners, stream, transfer, whole

Rows = list[tuple[str, str, int, str]]
OPENING: Line = (APEX, 60, "SOA", SOA)
A, PTR, TXT, UNKNOWN = 1, 12, 16, 65280


def by_columns(content: bytes) -> Rows | None:
    """Owner, type, TTL and data of every record; None where the columns say nothing."""
    found = in_columns(content, APEX)
    return (
        None if found is None else list(found[["owner", "type", "ttl_s", "rdata"]].itertuples(index=False, name=None))
    )


def by_record(content: bytes) -> tuple[Rows, int] | None:
    """The same, and how many records were rejected; None where it is no whole zone."""
    rejected: list[int] = []
    try:
        ttls = records(proved(answered(content), APEX), APEX, lambda line, *_: rejected.append(line))
    except Malformed:
        return None
    return [(owner, rtype, ttl, text) for (owner, rtype, text), ttl in ttls.items()], len(rejected)


def agree(content: bytes) -> bool:
    """Whether the columns say nothing, or what the records say of a zone without a fault."""
    found = by_columns(content)
    return found is None or by_record(content) == (found, 0)


@given(
    st.lists(st.tuples(owners, st.integers(0, 2**31 - 1), data), max_size=12, unique_by=lambda one: (one[0], one[2]))
)
def test_any_zone_in_order_is_read_by_columns(flat: list[tuple[str, int, tuple[str, str]]]) -> None:
    """Whatever bytes its labels hold, in one message or in three."""
    lines = [(owner, ttl, rtype, text) for owner, ttl, (rtype, text) in flat]
    for content in (transfer(*lines), stream(message(OPENING), message(*lines), message(OPENING))):
        found, said = by_columns(content), by_record(content)
        assert said is not None
        is_plain = said[1] == 0 and len(said[0]) == len(lines) + 1
        assert found == (said[0] if is_plain else None)


@settings(max_examples=120)
@given(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=6), st.integers(0, len(whole)))
def test_of_a_damaged_zone_the_columns_say_what_the_records_say_or_nothing(
    damage: list[tuple[int, int]], cut: int
) -> None:
    """No byte makes them read something into a zone that is not there."""
    content = bytearray(whole)
    for at, value in damage:
        content[at] = value
    assert agree(bytes(content))
    assert agree(bytes(content[:cut]))


_labels = st.lists(st.binary(min_size=1, max_size=5).map(lambda label: bytes([len(label)]) + label), max_size=3)
_ends = (
    st.just(b"\0") | st.integers(0, 0x3FFF).map(lambda at: struct.pack("!H", 0xC000 + at % 120)) | st.binary(max_size=2)
)
_wire_names = st.tuples(_labels.map(b"".join), st.just(b"\xc0\x0c") | _ends).map(b"".join)


@settings(max_examples=120)
@given(st.lists(st.tuples(_wire_names, st.sampled_from([A, PTR, TXT, UNKNOWN]), _wire_names), max_size=4))
def test_whatever_names_point_at_both_readings_take_it_alike(found: list[tuple[bytes, int, bytes]]) -> None:
    """A pointer into a label, into another record's data, ahead or at itself: read alike, or left to the records."""
    raw = [(owner, rtype, text) for owner, rtype, text in found]
    assert agree(stream(message(OPENING), of_raw_records(raw), message(OPENING)))
    assert agree(in_one_message(raw))


def of_raw_records(found: list[tuple[bytes, int, bytes]]) -> bytes:
    """A message that asks for the zone and answers these owners, types and data, as they are on the wire."""
    head = struct.pack("!6H", 9, 0x8400, 1, len(found), 0, 0) + b"\x07example\x03lan\0" + struct.pack("!HH", 252, 1)
    return head + b"".join(owner + struct.pack("!HHIH", rtype, 1, 60, len(text)) + text for owner, rtype, text in found)


def in_one_message(found: list[tuple[bytes, int, bytes]]) -> bytes:
    """The same between the opening and the closing SOA in a message of their own."""
    soa = b"\x03ns1\xc0\x0c\x01h\xc0\x0c" + struct.pack("!5I", 7, 3600, 600, 604800, 300)
    return stream(of_raw_records([(b"\xc0\x0c", 6, soa), *found, (b"\xc0\x0c", 6, soa)]))


def _named(size: int) -> bytes:
    """A zone with a name of so many bytes, uncompressed: three labels of 62 and one more below the apex, of 13."""
    rest = size - 3 * 62 - 13
    return in_one_message(
        [(3 * (b"\x3d" + b"a" * 61) + bytes([rest - 1]) + b"b" * (rest - 1) + b"\xc0\x0c", A, bytes(4))]
    )


def _into_the_next_message() -> bytes:
    """A pointer to the length of a label that ends where the next message has a pointer to the apex."""
    place = 12 + 17 + 2 + 10  # of the first record's data, behind header, question and owner
    behind = 2 + 10 + 4  # bytes of the second record
    first = [(b"\xc0\x0c", UNKNOWN, bytes([behind + 2 + 12 + 17])), (struct.pack("!H", 0xC000 + place), A, bytes(4))]
    second = [(b"\xc0\x0c", A, bytes(4))]
    return stream(message(OPENING), of_raw_records(first), of_raw_records(second), message(OPENING))


def _into_the_message_before() -> bytes:
    """A pointer to less than nothing: the owner of the record before."""
    opening = message(OPENING)
    pointer = struct.pack("!H", 0xC000 - (len(opening) - 12 + 2))
    return stream(opening, of_raw_records([(b"\x01a" + pointer, A, bytes(4))]), opening)


UNUSUAL: dict[str, bytes] = {
    "increments": transfer() + transfer(),
    "a record twice": transfer(*2 * [("a.example.lan.", 60, "A", "10.0.0.1")]),
    "a record of another zone": transfer(("a.other.lan.", 60, "A", "10.0.0.1")),
    "a dot in a label": transfer((r"evil\.example.lan.", 60, "A", "10.0.0.1")),
    "another class": stream(
        message(OPENING), message(("c.example.lan.", 60, "TXT", "chaos"), rdclass="CH"), message(OPENING)
    ),
    "nothing": b"",
    "a name of 256 bytes": _named(256),
    "a byte behind a name": in_one_message([(b"\xc0\x0c", PTR, b"\x01a\0\0")]),
    "a name that goes on in the next message": _into_the_next_message(),
    "a name that goes on in the message before": _into_the_message_before(),
}


@pytest.mark.parametrize("content", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_what_is_unusual_is_left_to_the_records(content: bytes) -> None:
    """There faults have names, and increments a meaning."""
    assert by_columns(content) is None


def test_a_name_may_have_255_bytes() -> None:
    """And no more: RFC 1035 section 2.3.4."""
    assert by_columns(_named(255)) is not None
    assert agree(_named(255))


def _most_labels() -> bytes:
    """A name of as many labels as a message can hold, beside records in good order."""
    return of_raw_records([(b"\x01a" * 16_000 + b"\0", A, bytes(4)), *1_000 * [(b"\1b\xc0\x0c", A, bytes(4))]])


def _pointers_to_pointers() -> bytes:
    """As many chains of pointers as a message can hold, each as long as may be."""
    at = 12 + 17 + 1 + 10
    chains = [
        b"".join(struct.pack("!H", 0xC000 + max(12, at + 2 * hop - 2)) for hop in range(120))
        for at in range(at, at + 16_000, 240)
    ]
    tails = [struct.pack("!H", 0xC000 + at + 240 * (number + 1) - 2) for number in range(len(chains))]
    return of_raw_records([(b"\0", UNKNOWN, b"".join(chains)), *((tail, A, bytes(4)) for tail in tails * 20)])


@pytest.mark.parametrize("hostile", [_most_labels(), _pointers_to_pointers()], ids=["labels", "pointers"])
def test_a_hostile_message_costs_no_more_than_its_size(hostile: bytes) -> None:
    """What no honest name needs is not followed."""
    started = time.process_time()
    assert agree(stream(message(OPENING), hostile, message(OPENING)))
    assert time.process_time() - started < 0.5
