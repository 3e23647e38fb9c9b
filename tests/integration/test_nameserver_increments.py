"""Zones read by increments (IXFR), from a real BIND and from the stand-in of a Technitium that sends the whole zone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipelines.parse import zone as zone_parser
from pipelines.parse.zone_copy import answered, proved
from pipelines.snapshots import Snapshot
from resources.nameserver import NameServer
from tests.integration.dns_kit import DHCID, SERVERS, ZONE, client, plan, row, running_zones
from tests.integration.dns_proxy import running_proxy
from tests.services.dns_server import DnsServer

AT = datetime(2026, 3, 1, tzinfo=UTC)
IXFR, AXFR = b"\0\0\xfb\0\1", b"\0\0\xfc\0\1"


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[DnsServer]:
    """BIND, which keeps a journal, and the other one, which answers IXFR with the whole zone."""
    with running_zones(request.param) as running:
        yield running


def records(snapshot: Snapshot) -> set[tuple[str, int, str, str]]:
    """What a snapshot says: owner without final dot, TTL, type, data."""
    assert snapshot.is_complete, snapshot.reason
    table = zone_parser.parse(snapshot).table
    return {(row.owner.rstrip("."), row.ttl_s, row.type, row.rdata) for row in table.itertuples()}


def fill(ours: NameServer, names: int = 200) -> None:
    """Give the zone some records: of one that is smaller than what changed in it BIND sends the whole."""
    receipt = ours.apply(plan(*(row(f"n{n}.many", f"10.0.{n >> 8}.{n & 255}") for n in range(names))))
    assert set(receipt["outcome"]) == {"applied"}


def test_a_copy_brought_up_is_the_zone(server: DnsServer) -> None:
    """After each of some edits the copy reads as the zone that dnspython transfers whole."""
    with client(server, incremental=True) as ours:
        fill(ours)
        copy = ours.read(ZONE, None, AT)
        for edit in range(6):
            name = f"a{edit}.inc.example.lan"
            server.add(ZONE, name, 60 + edit, "A", f"10.0.0.{edit}")
            server.add(ZONE, name, 60 + edit, "DHCID", DHCID)
            server.replace(ZONE, "often.inc.example.lan", 60 + edit, "CNAME", name)
            if edit > 1:
                server.delete(ZONE, f"a{edit - 2}.inc.example.lan")
            copy = ours.read(ZONE, copy, AT)
            assert records(copy) == server.records(ZONE)
            assert copy.version == str(server.serial(ZONE))


@pytest.mark.services("bind")
def test_what_did_not_change_is_not_sent() -> None:
    """Of a zone of two thousand records one changed: the increment is some hundred bytes, and no AXFR is asked for."""
    with running_zones() as bind, running_proxy(bind.port) as proxy:
        with client(bind, port=proxy.port, incremental=True) as ours:
            fill(ours, 2000)
            copy = ours.read(ZONE, None, AT)
            bind.add(ZONE, "one.more.example.lan", 60, "A", "10.0.0.1")
            proxy.questions.clear()
            now = ours.read(ZONE, copy, AT)
        assert records(now) == bind.records(ZONE)
        assert len(copy.content) > 40_000
        assert len(now.content) - len(copy.content) < 700
        assert [AXFR in one for one in proxy.questions] == [False] * 3  # SOA, IXFR, SOA


@pytest.mark.services("bind")
def test_a_copy_that_does_not_fit_is_transferred_whole() -> None:
    """A copy of an older life, with other records, or that has been added to for a day is not added to."""
    with running_zones() as bind, client(bind, incremental=True) as ours:
        fill(ours)
        bind.add(ZONE, "a.example.lan", 60, "A", "10.9.9.1")
        copy = ours.read(ZONE, None, AT)
        bind.delete(ZONE, "a.example.lan")
        drifted = replace(copy, content=copy.content.replace(b"\x0a\x09\x09\x01", b"\x0a\x09\x09\x02"))
        assert drifted.content != copy.content
        newer = replace(copy, version=str(bind.serial(ZONE) + 5))
        assert records(ours.read(ZONE, drifted, AT)) == records(ours.read(ZONE, newer, AT)) == bind.records(ZONE)
        behind = []
        for edit in range(26):
            bind.replace(ZONE, "often.example.lan", 60, "A", f"10.0.1.{edit}")
            copy = ours.read(ZONE, copy, AT)
            behind.append(proved(answered(copy.content), ZONE).increments)
        assert records(copy) == bind.records(ZONE)
        assert max(behind) == 24
        assert behind[behind.index(24) + 1] == 0


@pytest.mark.services("bind")
def test_an_increment_that_cannot_be_trusted_is_none() -> None:
    """One bit altered, or a broken connection: the zone is transferred whole in the same run."""
    with running_zones() as bind, running_proxy(bind.port) as proxy:
        with client(bind, port=proxy.port, incremental=True) as ours:
            fill(ours)
            copy = ours.read(ZONE, None, AT)
            bind.add(ZONE, "b.example.lan", 60, "A", "10.0.0.1")

            def altered(answer: bytes) -> bytes:
                is_increment = IXFR in proxy.questions[-1]
                return answer[:40] + bytes([answer[40] ^ 1]) + answer[41:] if is_increment else answer

            proxy.answer = altered
            assert records(ours.read(ZONE, copy, AT)) == bind.records(ZONE)
        assert any(AXFR in one for one in proxy.questions)
