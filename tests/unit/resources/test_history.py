"""The memory of who held what, on an SQLite file."""

from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from pipelines.contract import TEXT
from pipelines.history import STATE, Observation
from pipelines.who import Question, question
from resources.history import History, query
from tests.networks import ALICE, AT, BOB

HOUR = pd.Timedelta(hours=1)


def look(hours: float, *holders: tuple[str, str, str | None], site: str = "home") -> Observation:
    """One look so many hours after `AT`: an address, a MAC and a name each."""
    rows = [(ip, mac, None, name, "lease", "kea4.leases") for ip, mac, name in holders]
    return Observation(site, AT + hours * HOUR, pd.DataFrame(rows, columns=["ip", *STATE], dtype=TEXT))


@pytest.fixture
def memory(tmp_path: Path) -> History:
    """Alice's address becomes Bob's at the third look, after one that failed."""
    memory = History(f"sqlite:///{tmp_path}/ledger.sqlite")
    mine = ("10.0.1.6", ALICE, "alice.example.lan.")
    memory.note(
        [look(0, ("10.0.1.5", ALICE, "nas.example.lan.")), look(1, ("10.0.1.5", ALICE, "nas.example.lan."))], "a"
    )
    memory.note([look(3, ("10.0.1.5", BOB, "nas.cabin.example.lan."), mine), look(0, site="cabin")], "b")
    return memory


def macs(memory: History, subject: str, **times: str) -> list[str]:
    """Who held it, the newest first."""
    return list(memory.holders(question(subject, **times))["mac"])


def test_a_holder_is_found_by_address_name_and_mac(memory: History) -> None:
    """By the whole name, by its first label, and by nothing that only begins so."""
    assert macs(memory, "10.0.1.5") == [BOB, ALICE]
    assert macs(memory, "nas") == [BOB, ALICE]
    assert macs(memory, "nas.example.lan") == [ALICE]
    assert macs(memory, "na") == []
    assert memory.holders(question(ALICE))["ip"].tolist() == ["10.0.1.6", "10.0.1.5"]


def test_the_begin_belongs_to_a_row_and_the_end_to_the_next(memory: History) -> None:
    """Half-open: at the look that found another, it is the other's; until then, it was nobody else's that we know."""
    assert macs(memory, "10.0.1.5", at="2026-03-01T11:59:59Z") == []
    assert macs(memory, "10.0.1.5", at="2026-03-01T12:00Z") == [ALICE]
    assert macs(memory, "10.0.1.5", at="2026-03-01T14:59:59Z") == [ALICE]
    assert macs(memory, "10.0.1.5", at="2026-03-01T15:00Z") == [BOB]
    assert macs(memory, "10.0.1.5", since="2026-03-01T14:00Z", until="2026-03-01T15:00Z") == [BOB, ALICE]


def test_what_nobody_saw_is_told(memory: History) -> None:
    """The last look that found Alice was at 13:00; between it and 15:00 nobody could look."""
    _, alice = memory.holders(question("10.0.1.5")).to_dict("records")
    assert (alice["from_at"], alice["confirmed_at"], alice["to_at"]) == (AT, AT + HOUR, AT + 3 * HOUR)
    found = memory.looks(AT + 2 * HOUR)["home"]
    assert found == (AT, AT + 3 * HOUR, AT + HOUR, AT + 3 * HOUR)
    assert memory.looks(AT - HOUR)["cabin"] == (AT, AT, None, AT)


def test_the_next_process_knows_it_too(memory: History, tmp_path: Path) -> None:
    """It is on the disk."""
    again = History(f"sqlite:///{tmp_path}/ledger.sqlite")
    assert again.holders(Question("mac", BOB)).equals(memory.holders(Question("mac", BOB)))


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("subject", ["10.0.1.5", ALICE, "nas", "nas.example.lan"])
@pytest.mark.parametrize("times", [{}, {"at": "2026-03-01T12:00Z"}, {"since": "2026-03-01T12:00Z"}])
def test_no_question_reads_the_whole_history(subject: str, times: dict[str, str], tmp_path: Path) -> None:
    """Each is answered by an index: a year of a large network is over a million rows."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/ledger.sqlite")
    text = query(question(subject, **times)).compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        steps = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    read = [step for step in steps if step.startswith(("SCAN", "SEARCH"))]
    assert len(read) == 2  # the history, and in it the last look
    assert all(step.startswith("SEARCH") for step in read)
