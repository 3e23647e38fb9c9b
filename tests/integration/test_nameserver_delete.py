"""What a DNS plan deletes, on a real BIND and on a stand-in of Technitium."""

from collections.abc import Iterator
from typing import Any

import pytest

from resources.nameserver import NameServer
from tests.integration.dns_kit import DHCID, SERVERS, ZONE, client, outcomes, plan, row, running_zones
from tests.services.dns_server import DnsServer


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[DnsServer]:
    """A name server with our zones, for the tests of this file: each runs against BIND and the other one."""
    with running_zones(request.param) as running:
        yield running


@pytest.fixture
def ours(server: DnsServer) -> Iterator[NameServer]:
    """Our client, connected to it."""
    with client(server) as nameserver:
        yield nameserver


def _deletion(name: str, before: str, rr_type: str = "A") -> dict[str, Any]:
    """A row that deletes data of ours."""
    given = row(name, before, type=rr_type, action="delete", before=before, before_ttl_s=600, is_name_free=False)
    return given | {"after": None, "after_ttl_s": None}


def test_what_is_deleted_is_gone_and_only_what_read_as_planned(server: DnsServer, ours: NameServer) -> None:
    """Our RRset, with its DHCID, goes; one that somebody changed, or that got a DHCID since, is a lost race."""
    ours.apply(plan(*(row(name, "10.0.0.5") for name in ("leaves", "edited", "marked", "kea"))))
    ours.apply(plan(row("marked", DHCID, type="DHCID", is_name_free=False)))
    server.add(ZONE, "kea.example.lan", 600, "DHCID", DHCID)
    address = [_deletion(name, "10.0.0.5") for name in ("leaves", "marked", "kea")]
    receipt = ours.apply(plan(*address, _deletion("marked", DHCID, "DHCID"), _deletion("edited", "10.0.0.6")))
    assert outcomes(receipt) == {
        "leaves A": "applied", "marked A": "applied", "marked DHCID": "applied", "kea A": "lost race",
        "edited A": "lost race",
    }  # fmt: skip
    assert server.query("leaves.example.lan", "A") == server.query("marked.example.lan", "DHCID") == []
    assert server.query("kea.example.lan", "A") == server.query("edited.example.lan", "A") == ["10.0.0.5"]
