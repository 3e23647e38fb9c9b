"""Receipts kept in bounds, in a real SQLite ledger: whole runs go, the oldest first, and nothing that is of use."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from pipelines import tables
from pipelines.retention import Keep
from pipelines.snapshots import Snapshot, as_table
from resources.archive import Archive
from resources.ledger import Ledger
from resources.retention import Retention
from tests.networks import AT, Row, frame, ledger, written

KEPT_DAYS = 100


@pytest.fixture
def store(tmp_path: Path) -> Ledger:
    """A ledger whose last census was just now."""
    store = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    store.index.note("now", as_table([Snapshot("home", "arp", AT.to_pydatetime(), b"answer")]))
    return store


def days_ago(days: float) -> pd.Timestamp:
    """The instant so long before the last census."""
    return AT - pd.Timedelta(days=days)


def wrote(store: Ledger, run: str, days: float, *, undoes: str | None = None, **more: object) -> None:
    """A run so long ago made one change."""
    plain: Row = {
        "target": "dns", "site": "home", "scope": "example.lan.", "subject": "nas.example.lan.", "field": "A",
        "action": "create", "before": None, "after": "10.0.1.5", "outcome": "applied", "detail": None,
    }  # fmt: skip
    store.receipts.note(run, days_ago(days), frame(tables.RECEIPT, [plain | more]), undoes)


def pruned(folder: Path, now: pd.Timestamp = AT) -> int:
    """How many receipts the nightly work let go."""
    keep = Keep(days=400, most_bytes=10**9, receipts_days=KEPT_DAYS)
    return Retention(Archive(folder / "archive"), f"sqlite:///{folder}/ledger.sqlite", keep).prune(now).receipts


def test_whole_runs_go_from_the_day_on_that_network_toml_names(store: Ledger, tmp_path: Path) -> None:
    """Of a run that wrote until after that, nothing goes: half of it must not pass for all that it did."""
    for run, days in (("old", 101), ("old", 100.5), ("astride", 100.1), ("astride", 99.9), ("young", 99)):
        wrote(store, run, days)
    assert pruned(tmp_path) == 2
    assert [len(store.receipts.of(run)) for run in ("old", "astride", "young")] == [0, 2, 1]
    assert store.receipts.gone_until() == days_ago(100.5)


def test_what_is_not_settled_and_what_a_person_took_back_stays(store: Ledger, tmp_path: Path) -> None:
    """A run of which one change is unknown, whole; and undos: they hold censuses back, and may be undone."""
    wrote(store, "unheard", 500)
    wrote(store, "unheard", 500, subject="tv.example.lan.", outcome="unknown")
    wrote(store, "census", 500)
    wrote(store, "undo", 499, undoes="census")
    wrote(store, "redo", 498, undoes="undo")
    assert pruned(tmp_path) == 1
    assert [len(store.receipts.of(run)) for run in ("unheard", "census", "undo", "redo")] == [2, 0, 1, 1]
    assert [store.receipts.is_undo(run) for run in ("undo", "redo")] == [True, False]


def test_what_is_ours_is_known_without_receipts(store: Ledger, tmp_path: Path) -> None:
    """Whose a record is stands in `applied`, which no night touches; a zone of old is only asked again."""
    wrote(store, "old", 101)
    record = written("dns", "example.lan.", "nas.example.lan.", "A", "10.0.1.5", at=days_ago(101))
    store.replace_applied(ledger(record))
    assert store.receipts.is_proven("example.lan.")
    assert pruned(tmp_path) == 1
    pd.testing.assert_frame_equal(store.applied(), ledger(record))
    assert not store.receipts.is_proven("example.lan.")


def test_while_no_census_is_taken_no_receipt_grows_old(store: Ledger, tmp_path: Path) -> None:
    """Neither after years of standing still, nor by a clock that is ahead."""
    wrote(store, "last", 1)
    assert pruned(tmp_path, now=AT + pd.Timedelta(days=4000)) == 0


def test_a_night_with_nothing_to_let_go_writes_not_a_byte(store: Ledger, tmp_path: Path) -> None:
    """Neither to the ledger's file nor to its log."""
    wrote(store, "old", 101)
    wrote(store, "young", 99)
    assert pruned(tmp_path) == 1
    with closing(
        sqlite3.connect(tmp_path / "ledger.sqlite")
    ) as other:  # while somebody has it open, the log is not folded in
        other.execute("SELECT 1 FROM receipts").fetchall()
        before = bytes_of(tmp_path)
        assert pruned(tmp_path) == 0
        assert bytes_of(tmp_path) == before


def bytes_of(folder: Path) -> list[bytes]:
    """The ledger's file and its log."""
    return [(folder / f"ledger.sqlite{rest}").read_bytes() for rest in ("", "-wal")]


def test_years_are_worked_off_night_by_night_and_their_room_is_used_again(store: Ledger, tmp_path: Path) -> None:
    """So many runs a night, the oldest first; the file neither shrinks, which would write all of it, nor grows."""
    wrote(store, "first", 900)
    columns = "target, site, scope, subject, field, action, after, outcome, at"
    same = f"INSERT INTO receipts (run_id, {columns}) SELECT ?, {columns} FROM receipts WHERE id = 1"  # noqa: S608 - the names above
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as database, database:
        database.executemany(same, [(f"run{number}",) for number in range(600)])
    assert [pruned(tmp_path) for _ in range(4)] == [250, 250, 101, 0]
    size = (tmp_path / "ledger.sqlite").stat().st_size
    for number in range(20):
        wrote(store, f"next{number}", 1)
    assert (tmp_path / "ledger.sqlite").stat().st_size == size
