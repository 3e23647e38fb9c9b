"""TSIG, RFC 8945: what we send is signed, and no answer is believed that is not."""

import base64
import binascii
import struct
from collections.abc import Callable

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TSIG
import dns.tsig

from pipelines.errors import ConfigError
from pipelines.parse import dns_wire

_FUDGE_S = 300  # the clock difference the server may allow: RFC 8945 section 10
_ADDITIONAL_COUNT = slice(10, 12)
_MOST_UNSIGNED = 99  # between two signed messages of a transfer: RFC 8945 section 5.3.1
_PEER = {
    dns.tsig.PeerBadKey: "BADKEY",
    dns.tsig.PeerBadSignature: "BADSIG",
    dns.tsig.PeerBadTime: "BADTIME",
    dns.tsig.PeerBadTruncation: "BADTRUNC",
}

PeerError = dns.tsig.PeerError


class Distrusted(Exception):
    """An answer is not signed as it must be: it may be anybody's, and nothing follows from it."""


def key(name: str, secret: str, algorithm: str) -> dns.tsig.Key:
    """The TSIG key. `ConfigError` when the secret is no base64; its text never shows the secret."""
    try:
        decoded = base64.b64decode(secret.strip(), validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not decoded:
        remedy = "Give it as the name server prints it (tsig-keygen, Technitium's Settings, TSIG)"
        raise ConfigError("NETCENSUS_TSIG_SECRET", f"the secret of TSIG key {name} is not base64", remedy)
    return dns.tsig.Key(name, decoded, algorithm)


def sign(wire: bytes, key: dns.tsig.Key, now: int) -> tuple[bytes, bytes]:
    """The message with its TSIG record, and the MAC its answer must build on."""
    original_id = int.from_bytes(wire[:2], "big")
    blank = dns.rdtypes.ANY.TSIG.TSIG(  # type: ignore[no-untyped-call]  # dnspython leaves it untyped
        dns.rdataclass.ANY, dns.rdatatype.TSIG, key.algorithm, now, _FUDGE_S, b"", original_id, 0, b""
    )
    data, _ = dns.tsig.sign(wire, key, blank, now)  # type: ignore[no-untyped-call]  # dnspython leaves it untyped
    body = data.to_digestable()
    head = struct.pack("!HHIH", dns.rdatatype.TSIG, dns.rdataclass.ANY, 0, len(body))
    count = int.from_bytes(wire[_ADDITIONAL_COUNT], "big") + 1
    signed = wire[:10] + count.to_bytes(2, "big") + wire[12:] + key.name.to_digestable() + head + body
    return signed, data.mac


def size(key: dns.tsig.Key) -> int:
    """How many bytes `sign` adds."""
    empty = bytes(12)
    return len(sign(empty, key, 0)[0]) - len(empty)


class Answers:
    """Verifies the answer to one signed request: one message, or the many of a transfer (RFC 8945 section 5.3)."""

    def __init__(self, key: dns.tsig.Key, request_mac: bytes, clock: Callable[[], float]) -> None:
        self._key = key
        self._request_mac = request_mac
        self._clock = clock
        self._context: dns.tsig.HMACTSig | dns.tsig.GSSTSig | None = None
        self._unsigned = 0

    @property
    def is_proved(self) -> bool:
        """Whether the last message was signed, and with it all before it."""
        return self._context is not None and self._unsigned == 0

    def take(self, message: dns_wire.Message, records: list[dns_wire.Record]) -> None:
        """Verify the next message. `Distrusted` when it is not the server's; `PeerError` when it refused our TSIG."""
        signature = records[-1] if records and records[-1].rtype == dns_wire.TSIG else None
        if signature is None or signature.section != dns_wire.ADDITIONAL:
            self._take_unsigned(message)
            return
        try:
            self._context = dns.tsig.validate(  # type: ignore[no-untyped-call]  # dnspython leaves it untyped
                message.wire,
                self._key,
                dns.name.from_text(signature.owner),
                message.tsig(signature),
                int(self._clock()),
                self._request_mac,
                signature.start,
                self._context,
                multi=True,
            )
        except PeerError:
            raise
        except (dns.exception.DNSException, dns_wire.Malformed) as error:
            raise Distrusted(f"its signature does not hold ({type(error).__name__})") from None
        self._unsigned = 0

    def _take_unsigned(self, message: dns_wire.Message) -> None:
        self._unsigned += 1
        if self._context is None or self._unsigned > _MOST_UNSIGNED:
            raise Distrusted(f"it is not signed, and says {dns.rcode.to_text(dns.rcode.Rcode(message.rcode))}")
        self._context.update(message.wire)  # type: ignore[no-untyped-call]  # dnspython leaves it untyped


def word(error: PeerError) -> str:
    """The mnemonic of what the server holds against our signature."""
    return _PEER.get(type(error), "TSIG error")
