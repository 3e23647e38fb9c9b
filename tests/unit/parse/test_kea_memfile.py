"""Kea's lease files as `tables.LEASES`: the same as its API says, whatever a clean-up has left, and no torn row."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import kea_leases, kea_memfile
from pipelines.parse.every import parse_all
from pipelines.parse.parsed import Parsed
from pipelines.reconcile.account import account
from pipelines.reconcile.trust import frozen_sites
from pipelines.snapshots import Snapshot, missing
from tests.networks import ALICE, AT, NETWORK, hour, ledger

KEA = Path(__file__).parents[2] / "fixtures" / "kea"
T1 = datetime.fromtimestamp(json.loads((KEA / "captured_at.json").read_text())["t1"], UTC)
HEAD = (
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id\n"
)


def snapshot(files: dict[str, bytes]) -> Snapshot:
    """The lease files by what stands behind their name."""
    return Snapshot("sofia", "kea4.memfile", T1, kea_memfile.pack(files), is_complete=False, reason="stale")


def parse(**files: str) -> Parsed:
    """What is read from files (`main`, `old`, `completed`, `merged`), each without its head."""
    names = {"main": "", "old": ".1", "completed": ".completed", "merged": ".2"}
    parsed = kea_memfile.parse(snapshot({names[name]: (HEAD + rows).encode() for name, rows in files.items()}))
    assert tables.LEASES.violations(parsed.table) == []
    assert tables.REJECTS.violations(parsed.rejects) == []
    return parsed


def captured(folder: str) -> Parsed:
    """What is read from captured files."""
    files = (KEA / folder).iterdir()
    return kea_memfile.parse(snapshot({one.name.removeprefix("dhcp4.leases"): one.read_bytes() for one in files}))


def by_api(name: str) -> pd.DataFrame:
    """What Kea's API said, by address."""
    content = (KEA / name).read_bytes()
    return kea_leases.parse(Snapshot("sofia", "kea4.memfile", T1, content)).table.set_index("ip").sort_index()


def row(number: int, name: str = "", valid_s: int = 7200, expire: int = 1795394457) -> str:
    """A row about 10.0.0.`number`."""
    return f"10.0.0.{number},52:54:00:00:00:{number:02x},,{valid_s},{expire},1,0,0,{name},0,,0\n"


def names(parsed: Parsed) -> dict[str, object]:
    """The name at each address."""
    return dict(zip(parsed.table["ip"], parsed.table["hostname"], strict=True))


def test_files_after_a_clean_up_say_what_the_api_said() -> None:
    """`.2` and then the file itself, of a real Kea after a real LFC, are the very leases its API listed."""
    parsed = captured("memfile.t1")
    pd.testing.assert_frame_equal(parsed.table.set_index("ip").sort_index(), by_api("lease4-get-all.t1.json"))
    assert parsed.rejects.empty


def test_odd_values_come_back_as_the_api_gave_them() -> None:
    """Escaped commas, the escape mark itself, an infinite lifetime, no MAC: as by the API, but for what is split."""
    parsed, told = captured("memfile.odd-values"), by_api("lease4-get-all.odd-values.json")
    found = parsed.table.set_index("ip")
    assert set(told.index) - set(found.index) == {"10.0.10.113"}
    both = told.index.intersection(found.index).drop("10.0.10.110")  # reclaimed in the seconds between the captures
    pd.testing.assert_frame_equal(found.loc[both, ["hostname"]], told.loc[both, ["hostname"]])
    assert found.loc["10.0.10.112", "hostname"] == "host,with,commas"
    assert pd.isna(found.loc["10.0.10.111", "expires_at"])
    assert parsed.rejects["reason"].str.contains("split by a line end in a name").tolist() == [True, True]


def test_the_last_row_of_an_address_counts_and_lifetime_zero_is_its_end() -> None:
    """A lease renewed, renamed or given back is what its last row says."""
    main = row(1, "old") + row(2, "gone") + row(1, "new") + row(2, "gone", valid_s=0)
    assert names(parse(main=main)) == {"10.0.0.1": "new"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"merged": row(1, "b"), "main": ""}, "b"),
        ({"merged": row(1, "a"), "old": row(1, "b"), "main": ""}, "b"),
        ({"merged": row(1, "a"), "old": row(1, "b"), "main": row(1, "c")}, "c"),
        ({"merged": row(1, "a"), "old": row(1, "a", valid_s=0), "completed": "", "main": ""}, None),
        ({"merged": row(1, "a"), "completed": row(1, "b"), "main": ""}, "b"),
    ],
)
def test_every_moment_of_a_clean_up_is_the_same_lease(files: dict[str, str], expected: str | None) -> None:
    """Whatever stands there while LFC works: oldest first, and a finished merge in the place of what went into it."""
    assert names(parse(**files)) == ({} if expected is None else {"10.0.0.1": expected})


def test_a_torn_last_row_is_no_lease() -> None:
    """A row cut by a full disk or a crash is rejected, although it might read as one that ends earlier."""
    whole = row(1, "a") + row(2, "b")
    for cut in range(1, len(row(2, "b"))):
        parsed = parse(main=whole[:-cut])
        assert names(parsed) == {"10.0.0.1": "a"}
        assert len(parsed.rejects) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"": 1}', b'{".3": ""}', b'{"": "a,b\\n1,2\\n"}', kea_memfile.pack({"": b"x"})[:-3]],
)
def test_what_is_no_lease_file_is_unreadable(content: bytes) -> None:
    """Nothing, another file, another head: `ParseError`."""
    with pytest.raises(ParseError):
        kea_memfile.parse(Snapshot("sofia", "kea4.memfile", T1, content))


def test_a_file_just_made_has_no_leases() -> None:
    """An empty file, or one with its head alone, is a server without leases."""
    assert kea_memfile.parse(snapshot({"": b""})).table.empty
    assert parse(main="").table.empty


def test_stale_leases_are_evidence_and_freeze_their_site() -> None:
    """The leases stand in sightings and claims with their own times; nothing of the site is wanted, so nothing goes."""
    at = AT.to_pydatetime()
    expire = int(AT.timestamp()) + 1800
    content = kea_memfile.pack({"": (HEAD + row(10, "nas", expire=expire)).encode()})
    stale = Snapshot("home", "kea4.memfile", at, content, is_complete=False, reason="Kea did not answer")
    parsed = hour() | parse_all([missing("home", "kea4.leases", at, "no socket"), stale], network=NETWORK)
    is_here = parsed["sources"]["site"] == "home"  # the other site was not asked
    parsed["sources"] = parsed["sources"][is_here].reset_index(drop=True)
    assert parsed["sources"][["source", "is_complete", "rows"]].to_numpy().tolist() == [
        ["kea4.leases", False, 0],
        ["kea4.memfile", False, 1],
    ]
    assert frozen_sites(parsed["sources"]).keys() == {"home"}
    made = account(parsed, ledger(), network=NETWORK)
    assert made["sightings"][["ip", "mac", "source"]].to_numpy().tolist() == [
        ["10.0.0.10", ALICE, "kea4.memfile"],
    ]
    assert made["sightings"]["last_seen_at"].tolist() == [AT - pd.Timedelta(minutes=90)]
    assert made["name_claims"]["verdict"].tolist() == ["granted"]
    assert made["addresses"].empty
    assert made["records"].empty
