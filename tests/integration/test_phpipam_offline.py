"""The tag of an address changed on the real MariaDB and on the lab's SQLite, and the races it must lose."""

from pathlib import Path

import pytest

from tests.integration.phpipam_case import Case, change, on_mariadb, on_sqlite, outcomes

IP = "10.0.10.50"
OFFLINE_ID, USED_ID, RESERVED_ID = 1, 2, 3


@pytest.fixture(params=[pytest.param("mariadb", marks=pytest.mark.services("mariadb")), "sqlite"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """The same phpIPAM on both kinds of database."""
    if request.param == "sqlite":
        return on_sqlite(tmp_path)
    return on_mariadb(request.getfixturevalue("phpipam_database"))


def test_an_address_is_set_offline_and_loses_its_name_in_one_entry(case: Case) -> None:
    """Tag and name change together, the rest of the row stays, and the changelog says it in phpIPAM's words."""
    identity = case.add(IP, hostname="nas", state=USED_ID, note="mine", lastSeen="2026-01-01 00:00:00")
    receipt = case.apply(
        change("update", IP, "hostname", "nas", None, identity),
        change("update", IP, "tag", "Used", "Offline", identity),
    )
    assert outcomes(receipt) == ["applied"] * 2
    row = case.address(IP)
    assert (row["hostname"], row["state"], row["note"]) == (None, OFFLINE_ID, "mine")
    assert case.changelog() == [(2, "edit", "[hostname]: nas => NULL\r\n[state]: Used => Offline\r\n")]


def test_it_is_used_again(case: Case) -> None:
    """And back."""
    identity = case.add(IP, state=OFFLINE_ID)
    assert outcomes(case.apply(change("update", IP, "tag", "Offline", "Used", identity))) == ["applied"]
    assert case.address(IP)["state"] == USED_ID


@pytest.mark.parametrize("meanwhile", ["state = 3", "hostname = 'theirs'", "is_gateway = 1"])
def test_whoever_edits_the_row_in_between_wins(case: Case, meanwhile: str) -> None:
    """Another tag, another name, a gateway now: the plan is out of date, and nothing of it is written."""
    identity = case.add(IP, hostname="nas", state=USED_ID)
    case.root.execute(f"UPDATE ipaddresses SET {meanwhile} WHERE id = {identity}")  # noqa: S608 - the test's own text
    before = case.everything()
    receipt = case.apply(
        change("update", IP, "hostname", "nas", None, identity),
        change("update", IP, "tag", "Used", "Offline", identity),
    )
    assert outcomes(receipt) == ["lost race"] * 2
    assert case.everything() == before


@pytest.mark.parametrize(
    ("before", "after"), [("Used", "Reserved"), ("Reserved", "Offline"), ("Used", None), (None, "Used")]
)
def test_no_other_tag_is_ever_written_or_replaced(case: Case, before: str | None, after: str | None) -> None:
    """Whatever the plan says."""
    identity = case.add(IP, state=RESERVED_ID if before == "Reserved" else USED_ID)
    everything = case.everything()
    assert outcomes(case.apply(change("update", IP, "tag", before, after, identity))) == ["refused"]
    assert case.everything() == everything
