"""The memory of the pools, on a fresh SQLite file each time."""

from pathlib import Path

from pipelines import tables
from resources.pool_use import PoolUse

ROWS = tables.POOL_USE.rows([("home", "10.0.1.100", "10.0.1.199", day, 40) for day in ("2026-03-01", "2026-03-02")])


def test_what_was_noted_comes_back_in_order(tmp_path: Path) -> None:
    """By range and day, whatever the order it was noted in, also by the next process."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    memory = PoolUse(url)
    for row in (1, 0):
        memory.note(ROWS.iloc[[row]])
    assert PoolUse(url).noted().equals(ROWS)
    assert tables.POOL_USE.violations(memory.noted()) == []


def test_nothing_to_note_writes_nothing(tmp_path: Path) -> None:
    """Not one byte of the file, nor of its log (rule R9)."""
    memory = PoolUse(f"sqlite:///{tmp_path}/ledger.sqlite")
    memory.note(ROWS)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    memory.note(tables.POOL_USE.empty())
    assert memory.noted().equals(ROWS)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if not file.name.endswith("-shm")} == {
        name: content for name, content in before.items() if not name.endswith("-shm")
    }
