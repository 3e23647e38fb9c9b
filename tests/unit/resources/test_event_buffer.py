"""Events that wait to be committed together: none lost, none twice, in order, whatever the database does."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from dagster import EventLogEntry
from sqlalchemy.exc import OperationalError

from resources.storage import event_buffer
from resources.storage.event_buffer import MOST_WAITING, EventBuffer
from resources.storage.sqlite_storage import REPOSITORY, resolve_base_dir

LOCKED = OperationalError("INSERT", {}, RuntimeError("database is locked"))


def event(text: str) -> EventLogEntry:
    """A line of a run's log."""
    return EventLogEntry(  # type: ignore[no-untyped-call]  # Dagster gives it no types
        error_info=None, level="INFO", user_message=text, run_id="r", timestamp=0.0, step_key=None, job_name="j"
    )


class Store:
    """A list that takes batches, all or none; refuses as often as told, and always the event called "bad"."""

    def __init__(self, refusals: int = 0) -> None:
        self.batches: list[list[str]] = []
        self.refusals = refusals

    def write(self, batch: Sequence[EventLogEntry]) -> None:
        """Take a batch."""
        if self.refusals:
            self.refusals -= 1
            raise LOCKED
        if any(entry.user_message == "bad" for entry in batch):
            raise ValueError("bad")
        self.batches.append([entry.user_message for entry in batch])

    @property
    def texts(self) -> list[str]:
        """All that was taken, in order."""
        return [text for batch in self.batches for text in batch]


def test_what_waits_is_written_in_one_batch() -> None:
    """Events added before a flush are one batch, in their order."""
    store = Store()
    buffer = EventBuffer(store.write)
    for text in "abc":
        buffer.add(event(text))
    buffer.flush()
    assert store.batches == [["a", "b", "c"]]


def test_nothing_waits_for_ever() -> None:
    """Without a flush the events come by themselves."""
    written = threading.Event()
    buffer = EventBuffer(lambda _batch: written.set())
    buffer.add(event("a"))
    assert written.wait(30)


def test_many_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as a batch may hold are written without a flush and without delay."""
    monkeypatch.setattr(event_buffer, "LONGEST_WAIT_S", 3600)
    written = threading.Event()
    buffer = EventBuffer(lambda _batch: written.set())
    for _ in range(MOST_WAITING - 1):
        buffer.add(event("a"))
    assert not written.wait(0.1)
    buffer.add(event("the last"))
    assert written.wait(30)


def test_a_locked_database_loses_nothing() -> None:
    """Who flushes is told of the refusal; the events stay, and the next flush stores them before later ones."""
    store = Store(refusals=1)
    buffer = EventBuffer(store.write)
    buffer.add(event("a"))
    with pytest.raises(OperationalError, match="locked"):
        buffer.flush()
    buffer.add(event("b"))
    buffer.flush()
    assert store.texts == ["a", "b"]


def test_one_event_that_cannot_be_stored_takes_no_other_with_it() -> None:
    """Its error is raised by the flush, once; the events before and after it are stored."""
    store = Store()
    buffer = EventBuffer(store.write)
    for text in ("a", "bad", "b"):
        buffer.add(event(text))
    with pytest.raises(ValueError, match="bad"):
        buffer.flush()
    buffer.flush()
    assert store.texts == ["a", "b"]


def test_threads_lose_nothing() -> None:
    """Events of several threads are all stored, each thread's in its order."""
    store = Store()
    buffer = EventBuffer(store.write)

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
    buffer.flush()
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
