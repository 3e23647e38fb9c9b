"""A Linux gateway's neighbour tables: what is there, what is a remnant, and what of it bears a date."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import linux_neighbours
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot
from tests.networks import cells

FIXTURES = Path(__file__).parents[2] / "fixtures"
AT = datetime(2026, 11, 22, 22, 41, 29, tzinfo=UTC)
HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"
PROC = HEAD + "192.168.8.9      0x1         0x2         94:83:c4:10:00:00     *        br-lan\n"
MAC = "94:83:c4:10:00:00"


def parse(*texts: str) -> Parsed:
    """What these outputs, one below the other, hold."""
    return linux_neighbours.parse(Snapshot("london", "linux.neighbours", AT, "\n".join(texts).encode()))


def captured(name: str) -> str:
    """A fixture."""
    return (FIXTURES / name).read_text()


def states(parsed: Parsed) -> dict[str, str]:
    """Each address's state."""
    return dict(zip(parsed.table["ip"], parsed.table["state"], strict=True))


def age_s(text: str) -> float | None:
    """How long ago the one entry of `ip neigh` was confirmed."""
    (confirmed_at,) = parse(HEAD, text).table["confirmed_at"]
    return None if pd.isna(confirmed_at) else (pd.Timestamp(AT) - confirmed_at).total_seconds()


@pytest.mark.parametrize("neighbours", ["arp/linux_ip_neigh.txt", "arp/busybox_ip_neigh.txt"])
def test_both_tables_are_one(neighbours: str) -> None:
    """iproute2's and busybox's `ip neigh` below /proc/net/arp: each address once, by the contract, and all readable."""
    parsed = parse(captured("arp/linux_proc_net_arp.txt"), captured(neighbours))
    assert tables.NEIGHBOURS.violations(parsed.table) == []
    assert parsed.rejects.empty
    assert not parsed.table.duplicated(["interface", "ip"]).any()
    assert len(parsed.table) == 20
    dated = parsed.table[parsed.table["confirmed_at"].notna()]
    assert sorted(dated["ip"]) == ["192.168.1.10", "fe80::a859:a7ff:fe8e:491"]


def test_the_flags_tell_what_an_entry_is() -> None:
    """0x2 is complete, 0x6 permanent, 0x0 incomplete whatever MAC is still printed, 0xc published for others."""
    parsed = parse(captured("arp/linux_proc_net_arp.txt"))
    found = states(parsed)
    assert found["192.168.1.10"] == "dynamic"
    assert found["192.168.1.250"] == "permanent"
    assert found["192.168.1.77"] == "incomplete"
    assert found["192.168.1.249"] == "published"
    assert pd.isna(parsed.table.set_index("ip").loc["192.168.1.77", "mac"])


@pytest.mark.parametrize("site", ["london", "valchedrym"])
def test_proc_alone_dates_nothing(site: str) -> None:
    """Without `ip neigh` every entry is kept and none bears a date: 0x2 may be days old."""
    parsed = parse(captured(f"dnsmasq/{site}/proc_net_arp"))
    assert len(parsed.table) > 5
    assert parsed.table["confirmed_at"].isna().all()
    assert parsed.rejects.empty


@pytest.mark.parametrize(
    ("tail", "seconds"),
    [
        ("REACHABLE", 45),
        ("STALE", None),
        ("DELAY", None),
        ("PROBE", None),
        ("ref 1 used 0/0/0 probes 4 REACHABLE", 45),
        ("used 0/0/0 probes 4 STALE", None),
        ("ref 1 used 12/7/3 probes 4 REACHABLE", 7),
        ("used 900/840/810 probes 1 STALE", 840),
        ("used 3/64/3 probes 1 PROBE", 64),
        ("extern_learn used 9/9/9 STALE proto zebra", 9),
        ("PERMANENT", None),
    ],
)
def test_an_entry_is_as_old_as_the_kernel_says(tail: str, seconds: float | None) -> None:
    """The age where it is told (not busybox's 0/0/0), at most 45 s when reachable, and else nobody knows."""
    assert age_s(f"192.168.8.9 dev br-lan lladdr {MAC} {tail}\n") == seconds


@pytest.mark.parametrize(
    "tail", ["FAILED", "INCOMPLETE", f"lladdr {MAC} FAILED", " used 0/0/0 probes 6 FAILED", "STALE"]
)
def test_a_device_that_left_is_not_there(tail: str) -> None:
    """What does not answer has no MAC and no date, although /proc/net/arp lists it as complete a moment before."""
    parsed = parse(PROC, f"192.168.8.9 dev br-lan {tail}\n")
    assert cells(parsed.table, "mac", "state") == [(None, "incomplete")]


def test_an_address_on_two_interfaces_is_two_entries() -> None:
    """Two devices with one address are seen as such."""
    other = PROC.removeprefix(HEAD).replace("br-lan", "eth1").replace(MAC, "94:83:c4:10:00:01")
    assert cells(parse(PROC + other).table, "interface") == [("br-lan",), ("eth1",)]


def test_an_entry_of_another_hardware_has_no_mac() -> None:
    """Only Ethernet's hardware addresses are MACs."""
    assert cells(parse(PROC.replace("0x1  ", "0x20 ")).table, "mac", "state") == [(None, "dynamic")]


def test_a_table_without_its_head_is_unreadable() -> None:
    """The head is printed however empty the table: without it, this is no answer."""
    for text in ("", "cat: can't open '/proc/net/arp'\n", HEAD + HEAD):
        with pytest.raises(ParseError, match="does not begin with its line"):
            parse(text)
    assert parse(HEAD).table.empty


def test_garbage_is_rejected_line_by_line() -> None:
    """A banner before, damage within: the lines are told and the rest stands."""
    parsed = parse(
        "BusyBox v1.36.1", PROC, "192.168.8.7 0x1", "192.168.8.300 dev br-lan STALE", "Usage: ip neigh dev x"
    )
    assert list(states(parsed)) == ["192.168.8.9"]
    assert len(parsed.rejects) == 4


def test_dates_are_by_our_clock() -> None:
    """An age counts back from when we asked, however wrong the router's clock is."""
    content = f"{HEAD}192.168.8.9 dev br-lan lladdr {MAC} REACHABLE\n".encode()
    snapshot = Snapshot("london", "linux.neighbours", AT, content, clock_offset_s=-1_700_000_000)
    assert list(linux_neighbours.parse(snapshot).table["confirmed_at"]) == [pd.Timestamp(AT) - timedelta(seconds=45)]
