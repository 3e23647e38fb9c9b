"""FreeBSD's neighbour cache of IPv6: real columns, honest dates."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import ndp
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot

CAPTURE = Path(__file__).parents[2] / "fixtures" / "arp" / "freebsd_ndp_an.txt"
AT = datetime(2026, 11, 22, 22, 41, 29, tzinfo=UTC)
HEAD = "Neighbor                        Linklayer Address  Netif Expire    S Flags\n"


def parse(content: bytes) -> Parsed:
    """What is read from it, by the contracts."""
    parsed = ndp.parse(Snapshot("sofia", "ndp", AT, content))
    assert tables.NEIGHBOURS.violations(parsed.table) == []
    assert tables.REJECTS.violations(parsed.rejects) == []
    return parsed


def test_every_entry_is_a_row() -> None:
    """Own addresses, a router's, a device's and one that nobody answers for: each in the contract's words."""
    parsed = parse(CAPTURE.read_bytes())
    assert parsed.rejects.empty
    assert list(zip(parsed.table["ip"], parsed.table["state"], strict=True)) == [
        ("fe80::be24:11ff:fe00:102", "permanent"),
        ("fe80::52c7:bfff:fe12:3456", "dynamic"),
        ("fd00:192::10", "dynamic"),
        ("fd00:192::dead", "incomplete"),
        ("fe80::be24:11ff:fe00:1401", "permanent"),
    ]


@pytest.mark.parametrize(
    ("columns", "ago_s"),
    [
        ("17s       R", 28),
        ("45s       R", 0),
        ("2d0h0m0s  R", 0),
        ("23h58m12s S R", 108 + 45),
        ("1d0h0m0s  S", 45),
        ("0s        S", 86_445),
        ("3s        D", None),
        ("1s        P R 2", None),
        ("permanent R", None),
        ("expired   S", None),
    ],
)
def test_an_entry_is_as_old_as_its_state_tells(columns: str, ago_s: int | None) -> None:
    """Reachable counts down from at most 45 s, stale from a day; who is being probed may be gone."""
    (entry,) = parse(f"{HEAD}fd00:192::10  b8:27:eb:01:00:50 vtnet0 {columns}\n".encode()).table.itertuples()
    if ago_s is None:
        assert pd.isna(entry.confirmed_at)
    else:
        assert entry.confirmed_at == pd.Timestamp(AT - timedelta(seconds=ago_s))


def test_a_proxys_entry_is_no_sighting() -> None:
    """What the gateway itself answers for is published, not seen."""
    (entry,) = parse(f"{HEAD}fd00:192::10 b8:27:eb:01:00:50 em0 permanent R p\n".encode()).table.itertuples()
    assert entry.state == "published"


def test_a_bad_line_is_a_reject_and_the_others_stand() -> None:
    """An IPv4 address, words, half a MAC: each a row of the rejects."""
    lines = "10.0.0.1 b8:27:eb:01:00:50 em0 1s R\nndp: a warning\nfd00::1 b8:27 em0 1s R\nfd00::2 (none) em0 1s I\n"
    parsed = parse((HEAD + lines).encode())
    assert parsed.rejects["line"].tolist() == [2, 3, 4]
    assert parsed.table["ip"].tolist() == ["fd00::2"]


@pytest.mark.parametrize("content", [b"", b"\n", b"ndp: socket: permission denied\n"])
def test_without_its_head_it_is_no_answer(content: bytes) -> None:
    """The program prints its head however empty the cache is: without it nothing was read."""
    with pytest.raises(ParseError, match="Run `ndp -an` on the gateway"):
        parse(content)
