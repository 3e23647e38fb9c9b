"""Kea's configuration as `tables.RESERVATIONS` and `tables.DHCP_SUBNETS`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import kea_config
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot

KEA = Path(__file__).parents[2] / "fixtures" / "kea"
CONFIGS = ["config-get", "config-get.shared-networks", "kea-dhcp4.input.conf", "pfsense-shape.kea-dhcp4.conf"]
AT = datetime(2026, 11, 1, tzinfo=UTC)


def snapshot(content: bytes) -> Snapshot:
    """A snapshot of a configuration."""
    return Snapshot("sofia", "kea4.config", AT, content)


def capture(name: str) -> Snapshot:
    """A snapshot that holds a capture."""
    return snapshot((KEA / f"{name}.json").read_bytes())


def config(**dhcp4: object) -> Snapshot:
    """A snapshot of a configuration with these global keys (`_` for `-`)."""
    return snapshot(json.dumps({"Dhcp4": {key.replace("_", "-"): value for key, value in dhcp4.items()}}).encode())


def reservations(read: Snapshot) -> Parsed:
    """The reservations in it, by the contract."""
    parsed = kea_config.parse_reservations(read)
    assert tables.RESERVATIONS.violations(parsed.table) == []
    return parsed


def subnets(read: Snapshot) -> Parsed:
    """The subnets in it, by the contract."""
    parsed = kea_config.parse_subnets(read)
    assert tables.DHCP_SUBNETS.violations(parsed.table) == []
    return parsed


@pytest.mark.parametrize("name", CONFIGS)
def test_every_reservation_that_fixes_something_is_a_row(name: str) -> None:
    """52 reservations fix an address and two more a name; pfSense's bare global ones are left out."""
    parsed = reservations(capture(name))
    assert len(parsed.table) == 54
    assert parsed.rejects.empty


def test_reservations_know_their_subnet_at_every_level() -> None:
    """Subnets of their own, subnets in a shared network and the global scope: 3, 7, 42 and 2."""
    expected = {"10.0.10.0/24": 3, "10.0.20.0/24": 7, "192.168.1.0/24": 42}
    for name in CONFIGS[:2]:
        table = reservations(capture(name)).table
        assert table["subnet"].value_counts().to_dict() == expected
        assert table.loc[table["subnet"].isna(), "hostname"].tolist() == ["roaming-phone", "roaming-laptop"]


def test_client_ids_read_alike_however_they_are_written() -> None:
    """Kea prints upper hex, leases colons, pfSense quoted text: all are plain lower-case hex here."""
    printed = reservations(capture("config-get")).table.set_index("hostname")
    assert printed.loc["roaming-phone", "client_id"] == "0102aabbccdd02"
    written = reservations(capture("pfsense-shape.kea-dhcp4.conf")).table.set_index("hostname")
    assert written.loc["cid_printer", "client_id"] == b"printer-cid".hex()
    assert pd.isna(written.loc["My_Named_Only_Host", "ip"])


def test_a_bad_reservation_is_rejected_alone() -> None:
    """A reservation whose address is none is a reject; one of other hardware is kept without its hw-address."""
    rows = [
        {"hw-address": "52:54:00:10:00:10", "ip-address": "10.0.10.999"},
        {"hw-address": "a0:b0", "ip-address": "10.0.10.11", "hostname": "ib"},
    ]
    parsed = reservations(config(subnet4=[{"subnet": "10.0.10.0/24", "reservations": rows}]))
    assert parsed.table[["ip", "hostname"]].to_numpy().tolist() == [["10.0.10.11", "ib"]]
    assert parsed.table["mac"].isna().all()
    assert parsed.rejects["line"].tolist() == [1, 2]


@pytest.mark.parametrize("name", CONFIGS)
def test_every_subnet_is_a_row(name: str) -> None:
    """Three subnets, each with D2 on, its suffix absolute and its one pool first-last."""
    parsed = subnets(capture(name))
    assert parsed.rejects.empty
    assert parsed.table.sort_values("subnet").to_numpy().tolist() == [
        ["sofia", "10.0.10.0/24", True, "viktorbarzin.lan.", "10.0.10.100-10.0.10.250"],
        ["sofia", "10.0.20.0/24", True, "viktorbarzin.lan.", "10.0.20.150-10.0.20.250"],
        ["sofia", "192.168.1.0/24", True, "viktorbarzin.lan.", "192.168.1.100-192.168.1.250"],
    ]


@pytest.mark.parametrize(
    ("dhcp4", "network", "subnet", "is_on"),
    [
        ({}, {}, {}, True),
        ({"ddns-send-updates": False}, {}, {}, False),
        ({"ddns-send-updates": False}, {"ddns-send-updates": True}, {}, True),
        ({}, {"ddns-send-updates": True}, {"ddns-send-updates": False}, False),
        ({"dhcp-ddns": {"enable-updates": False}}, {}, {"ddns-send-updates": True}, False),
        ({"dhcp-ddns": {}}, {}, {}, False),
    ],
)
def test_the_nearest_scope_says_whether_d2_is_on(
    dhcp4: dict[str, Any], network: dict[str, Any], subnet: dict[str, Any], *, is_on: bool
) -> None:
    """Subnet over shared network over global; and without dhcp-ddns.enable-updates it is off whatever they say."""
    inner = {"subnet": "10.0.10.0/24"} | subnet
    outer = {"dhcp-ddns": {"enable-updates": True}} | dhcp4 | {"shared-networks": [network | {"subnet4": [inner]}]}
    assert subnets(snapshot(json.dumps({"Dhcp4": outer}).encode())).table["is_ddns_on"].tolist() == [is_on]


def test_the_nearest_suffix_counts_and_an_empty_one_is_none() -> None:
    """A subnet's own ddns-qualifying-suffix wins; an empty one puts nothing behind a bare name."""
    inner = [
        {"subnet": "10.0.10.0/24"},
        {"subnet": "10.0.20.0/24", "ddns-qualifying-suffix": "Own.Example"},
        {"subnet": "10.0.30.0/24", "ddns-qualifying-suffix": ""},
    ]
    table = subnets(config(ddns_qualifying_suffix="viktorbarzin.lan", subnet4=inner)).table
    assert table["ddns_suffix"].tolist()[:2] == ["viktorbarzin.lan.", "own.example."]
    assert pd.isna(table["ddns_suffix"][2])


def test_pools_are_ranges_however_they_are_written() -> None:
    """A range, a range with blanks and a prefix all read first-last; no pool is null."""
    pools = [{"pool": "10.0.10.100 - 10.0.10.120"}, {"pool": "10.0.10.128/30"}]
    inner = [{"subnet": "10.0.10.0/24", "pools": pools}, {"subnet": "10.0.20.0/24", "pools": []}]
    table = subnets(config(subnet4=inner)).table
    assert table["pools"][0] == "10.0.10.100-10.0.10.120,10.0.10.128-10.0.10.131"
    assert pd.isna(table["pools"][1])


@pytest.mark.parametrize(
    "field", [{"subnet": "everywhere"}, {"pools": [{"pool": "a-b"}]}, {"ddns-qualifying-suffix": 5}]
)
def test_a_bad_subnet_is_rejected_alone(field: dict[str, object]) -> None:
    """A subnet with a setting that cannot be is a reject, and the next one is still a row."""
    parsed = subnets(config(subnet4=[{"subnet": "10.0.10.0/24"} | field, {"subnet": "10.0.20.0/24"}]))
    assert parsed.table["subnet"].tolist() == ["10.0.20.0/24"]
    assert parsed.rejects["line"].tolist() == [1]


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b'{"Dhcp6": {}}', b'{"Dhcp4": []}', b'{"Dhcp4": {"subnet4": 5}}', b'{"Dhcp4": {"subnet4": [5]}}',
     b'{"result": 1, "text": "no"}', b'{"arguments": 5, "result": 0}', b'{"Dhcp4": {"subnet4": [{"reserv']
)  # fmt: skip
def test_what_is_no_configuration_is_unreadable(content: bytes) -> None:
    """An error, a cut answer or another shape is never "no reservations"."""
    for parse in (kea_config.parse_reservations, kea_config.parse_subnets):
        with pytest.raises(ParseError):
            parse(snapshot(content))
