"""What a load leaves behind: our own writing is known, and whoever wrote beside it is not overlooked."""

import pytest

from pipelines import tables
from pipelines.plan.last_load import NAMES, left_behind, moved, written

ZONE, OTHER = "zone/example.lan", "zone/other.lan"
READ = {ZONE: "10", OTHER: "4", NAMES: "aa"}


def test_what_was_not_written_to_is_left_as_it_was_read() -> None:
    """What moved since it was read was moved by somebody else, whatever it reads now."""
    assert left_behind(READ, {}, {}, {}) == READ


def test_our_own_writing_is_left_as_ours() -> None:
    """Nobody came between reading, writing and looking again: the new serial and the new names are our doing."""
    before, after = {ZONE: "10", NAMES: "aa"}, {ZONE: "12", NAMES: "bb"}
    assert left_behind(READ, before, after, {ZONE: 2, NAMES: 0}) == {ZONE: "12", OTHER: "4", NAMES: "bb"}


@pytest.mark.parametrize(
    ("before", "after"),
    [({ZONE: "11"}, {ZONE: "13"}), ({ZONE: "10"}, {ZONE: "13"}), ({ZONE: "10"}, {ZONE: "3"}), ({}, {ZONE: "12"})],
    ids=["before we wrote", "while we wrote", "made anew", "not known"],
)
def test_somebody_elses_writing_is_not_taken_for_ours(before: dict[str, str], after: dict[str, str]) -> None:
    """A zone that moved further than our records can move it is looked at again: the plan has not seen it all."""
    assert left_behind(READ, before, after, {ZONE: 2})[ZONE] == "10"


def test_a_person_who_renames_while_we_write_is_not_overlooked() -> None:
    """The names before our writing were not those the plan was made from."""
    assert left_behind(READ, {NAMES: "xx"}, {NAMES: "yy"}, {NAMES: 0})[NAMES] == "aa"


def test_what_cannot_be_asked_afterwards_keeps_its_old_note() -> None:
    """Nothing is said of it, so what an earlier load noted stands, and the difference starts a run."""
    assert ZONE not in left_behind(READ, {ZONE: "10"}, {}, {ZONE: 2})


def test_moved_is_what_differs_and_what_is_new() -> None:
    """A zone just added to network.toml has no note, and is looked at; one that was taken out is nobody's business."""
    assert moved(READ, READ) == []
    assert moved(READ, {ZONE: "9", OTHER: "4", "zone/new.lan": "1"}) == ["zone/example.lan", "zone/new.lan"]


def test_a_plan_says_which_sources_it_moves() -> None:
    """A zone by at most the records that go and come; phpIPAM's names only when a host name is written."""
    mac = ("home", 7, "10.0.0.0/24", "10.0.0.5", 1, "update", "mac", None, "52:54:00:00:00:0a", "x")
    name = ("home", 7, "10.0.0.0/24", "10.0.0.5", 1, "update", "hostname", None, "nas", "x")
    assert written(tables.IPAM_PLAN.rows([mac]), tables.DNS_PLAN.empty()) == {}
    assert written(tables.IPAM_PLAN.rows([mac, name]), tables.DNS_PLAN.empty()) == {NAMES: 0}
    change = dict.fromkeys(tables.DNS_PLAN.names) | {
        "site": "home", "zone": "example.lan.", "owner": "nas.example.lan.", "type": "A", "action": "update",
        "before": "10.0.0.1\n10.0.0.2", "after": "10.0.0.3", "after_ttl_s": 60, "is_name_free": False, "reason": "x",
    }  # fmt: skip
    plan = tables.DNS_PLAN.rows([[change[column] for column in tables.DNS_PLAN.names]])
    assert written(tables.IPAM_PLAN.empty(), plan) == {ZONE: 3}
