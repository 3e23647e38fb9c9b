"""A ledger of years: what every census and every look of the watch ask costs what it cost in its first week."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pipelines.history import STATE, Observation
from pipelines.snapshots import EVERYWHERE, Snapshot, as_table
from resources import archive_index
from resources.history import History
from resources.ledger import Ledger
from tests.networks import AT

HOUR = pd.Timedelta(hours=1)


def look(site: str, at: pd.Timestamp) -> pd.DataFrame:
    """What a census notes of a site that it has read whole."""
    return as_table([Snapshot(site, "arp", at.to_pydatetime(), b"x", version="1")])


@pytest.fixture
def store(tmp_path: Path) -> Ledger:
    """A ledger that knows one look at each of two sites."""
    store = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    for site in ("home", "cabin"):
        store.index.note("first", look(site, AT))
    return store


@contextmanager
def explained(folder: Path) -> Iterator[list[str]]:
    """How SQLite goes about each statement of the block; filled at its end."""
    asked: list[tuple[str, Any]] = []
    steps: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield steps
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    with sa.create_engine(f"sqlite:///{folder}/ledger.sqlite").connect() as connection:
        for one, values in asked:
            steps += [step.detail for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", values)]


def test_what_every_census_asks_looks_through_no_year(store: Ledger, tmp_path: Path) -> None:
    """Each question is answered by the index's newest rows, or by an index of it: no statement scans the table."""
    with explained(tmp_path) as steps:
        for site in ("home", EVERYWHERE):
            store.index.note("second", look(site, AT + HOUR))
        assert store.index.read_at("second") == AT + HOUR
        assert store.past("second").asked == frozenset({"home", EVERYWHERE})
        assert store.index.versions("second") == {"arp": "1"}
        assert store.index.last_complete("arp")
        assert store.index.last_whole(["home", "cabin"], AT + HOUR) == {"home": AT + HOUR, "cabin": AT}
        assert store.displaced(AT + HOUR).empty
    assert [one for one in steps if one.startswith("SCAN applied_before")] == []
    assert [one for one in steps if one.startswith("SEARCH snapshots")]
    assert [one for one in steps if one.startswith("SCAN snapshots")] == []


def test_a_look_is_told_without_going_through_the_history(tmp_path: Path) -> None:
    """Only rows that had not ended at the look before are read: of a site's others there may be a million."""
    memory = History(f"sqlite:///{tmp_path}/ledger.sqlite")
    nobody = pd.DataFrame(columns=["ip", *STATE], dtype="str")
    memory.note([Observation("home", AT, nobody)], "first")
    with explained(tmp_path) as steps:
        memory.note([Observation("home", AT + HOUR, nobody)], "second")
    read = [one for one in steps if "binding_history" in one]
    assert len(read) == 2
    assert all("to_at" in one for one in read)


def test_a_site_that_was_silent_for_long_is_not_forgotten(store: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last whole read is older than the newest rows: then all of them are looked through."""
    monkeypatch.setattr(archive_index, "_IS_LATE", sa.false())
    assert store.index.last_whole(["home", "cabin"], AT + HOUR) == {"home": AT, "cabin": AT}
    assert store.index.last_whole(["home", "shed"], AT + HOUR) == {"home": AT}


def test_an_index_that_older_releases_made_is_dropped(store: Ledger, tmp_path: Path) -> None:
    """It cost a page for each source and hour; what it was asked for is told without it."""
    known = store.index.last_complete("arp")
    made = sa.create_engine(f"sqlite:///{tmp_path}/ledger.sqlite")
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE INDEX snapshots_by_source ON snapshots (source, id)")
    reopened = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    assert reopened.index.last_complete("arp") == known
    assert known
    assert sa.inspect(made).get_indexes("snapshots") == []


def test_a_source_that_was_not_whole_for_long_is_read_anew(store: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was noted before the newest rows is not looked through for it, hour by hour."""
    monkeypatch.setattr(archive_index, "_IS_LATE", sa.false())
    assert store.index.last_complete("arp") is None
