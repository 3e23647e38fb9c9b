"""One SQLite file and the connection this process keeps open to it."""

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final
from weakref import WeakValueDictionary

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.pool import QueuePool

BUSY_TIMEOUT_S: Final = 30
PRAGMAS: Final = (
    # A run touches a few hundred index pages, one row in each: small pages halve what it logs. Only for a new file.
    "page_size=1024",
    "journal_mode=WAL",
    # In WAL mode a power cut may take the last commits, never the file's consistency (sqlite.org/wal.html).
    "synchronous=NORMAL",
    # The log is folded into the file each 8 MB of pages, so that pages many runs touch are written back once for all;
    # a log that grew beyond 16 MB, because a reader held it back, is cut.
    "wal_autocheckpoint=8000",
    "journal_size_limit=16777216",
)


class Database:
    """The open file at `url`, shared by everything in this process that names it; closed when nothing does any more."""

    _open: ClassVar["WeakValueDictionary[str, Database]"] = WeakValueDictionary()
    _opening = threading.Lock()

    def __init__(self, url: str) -> None:
        # One connection is kept; threads that meet borrow another, whose closing costs nothing, since the kept one is
        # open: only closing the *last* connection checkpoints and deletes the log.
        self._engine = sqlalchemy.create_engine(
            url, poolclass=QueuePool, pool_size=1, max_overflow=40, connect_args={"timeout": BUSY_TIMEOUT_S}
        )
        event.listen(self._engine, "connect", _set_pragmas)
        self._transaction = threading.local()
        weakref.finalize(self, self._engine.dispose)

    @classmethod
    def at(cls, url: str) -> "Database":
        """The database at `url`, opened now if this process has not yet."""
        with cls._opening:
            found = cls._open.get(url)
            if found is None:
                found = cls._open[url] = cls(url)
            return found

    @contextmanager
    def connect(self) -> Iterator[sqlalchemy.Connection]:
        """A connection in a transaction, committed at the end; inside `together` it is that transaction."""
        shared = getattr(self._transaction, "connection", None)
        if shared is not None:
            yield shared
            return
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """Whatever this thread does meanwhile is one transaction: all of it or, on an error, nothing."""
        with self._engine.begin() as connection:
            self._transaction.connection = connection
            try:
                yield
            finally:
                self._transaction.connection = None

    @property
    def is_together(self) -> bool:
        """Whether this thread is inside `together`."""
        return getattr(self._transaction, "connection", None) is not None

    def hold(self) -> None:
        """Open the kept connection now, so that no connection of Dagster's own set-up is ever the last to close."""
        with self._engine.connect():
            pass

    @classmethod
    def forget_inherited(cls) -> None:
        """After a fork: leave the parent's connections to the parent (sqlite.org/howtocorrupt.html, section 2.6)."""
        cls._opening = threading.Lock()
        for database in list(cls._open.values()):
            database._engine.dispose(close=False)  # noqa: SLF001 (our own class)
            database._transaction = threading.local()  # noqa: SLF001 (our own class)


def _set_pragmas(connection: Any, _record: Any) -> None:
    """Give a new connection our settings; they belong to the connection, not to the file (but for WAL)."""
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


os.register_at_fork(after_in_child=Database.forget_inherited)
