"""FreeBSD's ARP cache, as libxo JSON and as text, as `tables.NEIGHBOURS`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import arp
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot

ARP = Path(__file__).parents[2] / "fixtures" / "arp"
AT = datetime(2026, 11, 22, 22, 41, 29, 123456, tzinfo=UTC)
ENTRY = {"hostname": "?", "ip-address": "10.0.10.10", "mac-address": "52:54:00:10:00:10", "interface": "vtnet1.10"}


def parse(content: bytes) -> Parsed:
    """What is read from it, by the contracts."""
    parsed = arp.parse(Snapshot("sofia", "arp", AT, content))
    assert tables.NEIGHBOURS.violations(parsed.table) == []
    assert tables.REJECTS.violations(parsed.rejects) == []
    return parsed


def libxo(*entries: object) -> bytes:
    """What `arp --libxo json -an` prints for these entries."""
    return json.dumps({"__version": "1", "arp": {"arp-cache": entries}}).encode()


def one(**changes: object) -> "pd.Series[Any]":
    """The only row of a cache with this one entry (`_` for `-`)."""
    return parse(libxo(ENTRY | {key.replace("_", "-"): value for key, value in changes.items()})).table.iloc[0]


def test_both_forms_are_the_same_table() -> None:
    """The same cache printed as JSON and as text gives equal tables, every line of it read."""
    as_json = parse((ARP / "freebsd_arp_an.libxo.json").read_bytes())
    as_text = parse((ARP / "freebsd_arp_an.txt").read_bytes())
    pd.testing.assert_frame_equal(as_json.table, as_text.table)
    assert as_json.rejects.empty
    assert as_text.rejects.empty


def test_every_state_of_the_capture_is_told_apart() -> None:
    """97 entries: own and fixed ones, one published, one expired, two that nobody answered, and 87 devices."""
    states = parse((ARP / "freebsd_arp_an.txt").read_bytes()).table["state"].value_counts().to_dict()
    assert states == {"dynamic": 87, "permanent": 6, "incomplete": 2, "published": 1, "expired": 1}


def test_only_what_the_kernel_confirmed_has_a_time() -> None:
    """Own addresses, published and incomplete entries were never seen; dynamic and expired ones were, once."""
    table = parse((ARP / "freebsd_arp_an.txt").read_bytes()).table
    dated = table.assign(is_dated=table["confirmed_at"].notna()).groupby("state")["is_dated"].agg(["min", "max"])
    assert dated["min"].to_dict() == dated["max"].to_dict()
    assert dated.index[dated["min"]].tolist() == ["dynamic", "expired"]


@pytest.mark.parametrize(
    ("fields", "seconds_ago"),
    [({"expires": 1200}, 0), ({"expires": 1174}, 26), ({"expires": 0}, 1200), ({"expires": 9000}, 0),
     ({"expired": True}, 1200), ({"published": True, "expires": 200}, 1000)]
)  # fmt: skip
def test_an_entry_was_confirmed_when_its_countdown_began(fields: dict[str, object], seconds_ago: int) -> None:
    """Twenty minutes less what is left, and never after we asked, even where max_age was raised."""
    assert one(**fields)["confirmed_at"] == AT - timedelta(seconds=seconds_ago)


@pytest.mark.parametrize(
    ("fields", "state"),
    [({"permanent": True}, "permanent"), ({"permanent": True, "published": True}, "published"),
     ({"incomplete": True, "expires": 7}, "incomplete"), ({}, "dynamic")]
)  # fmt: skip
def test_what_is_not_confirmed_has_no_time(fields: dict[str, object], state: str) -> None:
    """Without a countdown nothing says when, or whether, a device was there."""
    row = one(**fields)
    assert row["state"] == state
    assert pd.isna(row["confirmed_at"])


def test_an_incomplete_entry_has_no_mac() -> None:
    """Nobody answered for the address: there is no MAC, whatever was held before."""
    assert pd.isna(one(incomplete=True)["mac"])


@pytest.mark.parametrize(
    "fields",
    [{"ip-address": "10.0.10"}, {"ip-address": None}, {"mac-address": "52:54"}, {"mac-address": 7}, {"interface": ""},
     {"interface": "vt net"}, {"interface": "\ud800"}, {"expires": "7"}, {"expires": -1}, {"expires": 10**30},
     {"expires": True}]
)  # fmt: skip
def test_a_bad_entry_is_rejected_alone(fields: dict[str, object]) -> None:
    """An entry with a value that cannot be is a reject with its position, and the next one is still a row."""
    parsed = parse(libxo(ENTRY | fields, ENTRY))
    assert parsed.table["ip"].tolist() == ["10.0.10.10"]
    assert parsed.rejects["line"].tolist() == [1]


def test_a_line_of_something_else_is_rejected_alone() -> None:
    """A warning among the lines, and a line cut in the middle, do not cost the others."""
    lines = "arp: something\r\n? (10.0.10.10) at 52:54:00:10:00:10 on vtnet1.10 expires in 9 seconds [vlan]\r\n? (10.0."
    parsed = parse(lines.encode())
    assert parsed.table["ip"].tolist() == ["10.0.10.10"]
    assert parsed.rejects["line"].tolist() == [1, 3]


@pytest.mark.parametrize(
    "name",
    ["busybox_arp_an.txt", "busybox_ip_neigh.txt", "freebsd_ndp_an.txt", "linux_ip_neigh.json", "linux_ip_neigh.txt",
     "linux_nettools_arp_an.txt", "linux_proc_net_arp.txt"]
)  # fmt: skip
def test_another_systems_table_is_unreadable(name: str) -> None:
    """What Linux and busybox print is not half understood, and ndp's is no ARP cache."""
    with pytest.raises(ParseError, match="is an ARP entry"):
        parse((ARP / name).read_bytes())


@pytest.mark.parametrize("content", [b"", b"\n", b"{}", b'{"arp": {}}', b'{"arp": {"arp-cache": [{"host', b"\xff\x00"])
def test_no_answer_is_no_empty_cache(content: bytes) -> None:
    """Nothing, a cut answer or JSON of another shape is unreadable."""
    with pytest.raises(ParseError):
        parse(content)


def test_a_cache_that_says_it_is_empty_is_empty() -> None:
    """JSON proves its own end: an empty list is an empty cache."""
    assert parse(libxo()).table.empty
