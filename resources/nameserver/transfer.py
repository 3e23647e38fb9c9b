"""A whole zone by AXFR, RFC 5936: drained as fast as the server sends, verified, and proved complete."""

import time
from dataclasses import dataclass

import dns.rcode

from pipelines.errors import OutcomeUnknown, SourceUnavailable
from pipelines.parse import dns_wire
from pipelines.parse import zone as zone_parser
from pipelines.parse.dns_wire import Malformed, Message
from resources.nameserver import signing
from resources.nameserver.connection import Connection
from resources.nameserver.signing import Distrusted
from resources.nameserver.soa import unavailable

_OPENING_AND_CLOSING = 2
_AGAIN = "It is asked again at the next run; if it stays so, compare with `dig AXFR`"


@dataclass(frozen=True)
class Transfer:
    """The messages as they came, each behind its two-byte length, and the serial of the SOA around them."""

    content: bytes
    serial: int


def transfer(connection: Connection, zone: str) -> Transfer:
    """The whole zone. Raises `SourceUnavailable` when it is refused, broken off, unproved or beyond a limit."""
    try:
        content = _Drain(connection, zone).run()
        serial = zone_parser.proved(zone_parser.answered(content), zone)
    except OutcomeUnknown as error:
        raise SourceUnavailable(error.place, f"zone {zone.rstrip('.')}: {error.fault}", error.remedy) from error
    except SourceUnavailable:
        connection.close()  # the rest of a transfer may be on its way
        raise
    except (Malformed, Distrusted) as fault:
        connection.close()
        raise SourceUnavailable(connection.place, f"transfer of {zone.rstrip('.')}: {fault}", _AGAIN) from None
    return Transfer(content, int(serial))


class _Drain:
    """One transfer under way."""

    def __init__(self, connection: Connection, zone: str) -> None:
        self._connection = connection
        self._zone = zone
        self._content = bytearray()
        self._soas = 0

    def run(self) -> bytes:
        """The messages up to the closing SOA, the last of them signed."""
        connection = self._connection
        question = connection.question(self._zone, "AXFR")
        answers = connection.send(question, "QUERY")
        end = time.monotonic() + connection.limits.transfer_s
        while self._soas < _OPENING_AND_CLOSING:
            message, records = connection.receive(min(end, time.monotonic() + connection.limits.answer_s))
            try:
                answers.take(message, records)
            except signing.PeerError as error:
                raise unavailable(connection, signing.word(error), self._zone) from None
            self._take(message, question[:2])
            self._soas += sum(one.rtype == dns_wire.SOA and one.section == dns_wire.ANSWER for one in records)
        if not answers.is_proved:
            raise Distrusted("its last message is not signed")
        return bytes(self._content)

    def _take(self, message: Message, question_id: bytes) -> None:
        if message.rcode:
            raise unavailable(self._connection, dns.rcode.to_text(dns.rcode.Rcode(message.rcode)), self._zone)
        if message.id != int.from_bytes(question_id, "big"):
            raise Distrusted("it answered another message than ours")
        self._content += len(message.wire).to_bytes(2, "big") + message.wire
        if len(self._content) > self._connection.limits.transfer_bytes:
            raise Distrusted(f"it is larger than {self._connection.limits.transfer_bytes} bytes")
