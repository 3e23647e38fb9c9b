"""Laws of the history: the hours decide, not the order they come in; what did not change is not written."""

from collections.abc import Sequence
from random import Random

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import tables
from pipelines.contract import TEXT
from pipelines.history import STATE, Observation
from pipelines.who import Question
from resources.history import History
from tests.networks import ALICE, AT, BOB

STATES: list[tuple[object, ...]] = [
    (ALICE, None, "nas.example.lan.", "lease", "kea4.leases"),
    (ALICE, "01aa", "nas.example.lan.", "lease", "kea4.leases"),
    (ALICE, None, None, "neighbour", "arp"),
    (BOB, None, "nas.example.lan.", "lease", "kea4.leases"),
]
RUN = "a run"
Hour = tuple[str, int, dict[str, int]]
ADDRESSES = ["10.0.0.5", "10.0.0.6", "10.0.0.7"]
HELD = st.dictionaries(st.sampled_from(ADDRESSES[:2]), st.integers(0, len(STATES) - 1))
HOURS = st.dictionaries(st.tuples(st.sampled_from(["home", "cabin"]), st.integers(0, 9)), HELD, max_size=9).map(
    lambda hours: [(site, hour, held) for (site, hour), held in hours.items()]
)


def look(site: str, hour: int, held: dict[str, int]) -> Observation:
    """One look at a site, so many hours after `AT`."""
    rows = [(ip, *STATES[state]) for ip, state in held.items()]
    holders = pd.DataFrame(rows, columns=["ip", *STATE], dtype=TEXT)
    return Observation(site, AT + pd.Timedelta(hours=hour), holders)


def runs(hours: Sequence[Hour]) -> set[tuple[object, ...]]:
    """What the history must be, told the slow way: every address walked through the looks at its site in order."""
    found: set[tuple[object, ...]] = set()
    for site in {site for site, _, _ in hours}:
        looks = sorted((hour, held) for one, hour, held in hours if one == site)
        for ip in {ip for _, held in looks for ip in held}:
            states = [(hour, held.get(ip)) for hour, held in looks]
            starts = [at for at, (_, state) in enumerate(states) if at == 0 or states[at - 1][1] != state]
            for at, following in zip(starts, [*starts[1:], None], strict=True):
                hour, state = states[at]
                if state is not None:
                    found.add((site, ip, state, hour, None if following is None else states[following][0]))
    return found


def stored(memory: History) -> set[tuple[object, ...]]:
    """The whole history, in the same form."""
    rows = tables.HOLDERS.concat([memory.holders(Question("ip", ip)) for ip in ADDRESSES])
    assert tables.HOLDERS.violations(rows) == []
    states = [STATES.index(tuple(None if pd.isna(cell) else cell for cell in row)) for row in rows[STATE].to_numpy()]
    begins, ends = (((rows[name] - AT) / pd.Timedelta(hours=1)).tolist() for name in ("from_at", "to_at"))
    whole = zip(rows["site"], rows["ip"], states, begins, ends, strict=True)
    return {(*row[:4], None if pd.isna(row[4]) else row[4]) for row in whole}


@given(HOURS.flatmap(st.permutations), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_the_hours_in_any_order_and_any_batches_give_the_same_history(hours: list[Hour], batch: int) -> None:
    """The maximal runs over the looks at each site: what a backfill makes is what the hourly runs made."""
    memory = History("sqlite://")
    for at in range(0, len(hours), batch):
        memory.note([look(*hour) for hour in hours[at : at + batch]], RUN)
    assert stored(memory) == runs(hours)


@given(HOURS)
@settings(max_examples=10, deadline=None)
def test_an_hour_that_is_told_again_changes_nothing(hours: list[Hour]) -> None:
    """Neither the same, nor another story of it: the first is kept (rule R9)."""
    memory = History("sqlite://")
    memory.note([look(*hour) for hour in hours], RUN)
    before = stored(memory)
    assert memory.note([look(*hour) for hour in hours], RUN) == (0, 0)
    assert memory.note([look(site, hour, {"10.0.0.7": 0}) for site, hour, _ in hours], RUN) == (0, 0)
    assert stored(memory) == before


@given(HOURS, HELD)
@settings(max_examples=10, deadline=None)
def test_an_hour_like_the_one_before_writes_no_row(hours: list[Hour], held: dict[str, int]) -> None:
    """Only that somebody looked."""
    memory = History("sqlite://")
    memory.note([look(*hour) for hour in hours], RUN)
    memory.note([look("home", 20, held)], RUN)
    assert memory.note([look("home", 21, held)], RUN) == (1, 0)


@given(HOURS, st.lists(HELD, min_size=9, max_size=9), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_hours_told_anew_take_the_place_of_what_was_told(
    hours: list[Hour], now: list[dict[str, int]], order: Random
) -> None:
    """In any order, one by one: the history is that of the new story alone. What differs is counted before."""
    memory = History("sqlite://")
    memory.note([look(*hour) for hour in hours], RUN)
    mended = [(site, hour, held) for (site, hour, _), held in zip(hours, now, strict=False)]
    for one in order.sample(mended, len(mended)):
        was = next(held for site, hour, held in hours if (site, hour) == one[:2])
        assert memory.unlike(look(*one)) == sum(was.get(ip) != one[2].get(ip) for ip in ADDRESSES)
        memory.note([look(*one)], RUN, anew=True)
        assert memory.unlike(look(*one)) == 0
    assert stored(memory) == runs(mended)
