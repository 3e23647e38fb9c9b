"""A list kept by hand: what is in it is told, what is wrong in it is named, and what is no list is not read at all."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines import network as network_file
from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import static_list
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot
from tests.networks import NETWORK_TOML, cells

FIXTURES = Path(__file__).parents[2] / "fixtures" / "static-list"
LISTED = '[sources.house]\nkind = "static-list"\npath = "hosts.toml"\n'
NETWORK = network_file.parse(NETWORK_TOML + LISTED, "x")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def parsed(content: bytes, listed: str = LISTED) -> Parsed:
    """What a list says on a network that lists it so."""
    network = network_file.parse(NETWORK_TOML + listed, "x")
    return static_list.parse(Snapshot("*", "static-list/house", AT, content), network)


def test_toml_and_csv_say_the_same() -> None:
    """Both forms give the same rows, each at the site of its subnet, its MAC in canonical form."""
    of_toml, of_csv = (parsed((FIXTURES / f"hosts.{form}").read_bytes()).table for form in ("toml", "csv"))
    assert tables.HOSTS.violations(of_toml) == []
    assert cells(of_toml, "site", "ip", "hostname", "mac") == [
        ("cabin", "10.9.0.8", "stove", None),
        ("home", "10.0.0.5", "hypervisor", "bc:24:11:00:0a:02"),
    ]
    assert cells(of_csv, "site", "ip", "hostname", "mac") == cells(of_toml, "site", "ip", "hostname", "mac")
    assert cells(of_csv, "comment") == [("in the rack, left",), (None,)]


def test_a_bad_row_is_told_and_the_others_count() -> None:
    """Each with its place and why."""
    of_toml, of_csv = (parsed((FIXTURES / f"hosts.{form}").read_bytes()).rejects for form in ("toml", "csv"))
    assert {line: str(reason).split(":")[0][:50] for line, reason in cells(of_toml, "line", "reason")} == {
        3: "10.0.0.5 is there before already",
        4: "10.77.0.1 lies in no subnet of network.toml",
        5: "10.0.1.255 is the network or the broadcast address",
        6: "'<b>x</b>' is not a host name",
        7: "'nmae' is no column",
        8: "ip and name must be there, and all be texts",
        9: "01",
    }
    assert cells(of_csv, "line", "reason") == [
        (6, "it has 5 fields, and there are 4 columns"),
        (7, "'10.0.1.300' is not an IP address"),
    ]


def test_a_list_tells_of_its_own_sites_alone() -> None:
    """Where `sites` names some, an address of another one is a mistake."""
    only_home = parsed((FIXTURES / "hosts.csv").read_bytes(), LISTED + 'sites = ["home"]\n')
    assert cells(only_home.table, "ip") == [("10.0.0.5",)]
    (reason,) = [text for text in only_home.rejects["reason"] if "cabin" in text]
    assert reason == "10.9.0.8 is of cabin, which is not among the list's sites in network.toml"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"# nothing\n\n", "is empty"),
        (b"[[host]\nip = 1\n", "is not TOML"),
        (b"hots = []\n", "has 'hots' where [[host]] tables belong"),
        (b"[host]\nip = '10.0.0.5'\n", "has no hosts where [[host]] tables belong"),
        (b"ip,hostname\n10.0.0.5,nas\n", "has the columns ['ip', 'hostname']"),
        (b"ip,name,name\n", "has the columns"),
        (b'ip,name\n10.0.0.5,"nas\n', "is not CSV"),
        (b"ip,name\n10.0.0.5,\xff\n", "is not UTF-8"),
    ],
)
def test_what_is_no_list_is_unreadable(content: bytes, says: str) -> None:
    """So what rests on it is frozen: an empty file is no empty list."""
    with pytest.raises(ParseError, match=r"docs/adding-a-source\.md") as caught:
        parsed(content)
    assert says in str(caught.value)


@pytest.mark.parametrize("content", [b"host = []\n", b"ip,name\n", b"\xef\xbb\xbfip,name\r\n"])
def test_an_empty_list_says_that_it_is_one(content: bytes) -> None:
    """Then it is whole, and its hosts are gone."""
    assert parsed(content).table.empty
