"""Whose clock is wrong: ours, where two gateways agree that it is."""

import pandas as pd
import pytest

from pipelines import tables
from pipelines.reconcile.trust import wrong_clock
from tests.networks import AT

HOUR_S, DIGEST = 3600, "0" * 64
Ahead = dict[str, int]


def answers(ahead: Ahead, *, hours_ago: float = 0, is_complete: bool = True) -> pd.DataFrame:
    """Each site's gateway answered, with a clock so many seconds ahead of ours; and so did phpIPAM, now."""
    at = AT - pd.Timedelta(hours=hours_ago)
    rows = [(site, "arp", at, is_complete, None, None, seconds, DIGEST, 1) for site, seconds in ahead.items()]
    return tables.SNAPSHOTS.rows([*rows, ("*", "phpipam.addresses", AT, True, None, None, 0, DIGEST, 1)])


@pytest.mark.parametrize(
    ("ahead", "says"),
    [
        ({"home": -2 * HOUR_S, "cabin": -2 * HOUR_S + 40}, "is 120 minutes ahead of the clocks of cabin, home, which"),
        ({"home": 365 * 24 * HOUR_S, "cabin": 365 * 24 * HOUR_S}, "is 525600 minutes behind the clocks of cabin"),
    ],
)
def test_two_gateways_that_agree_on_another_time_are_right(ahead: Ahead, says: str) -> None:
    """It is said by how much, against whom, and what to do."""
    (said,) = wrong_clock(answers(ahead))
    assert says in said
    assert "timedatectl" in said


@pytest.mark.parametrize(
    "ahead",
    [
        {},
        {"home": 0, "cabin": 0},
        {"home": -HOUR_S},  # one alone
        {"home": 0, "cabin": -56 * 365 * 24 * HOUR_S},  # a router that woke in 1970
        {"home": -HOUR_S, "cabin": -9 * HOUR_S},  # each says something else
        {"home": -1200, "cabin": -1200},  # less than any mistake about zones
    ],
)
def test_otherwise_ours_is_believed(ahead: Ahead) -> None:
    """Gateways' times are corrected by their own clocks, so one that is wrong harms nothing."""
    assert wrong_clock(answers(ahead)) == []


def test_only_what_was_answered_in_this_run_tells() -> None:
    """Answers that stand for a gateway which is not asked now were given when our clock was another; and torn ones."""
    agreed = {"home": -2 * HOUR_S, "cabin": -2 * HOUR_S}
    assert wrong_clock(answers(agreed, hours_ago=1)) == []
    assert wrong_clock(answers(agreed, is_complete=False)) == []
