"""A zone transfer's answer to `zone_records`: AXFR, RFC 5936.

The content is the DNS messages as they came over TCP, each with its two-byte length. The transfer is whole when the
SOA record that opens it also closes it, and nothing follows.
"""

from collections.abc import Sequence

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import dns_wire
from pipelines.parse.dns_wire import Malformed, Message, Record
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import ZONE, Snapshot
from pipelines.values import owner_name

_REMEDY = "Read the zone again; if it stays so, compare with `dig AXFR`"
_OPENING_AND_CLOSING = 2


def parse(snapshot: Snapshot) -> Parsed:
    """`zone_records` of one zone, in the order of the transfer. Raises `ParseError` when the transfer is not whole."""
    apex = owner_name(snapshot.source.removeprefix(ZONE))
    if not snapshot.is_complete:
        raise ParseError(snapshot.source, f"was not read: {snapshot.reason}", _REMEDY)
    try:
        answers = answered(snapshot.content)
        serial = proved(answers, apex)
    except Malformed as fault:
        raise ParseError(snapshot.source, f"is no whole zone transfer: {fault}", _REMEDY) from None
    if snapshot.version is not None and snapshot.version != serial:
        mismatch = f"the transfer is of serial {serial}, the snapshot of {snapshot.version}"
        raise ParseError(snapshot.source, mismatch, _REMEDY)
    rejects = Rejects(snapshot)
    rows = _rows(answers[:-1], apex, rejects)
    return Parsed(tables.ZONE_RECORDS.rows(rows), rejects.table())


def answered(stream: bytes) -> list[tuple[Message, Record]]:
    """The answer records of a TCP stream's messages. `Malformed` when a message is an error or cannot be read."""
    found = []
    for wire in dns_wire.messages(stream):
        message = Message(wire)
        if message.rcode or message.is_truncated:
            raise Malformed(f"a message says rcode {message.rcode}" if message.rcode else "a message is truncated")
        found += [(message, record) for record in message.records() if record.section == dns_wire.ANSWER]
    return found


def proved(answers: Sequence[tuple[Message, Record]], apex: str) -> str:
    """The serial of a whole transfer; `Malformed` when the opening SOA is not the closing one."""
    soas = [at for at, (_, record) in enumerate(answers) if record.rtype == dns_wire.SOA]
    if len(soas) != _OPENING_AND_CLOSING or soas != [0, len(answers) - 1]:
        raise Malformed(f"{len(answers)} records with {len(soas)} SOA, not one at the start and one at the end")
    (opening, first), (closing, last) = answers[0], answers[-1]
    if first.owner != apex or last.owner != apex:
        raise Malformed(f"its SOA is {first.owner!r}, not {apex!r}")
    text = opening.text(first)
    if text != closing.text(last):
        raise Malformed("the closing SOA is not the opening one")
    return text.split()[2]


def _rows(
    answers: Sequence[tuple[Message, Record]], apex: str, rejects: Rejects
) -> list[tuple[str, str, str, int, str]]:
    rows: dict[tuple[str, str, str], int] = {}
    for line, (message, record) in enumerate(answers, 1):
        mnemonic = dns_wire.type_text(record.rtype)
        try:
            key = (record.owner, mnemonic, _data(message, record, apex))
        except Malformed as fault:
            rejects.add(line, fault, f"{record.owner} {mnemonic}")
            continue
        if rows.setdefault(key, record.ttl) != record.ttl:
            rejects.add(line, "the record is there twice, with two TTLs", " ".join(key))
    return [(apex, owner, mnemonic, ttl, data) for (owner, mnemonic, data), ttl in rows.items()]


def _data(message: Message, record: Record, apex: str) -> str:
    """The data's text of a record that belongs here: in the zone, of class IN."""
    if record.rclass != dns_wire.IN:
        raise Malformed(f"class {record.rclass} is not IN")
    if not dns_wire.is_in_zone(record.owner, apex):
        raise Malformed(f"the owner is not in {apex}")
    return message.text(record)
