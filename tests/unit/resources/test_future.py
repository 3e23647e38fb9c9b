"""What was noted by a clock that was ahead, and what is left when it is unlearned."""

from pathlib import Path

import pandas as pd
import pytest

from pipelines import tables
from pipelines.contract import TEXT
from pipelines.history import STATE, Observation
from pipelines.snapshots import Snapshot, as_table
from pipelines.who import question
from resources.future import Future
from resources.history import History
from resources.last_load import LastLoad
from resources.ledger import Ledger
from tests.networks import ALICE, AT, BOB, ledger, written

HOUR, YEAR = pd.Timedelta(hours=1), pd.Timedelta(days=365)
ALICES, BOBS = ("10.0.1.5", ALICE), ("10.0.1.5", BOB)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database that is not there yet."""
    return f"sqlite:///{tmp_path}/ledger.sqlite"


def look(at: pd.Timestamp, *holders: tuple[str, str]) -> Observation:
    """What one look found."""
    rows = [(ip, mac, None, None, "lease", "kea4.leases") for ip, mac in holders]
    return Observation("home", at, pd.DataFrame(rows, columns=["ip", *STATE], dtype=TEXT))


@pytest.mark.parametrize(
    "ahead",
    [
        [look(AT + YEAR, ALICES)],
        [look(AT + YEAR, BOBS)],
        [look(AT + YEAR)],
        [look(AT + YEAR, ALICES, ("10.0.1.6", BOB))],
        [look(AT + YEAR, BOBS), look(AT + YEAR + HOUR, ALICES), look(AT + YEAR + 2 * HOUR)],
    ],
)
def test_history_is_as_if_the_looks_of_the_future_had_never_been(url: str, ahead: list[Observation]) -> None:
    """Whatever they found: the row that held goes on, and the next look is spliced after the last true one."""
    history, true = History(url), [look(AT, ALICES), look(AT + HOUR, ALICES)]
    history.note(true, "run")
    before = history.holders(question("10.0.1.5"))
    history.note(ahead, "run")
    Future(url).forget(AT + 2 * HOUR)
    assert history.holders(question("10.0.1.5")).equals(before)
    assert history.holders(question("10.0.1.6")).empty
    history.note([look(AT + 3 * HOUR, BOBS)], "run")
    assert list(history.holders(question("10.0.1.5"))["to_at"]) == [pd.NaT, AT + 3 * HOUR]


def test_what_the_ledger_knows_stays_as_of_now_and_what_it_read_then_is_unlearned(url: str) -> None:
    """Nothing that we wrote is forgotten, no grace waits for a year, no read of the future counts as one."""
    store, loads, now = Ledger(url), LastLoad(url), AT + HOUR
    for at in (AT, AT + YEAR):
        store.index.note(f"run at {at}", as_table([Snapshot("home", "arp", at.to_pydatetime(), b"x")]))
        store.note_reads(tables.SOURCES.rows([("home", "arp", at, True, None, 1, 0)]))
        loads.note_left("run", at, {f"zone/{at.year}": "7"})
    late = written("dns", "example.lan.", "nas.example.lan.", "A", "10.0.1.5", at=AT + YEAR)
    store.replace_applied(ledger(late | {"missing_since_at": AT + YEAR}))
    found = Future(url).forget(now)
    assert found == {"snapshots": 1, "reads": 1, "left_behind": 1, "applied": 2}
    (row,) = store.applied().to_dict("records")
    assert (row["value"], row["at"], row["missing_since_at"]) == ("10.0.1.5", now, now)
    assert list(store.past("none").reads["read_at"]) == [AT]
    assert list(loads.left()) == ["zone/2026"]
    assert Future(url).forget(now) == {}


def test_a_memory_that_is_not_there_yet_has_no_future(url: str) -> None:
    """On a first day there is nothing to unlearn."""
    assert Future(url).forget(AT) == {}


def test_a_read_of_the_future_is_not_the_last(url: str) -> None:
    """A site is as fresh as its last read that has been: else a wrong clock would hide a year of silence."""
    store = Ledger(url)
    for at in (AT, AT + YEAR):
        store.index.note(f"run at {at}", as_table([Snapshot("home", "arp", at.to_pydatetime(), b"x")]))
    assert store.index.last_whole(["home"], AT + HOUR) == {"home": AT}


def test_a_ledger_is_not_born_by_a_clock_that_has_lost_the_time(url: str) -> None:
    """Else its first week, in which nothing is deleted, would be over before it began."""
    store, lost = Ledger(url), pd.Timestamp("1970-01-01T00:03Z")
    for at in (lost, AT):
        store.index.note(f"run at {at}", as_table([Snapshot("home", "arp", at.to_pydatetime(), b"x")]))
        assert store.past("none").born_at == (AT if at == AT else None)
