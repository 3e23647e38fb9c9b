"""Zones read from a real BIND, from a stand-in of Technitium, and from either when it misbehaves."""

import base64
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.errors import AccessDenied, ConfigError, SourceUnavailable
from pipelines.parse import zone as zone_parser
from resources.nameserver import Limits, NameServer
from tests.integration.dns_kit import CLOSED, IMPATIENT, SERVERS, ZONE, client, running_zones
from tests.integration.dns_proxy import CLOSE, Proxy, running_proxy
from tests.services.dns_server import DnsServer
from tests.services.ports import free_port
from tests.services.process import AT_ONCE_S

READ_AT = datetime(2026, 3, 1, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[DnsServer]:
    """A name server with our zones, for the tests of this file: each runs against BIND and the other one."""
    with running_zones(request.param) as running:
        yield running


@pytest.fixture
def proxy(server: DnsServer) -> Iterator[Proxy]:
    """A name server in front of it that can be made to misbehave."""
    with running_proxy(server.port) as between:
        yield between


@pytest.fixture
def ours(server: DnsServer) -> Iterator[NameServer]:
    """Our client, connected to it."""
    with client(server) as nameserver:
        yield nameserver


def records(nameserver: NameServer, zone: str = ZONE) -> set[tuple[str, int, str, str]]:
    """The zone's records as we read them: owner without final dot, TTL, type, data."""
    snapshot = nameserver.read(zone, None, READ_AT)
    table = zone_parser.parse(snapshot).table
    return {(row.owner.rstrip("."), row.ttl_s, row.type, row.rdata) for row in table.itertuples()}


def test_a_zone_reads_as_dnspython_reads_it(server: DnsServer, ours: NameServer) -> None:
    """Every record of a transfer is the one dnspython's own transfer has."""
    server.add(ZONE, "mx.read.example.lan", 60, "MX", "10 Mail.other.lan.")
    server.add(ZONE, "a.read.example.lan", 61, "A", "10.0.0.1")
    server.add(ZONE, "a.read.example.lan", 61, "AAAA", "fd00::1")
    server.add(ZONE, "t.read.example.lan", 62, "TXT", '"a \\"text\\" with \\\\"')
    wanted = {
        (owner, ttl, rtype, data.lower() if rtype == "MX" else data) for owner, ttl, rtype, data in server.records(ZONE)
    }
    assert records(ours) == wanted
    assert len(wanted) >= 6


def test_an_unchanged_zone_is_not_transferred(server: DnsServer, ours: NameServer) -> None:
    """One SOA query tells that the archived copy holds; a lower serial is a change as well as a higher one."""
    snapshot = ours.read(ZONE, None, READ_AT)
    assert (snapshot.version, snapshot.is_complete) == (str(server.serial(ZONE)), True)
    asked = ours.messages["QUERY"]
    assert ours.read(ZONE, snapshot, LATER) == replace(snapshot, read_at=LATER)
    assert ours.messages["QUERY"] == asked + 1
    from_an_older_life = replace(snapshot, version=str(server.serial(ZONE) + 5))
    assert ours.read(ZONE, from_an_older_life, LATER).version == snapshot.version
    assert ours.messages["QUERY"] == asked + 4


def test_the_soa_says_serial_primary_and_expiry(server: DnsServer, ours: NameServer) -> None:
    """What the plan's TTLs are held against comes from the zone itself."""
    soa = ours.soa(ZONE)
    assert (soa.serial, soa.mname, soa.expire_s) == (server.serial(ZONE), "ns.invalid.", 86400)


def test_a_zone_that_changes_during_the_transfer_is_read_again(server: DnsServer, proxy: Proxy) -> None:
    """The serial is asked once more after the transfer; one that moved makes the copy worthless."""
    edits = iter(range(2))

    def edit_after_transfer(answer: bytes) -> bytes:
        is_transfer = b"\0\0\xfc\0\1" in proxy.questions[-1]
        if is_transfer and next(edits, None) is not None:
            server.add(ZONE, f"moving-{time.monotonic_ns()}.example.lan", 60, "A", "10.0.0.1")
        return answer

    proxy.answer = edit_after_transfer
    with client(server, port=proxy.port) as nameserver:
        snapshot = nameserver.read(ZONE, None, READ_AT)
    assert snapshot.version == str(server.serial(ZONE))
    assert sum(b"\0\0\xfc\0\1" in question for question in proxy.questions) == 3


def test_a_zone_that_never_rests_is_given_up(server: DnsServer, proxy: Proxy) -> None:
    """After three transfers the zone counts as not read, with the reason."""

    def edit(answer: bytes) -> bytes:
        if b"\0\0\xfc\0\1" in proxy.questions[-1]:
            server.add(ZONE, f"restless-{time.monotonic_ns()}.example.lan", 60, "A", "10.0.0.1")
        return answer

    proxy.answer = edit
    with client(server, port=proxy.port) as nameserver:
        snapshot = nameserver.read(ZONE, None, READ_AT)
    assert not snapshot.is_complete
    assert "changed during each of 3 transfers" in str(snapshot.reason)


@pytest.mark.parametrize("zone", [CLOSED, "unhosted.lan."])
def test_a_zone_we_may_not_read_is_missing_with_the_remedy(ours: NameServer, zone: str) -> None:
    """BIND says REFUSED of a zone it does not host and of one it keeps from us: both are named."""
    snapshot = ours.read(zone, None, READ_AT)
    assert not snapshot.is_complete
    assert "not hosted there, or key netcensus may not read it" in str(snapshot.reason)


def test_a_name_inside_a_zone_is_no_zone(ours: NameServer) -> None:
    """Technitium would take updates of it for the enclosing zone: the SOA's owner must be the apex."""
    with pytest.raises(SourceUnavailable, match=r"sub\.example\.lan is not hosted there"):
        ours.soa("sub.example.lan.")


WRONG = {
    "name": ({"key": "nobody"}, AccessDenied, "BADKEY.*Compare name, secret and algorithm"),
    "algorithm": ({"algorithm": "hmac-sha512"}, AccessDenied, "BADKEY"),
    "secret": ({"secret": base64.b64encode(b"another").decode()}, AccessDenied, "BADSIG"),
    "clock": ({"clock": lambda: time.time() - 3600}, SourceUnavailable, "BADTIME.*NTP"),
}


@pytest.mark.parametrize(("others", "error", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_with_the_key_is_told_apart(
    server: DnsServer, others: dict[str, Any], error: type[Exception], words: str
) -> None:
    """A wrong name or algorithm, a wrong secret and a wrong clock have each their own remedy."""
    with client(server, **others) as nameserver:
        with pytest.raises(error, match=words):
            nameserver.soa(ZONE)
        snapshot = nameserver.read(ZONE, None, READ_AT)
        assert not snapshot.is_complete


def test_a_secret_that_is_no_base64_contacts_nobody(server: DnsServer, proxy: Proxy) -> None:
    """It is a mistake of ours, found before the first message."""
    with client(server, port=proxy.port, secret="no base64!") as nameserver:  # noqa: SIM117 - raises is the statement
        with pytest.raises(ConfigError, match="TSIG_SECRET"):
            nameserver.read(ZONE, None, READ_AT)
    assert proxy.connections == 0


def flipped(answer: bytes) -> bytes:
    """One bit of the answer's first record changed."""
    return answer[:40] + bytes([answer[40] ^ 1]) + answer[41:]


def unsigned(answer: bytes) -> bytes:
    """The answer without its last record, the signature; a query's only additional record."""
    at = answer.rindex(b"\x09netcensus\0")
    return answer[:10] + b"\0\0" + answer[12:at]


FAULTS: dict[str, Callable[[bytes], bytes | None]] = {
    "altered": flipped,
    "unsigned": unsigned,
    "closed": lambda _: CLOSE,
    "silent": lambda _: None,
    "garbage": lambda _: b"\xff" * 40,
    "short": lambda _: b"\0",
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_an_answer_that_cannot_be_trusted_is_no_answer(server: DnsServer, proxy: Proxy, fault: Any) -> None:
    """Altered, unsigned, cut, silent or unreadable: the zone is missing, in bounded time, and never empty."""
    proxy.answer = fault
    started = time.monotonic()
    with client(server, port=proxy.port, limits=IMPATIENT) as nameserver:
        snapshot = nameserver.read(ZONE, None, READ_AT)
    assert not snapshot.is_complete
    assert time.monotonic() - started < AT_ONCE_S


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_transfer_that_cannot_be_trusted_is_no_transfer(server: DnsServer, proxy: Proxy, fault: Any) -> None:
    """The same of the transfer alone, after a sound SOA."""
    proxy.answer = lambda answer: fault(answer) if b"\0\0\xfc\0\1" in proxy.questions[-1] else answer
    with client(server, port=proxy.port, limits=IMPATIENT) as nameserver:
        snapshot = nameserver.read(ZONE, None, READ_AT)
    assert not snapshot.is_complete


def test_a_zone_beyond_the_size_limit_is_missing(server: DnsServer) -> None:
    """A server cannot fill our memory."""
    with client(server, limits=Limits(transfer_bytes=100)) as nameserver:
        snapshot = nameserver.read(ZONE, None, READ_AT)
    assert "larger than 100 bytes" in str(snapshot.reason)


def test_a_server_that_is_not_there_is_said_so(server: DnsServer) -> None:
    """No connection is a missing zone with the address to check."""
    with client(server, port=free_port()) as nameserver:
        snapshot = nameserver.read(ZONE, None, READ_AT)
    assert "cannot connect" in str(snapshot.reason)


def test_one_connection_serves_a_run_and_opens_again_when_it_was_closed(server: DnsServer, proxy: Proxy) -> None:
    """Many messages, one connection; one the server closed in between is opened again without an error."""
    with client(server, port=proxy.port) as nameserver:
        for _ in range(5):
            nameserver.soa(ZONE)
        assert proxy.connections == 1
        answers = iter([CLOSE])
        proxy.answer = lambda answer: next(answers, answer)
        nameserver.soa(ZONE)
    assert proxy.connections == 2
