"""A zone by AXFR (RFC 5936) or what changed in it by IXFR (RFC 1995): drained, verified, and proved complete."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.rcode
from dns.serial import Serial

from pipelines.errors import OutcomeUnknown, SourceUnavailable
from pipelines.parse import dns_wire, zone_copy
from pipelines.parse import zone as zone_parser
from pipelines.parse.dns_wire import Malformed, Message
from pipelines.parse.zone_copy import Answer
from pipelines.snapshots import Snapshot
from resources.nameserver import signing
from resources.nameserver.connection import Connection
from resources.nameserver.signing import Distrusted
from resources.nameserver.soa import unavailable

_AGAIN = "It is asked again at the next run; if it stays so, compare with `dig AXFR`"
_MOST_INCREMENTS = 24  # behind one whole transfer: at an increment an hour it is renewed once a day
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Transfer:
    """The messages as they came, each behind its two-byte length, the serial they lead to, and their answers."""

    content: bytes
    serial: int
    answers: Sequence[Answer] = field(repr=False)


def transfer(connection: Connection, zone: str) -> Transfer:
    """The whole zone. Raises `SourceUnavailable` when it is refused, broken off, unproved or beyond a limit."""
    with _told(connection, zone):
        return _whole(_Drain(connection, zone).run(), zone)


def brought_up(connection: Connection, zone: str, last: Snapshot) -> Transfer:
    """The copy `last` with what changed since behind it, or the whole zone: as the server answers.

    The whole zone as well when an increment does not fit the copy, or was one too many. Raises as `transfer` does.
    """
    try:
        with _told(connection, zone):
            drain = _Drain(connection, zone, int(str(last.version))).run()
            return _extended(last.content, drain, zone) if drain.is_increment else _whole(drain, zone)
    except SourceUnavailable as error:
        _log.info("IXFR from serial %s: %s. The whole zone is transferred", last.version, error)
        return transfer(connection, zone)


def _whole(drain: "_Drain", zone: str) -> Transfer:
    copy = zone_copy.proved(drain.answers, zone)
    if copy.increments:
        raise Malformed("records follow its closing SOA")
    return Transfer(bytes(drain.content), int(copy.serial), drain.answers)


def _extended(known: bytes, drain: "_Drain", zone: str) -> Transfer:
    content = known + bytes(drain.content)
    answers = zone_copy.answered(content)
    copy = zone_copy.proved(answers, zone)
    if copy.increments > _MOST_INCREMENTS:
        raise Malformed(f"{_MOST_INCREMENTS} increments are enough behind one copy")
    zone_parser.records(copy, zone, lambda *_: None)  # an increment that does not fit is known now, not at parse
    return Transfer(content, int(copy.serial), answers)


@contextmanager
def _told(connection: Connection, zone: str) -> Iterator[None]:
    """What goes wrong inside, as `SourceUnavailable`. The rest of a transfer may be on its way: nobody waits for it."""
    try:
        yield
    except OutcomeUnknown as error:
        raise SourceUnavailable(error.place, f"zone {zone.rstrip('.')}: {error.fault}", error.remedy) from error
    except SourceUnavailable:
        connection.close()
        raise
    except (Malformed, Distrusted) as fault:
        connection.close()
        raise SourceUnavailable(connection.place, f"transfer of {zone.rstrip('.')}: {fault}", _AGAIN) from None


class _Drain:
    """One transfer under way: the messages as they come, and the records of their answer sections.

    `since` is the serial of the copy we have: then an increment is asked for, and the server may send either.
    """

    def __init__(self, connection: Connection, zone: str, since: int | None = None) -> None:
        self._connection = connection
        self._zone = zone
        self._since = since
        self._serials: list[int] = []
        self.content = bytearray()
        self.answers: list[Answer] = []

    @property
    def is_increment(self) -> bool:
        """Whether the server sends what changed: then its second record is the SOA of another state (RFC 1995)."""
        is_asked_for = self._since is not None and len(self._serials) > 1
        return is_asked_for and self.answers[1][1].rtype == dns_wire.SOA and self._serials[0] != self._serials[1]

    def run(self) -> "_Drain":
        """The transfer up to its closing SOA, the last message signed."""
        connection = self._connection
        question = connection.question(self._zone, "AXFR" if self._since is None else "IXFR", self._since)
        signatures = connection.send(question, "QUERY")
        end = time.monotonic() + connection.limits.transfer_s
        while not zone_copy.is_over(self._serials, is_increment=self.is_increment):
            message, records = connection.receive(min(end, time.monotonic() + connection.limits.answer_s))
            try:
                signatures.take(message, records)
            except signing.PeerError as error:
                raise unavailable(connection, signing.word(error), self._zone) from None
            self._take(message, question[:2])
            self._note([(message, one) for one in records if one.section == dns_wire.ANSWER])
        if not signatures.is_proved:
            raise Distrusted("its last message is not signed")
        return self

    def _take(self, message: Message, question_id: bytes) -> None:
        if message.rcode:
            raise unavailable(self._connection, dns.rcode.to_text(dns.rcode.Rcode(message.rcode)), self._zone)
        if message.id != int.from_bytes(question_id, "big"):
            raise Distrusted("it answered another message than ours")
        self.content += len(message.wire).to_bytes(2, "big") + message.wire
        if len(self.content) > self._connection.limits.transfer_bytes:
            raise Distrusted(f"it is larger than {self._connection.limits.transfer_bytes} bytes")

    def _note(self, answers: list[Answer]) -> None:
        if not answers:
            raise Malformed("a message of it holds no record")
        self.answers += answers
        soas = [message.text(record) for message, record in answers if record.rtype == dns_wire.SOA]
        self._serials += [int(soa.split()[2]) for soa in soas]
        is_lone = self._since is not None and len(self.answers) == len(self._serials) == 1
        if is_lone and not Serial(self._serials[0]) > Serial(self._since or 0):
            raise Malformed(f"the server has serial {self._serials[0]}, nothing newer than {self._since}")
