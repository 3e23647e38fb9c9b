"""The write budget: what a run wrote is held against what its changes are worth, and can be found too much."""

from dataclasses import replace

import pandas as pd
import pytest

from pipelines import tables
from pipelines.budget import Spent, again, over, written
from pipelines.network import Budget

QUIET = Spent(rows=0, touched=70, rrsets=0, serial_steps=0, disk_bytes=600_000)
BUDGET = Budget(quiet_kb=1000, change_kb=20)


def receipt(*rows: tuple[str, str, str, str, str | None, str]) -> pd.DataFrame:
    """Answers by target, subject, field, action, new value and outcome."""
    return tables.RECEIPT.rows(
        [
            (target, "sofia", "here", subject, field, action, None, after, outcome, None)
            for target, subject, field, action, after, outcome in rows
        ]
    )


def test_a_quiet_census_keeps_the_budget() -> None:
    """Nothing changed and little was written: nothing is said."""
    assert over(QUIET, BUDGET, is_first=False) == []


def test_too_many_bytes_for_nothing_are_told() -> None:
    """Beyond quiet_kb, with both numbers and what to look at."""
    (said,) = over(replace(QUIET, disk_bytes=1_000_001), BUDGET, is_first=False)
    assert said.startswith(
        "1000 kB were written to this machine's disks for 0 changes; [budget] in network.toml allows"
    )


@pytest.mark.parametrize(("size", "is_over"), [(1_200_000, False), (1_200_001, True)])
def test_every_change_is_worth_some(size: int, *, is_over: bool) -> None:
    """Ten changes may cost ten times change_kb more, and no byte beyond."""
    spent = replace(QUIET, rows=4, rrsets=6, disk_bytes=size)
    assert bool(over(spent, BUDGET, is_first=False)) == is_over


def test_the_first_census_makes_every_file() -> None:
    """It is not held to the bytes; nor is one where the system does not count them."""
    assert over(replace(QUIET, disk_bytes=10**9), BUDGET, is_first=True) == []
    assert over(replace(QUIET, disk_bytes=None), BUDGET, is_first=False) == []


def test_rows_and_rrsets_are_counted_once() -> None:
    """A row with two new fields is one row; a touch is no change, nor what was only adopted or did not take effect."""
    ipam = receipt(
        ("phpipam", "10.0.10.5", "hostname", "update", "a", "applied"),
        ("phpipam", "10.0.10.5", "mac", "update", "b", "applied"),
        ("phpipam", "10.0.10.6", "lastSeen", "touch", "c", "applied"),
        ("phpipam", "10.0.10.7", "hostname", "adopt", "d", "applied"),
        ("phpipam", "10.0.10.8", "hostname", "update", "e", "lost race"),
    )
    dns = receipt(("dns", "a.example.", "A", "create", "10.0.10.5", "applied"))
    assert written(ipam, dns) == (1, 1, 1)


@pytest.mark.parametrize(("runs", "found"), [((), ()), (("x",), ()), (("x", "x"), ()), (("x", "y"), ("a. A",))])
def test_what_two_runs_of_a_day_made_already_is_made_again(runs: tuple[str, ...], found: tuple[str, ...]) -> None:
    """Once may be a device that came back; a third time, somebody undoes it."""
    now = receipt(("dns", "a.", "A", "create", "10.0.10.5", "applied"))
    earlier = [now.assign(run_id=run) for run in runs] or [now.head(0).assign(run_id="")]
    assert again(now, pd.concat(earlier)) == found
    told = over(replace(QUIET, again=found), BUDGET, is_first=False)
    assert len(told) == len(found)


def test_another_value_is_another_change() -> None:
    """An address that moves on each time is not made again; nor is a deletion mixed up with a value."""
    now = receipt(("dns", "a.", "A", "delete", None, "applied"))
    other = receipt(("dns", "a.", "A", "update", "10.0.10.6", "applied"))
    assert again(now, pd.concat([other.assign(run_id=run) for run in "xy"])) == ()
    assert again(now, pd.concat([now.assign(run_id=run) for run in "xy"])) == ("a. A",)
