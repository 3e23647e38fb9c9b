"""A plan applied to phpIPAM on the real MariaDB and on the lab's SQLite: what is written, and what is not."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import PreflightFailed
from tests.integration.phpipam_case import (
    AT,
    MGMT,
    SEEN,
    Case,
    change,
    create,
    on_mariadb,
    on_sqlite,
    outcomes,
    plan,
)

IP, OTHER = "10.0.10.50", "10.0.10.51"


@pytest.fixture(params=[pytest.param("mariadb", marks=pytest.mark.services("mariadb")), "sqlite"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """The same phpIPAM on both kinds of database."""
    if request.param == "sqlite":
        return on_sqlite(tmp_path)
    return on_mariadb(request.getfixturevalue("phpipam_database"))


def test_a_created_row_is_what_phpipam_would_have_made(case: Case) -> None:
    """Decimal address, tag Used, lastSeen in phpIPAM's zone, no editDate; and phpIPAM's own changelog text."""
    receipt = case.apply(*create(IP, hostname="nas", mac="aa:bb:cc:dd:ee:ff", lastSeen=SEEN))
    assert outcomes(receipt) == ["applied"] * 3
    assert tables.RECEIPT.violations(receipt) == []
    row = case.address(IP)
    identity = row.pop("id")
    assert row == {
        "hostname": "nas", "mac": "aa:bb:cc:dd:ee:ff", "description": None, "state": 2,
        "lastSeen": "2026-01-15 13:00:00", "editDate": None, "note": None,
    }  # fmt: skip
    [(user, action, text)] = case.changelog()
    description = case.root.execute("SELECT description FROM subnets WHERE id = 7")[0]["description"].replace(":", ".")
    assert (user, action) == (2, "add")
    assert text == (
        f"[details]: \r\n[subnetId]. 10.0.10.0/24 [{description}] (id 7)\r\n[ip_addr]. 10.0.10.50\r\n"
        "[hostname]. nas\r\n[mac]. aa.bb.cc.dd.ee.ff\r\n[description]. / \r\n[state]. Used\r\n"
        f"[lastSeen]. 2026-01-15 13.00.00\r\n[id]. {identity}\r\n\r\n"
    )


def test_a_row_nobody_has_seen_says_never(case: Case) -> None:
    """Without a sighting lastSeen is phpIPAM's default, not now."""
    case.apply(*create(IP, hostname="printer"))
    assert case.address(IP)["lastSeen"] == "1970-01-01 00:00:01"
    assert case.parsed()["last_seen_at"].isna().all()


def test_an_update_changes_only_what_it_names_and_is_logged(case: Case) -> None:
    """The changed columns, editDate and one changelog row; the note a person wrote stays."""
    identity = case.add(IP, hostname="old", mac="AA-BB", note="mine", lastSeen="2026-01-01 00:00:00")
    receipt = case.apply(
        change("update", IP, "hostname", "old", "new", identity),
        change("update", IP, "mac", "AA-BB", "aa:bb:cc:dd:ee:ff", identity),
    )
    assert outcomes(receipt) == ["applied"] * 2
    row = case.address(IP)
    assert (row["id"], row["hostname"], row["mac"], row["note"]) == (identity, "new", "aa:bb:cc:dd:ee:ff", "mine")
    assert row["lastSeen"] == "2026-01-01 00:00:00"
    assert row["editDate"] is not None
    assert case.changelog() == [(2, "edit", "[hostname]: old => new\r\n[mac]: AA-BB => aa.bb.cc.dd.ee.ff\r\n")]


@pytest.mark.parametrize("empty", [None, ""])
def test_empty_and_missing_are_one_to_a_guard(case: Case, empty: str | None) -> None:
    """PhpIPAM takes '' and NULL for the same; the parser says null; the update finds the row either way."""
    identity = case.add(IP, hostname=empty)
    assert pd.isna(case.parsed()["hostname"].iloc[0])
    assert outcomes(case.apply(change("update", IP, "hostname", None, "nas", identity))) == ["applied"]
    assert case.changelog()[0][2] == "[hostname]: NULL => nas\r\n"


def test_a_field_can_be_emptied(case: Case) -> None:
    """No `after` writes NULL, as phpIPAM does for an emptied field."""
    identity = case.add(IP, hostname="nas")
    assert outcomes(case.apply(change("update", IP, "hostname", "nas", None, identity))) == ["applied"]
    assert case.address(IP)["hostname"] is None
    assert case.changelog()[0][2] == "[hostname]: nas => NULL\r\n"


@pytest.mark.parametrize("edited", ["Nas", "nas ", "näs", " nas", "", None, "other"])
def test_a_persons_edit_between_plan_and_apply_is_kept(case: Case, edited: str | None) -> None:
    """Whatever somebody made of it meanwhile, byte for byte, even what the collation calls equal."""
    identity = case.add(IP, hostname=edited)
    before = case.everything()
    assert outcomes(case.apply(change("update", IP, "hostname", "nas", "ours", identity))) == ["lost race"]
    assert case.everything() == before


def test_one_lost_race_does_not_cost_the_others(case: Case) -> None:
    """Of two edits and two new rows in one subnet, only those somebody was faster with are skipped."""
    kept, edited = case.add(IP, hostname="nas"), case.add(OTHER, hostname="Tv")
    case.add("10.0.10.60", hostname="theirs")
    receipt = case.apply(
        change("update", IP, "hostname", "nas", "nas2", kept),
        change("update", OTHER, "hostname", "tv", "tv2", edited),
        *create("10.0.10.60", hostname="ours"),
        *create("10.0.10.61", hostname="free"),
    )
    assert outcomes(receipt) == ["applied", "lost race", "lost race", "applied"]
    assert [case.address(f"10.0.10.{end}")["hostname"] for end in (50, 51, 60, 61)] == ["nas2", "Tv", "theirs", "free"]
    assert [action for _, action, _ in case.changelog()] == ["add", "edit"]


def test_a_row_moved_to_another_address_is_not_written(case: Case) -> None:
    """The id alone does not say which address it is: a person may have changed that too."""
    identity = case.add(OTHER, hostname="nas")
    receipt = case.apply(
        change("update", IP, "hostname", "nas", "ours", identity), change("touch", IP, "lastSeen", None, SEEN, identity)
    )
    assert outcomes(receipt) == ["lost race", "lost race"]
    assert case.address(OTHER)["lastSeen"] == "1970-01-01 00:00:01"


@pytest.mark.parametrize("sql", ["UPDATE subnets SET mask = '25' WHERE id = 7", "DELETE FROM subnets WHERE id = 7"])
def test_a_subnet_that_is_no_longer_the_plans_is_not_written(case: Case, sql: str) -> None:
    """A resized or deleted subnet takes nothing: phpIPAM has no foreign key that would refuse it."""
    case.root.execute(sql)
    receipt = case.apply(*create(IP, hostname="nas"))
    assert outcomes(receipt) == ["lost race"]
    assert case.changelog() == []


def test_a_touch_moves_last_seen_and_nothing_else(case: Case) -> None:
    """LastSeen in phpIPAM's zone; no editDate, no changelog."""
    identity = case.add(IP, hostname="nas", lastSeen="2026-01-15 12:59:59", editDate="2026-01-01 00:00:00")
    before = case.address(IP)
    receipt = case.apply(change("touch", IP, "lastSeen", "2026-01-15T10:59:59+00:00", SEEN, identity))
    assert outcomes(receipt) == ["applied"]
    assert case.address(IP) == before | {"lastSeen": "2026-01-15 13:00:00"}
    assert case.changelog() == []


def test_last_seen_never_moves_backwards(case: Case) -> None:
    """Somebody else's later sighting stands, and the receipt says so."""
    identity = case.add(IP, lastSeen="2026-01-15 13:30:00")
    receipt = case.apply(change("touch", IP, "lastSeen", None, SEEN, identity))
    assert outcomes(receipt) == ["lost race"]
    assert "later" in receipt["detail"].iloc[0]
    assert case.address(IP)["lastSeen"] == "2026-01-15 13:30:00"


def test_a_null_last_seen_is_touched(case: Case) -> None:
    """NULL is never, which any sighting is later than."""
    identity = case.add(IP, lastSeen=None)
    case.apply(change("touch", IP, "lastSeen", None, SEEN, identity))
    assert case.address(IP)["lastSeen"] == "2026-01-15 13:00:00"


@pytest.mark.parametrize(
    ("seen", "kept"),
    [
        ("2025-03-30T00:59:59+00:00", "2025-03-30 02:59:59"),  # before Sofia skips from 03:00 to 04:00
        ("2025-03-30T01:00:00+00:00", "2025-03-30 04:00:00"),
        ("2025-10-26T00:30:00+00:00", "2025-10-26 03:30:00"),  # the first 03:30
        ("2025-10-26T01:30:00+00:00", "2025-10-26 03:30:00"),  # the second
        ("2025-10-26T02:00:00+00:00", "2025-10-26 04:00:00"),
    ],
)
def test_last_seen_survives_the_clocks_changing(case: Case, seen: str, kept: str) -> None:
    """PhpIPAM's zone is written on both sides of a change; the doubled hour reads back at most an hour early."""
    case.apply(*create(IP, lastSeen=seen))
    assert case.address(IP)["lastSeen"] == kept
    lag = pd.Timestamp(seen) - case.parsed()["last_seen_at"].iloc[0]
    assert lag in {pd.Timedelta(0), pd.Timedelta(hours=1)}
    assert lag == pd.Timedelta(0) or seen == "2025-10-26T01:30:00+00:00"


def test_applying_again_what_is_there_writes_nothing(case: Case) -> None:
    """The same plan a second time finds everything done: no row, editDate or changelog differs."""
    identity = case.add(OTHER, hostname="old")
    changes = [
        *create(IP, hostname="nas", lastSeen=SEEN),
        change("update", OTHER, "hostname", "old", "new", identity),
        change("touch", OTHER, "lastSeen", None, SEEN, identity),
    ]
    assert outcomes(case.apply(*changes)) == ["applied"] * 4
    before = case.everything()
    assert outcomes(case.apply(*changes)) == ["lost race", "lost race", "lost race", "applied"]
    assert case.everything() == before


def test_adoptions_and_empty_plans_do_not_even_connect(case: Case) -> None:
    """Nothing to write needs no password and gives no receipt row."""
    nowhere = Case(case.root, case.settings, "/nowhere/network.toml")
    receipt = nowhere.apply(change("adopt", IP, "hostname", "nas", "nas", 1))
    assert receipt.empty
    assert nowhere.apply().empty


def test_phpipams_own_switch_for_the_changelog_is_heeded(case: Case) -> None:
    """Where phpIPAM keeps no changelog, neither do we."""
    case.root.execute("UPDATE settings SET enableChangelog = 0")
    identity = case.add(OTHER, hostname="old")
    receipt = case.apply(*create(IP, hostname="nas"), change("update", OTHER, "hostname", "old", "new", identity))
    assert outcomes(receipt) == ["applied"] * 2
    assert case.changelog() == []


def test_a_tag_that_was_renumbered_is_found_by_its_name(case: Case) -> None:
    """New rows get the tag called Used, whatever its number."""
    case.root.execute("UPDATE ipTags SET id = 9 WHERE type = 'Used'")
    case.apply(*create(IP, hostname="nas"))
    assert case.address(IP)["state"] == 9


def test_each_subnets_receipt_is_handed_over_when_it_stands(case: Case) -> None:
    """The callback gets one part a subnet, in the subnets' order, each already in the database."""
    later = ("sofia", 8, "10.0.20.0/24", "10.0.20.5", None, "create", "hostname", None, "b", "r")
    seen: list[tuple[str, list[Any]]] = []

    def note(part: pd.DataFrame) -> None:
        rows = case.root.execute("SELECT hostname FROM ipaddresses WHERE subnetId IN (7, 8) ORDER BY subnetId")
        seen.append((part["scope"].iloc[0], [row["hostname"] for row in rows]))

    case.phpipam.apply(plan(later, *create(IP, hostname="a")), AT, note)
    assert seen == [("10.0.10.0/24", ["a"]), ("10.0.20.0/24", ["a", "b"])]


def test_a_plan_against_its_contract_is_refused_whole(case: Case) -> None:
    """A column that is none we write never reaches SQL."""
    with pytest.raises(PreflightFailed, match=r"ipam_plan: field is one of hostname, mac"):
        case.apply(*create(IP, owner="x"))


def test_ipv6_is_written_as_its_decimal_text(case: Case) -> None:
    """A 128-bit address is kept in full."""
    rows = case.root.execute("SELECT subnet, mask FROM subnets WHERE id = 1")
    assert rows == [{"subnet": "336395549904799703390415618052362076160", "mask": "64"}]
    six = (
        "sofia",
        1,
        "fd13:6d20:29dc:cf27::/64",
        "fd13:6d20:29dc:cf27::10",
        None,
        "create",
        "hostname",
        None,
        "v6",
        "r",
    )
    assert outcomes(case.apply(six)) == ["applied"]
    found = case.root.execute("SELECT ip_addr FROM ipaddresses WHERE subnetId = 1 AND hostname = 'v6'")
    assert found == [{"ip_addr": "336395549904799703390415618052362076176"}]


def test_custom_columns_do_not_disturb_us(case: Case) -> None:
    """A column a user added, spaces and all, keeps its default."""
    case.root.execute("ALTER TABLE ipaddresses ADD COLUMN `custom_Asset no.` VARCHAR(20) NOT NULL DEFAULT 'none'")
    assert outcomes(case.apply(*create(IP, hostname="nas"))) == ["applied"]
    assert case.root.execute("SELECT `custom_Asset no.` AS x FROM ipaddresses WHERE subnetId = %s", [MGMT]) == [
        {"x": "none"}
    ]
