"""One SQLite file and the connection this process keeps open to it."""

import fcntl
import logging
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final
from weakref import WeakValueDictionary

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.pool import QueuePool

BUSY_TIMEOUT_S: Final = 30
MOST_KEPT: Final = 8  # connections: as many as the daemon's threads ever use at once
# Of log, four or five censuses: pages that all of them changed are written back once. Rarer would be fewer bytes, but
# more of them in one second, which are 0.6 MB now.
FOLDED_FROM_BYTES: Final = 1_000_000
PRAGMAS: Final = (
    # A run touches a few hundred index pages, one row in each: small pages halve what it logs. Only for a new file.
    "page_size=1024",
    "journal_mode=WAL",
    # In WAL mode a power cut may take the last commits, never the file's consistency (sqlite.org/wal.html).
    "synchronous=NORMAL",
    # For a process that stays: it folds its log in by a commit, each 2 MB of pages, few of them different ones. A run
    # does so as it begins (`hold`). A log that a reader held back beyond 4 MB is cut.
    "wal_autocheckpoint=2000",
    "journal_size_limit=4194304",
    # Debian builds SQLite so that deleted rows are overwritten with zeros: all pages of the runs that a night deletes.
    "secure_delete=OFF",
    "temp_store=MEMORY",  # what a query sorts: a month of events, not a file on the disk
)

_log = logging.getLogger(__name__)


class Database:
    """The open file at `url`, shared by everything in this process that names it; closed when nothing does any more."""

    _open: ClassVar["WeakValueDictionary[str, Database]"] = WeakValueDictionary()
    _opening = threading.Lock()
    _of_parents: ClassVar[list[sqlalchemy.Connection]] = []

    def __init__(self, url: str) -> None:
        # Connections are kept: closing the *last* one of a file checkpoints and deletes the log, and opening another as
        # root changes the log's inode (SQLite gives it the file's owner), which the file system then writes.
        self._engine = sqlalchemy.create_engine(
            url,
            poolclass=QueuePool,
            pool_size=MOST_KEPT,
            max_overflow=40,
            connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        )
        event.listen(self._engine, "connect", _set_pragmas)
        self._reset()
        # Not at exit: a process that ends leaves the log beside the file, as a crash would, and whoever opens the file
        # next goes on with it. Folding 1 MB of log in at the end of every run would double what a run writes.
        weakref.finalize(self, self._engine.dispose).atexit = False

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._inside = threading.local()
        self._gathered: sqlalchemy.Connection | None = None
        self._undone: list[Callable[[], None]] = []

    @classmethod
    def at(cls, url: str) -> "Database":
        """The database at `url`, opened now if this process has not yet."""
        with cls._opening:
            found = cls._open.get(url)
            if found is None:
                found = cls._open[url] = cls(url)
            return found

    @property
    def engine(self) -> sqlalchemy.Engine:
        """The engine, to set it up with."""
        return self._engine

    @contextmanager
    def connect(self) -> Iterator[sqlalchemy.Connection]:
        """A connection in a transaction, committed at the end.

        While work of this process is gathered, it is that transaction: readers find the work, and a writer commits it.
        """
        with ExitStack() as held:
            held.enter_context(self._lock)
            if self._gathered is not None:
                yield held.enter_context(self._joined(self._gathered))
                return
            held.close()
            with self._engine.begin() as connection:
                yield connection

    @contextmanager
    def _joined(self, gathered: sqlalchemy.Connection) -> Iterator[sqlalchemy.Connection]:
        """The gathered work's connection; an error undoes what was done through it here, and nothing else."""
        if self.is_inside:
            yield gathered
            return
        before = _changes(gathered)
        with self._marked_inside(), gathered.begin_nested():
            yield gathered
        if _changes(gathered) != before:
            self.commit()

    @contextmanager
    def gather(self, undone: Callable[[], None]) -> Iterator[None]:
        """What this thread writes inside is seen by this process alone until `commit`.

        Until then no other process can write. When the database refuses something, all that was gathered since the last
        commit is undone; each `undone` that was handed over with it is called, the last first.
        """
        with self._lock:
            try:
                if self._gathered is None:
                    self._gathered = self._begun()
                with self._marked_inside():
                    yield
            except BaseException:
                self._undo()
                raise
            self._undone.append(undone)

    @contextmanager
    def gather_for(self, seconds: float) -> Iterator[None]:
        """What this thread writes inside is committed with what is written next, or by itself after so many seconds.

        It is for what may be lost: should that commit be refused, nobody is told but the log.
        """
        with self.gather(lambda: _log.warning("%s: what was gathered was undone", self._engine.url)):
            yield
        timer = threading.Timer(seconds, self.commit)
        timer.daemon = True
        timer.start()

    def commit(self) -> None:
        """Let every process see what was gathered, and survive this one. On an error it is undone, as in `gather`."""
        with self._lock:
            if self._gathered is None:
                return
            try:
                self._gathered.commit()
            except BaseException:
                self._undo()
                raise
            self._gathered.close()
            self._gathered = None
            self._undone.clear()

    def _begun(self) -> sqlalchemy.Connection:
        """A connection that holds the file's only right to write: waited for as long as anybody else holds it."""
        connection = self._engine.connect()
        try:
            connection.begin()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            connection.close()
            raise
        return connection

    def _undo(self) -> None:
        if self._gathered is not None:
            self._gathered.close()  # which rolls back
            self._gathered = None
        while self._undone:
            self._undone.pop()()

    @contextmanager
    def _marked_inside(self) -> Iterator[None]:
        self._inside.is_true = True
        try:
            yield
        finally:
            self._inside.is_true = False

    @property
    def is_inside(self) -> bool:
        """Whether this thread is inside `gather`, or reads what was gathered."""
        return getattr(self._inside, "is_true", False)

    def hold(self) -> None:
        """Open the kept connection now, so that no connection of Dagster's own set-up is ever the last to close.

        And fold a long log into the file, before anything is added to it. A process that did so by its last commit
        would leave a folded log of which the next one, once all have closed it, no longer knows that it is folded.
        """
        with self._engine.connect() as connection:
            if _log_bytes(self._engine.url) >= FOLDED_FROM_BYTES:
                connection.exec_driver_sql("PRAGMA busy_timeout=0")  # who else is at it now is not waited for
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")  # so that its size tells what is in it
                connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000}")

    @classmethod
    def forget_inherited(cls) -> None:
        """After a fork: leave the parent's connections to the parent (sqlite.org/howtocorrupt.html, section 2.6)."""
        cls._opening = threading.Lock()
        for database in list(cls._open.values()):
            database._forget()  # noqa: SLF001 (our own class)

    def _forget(self) -> None:
        if self._gathered is not None:  # never closed here: that would roll back the parent's work in shared memory
            self._of_parents.append(self._gathered)
        self._engine.dispose(close=False)
        self._reset()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep others out: two processes that first meet an empty folder would both make the tables, and one would fail."""
    with (folder / ".setup.lock").open("a") as lock:  # unlike "w", writes nothing to a file that is there
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _log_bytes(url: sqlalchemy.URL) -> int:
    """How long the log beside the file is; 0 where there is none."""
    log = Path(f"{url.database}-wal")
    return log.stat().st_size if log.exists() else 0


def _changes(connection: sqlalchemy.Connection) -> int:
    """How many rows were ever written through this connection."""
    return int(connection.connection.total_changes)


def _set_pragmas(connection: Any, _record: Any) -> None:
    """Give a new connection our settings; they belong to the connection, not to the file (but for WAL)."""
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


os.register_at_fork(after_in_child=Database.forget_inherited)
