"""The ledger, on a fresh SQLite file each time."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import StateError
from pipelines.snapshots import Snapshot, as_table, missing
from resources.ledger import Ledger
from tests.networks import ALICE, AT, BOB, Row, cells, frame, ledger, written

ROWS = [
    written("dns", "example.lan.", "nas.example.lan.", "A", "10.0.1.5\n10.0.1.6", ttl_s=600),
    written("phpipam", "10.0.1.0/24", "10.0.1.5", "hostname", "n\u00e4s \N{GRINNING FACE} '\"--", is_adopted=True),
    written("phpipam", "10.0.1.0/24", "10.0.1.5", "mac", None, intended="52:54:00:00:00:0a"),
]
READ_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Ledger:
    """A ledger whose file, and its folder, are not there yet."""
    return Ledger(f"sqlite:///{tmp_path}/var/ledger.sqlite")


def test_a_ledger_is_made_at_first_use_and_not_before(tmp_path: Path) -> None:
    """Loading the code writes nothing; the first question makes an empty ledger."""
    store = Ledger(f"sqlite:///{tmp_path}/var/ledger.sqlite")
    assert not (tmp_path / "var").exists()
    assert store.applied().empty
    assert tables.APPLIED.violations(store.applied()) == []
    assert (tmp_path / "var/ledger.sqlite").exists()


def test_what_was_written_is_remembered(store: Ledger) -> None:
    """Values, intentions, TTLs, flags and instants come back as they went in, sorted by key."""
    store.replace_applied(ledger(*ROWS[::-1]))
    pd.testing.assert_frame_equal(store.applied(), ledger(*ROWS))


def test_what_a_run_found_stays_what_it_rests_on(store: Ledger) -> None:
    """Its account and its plan see one ledger, whatever is written in between; the next run sees that."""
    assert store.applied_in("run-1").empty
    store.replace_applied(ledger(*ROWS))
    assert store.applied_in("run-1").empty
    pd.testing.assert_frame_equal(store.applied_in("run-2"), ledger(*ROWS))


def test_a_row_takes_the_place_of_its_like(store: Ledger) -> None:
    """There is one memory per field and RRset; the others stay."""
    store.replace_applied(ledger(*ROWS))
    changed = ROWS[0] | {"value": "10.0.1.7", "at": AT}
    store.replace_applied(ledger(changed))
    pd.testing.assert_frame_equal(store.applied(), ledger(changed, *ROWS[1:]))


def test_a_row_that_says_nothing_is_forgotten(store: Ledger) -> None:
    """Without value and intention there is nothing to remember."""
    store.replace_applied(ledger(*ROWS))
    store.replace_applied(ledger(ROWS[2] | {"intended": None}))
    pd.testing.assert_frame_equal(store.applied(), ledger(*ROWS[:2]))


def test_a_mac_that_was_written_over_is_remembered_for_a_week(store: Ledger) -> None:
    """Of phpIPAM's MACs alone, from the instant on at which another was written; as it was known then, too."""
    before = pd.Timestamp.now("UTC")
    macs = [written("phpipam", "10.0.1.0/24", "10.0.1.5", "mac", mac, at=AT) for mac in (ALICE, BOB)]
    names = [written("phpipam", "10.0.1.0/24", "10.0.1.5", "hostname", one, at=AT) for one in ("alice", "bob")]
    for number, rows in enumerate(zip(macs, names, strict=True)):
        store.replace_applied(ledger(*(row | {"at": AT + pd.Timedelta(hours=number)} for row in rows)))
    after = pd.Timestamp.now("UTC")
    pd.testing.assert_frame_equal(store.displaced(after), ledger(macs[0]))
    assert store.displaced(before - pd.Timedelta(seconds=1)).empty
    assert store.displaced(after + pd.Timedelta(days=7)).empty


def test_many_rows_at_once_are_stored_as_few_are(tmp_path: Path) -> None:
    """Made, made anew by the same load and by a later one, and taken away: both ways say the same, now and of then."""
    at_once, one_by_one = (Ledger(f"sqlite:///{tmp_path}/{name}.sqlite") for name in ("many", "few"))
    rows = [written("dns", "example.lan.", f"h{number}.example.lan.", "A", "10.0.1.5") for number in range(900)]
    later = [row | {"value": "10.0.1.6", "at": AT} for row in rows[300:600]]
    hours = [
        ledger(*rows[:600]),
        ledger(*rows),
        ledger(*later, *(row | {"value": None, "at": AT} for row in rows[600:])),
    ]
    for hour_rows in hours:
        at_once.replace_applied(hour_rows)
        for start in range(0, len(hour_rows), 300):
            one_by_one.replace_applied(hour_rows.iloc[start : start + 300])
    for at in (None, AT, AT - pd.Timedelta(minutes=30)):
        pd.testing.assert_frame_equal(at_once.applied(at), one_by_one.applied(at))


def test_nothing_is_stored_for_nothing(store: Ledger) -> None:
    """Empty tables are a normal case."""
    store.replace_applied(tables.APPLIED.empty())
    store.receipts.note("run", AT, tables.RECEIPT.empty())
    store.index.note("run", tables.SNAPSHOTS.empty())
    assert store.applied().empty


def test_another_process_sees_it(tmp_path: Path) -> None:
    """What one ledger stored, the next one on the same file knows."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    Ledger(url).replace_applied(ledger(*ROWS))
    pd.testing.assert_frame_equal(Ledger(url).applied(), ledger(*ROWS))


def test_the_last_whole_answer_with_a_version_counts(store: Ledger) -> None:
    """Neither a failed read nor one of another source hides it; without any there is none."""
    zone = "zone/example.lan"
    whole = [Snapshot("*", zone, READ_AT, content, version=str(at)) for at, content in enumerate([b"old", b"new"])]
    others = [missing("*", zone, READ_AT, "timed out"), Snapshot("*", "zone/other.lan", READ_AT, b"x", version="9")]
    assert store.index.last_complete(zone) is None
    for snapshot in (*whole, *others):
        store.index.note("run", as_table([snapshot]))
    assert store.index.last_complete(zone) == ("1", whole[1].digest)


def receipt(**more: object) -> pd.DataFrame:
    """The answer to one change."""
    plain: Row = {
        "target": "dns", "site": "home", "scope": "example.lan.", "subject": "nas.example.lan.", "field": "A",
        "action": "create", "before": None, "after": "10.0.1.5", "outcome": "applied", "detail": None,
    }  # fmt: skip
    return frame(tables.RECEIPT, [plain | more])


def test_a_zone_is_proven_by_a_change_that_took_effect(store: Ledger) -> None:
    """Refused and lost changes prove nothing, nor do those of phpIPAM."""
    for more in ({"outcome": "refused", "scope": "a."}, {"outcome": "lost race", "scope": "b."}, {"target": "phpipam"}):
        store.receipts.note("run", AT, receipt(**more))
        assert not any(store.receipts.is_proven(zone) for zone in ("a.", "b.", "example.lan."))
    store.receipts.note("run", AT, receipt())
    assert store.receipts.is_proven("example.lan.")


def test_a_ledger_is_born_with_its_first_snapshot_and_never_again(store: Ledger) -> None:
    """What is taken back waits for its age, so later snapshots do not make it younger."""
    assert store.past("run").born_at is None
    for hours in (0, 5):
        store.index.note("run", as_table([Snapshot("home", "arp", READ_AT + timedelta(hours=hours), b"x")]))
    assert store.past("run").born_at == pd.Timestamp(READ_AT)


def test_the_last_day_of_answers_is_remembered_each_once(store: Ledger) -> None:
    """The same answer twice is one; of thirty the latest twenty-four are kept."""
    for hours in (0, *range(30)):
        at = pd.Timestamp(READ_AT) + pd.Timedelta(hours=hours)
        store.note_reads(tables.READS.rows([("home", "arp", at, hours), ("home", "kea4.leases", at, 7)]))
    reads = store.past("run").reads
    assert list(reads.loc[reads["source"] == "arp", "rows"]) == list(range(6, 30))
    assert len(reads) == 48


def test_an_older_release_s_ledger_is_given_the_new_columns(tmp_path: Path) -> None:
    """Nothing it remembers is lost."""
    Ledger(f"sqlite:///{tmp_path}/ledger.sqlite").replace_applied(ledger(*ROWS))
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as database, database:
        for column in ("named_by", "missing_since_at"):
            database.execute(f"ALTER TABLE applied DROP COLUMN {column}")
    pd.testing.assert_frame_equal(Ledger(f"sqlite:///{tmp_path}/ledger.sqlite").applied(), ledger(*ROWS))


def test_what_the_ledgers_database_refuses_is_told_with_its_place_and_what_to_do(tmp_path: Path) -> None:
    """Our words, without a stack, and nothing of the SQL or its values is in them."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    ledger = Ledger(url)
    assert ledger.applied().empty
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as other:
        other.execute("DROP TABLE applied")
    with pytest.raises(StateError, match=r"ledger\.sqlite: the \[state\] ledger says: .*\. Check") as told:
        ledger.applied()
    assert "SELECT" not in str(told.value)


def test_the_ledger_of_an_earlier_instant_is_what_stood_then(store: Ledger) -> None:
    """What was replaced, removed or not there yet; what one load changed twice leaves one trace."""
    hour = pd.Timedelta(hours=1)
    first, second = ROWS[0] | {"at": AT}, ROWS[0] | {"value": "10.0.1.7", "at": AT + 2 * hour}
    store.replace_applied(ledger(first))
    store.replace_applied(ledger(second | {"intended": "10.0.1.8"}))
    store.replace_applied(ledger(second))
    late = pd.Timestamp.now("UTC")
    store.replace_applied(ledger(second | {"value": None}))
    assert store.applied(AT - hour).empty
    pd.testing.assert_frame_equal(store.applied(AT + hour), ledger(first))
    pd.testing.assert_frame_equal(store.applied(late), ledger(second))
    assert store.applied().empty


def test_receipts_of_an_older_release_are_kept_and_cannot_be_undone(tmp_path: Path) -> None:
    """The table is given the columns it lacks; what they would have held is null, which undo tells in a sentence."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    Ledger(url).receipts.note("old", AT, receipt())
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as database, database:
        for column in ("before_whose", "undoes", "before_ttl_s"):
            database.execute(f"ALTER TABLE receipts DROP COLUMN {column}")
    kept = Ledger(url).receipts.of("old")
    assert kept["subject"].tolist() == ["nas.example.lan."]
    assert kept["before_whose"].isna().all()


def test_an_undo_is_one_and_its_own_undo_is_none(store: Ledger) -> None:
    """By the chain of what undoes what: censuses are held back by what was undone, not by what was redone."""
    for run, undoes in (("census", None), ("undo", "census"), ("redo", "undo"), ("again", "redo")):
        store.receipts.note(run, AT, receipt(), undoes)
    assert [store.receipts.is_undo(run) for run in ("census", "undo", "redo", "again")] == [False, True, False, True]
    assert store.receipts.since("undo")["run_id"].tolist() == ["redo", "again"]
    assert store.runs("und") == ["undo"]


def test_of_a_few_keys_the_ledger_tells_those(store: Ledger) -> None:
    """What a plan changes is found, be it one row among many or all of them; of other places nothing is read."""
    rows = [
        written("dns", zone, f"h{number}.{zone}", "A", "10.0.1.5") for zone in ("a.", "b.") for number in range(600)
    ]
    store.replace_applied(ledger(*rows))
    one = store.applied_to(ledger(rows[7]))
    assert one["subject"].tolist() == ["h7.a."]
    zone = store.applied_to(ledger(*rows[:600]))
    assert set(zone["subject"]) == {f"h{number}.a." for number in range(600)}


def test_what_others_wrote_lately_is_told_of_a_few_subjects(store: Ledger) -> None:
    """Not what this run wrote, not what was written before, not elsewhere."""
    day = pd.Timedelta(days=1)
    for run, at, subject in (
        ("old", AT - 2 * day, "nas."),
        ("late", AT, "nas."),
        ("late", AT, "tv."),
        ("own", AT, "nas."),
    ):
        store.receipts.note(run, at, receipt(subject=subject))
    told = store.receipts.of_others("own", AT - day, ["nas."])
    assert cells(told, "run_id", "subject") == [("late", "nas.")]
