"""What a DNS plan deletes, on a real BIND."""

from collections.abc import Iterator
from typing import Any

import pytest

from resources.nameserver import NameServer
from tests.integration.dns_kit import DHCID, ZONE, client, outcomes, plan, row
from tests.services.bind import Bind, running_bind

pytestmark = pytest.mark.services("bind")


@pytest.fixture(scope="module")
def server() -> Iterator[Bind]:
    """BIND with our zones, for the tests of this file."""
    with running_bind(["example.lan"]) as bind:
        yield bind


@pytest.fixture
def ours(server: Bind) -> Iterator[NameServer]:
    """Our client, connected to BIND."""
    with client(server) as nameserver:
        yield nameserver


def _deletion(name: str, before: str, rr_type: str = "A") -> dict[str, Any]:
    """A row that deletes data of ours."""
    given = row(name, before, type=rr_type, action="delete", before=before, before_ttl_s=600, is_name_free=False)
    return given | {"after": None, "after_ttl_s": None}


def test_what_is_deleted_is_gone_and_only_what_read_as_planned(server: Bind, ours: NameServer) -> None:
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
