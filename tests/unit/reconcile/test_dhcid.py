"""The DHCID of a lease, against those Kea's D2 wrote."""

import base64
import json
from pathlib import Path

import pytest

from pipelines.reconcile.dhcid import dhcid
from pipelines.values import mac, owner_name

VECTORS = json.loads((Path(__file__).parents[2] / "fixtures/ddns/dhcid-vectors.json").read_text())
NAME = owner_name("chi6.example.com")


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["fqdn"] for vector in VECTORS])
def test_a_lease_gives_the_dhcid_that_kea_computed(vector: dict[str, str]) -> None:
    """Each of the fixture's 94 leases gives the DHCID that Kea's own computation gave (75 of them read from DNS)."""
    client_id = vector["client-id"] and vector["client-id"].replace(":", "")
    assert dhcid(owner_name(vector["fqdn"]), mac(vector["hw-address"]), client_id) == vector["dhcid"]


def test_a_client_id_that_holds_a_duid_counts_by_the_duid() -> None:
    """RFC 4701 section 3.6.1: the example's DUID, behind `ff` and an IAID, gives the example's DHCID."""
    duid = "00010006" + "41 2d f1 66 01 02 03 04 05 06".replace(" ", "")
    wanted = "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="
    assert dhcid(owner_name("chi6.example.com"), None, "ff" + "00000001" + duid) == wanted


def test_a_client_id_counts_before_the_mac() -> None:
    """RFC 4701 section 3.6.2: client identifier 01:07:08:09:0a:0b:0c for chi.example.com."""
    wanted = "AAEBOSD+XR3Os/0LozeXVqcNc7FwCfQdWL3b/NaiUDlW2No="
    assert dhcid(owner_name("chi.example.com"), mac("00:00:00:00:00:01"), "010708090a0b0c") == wanted


def test_without_client_id_the_mac_counts_as_ethernet() -> None:
    """RFC 4701 section 3.6.3: hardware address 01:02:03:04:05:06 for client.example.com."""
    wanted = "AAABxLmlskllE0MVjd57zHcWmEH3pCQ6VytcKD//7es/deY="
    assert dhcid(owner_name("client.example.com"), mac("01:02:03:04:05:06"), None) == wanted


@pytest.mark.parametrize("client_id", ["ff", "ff00000001", ""])
def test_a_client_id_that_identifies_nothing_has_no_dhcid(client_id: str) -> None:
    """Kea writes no DHCID for a client identifier that is empty or too short to hold the DUID it announces."""
    assert dhcid(NAME, mac("01:02:03:04:05:06"), client_id) is None


def test_a_lease_without_client_id_and_mac_has_no_dhcid() -> None:
    """A declined lease, whose MAC Kea empties, cannot be matched with DNS."""
    assert dhcid(NAME, None, None) is None


def test_the_first_bytes_say_what_identified_the_client() -> None:
    """Identifier type 0, 1 or 2 (RFC 4701 section 3.3), then digest type 1."""
    given = (None, "01aabb", "ff00000001aa")
    heads = [base64.b64decode(dhcid(NAME, mac("01:02:03:04:05:06"), one) or "")[:3].hex() for one in given]
    assert heads == ["000001", "000101", "000201"]
