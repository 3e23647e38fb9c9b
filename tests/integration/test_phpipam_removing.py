"""A row deleted on the real MariaDB and on the lab's SQLite: only ours, only bare, only with the right to."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymysql.err import MySQLError

from pipelines.errors import AccessDenied
from resources.phpipam import Phpipam
from tests.integration.phpipam_case import (
    AT,
    PASSWORD,
    Case,
    Row,
    change,
    create,
    grants,
    on_mariadb,
    on_sqlite,
    outcomes,
    plan,
)
from tests.services.mariadb import Database

IP, MAC = "10.0.10.50", "aa:bb:cc:dd:ee:ff"
LOCAL, SEEN = "2025-11-01 12:00:00", "2025-11-01T10:00:00Z"
OFFLINE_ID, USED_ID = 1, 2


def with_removal() -> str:
    """The grants file with its last, optional statements."""
    return re.sub(r"^-- (GRANT SELECT.*(?:DELETE|phpipam\.nat).*)$", r"\1", grants(), flags=re.MULTILINE)


@pytest.fixture(params=[pytest.param("mariadb", marks=pytest.mark.services("mariadb")), "sqlite"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """The same phpIPAM on both kinds of database, with a field of the user's own, and the right to delete."""
    if request.param == "sqlite":
        found = on_sqlite(tmp_path)
        found.root.execute("ALTER TABLE ipaddresses ADD COLUMN `custom_Rack no. 100%` VARCHAR(20) DEFAULT 'none'")
    else:
        database = request.getfixturevalue("phpipam_database")
        database.script("ALTER TABLE ipaddresses ADD COLUMN `custom_Rack no. 100%` VARCHAR(20) NOT NULL DEFAULT 'none'")
        found = on_mariadb(database, with_removal())
    return found


def phpipam(case: Case) -> Phpipam:
    """The one that is told to remove rows."""
    return Phpipam(case.settings, lambda: PASSWORD, case.network_file, removes_rows=True)


def ours(case: Case, **more: Any) -> int:
    """A row as we leave it behind."""
    return case.add(IP, **{"mac": MAC, "state": OFFLINE_ID, "lastSeen": LOCAL, **more})


def removal(identity: int) -> list[Row]:
    """The plan's rows that delete it."""
    fields = {"row": str(identity), "tag": "Offline", "lastSeen": SEEN, "mac": MAC}
    return [change("delete", IP, field, before, None, identity) for field, before in fields.items()]


def is_bare(case: Case) -> bool:
    """Whether the reader calls the row bare."""
    snapshot = phpipam(case).read(AT)[1]
    (found,) = [line for line in snapshot.content.decode().splitlines() if '"167774770"' in line]
    return '"is_bare":1' in found


def test_a_row_of_ours_goes_and_the_changelog_says_so(case: Case) -> None:
    """In phpIPAM's words; nothing else of the table is touched."""
    others = case.everything()[0]
    identity = ours(case)
    assert is_bare(case)
    assert outcomes(case.apply(*removal(identity))) == ["applied"] * 4
    assert case.everything()[0] == others
    ((user, action, text),) = case.changelog()
    assert (user, action) == (2, "delete")
    assert text.startswith(f"[details]: \r\n[id]. {identity}\r\n[subnetId]. 10.0.10.0/24")
    assert f"[mac]. {MAC.replace(':', '.')}\r\n" in text
    assert f"[lastSeen]. {LOCAL.replace(':', '.')}\r\n" in text


def test_a_row_taken_back_goes_and_one_that_went_is_made_again(case: Case) -> None:
    """An undo deletes rows that are Used and were never seen, and makes those that were Offline so again."""
    identity = case.add(IP, mac=MAC, hostname="nas", state=USED_ID, lastSeen="1970-01-01 00:00:01")
    fields = {"row": str(identity), "tag": "Used", "mac": MAC, "hostname": "nas"}
    gone = [change("delete", IP, field, before, None, identity) for field, before in fields.items()]
    assert outcomes(case.apply(*gone)) == ["applied"] * 4
    again = create(IP, mac=MAC, tag="Offline", lastSeen=SEEN)
    assert outcomes(case.apply(*again)) == ["applied"] * 3
    row = case.address(IP)
    assert (row["mac"], row["hostname"], row["state"], str(row["lastSeen"])) == (MAC, None, OFFLINE_ID, LOCAL)
    assert [action for _, action, _ in case.changelog()] == ["delete", "add"]


EDITS = [
    "note = 'mine'", "owner = 'me'", "description = 'x'", "hostname = 'nas'", "mac = NULL", "mac = 'AA:bb:cc:dd:ee:ff'",
    "state = 2", "lastSeen = '2026-01-01 00:00:00'", "is_gateway = 1", "excludePing = 1", "PTRignore = 1", "PTR = 9",
    "switch = 1", "location = 1", "port = '7'", "firewallAddressObject = 'fw'", "`custom_Rack no. 100%` = '5'",
    "subnetId = 8", "ip_addr = '167774771'",
]  # fmt: skip
FOREIGN = {edit for edit in EDITS if not re.match("description|hostname|mac|state|lastSeen|subnetId|ip_addr", edit)}


@pytest.mark.parametrize("edit", EDITS)
def test_whoever_edits_the_row_in_between_keeps_it(case: Case, edit: str) -> None:
    """Any column, a user's own one too; what the reader sees of it is in `is_bare`."""
    identity = ours(case)
    case.root.execute(f"UPDATE ipaddresses SET {edit} WHERE id = {identity}")  # noqa: S608 - the test's own text
    before = case.everything()
    assert outcomes(case.apply(*removal(identity))) == ["lost race"] * 4
    assert case.everything() == before
    if edit in FOREIGN:
        assert not is_bare(case)


def test_a_row_that_a_nat_rule_names_stays(case: Case) -> None:
    """Its id stands in another table's text, which phpIPAM itself would mend and we do not."""
    identity = ours(case)
    case.root.execute("INSERT INTO nat (name, dst) VALUES ('web', %s)", [f'{{"ipaddresses":["{identity}"]}}'])
    assert not is_bare(case)
    assert outcomes(case.apply(*removal(identity))) == ["lost race"] * 4


@pytest.mark.parametrize("spoil", [
    lambda rows: [*rows[:1], (*rows[1][:7], "Used", *rows[1][8:]), *rows[2:]],
    lambda rows: [(*rows[0][:7], "1", *rows[0][8:]), *rows[1:]],
    lambda rows: [(*row[:8], "left", row[9]) for row in rows],
    lambda rows: rows[:1],
])  # fmt: skip
def test_no_other_deletion_is_ever_sent(case: Case, spoil: Callable[[list[Row]], list[Row]]) -> None:
    """A row that is not Offline, another row's id, one that leaves something, or tells too little: never sent."""
    identity = ours(case)
    before = case.everything()
    assert "applied" not in outcomes(case.apply(*spoil(removal(identity))))
    assert case.everything() == before


def test_the_ids_of_new_rows_are_told(case: Case) -> None:
    """With them the ledger knows later which row was made by us; the receipt counts fields, as before."""
    told: list[Any] = []
    receipt = case.phpipam.apply(plan(*create(IP, hostname="nas", mac=MAC)), AT, told.append)
    assert len(receipt) == 2
    (row,) = told[0][told[0]["field"] == "row"].to_dict("records")
    assert (row["subject"], row["action"], row["after"]) == (IP, "create", str(case.address(IP)["id"]))


def test_the_preflight_tries_the_rights(case: Case) -> None:
    """Nothing is written for it."""
    ours(case)
    before = case.everything()
    assert "our rights in it" in phpipam(case).preflight(AT).verified
    assert case.everything() == before


@pytest.mark.services("mariadb")
@pytest.mark.parametrize("lacking", ["DELETE", "SELECT", "nat"])
def test_a_policy_without_the_rights_is_refused(phpipam_database: Database, lacking: str) -> None:
    """Before any write, naming the setting and the file; without the policy nothing more than before is needed."""
    text = with_removal()
    lines = {
        "DELETE": ("SELECT, DELETE", "SELECT"),
        "SELECT": ("SELECT, DELETE", "DELETE"),
        "nat": ("(src, dst)", "(id)"),
    }
    case = on_mariadb(phpipam_database, text.replace(*lines[lacking], 1))
    with pytest.raises(AccessDenied, match="remove_rows_after_days") as caught:
        phpipam(case).preflight(AT)
    assert "deploy/mysql-grants.sql" in str(caught.value)
    case.phpipam.preflight(AT)


@pytest.mark.services("mariadb")
def test_the_grants_file_as_it_is_cannot_delete(phpipam_database: Database) -> None:
    """The right is a choice, and is not made for anybody."""
    on_mariadb(phpipam_database, grants("plain"))
    with phpipam_database.connect("netcensus", "plain") as connection, pytest.raises(MySQLError, match="denied"):
        connection.cursor().execute("DELETE FROM ipaddresses")
