"""The server: signatures in and out, each message to its zone, and what a test may set or count."""

import base64
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import cast

import dns.exception
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from tests.services.dns_server import KEYS, DnsServer, Zone
from tests.services.ports import free_port
from tests.services.process import eventually
from tests.services.technitium.answers import answer_query, is_transfer_allowed, transfer
from tests.services.technitium.records import NoReply, Policies, Stored, TechnitiumZone, ZoneState, enclosing
from tests.services.technitium.sockets import Sockets
from tests.services.technitium.update import Refused, Update, check_labels

_HEADER_BYTES = 12
_UDP_BYTES = 1232
_TYPES = ("A", "AAAA", "PTR", "DHCID")
_TSIG_ERRORS: dict[type[Exception], Rcode] = {
    dns.message.UnknownTSIGKey: dns.rcode.BADKEY,
    dns.tsig.BadKey: dns.rcode.BADKEY,
    dns.tsig.BadAlgorithm: dns.rcode.BADKEY,
    dns.tsig.BadSignature: dns.rcode.BADSIG,
    dns.tsig.BadTime: dns.rcode.BADTIME,
}


def _nothing() -> None:
    """No interruption."""


@dataclass
class Technitium(DnsServer):
    """A running stand-in. `version` is 14.3, or 15.2 for what that mended.

    `on_commit` is called whenever one more record of an update is live, `on_listing` when a transfer has read its SOA
    and lists the records: a test can look, or change something, in between. They run in the server's own thread.
    """

    version: str = "14.3"
    send_timeout_s: float = 10.0
    on_commit: Callable[[], None] = field(default=_nothing, kw_only=True)
    on_listing: Callable[[], None] = field(default=_nothing, kw_only=True)
    primary: "Technitium | None" = field(default=None, kw_only=True)
    states: dict[Name, ZoneState] = field(init=False, repr=False)
    sockets: Sockets = field(init=False, repr=False)
    updates: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        zones = [_with_policies(zone) for zone in self.zones]
        is_14 = self.version == "14.3"
        self.states = {dns.name.from_text(zone.name): ZoneState(zone, is_14, self._committed) for zone in zones}
        self._keyring = {dns.name.from_text(name): self.key(name) for name in self.secrets}
        self.sockets = Sockets(self.port, self._answer, 10.0, self.send_timeout_s)

    def remember_zones(self) -> None:
        """As any server; a zone that cannot be transferred cannot be put back either."""
        zones = [one.settings.name for one in self.states.values() if one.is_transferable]
        self._first.update({zone: self._transfer(zone) for zone in zones})

    def state(self, zone: str) -> ZoneState:
        """One zone's records, `serial_bumps`, `history_records` and `file_bytes`."""
        return self.states[dns.name.from_text(zone)]

    def update_count(self) -> int:
        """How many UPDATE messages came, from whomever: refused and empty ones too."""
        return self.updates

    def create(self, zone: str, owner: str, ttl: int, rdtype: str, rdata: str) -> None:
        """Add one record as the web API does: before 15.2 no value-dependent prerequisite holds for it."""
        data = dns.rdata.from_text(dns.rdataclass.IN, rdtype, rdata)
        self.state(zone).add(dns.name.from_text(owner), Stored(data, ttl, is_from_wire=False))

    def disable(self, zone: str, owner: str, rdtype: str) -> None:
        """Disable the records of an RRset, as the web API does: no query and no transfer shows them."""
        name, kind, state = dns.name.from_text(owner), dns.rdatatype.from_text(rdtype), self.state(zone)
        state.put(name, kind, tuple(replace(one, is_disabled=True) for one in state.get(name, kind)))

    def go_down(self) -> None:
        """Stop listening; the zones stay as they are."""
        self.sockets.close()

    def come_back(self) -> None:
        """Listen again, at the same port; a query of somebody else's may hold it for a moment."""
        eventually(self._opened, f"port {self.port}, free again")

    def _opened(self) -> bool:
        try:
            self.sockets.open()
        except OSError:
            return False
        return True

    def _committed(self) -> None:
        self.on_commit()

    def _answer(self, wire: bytes, is_stream: bool) -> Iterable[bytes]:  # noqa: FBT001 - as `Sockets` calls it
        try:
            message = dns.message.from_wire(wire, keyring=self._keyring, one_rr_per_rrset=True)
        except tuple(_TSIG_ERRORS) as error:
            return [_distrust(wire, _TSIG_ERRORS[type(error)])]
        except (dns.exception.DNSException, ValueError):
            return [_format_error(wire)] if len(wire) >= _HEADER_BYTES else []
        key = message.keyname.to_text(omit_final_dot=True) if message.had_tsig and message.keyname else None
        if message.opcode() == dns.opcode.UPDATE:
            return self._answer_update(cast("dns.update.UpdateMessage", message), key)
        # It keeps no history: an increment from any serial is the whole zone.
        if [one.rdtype for one in message.question] in ([RdataType.AXFR], [RdataType.IXFR]):
            return self._answer_transfer(message, key) if is_stream else [_coded(message, dns.rcode.FORMERR)]
        return [self._answer_query(message, is_stream=is_stream)]

    def _answer_query(self, message: Message, *, is_stream: bool) -> bytes:
        try:
            for one in message.question:
                check_labels(one.name)
        except NoReply:
            return _coded(message, dns.rcode.FORMERR)  # of a query alone the exception is caught (paragraph 0.7)
        limit = 65535 if is_stream else max(min(message.payload, _UDP_BYTES), 512)
        return answer_query(self.states, message).to_wire(max_size=limit, prefer_truncation=True)

    def _answer_transfer(self, message: Message, key: str | None) -> Iterable[bytes]:
        zone = self.states.get(message.question[0].name)
        if zone is None or not is_transfer_allowed(zone, key):
            return [_coded(message, dns.rcode.REFUSED)]
        answers, context = [], None
        for records in transfer(zone, self.on_listing):
            response = dns.message.make_response(message)
            response.answer = records
            answers.append(response.to_wire(max_size=65535, multi=True, tsig_ctx=context))
            context = response.tsig_ctx
        return answers

    def _answer_update(self, message: dns.update.UpdateMessage, key: str | None) -> Iterable[bytes]:
        """One code, or silence; of silence the connection knows nothing and stays open."""
        self.updates += 1
        try:
            self.apply(message, key)
        except Refused as refusal:
            return [_coded(message, refusal.rcode)]
        except NoReply:
            return []
        return [_coded(message, dns.rcode.NOERROR)]

    def apply(self, message: dns.update.UpdateMessage, key: str | None) -> None:
        """Carry out one update, or pass it on to the primary; `Refused` or `NoReply` say why not."""
        if len(message.zone) != 1 or message.zone[0].rdtype != RdataType.SOA:
            raise Refused(dns.rcode.FORMERR)
        check_labels(message.zone[0].name)
        zone = enclosing(self.states, message.zone[0].name)
        if zone is None or zone.settings.is_disabled or zone.settings.kind == "stub":
            raise Refused(dns.rcode.NOTAUTH)
        update = Update(self.states, zone, message, key, is_value_trusted=self.version != "14.3")
        if zone.settings.kind != "secondary":
            update.carry_out()
            return
        update.check_permission()
        if self.primary is None:
            raise NoReply("no primary to pass it on to")
        self.primary.updates += 1
        self.primary.apply(message, key)


@dataclass
class Secondary(Technitium):
    """A secondary of all the primary's zones. Its serials stand still until it is told to `follow`."""

    def follow(self, *zones: str) -> None:
        """Take these zones, or all, as the primary has them now."""
        if self.primary is None:
            raise AssertionError("a secondary needs its primary: make it by secondary_of")
        for origin in map(dns.name.from_text, zones or [zone.name for zone in self.zones]):
            theirs = self.primary.states[origin].nodes
            self.states[origin].nodes = {owner: dict(node) for owner, node in theirs.items()}


def _with_policies(zone: Zone) -> TechnitiumZone:
    """A plain zone with the policies for what `is_update_allowed` says: our types below the apex, all to `hand`."""
    if isinstance(zone, TechnitiumZone):
        return zone
    given: Policies = {"hand": {zone.name: ("ANY",), f"*.{zone.name}": ("ANY",)}}
    if zone.is_update_allowed:
        # D2 deletes whole names, which is type ANY (paragraph 2, Permission).
        given |= {"netcensus": {f"*.{zone.name}": _TYPES}, "kea-ddns": {f"*.{zone.name}": ("ANY",)}}
    return TechnitiumZone(zone.name, zone.text, zone.is_transfer_allowed, zone.is_update_allowed, policies=given)


def _coded(message: Message, rcode: Rcode) -> bytes:
    response = dns.message.make_response(message)
    response.set_rcode(rcode)
    return response.to_wire(max_size=65535)


def _distrust(wire: bytes, error: Rcode) -> bytes:
    """NOTAUTH with the TSIG error beside it, not signed: RFC 8945 section 5.3.2."""
    request = dns.message.from_wire(wire, keyring=lambda _message, _name: False)
    response = dns.message.make_response(request)
    response.set_rcode(dns.rcode.NOTAUTH)
    theirs = cast("dns.rrset.RRset", request.tsig)
    response.tsig = dns.rrset.from_rdata(
        theirs.name, 0, theirs[0].replace(time_signed=int(time.time()), mac=b"", error=error)
    )
    response.want_tsig_sign = False
    return response.to_wire(max_size=65535)


def _format_error(wire: bytes) -> bytes:
    flags = 0x8000 | (int.from_bytes(wire[2:4], "big") & 0x7800) | dns.rcode.FORMERR
    return wire[:2] + flags.to_bytes(2, "big") + bytes(8)


@contextmanager
def _listening(server: Technitium) -> Iterator[None]:
    server.come_back()
    try:
        server.remember_zones()
        yield
    finally:
        server.go_down()


@contextmanager
def running_technitium(
    zones: Sequence[Zone | str], *, version: str = "14.3", send_timeout_s: float = 10.0
) -> Iterator[Technitium]:
    """A stand-in with these zones, until the block ends."""
    secret_of = {key: base64.b64encode(secrets.token_bytes(32)).decode() for key in KEYS}
    wanted = [Zone(zone) if isinstance(zone, str) else zone for zone in zones]
    server = Technitium(free_port(), secret_of, wanted, version, send_timeout_s)
    with _listening(server):
        yield server


@contextmanager
def secondary_of(primary: Technitium, *, is_update_passed_on: bool = False) -> Iterator[Secondary]:
    """A secondary of all the primary's zones, as they are now; by default it refuses updates (paragraph 2)."""
    zones = [
        replace(state.settings, kind="secondary", is_address_allowed=is_update_passed_on)
        for state in primary.states.values()
    ]
    server = Secondary(free_port(), primary.secrets, zones, primary.version, primary=primary)
    server.follow()
    with _listening(server):
        yield server
