"""A zone transfer's answer to `zone_records`.

The content is the DNS messages as they came over TCP, each with its two-byte length: a whole zone, and what was
transferred of its changes since (`zone_copy`).
"""

from collections.abc import Callable, Iterator

import pandas as pd

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import dns_wire
from pipelines.parse.dns_wire import Malformed, Message, Record
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.parse.zone_columns import in_columns
from pipelines.parse.zone_copy import Copy, Run, answered, proved, serial_of
from pipelines.snapshots import ZONE, Snapshot
from pipelines.values import owner_name

_REMEDY = "Read the zone again; if it stays so, compare with `dig AXFR`"
Key = tuple[str, str, str]
"""Owner, type and data: what makes a record itself."""
Reject = Callable[[int, object, str], None]
"""Told the line, the reason and the text of a record that is left out."""


def parse(snapshot: Snapshot) -> Parsed:
    """`zone_records` of one zone, in the order of the transfer. Raises `ParseError` when the transfer is not whole."""
    apex = owner_name(snapshot.source.removeprefix(ZONE))
    if not snapshot.is_complete:
        raise ParseError(snapshot.source, f"was not read: {snapshot.reason}", _REMEDY)
    rejects = Rejects(snapshot)
    table = in_columns(snapshot.content, apex)
    if table is None:
        serial, table = _by_record(snapshot, apex, rejects)
    else:
        serial = serial_of(table["rdata"][0])
    if snapshot.version is not None and snapshot.version != serial:
        mismatch = f"the transfer is of serial {serial}, the snapshot of {snapshot.version}"
        raise ParseError(snapshot.source, mismatch, _REMEDY)
    return Parsed(table, rejects.table())


def _by_record(snapshot: Snapshot, apex: str, rejects: Rejects) -> tuple[str, pd.DataFrame]:
    """The serial and the records of a zone that is more than one plain transfer. Raises `ParseError`."""
    try:
        copy = proved(answered(snapshot.content), apex)
        ttls = records(copy, apex, rejects.add)
    except Malformed as fault:
        raise ParseError(snapshot.source, f"is no whole zone transfer: {fault}", _REMEDY) from None
    rows = [(apex, owner, mnemonic, ttl, data) for (owner, mnemonic, data), ttl in ttls.items()]
    return copy.serial, tables.ZONE_RECORDS.rows(rows)


def records(copy: Copy, apex: str, reject: Reject) -> dict[Key, int]:
    """The TTL of each record of the last state. `Malformed` when a step takes away what is not there."""
    ttls: dict[Key, int] = {}
    _add(ttls, copy.first, apex, reject)
    for gone, come in copy.steps:
        for _, key, _ in _keys(gone, apex, reject):
            if ttls.pop(key, None) is None:
                raise Malformed(f"an increment takes away {' '.join(key)}, which is not there")
        _add(ttls, come, apex, reject)
    return ttls


def _add(ttls: dict[Key, int], run: Run, apex: str, reject: Reject) -> None:
    for line, key, ttl in _keys(run, apex, reject):
        if ttls.setdefault(key, ttl) != ttl:
            reject(line, "the record is there twice, with two TTLs", " ".join(key))


def _keys(run: Run, apex: str, reject: Reject) -> Iterator[tuple[int, Key, int]]:
    """Line, key and TTL of the records of a run, but for those that do not belong here."""
    for line, (message, record) in enumerate(run.answers, run.line):
        mnemonic = dns_wire.type_text(record.rtype)
        try:
            key = (record.owner, mnemonic, _data(message, record, apex))
        except Malformed as fault:
            reject(line, fault, f"{record.owner} {mnemonic}")
            continue
        yield line, key, record.ttl


def _data(message: Message, record: Record, apex: str) -> str:
    """The data's text of a record that belongs here: in the zone, of class IN."""
    if record.rclass != dns_wire.IN:
        raise Malformed(f"class {record.rclass} is not IN")
    if not dns_wire.is_in_zone(record.owner, apex):
        raise Malformed(f"the owner is not in {apex}")
    return message.text(record)
