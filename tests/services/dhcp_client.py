"""A DHCP client in plain sockets (RFC 2131): any MAC, any name, any client id, in any subnet a relay stands in."""

import secrets
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.services.process import HOST

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE = 1, 2, 3, 4, 5, 6, 7
_HOST_NAME, _REQUESTED, _LEASE_TIME, _TYPE, _SERVER, _CLIENT_ID, _FQDN, _END = 12, 50, 51, 53, 54, 61, 81, 255
_COOKIE = b"\x63\x82\x53\x63"
_HEADER = struct.Struct("!4BIHH4s4s4s4s16s64s128s")


class NoLease(AssertionError):
    """The server answered with something else than was asked for; silence is a TimeoutError."""


@dataclass(frozen=True)
class Device:
    """Who asks: its MAC, the relay (giaddr) that names its subnet, and what it says of itself."""

    mac: str
    relay: str
    hostname: str | bytes | None = None  # option 12
    fqdn: str | None = None  # option 81
    client_id: bytes | None = None  # option 61

    def options(self) -> dict[int, bytes]:
        """The options that go into every message of this device."""
        found: dict[int, bytes] = {}
        if self.hostname is not None:
            found[_HOST_NAME] = self.hostname.encode() if isinstance(self.hostname, str) else self.hostname
        if self.client_id is not None:
            found[_CLIENT_ID] = self.client_id
        if self.fqdn is not None:
            found[_FQDN] = b"\x05\x00\x00" + _wire_name(self.fqdn)  # flags E and S: the server writes the A
        return found


@dataclass(frozen=True)
class Lease:
    """What an ACK gave."""

    device: Device
    address: str
    server: bytes
    lifetime_s: int


class DhcpClient:
    """Speaks from 127.0.0.1 to one server; Kea answers to `client_port` whoever asks."""

    def __init__(self, server_port: int, client_port: int, timeout_s: float) -> None:
        self._server_port = server_port
        self._client_port = client_port
        self._timeout_s = timeout_s

    def lease(self, device: Device, address: str | None = None) -> Lease:
        """DISCOVER, OFFER, REQUEST, ACK; `address` is the one the device would like."""
        wish = {_REQUESTED: socket.inet_aton(address)} if address else {}
        offered, offer = self._exchange(device, DISCOVER, wish, expected=OFFER)
        return self._request(device, {_REQUESTED: offered, _SERVER: offer[_SERVER]})

    def request(self, device: Device, address: str) -> Lease:
        """REQUEST without DISCOVER, as a device does that has just woken up."""
        return self._request(device, {_REQUESTED: socket.inet_aton(address)})

    def renew(self, lease: Lease) -> Lease:
        """REQUEST for the address one has, and its ACK."""
        return self._request(lease.device, {}, ciaddr=socket.inet_aton(lease.address))

    def release(self, lease: Lease) -> None:
        """Give the address back. The server does not answer."""
        ciaddr = socket.inet_aton(lease.address)
        self._send_only(lease.device, RELEASE, {_SERVER: lease.server}, ciaddr)

    def decline(self, lease: Lease) -> None:
        """Say that somebody else uses the address. The server does not answer."""
        self._send_only(lease.device, DECLINE, {_REQUESTED: socket.inet_aton(lease.address), _SERVER: lease.server})

    def _request(self, device: Device, options: Mapping[int, bytes], ciaddr: bytes = bytes(4)) -> Lease:
        address, ack = self._exchange(device, REQUEST, options, expected=ACK, ciaddr=ciaddr)
        return Lease(device, socket.inet_ntoa(address), ack[_SERVER], int.from_bytes(ack[_LEASE_TIME], "big"))

    def _exchange(
        self, device: Device, kind: int, options: Mapping[int, bytes], *, expected: int, ciaddr: bytes = bytes(4)
    ) -> tuple[bytes, dict[int, bytes]]:
        """The address (yiaddr) and the options of the answer to this very message."""
        with self._socket() as channel:
            sent = _message(device, kind, options, ciaddr)
            channel.sendto(sent, (HOST, self._server_port))
            while (answer := channel.recv(4096))[4:8] != sent[4:8]:
                continue  # a late answer to an earlier exchange
        found = dict(_options(answer))
        if found[_TYPE][0] != expected:
            raise NoLease(f"Kea answered {device} with DHCP message type {found[_TYPE][0]}, not {expected}")
        return answer[16:20], found

    def _send_only(self, device: Device, kind: int, options: Mapping[int, bytes], ciaddr: bytes = bytes(4)) -> None:
        with self._socket() as channel:
            channel.sendto(_message(device, kind, options, ciaddr), (HOST, self._server_port))

    def _socket(self) -> socket.socket:
        channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        channel.settimeout(self._timeout_s)
        channel.bind((HOST, self._client_port))
        return channel


def _wire_name(name: str) -> bytes:
    """A name in DNS wire form; a partial one (no final dot) ends without the root label."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    return labels + (b"\x00" if name.endswith(".") else b"")


def _message(device: Device, kind: int, options: Mapping[int, bytes], ciaddr: bytes) -> bytes:
    mac = bytes.fromhex(device.mac.replace(":", ""))
    xid, relay = secrets.randbits(32), socket.inet_aton(device.relay)
    header = _HEADER.pack(1, 1, len(mac), 1, xid, 0, 0, ciaddr, bytes(4), bytes(4), relay, mac, b"", b"")
    everything = {_TYPE: bytes([kind])} | device.options() | dict(options)
    body = b"".join(bytes([code, len(value)]) + value for code, value in everything.items())
    return header + _COOKIE + body + bytes([_END])


def _options(message: bytes) -> Iterator[tuple[int, bytes]]:
    position = _HEADER.size + len(_COOKIE)
    while message[position] != _END:
        length = message[position + 1]
        yield message[position], message[position + 2 : position + 2 + length]
        position += 2 + length
