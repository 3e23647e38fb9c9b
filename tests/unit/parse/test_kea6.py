"""Kea's DHCPv6 answers, real ones: addresses are leases, prefixes and temporary addresses are not."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import kea_config, kea_leases, kea_memfile
from pipelines.parse.duid import as_client_id, hardware
from pipelines.snapshots import Snapshot

KEA = Path(__file__).parents[2] / "fixtures" / "kea"
AT = datetime.fromtimestamp(1795405460, UTC)


def snapshot(name: str, source: str = "kea6.leases") -> Snapshot:
    """A capture as its source."""
    return Snapshot("sofia", source, AT, (KEA / name).read_bytes())


def test_every_lease_of_an_address_is_a_row() -> None:
    """Six addresses of eight leases, whatever their state; the MAC only where it is not the one inside the DUID."""
    parsed = kea_leases.parse6(snapshot("lease6-get-all.json"))
    assert tables.LEASES.violations(parsed.table) == []
    assert parsed.rejects.empty
    found = parsed.table.set_index("ip")
    assert [ip.rpartition(":")[2] for ip in found.index] == ["150", "151", "152", "154", "155", "156"]
    assert found["mac"].dropna().to_dict() == {"fd00:192::152": "52:54:00:00:00:0d"}
    assert found.loc["fd00:192::151", "client_id"] == "ff00000000" + "00020000ab1102"
    assert found.loc["fd00:192::154", ["state", "client_id"]].fillna("none").tolist() == ["declined", "none"]
    assert found.loc["fd00:192::155", "state"] == "reclaimed"
    assert pd.isna(found.loc["fd00:192::156", "expires_at"])


def test_pages_and_the_lease_file_say_the_same() -> None:
    """Two pages, and the rows of the lease file, are the table that lease6-get-all gives."""
    told = kea_leases.parse6(snapshot("lease6-get-all.json")).table
    pages = b"\n".join((KEA / f"lease6-get-page.{number}.json").read_bytes() for number in (1, 2))
    pd.testing.assert_frame_equal(kea_leases.parse6(Snapshot("sofia", "kea6.leases", AT, pages)).table, told)
    content = kea_memfile.pack({"": (KEA / "memfile6.t0" / "dhcp6.leases").read_bytes()})
    filed = kea_memfile.parse6(Snapshot("sofia", "kea6.leases", AT, content)).table
    pd.testing.assert_frame_equal(filed.sort_values("ip", ignore_index=True), told.sort_values("ip", ignore_index=True))


@pytest.mark.parametrize("name", ["lease4-get-all.json", "lease4-get-all.empty.json"])
def test_the_other_familys_answer_is_none(name: str) -> None:
    """An answer of the DHCPv4 server, be it empty, says nothing of DHCPv6; nor the other way round."""
    with pytest.raises(ParseError):
        kea_leases.parse6(snapshot(name))
    with pytest.raises(ParseError):
        kea_leases.parse(snapshot("lease6-get-all.json", "kea4.leases"))
    with pytest.raises(ParseError, match="no Dhcp4"):
        kea_config.parse_subnets(snapshot("config-get.dhcp6.json", "kea4.config"))


@pytest.mark.parametrize(
    "changes",
    [{"type": "IA_XX"}, {"type": None}, {"duid": "xx"}, {"duid": None}, {"ip-address": "10.0.0.1"}, {"state": 9}],
)
def test_a_lease_that_cannot_be_is_rejected(changes: dict[str, object]) -> None:
    """A kind, a DUID, an address or a state nobody knows is a reject with its reason."""
    lease = json.loads((KEA / "lease6-get-all.json").read_text())["arguments"]["leases"][0] | changes
    body = {"arguments": {"leases": [lease]}, "result": 0, "text": "1 IPv6 lease(s) found."}
    parsed = kea_leases.parse6(Snapshot("sofia", "kea6.leases", AT, json.dumps(body).encode()))
    assert parsed.table.empty
    assert len(parsed.rejects) == 1


def test_a_reservation_is_a_row_for_each_of_its_addresses() -> None:
    """By DUID or by MAC, of one address or of two; a global one without an address fixes its name; no prefix is one."""
    table = kea_config.parse_reservations(snapshot("config-get.dhcp6.json", "kea6.config")).table
    assert tables.RESERVATIONS.violations(table) == []
    rows = table[["ip", "hostname"]].fillna("none").to_numpy().tolist()
    assert rows == [["fd00:192::10", "nas6"], ["fd00:192::11", "nas6"], ["fd00:192::12", "mac6"], ["none", "glob"]]
    assert table["client_id"].tolist()[:2] == ["ff00000000" + "0003000152540000000a"] * 2
    subnets = kea_config.parse_subnets(snapshot("config-get.dhcp6.json", "kea6.config")).table
    assert subnets[["subnet", "is_ddns_on", "pools"]].to_numpy().tolist() == [
        ["fd00:192::/64", True, "fd00:192::100-fd00:192::1ff"]
    ]


@pytest.mark.parametrize(
    ("duid", "mac"),
    [
        ("000100011122334402aabb00000d", "02:aa:bb:00:00:0d"),
        ("0003000102aabb00000d", "02:aa:bb:00:00:0d"),
        ("0003000602aabb00000d", None),
        ("00020000ab1102", None),
        ("0003000102aabb", None),
        (None, None),
    ],
)
def test_the_mac_inside_a_duid(duid: str | None, mac: str | None) -> None:
    """Of an Ethernet LLT or LL DUID; of no other kind, length or hardware."""
    assert hardware(duid) == mac


def test_kea_keeps_no_client_for_a_declined_address() -> None:
    """The DUID of zeros is nobody's."""
    assert as_client_id("00") is None
    assert as_client_id("") is None
