"""What every run wrote and what the targets answered, for as long as it is kept; which of it a person undid since."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import pandas as pd
import sqlalchemy as sa

from pipelines import tables
from pipelines.contract import INSTANT, INTEGER, Column, Table
from pipelines.plan.undo import Wrote
from resources.applied import SCHEMA
from resources.own_database import (
    aware,
    delete_rows,
    execute_rows,
    frame_of,
    is_one_of,
    naive,
    plain_rows,
    rows_of,
)

_TYPES = {INTEGER: sa.Integer, INSTANT: sa.DateTime}
_KEY = list(tables.HOLDS.key)
_UNHEARD = "the run ended before it was known what became of it"  # not stored: nearly every row is heard of


def _column(column: Column) -> "sa.Column[object]":
    return sa.Column(column.name, _TYPES.get(column.dtype, sa.Text)(), nullable=column.is_nullable)


RECEIPTS = sa.Table(
    "receipts", SCHEMA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.String(36), nullable=False, index=True),
    sa.Column("at", sa.DateTime, nullable=False),
    *(_column(one) for one in tables.WRITTEN.columns if one.name not in {"run_id", "at"}),
)  # fmt: skip
_holds = sa.Table(
    "holds", SCHEMA,
    sa.Column("target", sa.String(16), primary_key=True),
    sa.Column("scope", sa.String(255), primary_key=True),
    sa.Column("subject", sa.String(255), primary_key=True),
    sa.Column("field", sa.String(32), primary_key=True),
    *(_column(one) for one in tables.HOLDS.columns if one.name not in _KEY),
)  # fmt: skip


_gone = sa.Table("receipts_gone", SCHEMA, sa.Column("until_at", sa.DateTime, primary_key=True))
_RUNS_AT_ONCE = 250  # more than a day brings: years are worked off night by night, and not in one burst


class Run(NamedTuple):
    """A run that writes to a target: its id, when, and the run that it undoes, if it is an undo."""

    run_id: str
    at: pd.Timestamp
    undoes: str | None = None


Ids = dict[tuple[object, ...], int]
"""The rows of what a run has announced, by `tables.RECEIPT`'s key."""
_HEARD = sa.update(RECEIPTS).where(RECEIPTS.c.id == sa.bindparam("old_id"))


class Receipts:
    """The tables `receipts` and `holds` of the ledger's database. Every method is one short transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def note(self, run_id: str, at: pd.Timestamp, rows: pd.DataFrame, undoes: str | None = None) -> None:
        """Keep what a target answered: rows of `tables.RECEIPT`, or with what it takes to undo them.

        `undoes` is the run that this one undoes.
        """
        with self._engine.begin() as connection:
            settle(connection, Run(run_id, at, undoes), rows, {})

    def is_proven(self, zone: str) -> bool:
        """Whether a change of ours has taken effect in a zone before: there we may write."""
        where = (RECEIPTS.c.target == "dns", RECEIPTS.c.scope == zone, RECEIPTS.c.outcome == "applied")
        latest = sa.select(RECEIPTS.c.id).where(*where).order_by(RECEIPTS.c.id.desc()).limit(1)
        with self._engine.connect() as connection:
            return connection.scalar(latest) is not None

    def of(self, run_id: str) -> pd.DataFrame:
        """`tables.WRITTEN` of one run, in the order it was written."""
        return self._written(RECEIPTS.c.run_id == run_id)

    def since(self, run_id: str) -> pd.DataFrame:
        """`tables.WRITTEN` of everything that was written to a target after a run, in that order."""
        last = sa.select(sa.func.max(RECEIPTS.c.id)).where(RECEIPTS.c.run_id == run_id).scalar_subquery()
        return self._written(RECEIPTS.c.id > last, RECEIPTS.c.target.in_(["phpipam", "dns"]))

    def of_others(self, run_id: str, since: pd.Timestamp, subjects: Sequence[str]) -> pd.DataFrame:
        """`tables.WRITTEN` of what other runs have changed since an instant at these subjects, in order.

        Where the subjects are many, perhaps at others too. Receipts are kept for a year: the latest are looked at.
        """
        columns = RECEIPTS.c
        is_at_these = is_one_of(columns.subject, subjects)
        return self._written(_is_late(since), columns.outcome == "applied", columns.run_id != run_id, is_at_these)

    def undone_by(self, run_id: str, since: pd.Timestamp) -> str | None:
        """The run that has begun to undo a run since an instant; None where none has."""
        query = sa.select(RECEIPTS.c.run_id).where(_is_late(since), RECEIPTS.c.undoes == run_id).limit(1)
        with self._engine.connect() as connection:
            return connection.scalar(query)

    def latest(self, count: int) -> list[Wrote]:
        """The last runs that wrote something to a target, the newest first."""
        columns = RECEIPTS.c
        where = columns.target.in_(["phpipam", "dns"]), columns.outcome.in_(["applied", "unknown"])
        query = sa.select(columns.run_id, sa.func.min(columns.at), sa.func.count(), sa.func.max(columns.undoes))
        query = query.where(*where).group_by(columns.run_id).order_by(sa.func.max(columns.id).desc()).limit(count)
        with self._engine.connect() as connection:
            return [Wrote(row[0], aware(row[1]), row[2], row[3]) for row in connection.execute(query)]

    def runs(self, beginning: str) -> list[str]:
        """The ids of the runs with a receipt that begin so."""
        query = sa.select(RECEIPTS.c.run_id).where(RECEIPTS.c.run_id.startswith(beginning, autoescape=True)).distinct()
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def is_undo(self, run_id: str) -> bool:
        """Whether a run took something back that a census had done: an undo did, the undo of an undo did not."""
        undoes = sa.select(RECEIPTS.c.undoes).where(RECEIPTS.c.undoes.is_not(None)).limit(1)
        is_undo, run = False, run_id
        with self._engine.connect() as connection:
            while earlier := connection.scalars(undoes.where(RECEIPTS.c.run_id == run)).first():
                is_undo, run = not is_undo, earlier
        return is_undo

    def gone_until(self) -> pd.Timestamp | None:
        """The last instant of which receipts were let go; None where none ever were."""
        with self._engine.connect() as connection:
            until = connection.scalar(sa.select(sa.func.max(_gone.c.until_at)))
        return None if until is None else aware(until)

    def holds(self) -> pd.DataFrame:
        """All of `tables.HOLDS`, sorted by its key."""
        with self._engine.connect() as connection:
            query = _all_of(_holds, tables.HOLDS).order_by(*_holds.primary_key.columns)
            return frame_of(tables.HOLDS, rows_of(connection, query))

    def replace_holds(self, over: pd.DataFrame, new: pd.DataFrame) -> None:
        """Let the holds with the keys of `over` go, and keep those of `new` (`tables.HOLDS`)."""
        with self._engine.begin() as connection:
            delete_rows(connection, _holds, over)
            execute_rows(connection, sa.insert(_holds), new)

    def _written(self, *where: sa.ColumnElement[bool]) -> pd.DataFrame:
        with self._engine.connect() as connection:
            query = _all_of(RECEIPTS, tables.WRITTEN).where(*where).order_by(RECEIPTS.c.id)
            rows = frame_of(tables.WRITTEN, rows_of(connection, query))
        is_unheard = (rows["outcome"] == "unknown") & rows["detail"].isna()
        return rows.assign(detail=rows["detail"].mask(is_unheard, _UNHEARD))


def _is_late(since: pd.Timestamp) -> sa.ColumnElement[bool]:
    """Whether a receipt is of after an instant; only the latest are looked at."""
    columns = RECEIPTS.c
    before = sa.select(columns.id).where(columns.at < naive(since)).order_by(columns.id.desc()).limit(1)
    return columns.id > sa.func.coalesce(before.scalar_subquery(), 0)


def announce(connection: sa.Connection, run: Run, rows: pd.DataFrame) -> Ids:
    """Keep what is about to be written, before it is; where the run dies, an undo knows what it may have done."""
    settle(connection, run, rows, {})
    columns = [*(RECEIPTS.c[name] for name in tables.RECEIPT.key), RECEIPTS.c.id]
    query = sa.select(*columns).where(RECEIPTS.c.run_id == run.run_id, RECEIPTS.c.outcome == "unknown")
    return {tuple(key): identity for *key, identity in rows_of(connection, query)}


def settle(connection: sa.Connection, run: Run, rows: pd.DataFrame, announced: Ids) -> None:
    """Say of each row what became of it, and add what was not announced, such as the id of a row that was made."""
    keys = zip(*(rows[name].tolist() for name in tables.RECEIPT.key), strict=True)
    ids = pd.Series([announced.get(key) for key in keys], rows.index, dtype=INTEGER)
    execute_rows(connection, sa.insert(RECEIPTS), rows[ids.isna()].assign(**run._asdict()))
    _hear(connection, rows[["outcome", "detail"]].assign(old_id=ids)[ids.notna()])


def forget(connection: sa.Connection, before: pd.Timestamp) -> int:
    """Let go of the receipts of runs that ended before an instant, the oldest first; how many receipts that were.

    A run's go together or not at all: half of a run must not pass for all that it did. Kept for good are those of an
    undo, for censuses are held back by it and it may be undone, and of a run of which some change is `unknown`.
    """
    runs = connection.scalars(_ended(naive(before))).all()
    if not runs:
        return 0
    of_these = RECEIPTS.c.run_id.in_(runs)
    until = connection.scalar(sa.select(sa.func.max(RECEIPTS.c.at)).where(of_these))
    connection.execute(sa.delete(_gone))
    connection.execute(sa.insert(_gone), {"until_at": until})
    return connection.execute(sa.delete(RECEIPTS).where(of_these)).rowcount


def _ended(before: datetime) -> "sa.Select[tuple[str]]":
    """The runs whose receipts may go. What is younger is not looked at: it may be a year's."""
    columns = RECEIPTS.c
    first_kept = sa.select(columns.id).where(columns.at >= before).order_by(columns.id).limit(1).scalar_subquery()
    begun = sa.select(columns.run_id).where(sa.or_(columns.id < first_kept, first_kept.is_(None)))
    is_kept = sa.case((sa.or_(columns.outcome == "unknown", columns.undoes.is_not(None)), 1), else_=0)
    have_ended = sa.func.max(columns.at) < before, sa.func.max(is_kept) == 0
    runs = sa.select(columns.run_id).where(columns.run_id.in_(begun)).group_by(columns.run_id).having(*have_ended)
    return runs.order_by(sa.func.max(columns.id)).limit(_RUNS_AT_ONCE)


def _hear(connection: sa.Connection, heard: pd.DataFrame) -> None:
    """Many rows that were announced together, and had the same end, in one statement; else each by its id."""
    ids, ends = heard["old_id"], heard[["outcome", "detail"]].drop_duplicates()
    if len(ends) == 1 and len(ids) == ids.max() - ids.min() + 1:
        together = RECEIPTS.c.id.between(int(ids.min()), int(ids.max()))
        connection.execute(sa.update(RECEIPTS).where(together).values(plain_rows(ends)[0]))
    else:
        execute_rows(connection, _HEARD, heard)


def _all_of(stored: sa.Table, table: Table) -> sa.Select[tuple[object, ...]]:
    return sa.select(*(stored.c[name] for name in table.names))
