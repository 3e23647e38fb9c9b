"""One TCP connection to the name server: signed messages out, verified messages in, one at a time.

Technitium closes a connection after ten idle seconds and wants no second message before the first is answered.
"""

import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import dns.tsig

from pipelines.errors import OutcomeUnknown, SourceUnavailable
from pipelines.network import Dns
from pipelines.parse.dns_wire import Malformed, Message, Record
from resources.nameserver import signing
from resources.nameserver.limits import Limits
from resources.nameserver.signing import Distrusted

_FORGED = "Make sure that [dns] server is the name server itself, and that nothing in between answers in its place"
_NETWORK = "Check [dns] server and port, the server, and the network in between"
_IS_ANSWER = 0x8000
_AUTHORITATIVE = 0x0400


class ConnectionLost(OutcomeUnknown):
    """The server closed the connection before it had answered."""


@dataclass(frozen=True)
class Answer:
    """One verified answer: the rcode's or TSIG error's mnemonic, and the records."""

    word: str
    is_authoritative: bool = False
    message: Message | None = None
    records: tuple[Record, ...] = ()


class Connection:
    """The connection of one run. It opens when it is needed, and again when the server has closed it."""

    def __init__(
        self, settings: Dns, secret: Callable[[], str], limits: Limits, clock: Callable[[], float] = time.time
    ) -> None:
        self.place = f"name server {settings.server} port {settings.port}"
        self.messages: Counter[str] = Counter()
        self.limits = limits
        self.clock = clock
        self._settings = settings
        self._secret = secret
        self._key: dns.tsig.Key | None = None
        self._socket: socket.socket | None = None
        self._received = bytearray()

    @property
    def key(self) -> dns.tsig.Key:
        """The TSIG key, with the secret as it is at the first use in this run."""
        if self._key is None:
            self._key = signing.key(self._settings.key, self._secret(), self._settings.algorithm)
        return self._key

    def ask(self, owner: str, rtype: str) -> Answer:
        """The answer to one query. A connection that is lost is opened once again; `SourceUnavailable` otherwise."""
        question = self.question(owner, rtype)
        try:
            try:
                return self.exchange(question, "QUERY")
            except ConnectionLost:
                return self.exchange(question, "QUERY")
        except OutcomeUnknown as error:
            raise SourceUnavailable(error.place, error.fault, error.remedy) from error

    def question(self, owner: str, rtype: str, since: int | None = None) -> bytes:
        """An unsigned query that wants no recursion; `SourceUnavailable` when `owner` cannot be a name in DNS.

        `since` is the serial of the state an increment is asked from: RFC 1995 section 3.
        """
        try:
            query = dns.message.make_query(dns.name.from_text(owner), rtype, flags=0)
            if since is not None:
                query.authority.append(dns.rrset.from_text(owner, 0, "IN", "SOA", f". . {since} 0 0 0 0"))
            return query.to_wire()
        except dns.exception.DNSException as error:
            raise SourceUnavailable(self.place, f"{owner!r} is no domain name ({error})", "Mend [dns] zones") from None

    def exchange(self, unsigned: bytes, opcode: str) -> Answer:
        """The verified answer to one message.

        Raises `SourceUnavailable` when nothing could be sent, `OutcomeUnknown` when no answer came that counts.
        """
        answers = self.send(unsigned, opcode)
        message, records = self.receive(time.monotonic() + self.limits.answer_s)
        try:
            answers.take(message, records)
        except signing.PeerError as error:
            return Answer(signing.word(error))
        except Distrusted as error:
            raise self.unknown(f"its answer cannot be trusted: {error}", _FORGED) from None
        if message.id != int.from_bytes(unsigned[:2], "big") or not message.flags & _IS_ANSWER:
            raise self.unknown("it answered another message than ours", _FORGED)
        word = dns.rcode.to_text(dns.rcode.Rcode(message.rcode))
        return Answer(word, bool(message.flags & _AUTHORITATIVE), message, tuple(records))

    def send(self, unsigned: bytes, opcode: str) -> signing.Answers:
        """Sign and send one message, and give what verifies its answer."""
        signed, mac = signing.sign(unsigned, self.key, int(self.clock()))
        stream = self._open()
        self.messages[opcode] += 1
        try:
            stream.settimeout(self.limits.answer_s)
            stream.sendall(len(signed).to_bytes(2, "big") + signed)
        except OSError as error:
            raise self._lost(error) from error
        return signing.Answers(self.key, mac, self.clock)

    def receive(self, deadline: float) -> tuple[Message, list[Record]]:
        """The next message, by the monotonic `deadline`; `OutcomeUnknown` when none comes, or one nobody can read."""
        length = int.from_bytes(self._take(2, deadline), "big")
        try:
            message = Message(self._take(length, deadline))
            return message, list(message.records())
        except Malformed as fault:
            raise self.unknown(f"its answer cannot be read: {fault}", _FORGED) from None

    def unknown(self, fault: str, remedy: str) -> OutcomeUnknown:
        """The error of an answer that did not come or does not count; what may still come is not waited for."""
        self.close()
        return OutcomeUnknown(self.place, fault, remedy)

    def close(self) -> None:
        """End the connection. It opens again with the next message."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._received.clear()

    def _take(self, count: int, deadline: float) -> bytes:
        while len(self._received) < count:
            self._received += self._read(deadline)
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    def _read(self, deadline: float) -> bytes:
        if self._socket is None:
            raise self._lost(ConnectionError("it is closed"))
        try:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            received = self._socket.recv(65536)
        except OSError as error:
            raise self._lost(error) from error
        if not received:
            raise self._lost(ConnectionError("closed by the server"))
        return received

    def _lost(self, error: OSError) -> OutcomeUnknown:
        self.close()
        if isinstance(error, TimeoutError):
            return OutcomeUnknown(self.place, "it did not answer in time", _NETWORK)
        return ConnectionLost(self.place, f"the connection was lost before it answered ({error})", _NETWORK)

    def _open(self) -> socket.socket:
        if self._socket is None or self._is_stale(self._socket):
            self.close()
            address = (self._settings.server, self._settings.port)
            try:
                self._socket = socket.create_connection(address, timeout=self.limits.connect_s)
            except OSError as error:
                raise SourceUnavailable(self.place, f"cannot connect: {error}", _NETWORK) from error
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def _is_stale(self, stream: socket.socket) -> bool:
        """Whether the server has closed its end, or sent what nobody asked for."""
        if self._received:
            return True
        stream.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        try:
            stream.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


def new_id() -> bytes:
    """A message id nobody can guess."""
    return secrets.token_bytes(2)
