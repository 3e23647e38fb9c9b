"""Increments behind a transfer: against dnspython's own reading of the same messages, and against damage."""

from collections.abc import Sequence
from itertools import pairwise

import dns.message
import dns.name
import dns.rdatatype
import dns.versioned
import dns.xfr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import ParseError
from pipelines.parse import zone_copy
from pipelines.parse.zone_copy import answered
from tests.unit.parse.test_zone import APEX, Line, message, parse, rows, stream, transfer

State = frozenset[tuple[str, str]]
"""Owners and addresses of a zone's A records; the digit in an owner says their TTL."""


def soa(serial: int) -> Line:
    """The zone's SOA at a serial."""
    return (APEX, 60, "SOA", f"ns1.example.lan. hostmaster.example.lan. {serial} 3600 600 604800 300")


def lines(records: State) -> list[Line]:
    """The records of a state as an answer has them."""
    return [(owner, 60 + ord(owner[1]), "A", address) for owner, address in sorted(records)]


def whole(state: State, serial: int) -> bytes:
    """The messages of an AXFR."""
    return stream(message(soa(serial), *lines(state)), message(soa(serial)))


def step(before: State, after: State, serial: int) -> list[Line]:
    """What one serial changed."""
    return [soa(serial), *lines(before - after), soa(serial + 1), *lines(after - before)]


def increment(states: Sequence[State], serial: int) -> list[Line]:
    """The answer to IXFR that leads through these states, the first of which has this serial."""
    last = soa(serial + len(states) - 1)
    steps = [step(*pair, serial + at) for at, pair in enumerate(pairwise(states))]
    return [last, *(line for one in steps for line in one), last]


states = st.frozensets(
    st.tuples(st.sampled_from([f"h{n}.example.lan." for n in range(6)]), st.sampled_from(["10.0.0.1", "10.0.0.2"])),
    max_size=8,
)


@given(st.lists(states, min_size=2, max_size=5), st.integers(1, 9))
def test_increments_lead_where_dnspython_says_they_lead(life: list[State], room: int) -> None:
    """However a server cuts the answer into messages, the last state is read, and dnspython reads the same."""
    answer = increment(life, 7)
    wires = [message(*answer[at : at + room]) for at in range(0, len(answer), room)]
    read = parse(whole(life[0], 7) + stream(*wires), version=str(6 + len(life)))
    assert read.rejects.empty
    assert set(rows(read)) == {(owner, "A", ttl, data) for owner, ttl, _, data in lines(life[-1])}
    assert set(rows(read)) == by_dnspython(whole(life[0], 7), wires)


def by_dnspython(copy: bytes, wires: list[bytes]) -> set[tuple[str, str, int, str]]:
    """The A records of the zone that dnspython makes of an AXFR and of an answer to IXFR."""
    found = dns.versioned.Zone(APEX, relativize=False)
    for rtype, serial, messages in (("AXFR", None, split(copy)), ("IXFR", 7, wires)):
        with dns.xfr.Inbound(found, dns.rdatatype.from_text(rtype), serial) as inbound:
            for wire in messages:
                inbound.process_message(dns.message.from_wire(wire, xfr=True, one_rr_per_rrset=rtype == "IXFR"))
    every = found.iterate_rdatas("A")
    return {(owner.to_text(), "A", ttl, data.to_text()) for owner, ttl, data in every}


def split(content: bytes) -> list[bytes]:
    """The messages of a stream."""
    return list(dict.fromkeys(bytes(one.wire) for one, _ in answered(content)))


@given(st.lists(states, min_size=2, max_size=4))
def test_the_end_of_an_answer_is_where_it_ends(life: list[State]) -> None:
    """Read record by record, a transfer is over at its last record, and not before."""
    answer = increment(life, 7)
    serials: list[int] = []
    for at, (_, _, rtype, data) in enumerate(answer, 1):
        serials += [int(data.split()[2])] if rtype == "SOA" else []
        is_last = at == len(answer)
        assert zone_copy.is_over(serials, is_increment=True) == is_last


ONE, OTHER = frozenset({("a.example.lan.", "10.0.0.1")}), frozenset({("b.example.lan.", "10.0.0.2")})
STEP = increment([ONE, OTHER], 7)
MISFITS = {
    "from another serial": (8, increment([ONE, OTHER], 9), "starts at serial 9, the state before it is 8"),
    "takes away what is not there": (7, increment([OTHER, ONE], 7), "takes away b.example.lan. A 10.0.0.2, which is"),
    "ends early": (7, STEP[:-1], "without its closing SOA"),
    "closes with another state": (7, [*STEP[:-1], soa(9)], "closing SOA is not the opening one"),
    "more behind it": (7, [*STEP, *lines(ONE)], "1 records follow the SOA"),
    "another opening": (7, [STEP[0], *lines(ONE), *STEP[1:]], "1 records follow the SOA"),
}


@pytest.mark.parametrize(("serial", "answer", "words"), MISFITS.values(), ids=MISFITS.keys())
def test_an_increment_that_does_not_fit_is_no_zone(serial: int, answer: list[Line], words: str) -> None:
    """A copy that drifted would tell of records long gone: it is refused, and the zone transferred whole."""
    with pytest.raises(ParseError, match=words):
        parse(whole(ONE, serial) + stream(message(*answer)))


def test_an_increment_may_mend_a_ttl_and_the_soa() -> None:
    """A record that goes and comes with another TTL is one record, with the new one."""
    old, new = ("a.example.lan.", 60, "A", "10.0.0.1"), ("a.example.lan.", 90, "A", "10.0.0.1")
    answer = [soa(8), soa(7), old, soa(8), new, soa(8)]
    first = transfer(old, soa=soa(7)[3], closing=soa(7)[3])
    parsed = parse(first + stream(message(*answer)), version="8")
    assert rows(parsed) == [("a.example.lan.", "A", 90, "10.0.0.1")]
    assert parsed.table.loc[parsed.table["type"] == "SOA", "rdata"].str.split().str[2].tolist() == ["8"]
