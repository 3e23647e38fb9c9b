"""The checks `contract`: what the UI is told, and when Great Expectations is asked."""

import json
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from assets.checks import judge
from pipelines import tables
from pipelines.contract import TEXT
from resources import suites as suites_file
from resources.suites import Suites
from tests.networks import ALICE, frame, lease

HOSTILE = "<script>alert(1)</script>|[x](javascript:y)\x1b[2J"


def test_failing_rows_are_shown_escaped_and_few(tmp_path: Path) -> None:
    """Text from the network is shown as its characters, at most 20 rows and 10 kB; none of it is in the sentence."""
    rows = [lease(f"10.0.0.{at}", ALICE, HOSTILE, state="asleep") for at in range(1, 60)]
    judgement = judge({"leases": (tables.LEASES, frame(tables.LEASES, rows))}, {}, Suites(tmp_path))
    (result,) = judgement.results()
    shown = str(result.metadata["failing rows"].value)
    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.ERROR
    assert "10.0.0.1 " in shown
    assert "and 39 more" in shown
    assert "&#60;script&#62;" in shown
    assert len(shown.encode()) <= 10_500
    for forbidden in ("<script", "](", "\x1b"):
        assert forbidden not in shown + str(result.description)
    assert "state is one of" in str(result.metadata["Great Expectations"].value)
    assert "please report it" in str(result.description)


def test_great_expectations_is_asked_once_a_day_and_where_something_broke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good rows: at first, then no more. Bad ones: at once. After a day, or with other expectations: again."""
    good = frame(tables.LEASES, [lease("10.0.0.5", ALICE)])
    bad = good.assign(state=pd.Series(["asleep"], dtype=TEXT))
    suites = Suites(tmp_path)

    def asked(rows: pd.DataFrame) -> bool:
        before = (tmp_path / "suites.json").read_bytes() if (tmp_path / "suites.json").exists() else b""
        (verdict,) = judge({"leases": (tables.LEASES, rows)}, {}, suites).verdicts
        after = (tmp_path / "suites.json").read_bytes() if (tmp_path / "suites.json").exists() else b""
        return bool(verdict.objections) or before != after

    assert asked(good)
    assert not asked(good)
    assert asked(bad)
    assert not asked(good)
    monkeypatch.setattr(suites_file, "HOLDS", pd.Timedelta(0).to_pytimedelta())
    (tmp_path / "suites.json").unlink()
    assert asked(good)


def test_a_damaged_memory_costs_one_more_look(tmp_path: Path) -> None:
    """What is remembered can be lost: the suites run again."""
    (tmp_path / "suites.json").write_text('{"leases": {"at": 3}}')
    assert Suites(tmp_path).seen({"leases": tables.LEASES}) == {"leases": None}


def aged(folder: Path, days: int, *assets: str) -> None:
    """What is remembered of these assets was found so many days earlier."""
    known = json.loads((folder / "suites.json").read_text())
    for asset in assets:
        known[asset]["at"] = (pd.Timestamp(known[asset]["at"]) - pd.Timedelta(days=days)).isoformat()
    (folder / "suites.json").write_text(json.dumps(known))


def test_a_table_that_first_gets_rows_waits_for_the_day_s_look(tmp_path: Path) -> None:
    """The import is paid for once a day: the table is asked about with the others then, and alone after a week."""
    rows, none = frame(tables.LEASES, [lease("10.0.0.5", ALICE)]), tables.LEASES.empty()

    def is_asked(**made: pd.DataFrame) -> list[bool]:
        """Whether it is, in one run, of each of these assets, in steps of their own."""
        suites = Suites(tmp_path)
        judged = [judge({asset: (tables.LEASES, one)}, {}, suites) for asset, one in made.items()]
        return [verdict.seen is None and verdict.rows > 0 for step in judged for verdict in step.verdicts]

    assert is_asked(seldom=none, hourly=rows) == [False, True]
    assert is_asked(hourly=rows, seldom=rows) == [False, False]
    aged(tmp_path, 1, "hourly", "seldom")
    assert is_asked(hourly=rows, seldom=rows) == [True, True]
    assert is_asked(hourly=rows, seldom=none) == [False, False]
    aged(tmp_path, 7, "seldom")
    assert is_asked(hourly=rows, seldom=rows) == [False, True]
