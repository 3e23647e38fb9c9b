"""A ledger of years: what every census and every look of the watch ask costs what it cost in its first week."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pipelines.snapshots import Snapshot, as_table
from resources import ledger
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
        store.note_snapshots("first", look(site, AT))
    return store


def test_what_every_census_asks_looks_through_no_year(store: Ledger, tmp_path: Path) -> None:
    """Each question is answered by the index's newest rows, or by an index of it: no statement scans the table."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        store.note_snapshots("second", look("home", AT + HOUR))
        assert store.past("second").asked == frozenset({"home"})
        assert store.versions("second") == {"arp": "1"}
        assert store.last_complete("arp")
        assert store.last_whole(["home", "cabin"], AT + HOUR) == {"home": AT + HOUR, "cabin": AT}
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    with sa.create_engine(f"sqlite:///{tmp_path}/ledger.sqlite").connect() as connection:
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", values).all() for one, values in asked]
    assert len(plans) >= 8
    assert [step.detail for plan in plans for step in plan if step.detail.startswith("SCAN snapshots")] == []


def test_a_site_that_was_silent_for_long_is_not_forgotten(store: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last whole read is older than the newest rows: then all of them are looked through."""
    monkeypatch.setattr(ledger, "_IS_LATE", sa.false())
    assert store.last_whole(["home", "cabin"], AT + HOUR) == {"home": AT, "cabin": AT}
    assert store.last_whole(["home", "shed"], AT + HOUR) == {"home": AT}
