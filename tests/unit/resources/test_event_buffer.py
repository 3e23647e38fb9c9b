"""Events that wait to be written, and committed, together: none lost, none twice, in order, come what may."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from dagster import EventLogEntry
from sqlalchemy.exc import OperationalError

from resources.storage import event_buffer
from resources.storage.event_buffer import MOST_WAITING, EventBuffer
from resources.storage.sqlite_storage import REPOSITORY, resolve_base_dir
from tests.services.process import PATIENCE_S, eventually

LOCKED = OperationalError("INSERT", {}, RuntimeError("database is locked"))


def event(text: str) -> EventLogEntry:
    """A line of a run's log."""
    return EventLogEntry(  # type: ignore[no-untyped-call]  # Dagster gives it no types
        error_info=None, level="INFO", user_message=text, run_id="r", timestamp=0.0, step_key=None, job_name="j"
    )


class Store:
    """A database: batches that are written, and then committed; all undone where it refuses.

    It refuses as often as told, and always the event called "bad".
    """

    def __init__(self, refusals: int = 0, refused_commits: int = 0) -> None:
        self.written: list[list[str]] = []
        self.batches: list[list[str]] = []
        self.refusals = refusals
        self.refused_commits = refused_commits
        self.is_committed = threading.Event()
        self.committed_at = 0.0
        """When something was committed last."""
        self._undone: list[Callable[[], None]] = []

    def write(self, events: Sequence[EventLogEntry], undone: Callable[[], None]) -> None:
        """Take a batch."""
        if self.refusals:
            self.refusals -= 1
            raise LOCKED
        if any(entry.user_message == "bad" for entry in events):
            self._undo()
            raise ValueError("bad")
        self.written.append([entry.user_message for entry in events])
        self._undone.append(undone)

    def commit(self) -> None:
        """Keep for good what was taken."""
        if self.refused_commits:
            self.refused_commits -= 1
            self._undo()
            raise LOCKED
        self.batches += self.written
        self.written, self._undone = [], []
        self.committed_at = time.monotonic()
        self.is_committed.set()

    def _undo(self) -> None:
        self.written = []
        while self._undone:
            self._undone.pop()()

    @property
    def texts(self) -> list[str]:
        """All that was committed, in order."""
        return [text for batch in self.batches for text in batch]


def test_what_waits_is_written_in_one_batch() -> None:
    """Events added before a flush are written as one batch, in their order, and not committed by it."""
    store = Store()
    buffer = EventBuffer(store)
    for text in "abc":
        buffer.add(event(text))
    buffer.flush()
    assert (store.written, store.batches) == ([["a", "b", "c"]], [])
    buffer.commit()
    assert (store.written, store.batches) == ([], [["a", "b", "c"]])


@pytest.mark.parametrize("is_flushed", [False, True])
def test_nothing_waits_for_ever(monkeypatch: pytest.MonkeyPatch, *, is_flushed: bool) -> None:
    """Without a commit that is asked for the events are committed by themselves, written before or not."""
    monkeypatch.setattr(event_buffer, "LONGEST_WAIT_S", 0.2)
    store = Store()
    buffer = EventBuffer(store)
    buffer.add(event("a"))
    if is_flushed:
        buffer.flush()
    assert store.is_committed.wait(PATIENCE_S)
    assert store.texts == ["a"]


def test_after_a_commit_by_the_clock_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the database finds it free for longer than SQLite sleeps between two tries."""
    monkeypatch.setattr(event_buffer, "LONGEST_WAIT_S", 0.01)
    store = Store()
    buffer = EventBuffer(store)
    buffer.add(event("a"))
    assert store.is_committed.wait(PATIENCE_S)
    began = store.committed_at
    buffer.add(event("b"))
    buffer.flush()
    assert time.monotonic() - began > 0.1


def test_many_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as a batch may hold are written without a flush and without delay."""
    monkeypatch.setattr(event_buffer, "LONGEST_WAIT_S", 3600)
    store = Store()
    buffer = EventBuffer(store)
    for _ in range(MOST_WAITING - 1):
        buffer.add(event("a"))
    time.sleep(0.1)
    assert not store.written
    buffer.add(event("the last"))
    eventually(lambda: store.written, "the batch")


def test_a_locked_database_loses_nothing() -> None:
    """Who flushes is told of the refusal; the events stay, and the next flush stores them before later ones."""
    store = Store(refusals=1)
    buffer = EventBuffer(store)
    buffer.add(event("a"))
    with pytest.raises(OperationalError, match="locked"):
        buffer.flush()
    buffer.add(event("b"))
    buffer.commit()
    assert store.texts == ["a", "b"]


def test_what_a_refused_commit_undid_is_written_again() -> None:
    """Who commits is told of the refusal; what was written in several flushes comes again, in its order, once."""
    store = Store(refused_commits=1)
    buffer = EventBuffer(store)
    for text in "abc":
        buffer.add(event(text))
        buffer.flush()
    with pytest.raises(OperationalError, match="locked"):
        buffer.commit()
    assert store.texts == []
    buffer.add(event("d"))
    buffer.commit()
    assert store.texts == ["a", "b", "c", "d"]


def test_one_event_that_cannot_be_stored_takes_no_other_with_it() -> None:
    """Its error is raised by the flush, once; the events before and after it are stored."""
    store = Store()
    buffer = EventBuffer(store)
    buffer.add(event("a"))
    buffer.flush()  # so that the bad one undoes what is written already
    for text in ("bad", "b"):
        buffer.add(event(text))
    with pytest.raises(ValueError, match="bad"):
        buffer.flush()
    buffer.commit()
    assert store.texts == ["a", "b"]


def test_threads_lose_nothing() -> None:
    """Events of several threads are all stored, each thread's in its order."""
    store = Store()
    buffer = EventBuffer(store)

    def add(name: str) -> None:
        for number in range(50):
            buffer.add(event(f"{name}{number:02}"))
            if number % 10 == 0:
                buffer.flush()

    threads = [threading.Thread(target=add, args=(name,)) for name in "xyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    buffer.commit()
    assert len(store.texts) == 150
    for name in "xyz":
        assert [text for text in store.texts if text[0] == name] == [f"{name}{number:02}" for number in range(50)]


def test_the_base_dir_does_not_depend_on_where_the_process_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is what is configured, else DAGSTER_HOME, else var/dagster; relative ones from the repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    assert resolve_base_dir(None) == REPOSITORY / "var" / "dagster"
    assert resolve_base_dir("var/other") == REPOSITORY / "var" / "other"
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert resolve_base_dir(None) == tmp_path.resolve()
    assert resolve_base_dir("/srv/dagster") == Path("/srv/dagster")
