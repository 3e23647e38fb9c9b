"""What a run writes to this machine's disks, counted part by part."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from resources import disk_use
from resources.disk_use import DiskUse, process_bytes


def test_only_what_is_new_counts(tmp_path: Path) -> None:
    """Files written since, also in a new folder of a folder, and by how much a database and its log grew."""
    archive, ledger = tmp_path / "archive", tmp_path / "ledger.sqlite"
    (archive / "aa").mkdir(parents=True)
    old = archive / "aa" / "old.gz"
    old.write_bytes(b"x" * 999)
    os.utime(old, (0, 0))
    use = DiskUse({"archive": archive, "tables": tmp_path / "none"}, {"ledger": ledger})
    (archive / "aa" / "new.gz").write_bytes(b"x" * 10)
    (archive / "bb").mkdir()
    (archive / "bb" / "newer.gz").write_bytes(b"x" * 5)
    with closing(sqlite3.connect(ledger)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE t (a)")
        parts = use.parts()
    assert (parts["archive"], parts["tables"]) == (15, 0)
    assert parts["ledger"] > 4096


def test_the_process_s_bytes_are_counted(tmp_path: Path) -> None:
    """A megabyte that is written, and flushed, is a megabyte at least."""
    use = DiskUse({}, {})
    with (tmp_path / "file").open("wb") as file:
        file.write(os.urandom(1 << 20))
        file.flush()
        os.fsync(file.fileno())
    if not use.bytes:
        pytest.skip(f"{tmp_path} is not on a block device: nothing is counted there. Set TMPDIR to a disk.")
    assert use.bytes >= 1 << 20


def test_elsewhere_nothing_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Linux's /proc there is no number, rather than a zero."""
    monkeypatch.setattr(disk_use, "_IO", tmp_path / "none")
    assert process_bytes() is None
    assert DiskUse({}, {}).bytes is None
