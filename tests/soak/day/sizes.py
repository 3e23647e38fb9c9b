"""How many bytes each part has written since it was asked last: the servers' own logs, and our files."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.scenarios.real_world import RealNetwork

PARTS = ("BIND", "MariaDB", "archive", "ledger", "tables", "Dagster")
Bytes = dict[str, int]


class Sizes:
    """What is written hour by hour.

    BIND: what its journals grew by. MariaDB: redo log. SQLite: what its write-ahead logs hold, which are emptied after
    each hour; a connection kept open keeps their last user from folding them away. Files: those that are new.
    """

    def __init__(self, network: RealNetwork) -> None:
        self._network = network
        self._own = network.world.folder
        self._files: dict[Path, int] = {}
        self._journals: dict[Path, int] = {}
        self._redo = 0
        self._kept: dict[Path, sqlite3.Connection] = {}

    def since_last(self) -> Bytes:
        """The bytes of each of `PARTS` since this was called before; everything written up to now at first."""
        redo = self._network.ipam.counters()["Innodb_os_log_written"]
        found = {
            "BIND": sum(map(self._grown, self._network.bind.log.parent.glob("*.jnl"))),
            "MariaDB": redo - self._redo,
            "archive": self._new(self._own / "archive"),
            "ledger": self._logged([self._own / "ledger.sqlite"]),
            "tables": self._new(self._own / "tables"),
            "Dagster": self._logged(sorted(self._network.world.home.rglob("*.db"))),
        }
        self._redo = redo
        return found

    def _grown(self, journal: Path) -> int:
        """What was added to a journal; all of it, where BIND has begun it anew."""
        before, now = self._journals.get(journal, 0), journal.stat().st_size
        self._journals[journal] = now
        return now - before if now >= before else now

    def _new(self, folder: Path) -> int:
        """The sizes of the files that are new, or were written anew."""
        total = 0
        for file in folder.rglob("*"):
            if file.is_file() and self._files.get(file) != (inode := file.stat().st_ino):
                self._files[file] = inode
                total += file.stat().st_size
        return total

    def _logged(self, databases: list[Path]) -> int:
        """What the databases' write-ahead logs hold; emptied, so that they begin anew."""
        total = 0
        for database in filter(Path.exists, databases):
            is_new = database not in self._kept
            log = database.with_name(f"{database.name}-wal")
            total += log.stat().st_size if log.exists() else 0
            total += database.stat().st_size if is_new else 0
            if is_new:
                self._kept[database] = sqlite3.connect(database, timeout=30)
                self._kept[database].execute("SELECT count(*) FROM sqlite_master").fetchone()
            with closing(self._kept[database].execute("PRAGMA wal_checkpoint(TRUNCATE)")) as cursor:
                cursor.fetchone()
        return total

    def close(self) -> None:
        """Let go of the databases."""
        for connection in self._kept.values():
            connection.close()
