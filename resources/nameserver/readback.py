"""Whether the zone reads as planned: NOERROR is not success (rule R7), and no answer is not failure."""

from collections.abc import Iterable, Sequence

from pipelines.errors import SourceUnavailable
from pipelines.parse import dns_wire
from pipelines.parse.dns_wire import Malformed, Message, Record
from resources.nameserver.changes import Change
from resources.nameserver.connection import Connection
from resources.nameserver.sending import APPLIED, Verdict
from resources.nameserver.transfer import transfer

RRset = tuple[int, frozenset[str]]
_DROPPED = "the server said NOERROR and did not do it; it reads {}. {}"
_REMEDY = (
    "BIND and Technitium drop a record beside a CNAME without a word, and Technitium keeps a disabled record disabled: "
    "look at the name on the server. A secondary that passes updates on reads so too: [dns] server must be the primary"
)


def settle(
    connection: Connection, zone: str, changes: dict[int, Change], sent: dict[int, Verdict]
) -> dict[int, Verdict]:
    """The verdicts after reading the zone back; those of changes that never took effect stay as they are."""
    open_rows = [row for row, verdict in sent.items() if verdict.outcome in {"applied", "unknown"}]
    if not open_rows:
        return sent
    try:
        live = standing(connection, zone, [changes[row] for row in open_rows])
    except SourceUnavailable as error:
        blind = {row: Verdict("unknown", f"could not be read back: {error}") for row in open_rows}
        return sent | blind
    return sent | {row: _settled(changes[row], live, sent[row]) for row in open_rows}


def _settled(change: Change, live: dict[tuple[str, str], RRset], sent: Verdict) -> Verdict:
    found = live.get((change.owner, change.rtype))
    if found == (None if change.is_delete else (change.ttl_s, change.after)):
        return APPLIED if sent == APPLIED else Verdict("applied", f"read back as planned, though {sent.detail}")
    reading = _described(found)
    if (alias := live.get((change.owner, "CNAME"))) is not None:
        reading = f"a CNAME, {_described(alias)}"
    if sent == APPLIED:
        return Verdict("refused", _DROPPED.format(reading, _REMEDY))
    return Verdict("unknown", f"it reads {reading}; {sent.detail}")


def _described(rrset: RRset | None) -> str:
    return "nothing" if rrset is None else f"{', '.join(sorted(rrset[1]))[:200]} with TTL {rrset[0]}"


def standing(connection: Connection, zone: str, changes: Sequence[Change]) -> dict[tuple[str, str], RRset]:
    """The RRsets that stand at the changed names: asked one by one while they are few, else the whole zone."""
    if len(changes) > connection.limits.read_one_by_one:
        return _rrsets(transfer(connection, zone).answers)
    live: dict[tuple[str, str], RRset] = {}
    for change in changes:
        answer = connection.ask(change.owner, change.rtype)
        if answer.word not in {"NOERROR", "NXDOMAIN"}:
            raise SourceUnavailable(connection.place, f"{change.owner} was answered {answer.word}", "Ask again later")
        if answer.message is not None:
            live |= _rrsets((answer.message, record) for record in answer.records)
    return live


def _rrsets(answers: Iterable[tuple[Message, Record]]) -> dict[tuple[str, str], RRset]:
    collected: dict[tuple[str, str], tuple[int, set[str]]] = {}
    for message, record in answers:
        if record.section != dns_wire.ANSWER:
            continue
        try:
            text = message.text(record)
        except Malformed:
            continue  # it then reads as other than planned
        collected.setdefault((record.owner, dns_wire.type_text(record.rtype)), (record.ttl, set()))[1].add(text)
    return {key: (ttl, frozenset(texts)) for key, (ttl, texts) in collected.items()}
