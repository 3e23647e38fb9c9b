"""The file of Dagster's storage: when the log beside it is folded in."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from resources.storage import database
from resources.storage.database import Database


def opened_again(file: Path) -> int:
    """How long the log is once a process, that is to say a `Database`, has opened the file and gone."""
    Database(f"sqlite:///{file}").hold()
    log = file.with_name(f"{file.name}-wal")
    return log.stat().st_size if log.exists() else 0


def rows(connection: sqlite3.Connection) -> int:
    """How many there are."""
    return int(connection.execute("SELECT count(*) FROM event").fetchone()[0])


def test_a_long_log_is_folded_by_who_opens_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short one stays; nothing is lost, and nobody who reads or writes meanwhile is waited for or disturbed."""
    file = tmp_path / "event_log.db"
    with closing(sqlite3.connect(file)) as other:  # and so nobody is the last to close it, which folds as well
        other.executescript("PRAGMA journal_mode=WAL; CREATE TABLE event (x); INSERT INTO event VALUES (1)")
        assert opened_again(file) > 0
        monkeypatch.setattr(database, "FOLDED_FROM_BYTES", 1)
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO event VALUES (2)")
        assert opened_again(file) > 0
        other.execute("COMMIT")
        assert opened_again(file) == 0
        assert rows(other) == 2
