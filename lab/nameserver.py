"""The primary name server: queries over UDP and TCP, signed zone transfers, signed dynamic updates.

Every message is answered in the event loop's one thread, so an update is atomic to every reader and writer.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from typing import Any, cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rrset import RRset

from lab import faults
from lab.folder import Folder, read_json, write_json
from lab.update import UpdateRefusedError, apply
from lab.zone import Zone

HOST = "127.0.0.1"
RRSETS_PER_TRANSFER_MESSAGE = 60  # small on purpose: even the lab's zones take several signed messages
TCP_IDLE_LIMIT_S = 10
UDP_PAYLOAD = 1232
PORT_ATTEMPTS = 20
TSIG_FUDGE_S = 300

# Which types a key may change; ANY stands for "delete all RRsets of a name", which only D2's own clean-up needs.
POLICY = {
    "netcensus": {RdataType.A, RdataType.AAAA, RdataType.PTR, RdataType.DHCID},
    "kea-ddns": {RdataType.A, RdataType.AAAA, RdataType.PTR, RdataType.DHCID, RdataType.ANY},
}
TSIG_ERRORS: dict[type[Exception], dns.rcode.Rcode] = {
    dns.message.UnknownTSIGKey: dns.rcode.BADKEY,
    dns.tsig.BadKey: dns.rcode.BADKEY,
    dns.tsig.BadAlgorithm: dns.rcode.BADKEY,
    dns.tsig.BadSignature: dns.rcode.BADSIG,
    dns.tsig.BadTime: dns.rcode.BADTIME,
}
Keyring = dict[Name, dns.tsig.Key]


class NameServer:
    """An authoritative server for the lab's zones on one port of loopback, UDP and TCP."""

    def __init__(self, folder: Folder, zones: dict[Name, Zone], keyring: Keyring) -> None:
        self.folder = folder
        self.zones = zones
        self.keyring = keyring
        self.port = 0
        self.counts: dict[str, int] = {"updates": 0, "changing_updates": 0}
        if folder.dns_status.exists():
            held = read_json(folder.dns_status)
            self.counts = {name: held[name] for name in self.counts}

    async def open(self) -> None:
        """Bind a free port that is free for both transports."""
        for _ in range(PORT_ATTEMPTS):
            udp, tcp = socket.socket(type=socket.SOCK_DGRAM), socket.socket()
            udp.bind((HOST, 0))
            with contextlib.suppress(OSError):
                tcp.bind(udp.getsockname())
                break
            udp.close()
            tcp.close()
        self.port = udp.getsockname()[1]
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=udp)
        self._tcp = await asyncio.start_server(self._serve_stream, sock=tcp)
        self.write_status()

    def write_status(self) -> None:
        """Write the counters for whoever watches: `{"updates": 3, "changing_updates": 1, "serials": {zone: n}}`."""
        serials = {zone.name: zone.serial for zone in self.zones.values()}
        write_json(self.folder.dns_status, {**self.counts, "serials": serials})

    async def _serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(TimeoutError, OSError, asyncio.IncompleteReadError):
            async for wire in _framed(reader):
                for answer in self.answer(wire, is_stream=True):
                    writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        writer.close()

    def answer(self, wire: bytes, *, is_stream: bool) -> list[bytes]:
        """The messages that answer one request: none for a broken one, several for a transfer."""
        try:
            request = dns.message.from_wire(wire, keyring=self.keyring)
        except tuple(TSIG_ERRORS) as error:
            return [_unsigned_refusal(wire, TSIG_ERRORS[type(error)])]
        except (dns.exception.DNSException, ValueError):
            return _form_error(wire)
        if request.flags & dns.flags.QR:
            return []
        if request.opcode() == dns.opcode.UPDATE:
            return self._answer_update(cast("dns.update.UpdateMessage", request))
        return self._answer_query(request, is_stream=is_stream)

    def _answer_query(self, request: Message, *, is_stream: bool) -> list[bytes]:
        if request.opcode() != dns.opcode.QUERY:
            return [_coded(request, dns.rcode.NOTIMP)]
        if len(request.question) != 1:
            return [_coded(request, dns.rcode.FORMERR)]
        question = request.question[0]
        if question.rdtype in (RdataType.AXFR, RdataType.IXFR):
            return self._answer_transfer(request, question, is_stream=is_stream)
        zone = self._enclosing(question.name)
        if zone is None:
            return [_coded(request, dns.rcode.REFUSED)]
        found = zone.resolve(question.name, question.rdtype)
        response = _response(request, found.rcode)
        response.flags |= dns.flags.AA if found.is_authoritative else 0
        response.answer, response.authority = found.answer, found.authority
        limit = 65535 if is_stream else max(min(request.payload, UDP_PAYLOAD), 512)
        return [response.to_wire(max_size=limit, prefer_truncation=True)]

    def _answer_transfer(self, request: Message, question: RRset, *, is_stream: bool) -> list[bytes]:
        """The zone in several signed messages; only over TCP, only for a known key, only AXFR."""
        zone = self.zones.get(question.name)
        if zone is None:
            return [_coded(request, dns.rcode.NOTAUTH)]
        fault = faults.of_zone(self.folder.faults, zone.name)
        if not request.had_tsig or not is_stream or fault == "refuse-axfr":
            return [_coded(request, dns.rcode.REFUSED)]
        if question.rdtype != RdataType.AXFR:
            return [_coded(request, dns.rcode.NOTIMP)]
        rrsets, messages, context = zone.transfer(), [], None
        for start in range(0, len(rrsets), RRSETS_PER_TRANSFER_MESSAGE):
            response = _response(request, dns.rcode.NOERROR)
            response.flags |= dns.flags.AA
            response.answer = rrsets[start : start + RRSETS_PER_TRANSFER_MESSAGE]
            messages.append(response.to_wire(max_size=65535, multi=True, tsig_ctx=context))
            context = response.tsig_ctx
        return messages

    def _answer_update(self, request: dns.update.UpdateMessage) -> list[bytes]:
        """Apply the message to its zone, all of it or nothing, and count it."""
        self.counts["updates"] += 1
        try:
            rcode = self._update(request)
        except UpdateRefusedError as refusal:
            rcode = refusal.rcode
        self.write_status()
        return [] if rcode is None else [_coded(request, rcode)]

    def _update(self, request: dns.update.UpdateMessage) -> dns.rcode.Rcode | None:
        """NOERROR once the message is applied, or None where the fault switch wants silence."""
        zone, allowed = self._updatable(request)
        fault = faults.of_zone(self.folder.faults, zone.name)
        if fault == "silent-update":
            return None
        if fault == "refuse-update":
            raise UpdateRefusedError(dns.rcode.REFUSED)
        after = apply(zone.origin, zone.records, request, allowed)
        if after is not zone.records:
            zone.become(after)
            self.counts["changing_updates"] += 1
        return dns.rcode.NOERROR

    def _updatable(self, request: dns.update.UpdateMessage) -> tuple[Zone, set[RdataType]]:
        """The zone the message names by its exact apex, and the types its signer may change there."""
        if not request.zone:
            raise UpdateRefusedError(dns.rcode.FORMERR)
        zone = self.zones.get(request.zone[0].name)
        if zone is None:
            raise UpdateRefusedError(dns.rcode.NOTAUTH)
        if not request.had_tsig or request.keyname is None:
            raise UpdateRefusedError(dns.rcode.REFUSED)
        return zone, POLICY[request.keyname.to_text(omit_final_dot=True)]

    def _enclosing(self, owner: Name) -> Zone | None:
        """The deepest zone that holds the name."""
        holding = [zone for origin, zone in self.zones.items() if owner.is_subdomain(origin)]
        return max(holding, key=lambda zone: len(zone.origin), default=None)


class _Datagrams(asyncio.DatagramProtocol):
    """The UDP side."""

    def __init__(self, server: NameServer) -> None:
        self.server = server

    def connection_made(self, transport: Any) -> None:
        """Keep the way back."""
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Answer one datagram."""
        for answer in self.server.answer(data, is_stream=False):
            self.transport.sendto(answer, addr)


async def _framed(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The messages of a TCP connection, each after its length; a silent client is left after ten seconds."""
    while True:
        async with asyncio.timeout(TCP_IDLE_LIMIT_S):
            length = int.from_bytes(await reader.readexactly(2), "big")
            wire = await reader.readexactly(length)
        yield wire


def _response(request: Message, rcode: dns.rcode.Rcode) -> Message:
    response = dns.message.make_response(request, our_payload=UDP_PAYLOAD, fudge=TSIG_FUDGE_S)
    response.set_rcode(rcode)
    return response


def _coded(request: Message, rcode: dns.rcode.Rcode) -> bytes:
    """An answer that is only a code."""
    return _response(request, rcode).to_wire(max_size=65535)


def _unsigned_refusal(wire: bytes, error: dns.rcode.Rcode) -> bytes:
    """NOTAUTH with the TSIG error beside it, unsigned: the two share no key (RFC 8945 §5.2)."""
    request = dns.message.from_wire(wire, keyring=lambda _message, _name: False)
    response = dns.message.make_response(request)
    response.set_rcode(dns.rcode.NOTAUTH)
    signature = cast("RRset", request.tsig)
    unsigned = signature[0].replace(time_signed=int(time.time()), mac=b"", error=error)
    response.tsig = dns.rrset.from_rdata(signature.name, 0, unsigned)
    response.want_tsig_sign = False
    return response.to_wire(max_size=65535)


def _form_error(wire: bytes) -> list[bytes]:
    """FORMERR under the request's id and opcode; nothing for a datagram too short to have them."""
    if len(wire) < 12:  # noqa: PLR2004 (the length of a DNS header, RFC 1035 §4.1.1)
        return []
    flags = 0x8000 | (int.from_bytes(wire[2:4], "big") & 0x7800) | dns.rcode.FORMERR
    return [wire[:2] + flags.to_bytes(2, "big") + bytes(8)]
