"""Rows of which only `lastSeen` moves, in a quiet hour all: one transaction for every subnet of them."""

import pytest

from pipelines.parse.phpipam import decimal_of
from tests.integration.phpipam_case import AT, SEEN, Case, Row, change, outcomes, plan
from tests.integration.phpipam_wire import Wire, at_the_loads_commit, through

pytestmark = pytest.mark.services("mariadb")

NEAR, FAR = "10.0.10.50", "10.0.20.50"
LONG_AGO = "2026-01-01 00:00:00"


def seen_in_two_subnets(case: Case) -> list[Row]:
    """The rows of a plan by which an address each of two subnets was only seen."""
    near = case.add(NEAR, lastSeen=LONG_AGO)
    case.root.execute(
        "INSERT INTO ipaddresses (subnetId, ip_addr, lastSeen) VALUES (8, %s, %s)", [decimal_of(FAR), LONG_AGO]
    )
    (far,) = case.root.execute("SELECT id FROM ipaddresses WHERE subnetId = 8 AND ip_addr = %s", [decimal_of(FAR)])
    there = ("sofia", 8, "10.0.20.0/24", FAR, far["id"], "touch", "lastSeen", None, SEEN, "r")
    return [change("touch", NEAR, "lastSeen", None, SEEN, near), there]


def seen_long_ago(case: Case) -> list[str]:
    """The addresses, as phpIPAM keeps them, whose `lastSeen` has not moved."""
    return [
        row["ip_addr"] for row in case.root.execute("SELECT ip_addr FROM ipaddresses WHERE lastSeen = %s", [LONG_AGO])
    ]


def test_all_subnets_are_one_commit(case: Case, wire: Wire) -> None:
    """A commit is 4 kB of the server's log and a flush."""
    told: list[str] = []

    def note(request: bytes) -> bool:
        told.extend(word for word in ("UPDATE ipaddresses", "COMMIT") if word.encode() in request)
        return False

    wire.on_request = note
    assert outcomes(through(wire).apply(plan(*seen_in_two_subnets(case)), AT)) == ["applied"] * 2
    assert told[told.index("UPDATE ipaddresses") :][:3] == ["UPDATE ipaddresses"] * 2 + ["COMMIT"]
    assert told.count("UPDATE ipaddresses") == 2
    assert seen_long_ago(case) == []


def test_a_row_that_somebody_holds_keeps_back_its_own_subnet_alone(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Together they wait a second for it; then each goes by itself."""
    monkeypatch.setattr("resources.phpipam.database._SESSION", "SET SESSION innodb_lock_wait_timeout = 1")
    rows = seen_in_two_subnets(case)
    with case.root._connection() as other, other.cursor() as cursor:  # type: ignore[attr-defined]  # noqa: SLF001 - a lock
        cursor.execute("BEGIN")
        cursor.execute("UPDATE ipaddresses SET hostname = 'theirs' WHERE id = %s", [rows[0][4]])
        receipt = case.apply(*rows)
        assert seen_long_ago(case) == [decimal_of(NEAR)]
        cursor.execute("COMMIT")
    assert outcomes(receipt) == ["refused", "applied"]
    assert "stayed locked" in receipt["detail"].iloc[0]


@pytest.mark.parametrize("is_killed", [True, False])
def test_a_lost_commit_is_made_up_for(case: Case, wire: Wire, is_killed: bool) -> None:  # noqa: FBT001 - a parameter
    """Whether it took effect or not, each subnet is then written by itself, and so is as it should be."""

    def act() -> None:
        wire.on_request = lambda _: False  # once
        if is_killed:
            for row in case.root.execute("SELECT trx_mysql_thread_id AS id FROM information_schema.innodb_trx"):
                case.root.execute(f"KILL {int(row['id'])}")

    wire.on_request = at_the_loads_commit(act, b"UPDATE ipaddresses")
    assert outcomes(through(wire).apply(plan(*seen_in_two_subnets(case)), AT)) == ["applied"] * 2
    assert seen_long_ago(case) == []
