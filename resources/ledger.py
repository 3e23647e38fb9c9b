"""The ledger: what was read, what we wrote and what the targets answered. Any SQLAlchemy database; SQLite by default.

Ours is what we wrote and still reads so (rule R4), so this memory is what stands between us and other people's records.
What is about to be sent is noted before it is sent: a run that dies in between finds its own half-done work again.
"""

from datetime import timedelta
from functools import cached_property

import pandas as pd
import sqlalchemy as sa

from pipelines import tables
from pipelines.plan.past import KEPT_READS, Past
from pipelines.reconcile.incumbents import TO_AND_FRO
from resources import applied, receipts
from resources.archive_index import INDEX_OF_OLD, SNAPSHOTS, ArchiveIndex
from resources.own_database import (
    OwnTables,
    add_new_columns,
    drop_from_file,
    frame_of,
    plain_rows,
    rows_of,
)
from resources.receipts import Ids, Run

_RESENT_KEPT_DAYS = 30
_metadata = applied.SCHEMA

_reads = sa.Table(
    "reads", _metadata,
    sa.Column("read_at", sa.DateTime, primary_key=True),  # first: what an hour adds, and lets go, lies together
    sa.Column("site", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(255), primary_key=True),
    sa.Column("rows", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
_resent = sa.Table(
    "resent", _metadata,
    sa.Column("site", sa.String(64), primary_key=True),
    sa.Column("ip", sa.String(45), primary_key=True),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
)  # fmt: skip


class Ledger(OwnTables):
    """Our own state in a database. Every method is one short transaction."""

    _schema = _metadata
    _found: tuple[str, pd.DataFrame] | None = None
    """The run that read all of `tables.APPLIED` last, and what it found."""

    def _made(self, engine: sa.Engine) -> None:
        super()._made(engine)
        add_new_columns(engine, [applied.APPLIED, SNAPSHOTS, receipts.RECEIPTS])
        drop_from_file(engine, INDEX_OF_OLD)

    @cached_property
    def index(self) -> ArchiveIndex:
        """What every run read."""
        return ArchiveIndex(self._engine)

    @cached_property
    def receipts(self) -> receipts.Receipts:
        """What every run wrote, and what of it was undone."""
        return receipts.Receipts(self._engine)

    def note_reads(self, rows: pd.DataFrame) -> None:
        """Remember of whole answers how much there was in them: rows of `tables.READS`. The latest few are kept."""
        with self._engine.begin() as connection:
            for read in plain_rows(tables.READS.frame(rows)):
                same = [_reads.c[name] == read[name] for name in ("site", "source")]
                connection.execute(sa.delete(_reads).where(*same, _reads.c.read_at == read["read_at"]))
                connection.execute(sa.insert(_reads), read)
                latest = sa.select(_reads.c.read_at).where(*same).order_by(_reads.c.read_at.desc())
                oldest = connection.scalars(latest.offset(KEPT_READS - 1).limit(1)).first()
                if oldest is not None:
                    connection.execute(sa.delete(_reads).where(*same, _reads.c.read_at < oldest))

    def note_resent(self, rows: pd.DataFrame) -> None:
        """Remember for which leases Kea is asked to register the name again: rows of `tables.RESENT`.

        The last time of each lease is kept, for a month: nobody waits longer.
        """
        with self._engine.begin() as connection:
            for row in plain_rows(tables.RESENT.frame(rows)):
                same = [_resent.c[name] == row[name] for name in ("site", "ip")]
                old = _resent.c.at < row["at"] - timedelta(days=_RESENT_KEPT_DAYS)  # type: ignore[operator]  # a datetime
                connection.execute(sa.delete(_resent).where(sa.or_(sa.and_(*same), old)))
                connection.execute(sa.insert(_resent), row)

    def past(self, run_id: str) -> Past:
        """What is known of earlier censuses: the first, what its sources had, what Kea was asked for.

        And which sites the run `run_id`, which is under way, has asked itself.
        """
        with self._engine.connect() as connection:
            read = sa.select(*(_reads.c[name] for name in tables.READS.names))
            reads = rows_of(connection, read.order_by(*(_reads.c[name] for name in tables.READS.key)))
            asked_of = sa.select(*(_resent.c[name] for name in tables.RESENT.names))
            resent = rows_of(connection, asked_of.order_by(*_resent.primary_key.columns))
        return Past(
            holds=self.receipts.holds(),
            born_at=self.index.born_at(),
            reads=frame_of(tables.READS, reads),
            resent=frame_of(tables.RESENT, resent),
            asked=self.index.asked(run_id),
        )

    def runs(self, beginning: str) -> list[str]:
        """The ids of the runs that begin so, of all that read or wrote anything."""
        return sorted({*self.index.runs(beginning), *self.receipts.runs(beginning)})

    def applied(self, at: pd.Timestamp | None = None) -> pd.DataFrame:
        """All of `tables.APPLIED`, sorted by its key: now, or as it stood at an earlier instant."""
        with self._engine.connect() as connection:
            return applied.stands(connection, at)

    def applied_in(self, run_id: str) -> pd.DataFrame:
        """All of `tables.APPLIED` as a run found it when it first asked: its account and its plan rest on the same."""
        if self._found is None or self._found[0] != run_id:
            self._found = run_id, self.applied()
        return self._found[1]

    def displaced(self, at: pd.Timestamp) -> pd.DataFrame:
        """The MACs (rows of `tables.APPLIED`) that we wrote others over in phpIPAM within `TO_AND_FRO` before `at`."""
        with self._engine.connect() as connection:
            return applied.displaced(connection, "mac", at - TO_AND_FRO, at)

    def applied_to(self, keys: pd.DataFrame) -> pd.DataFrame:
        """The rows of `tables.APPLIED` with these keys, and perhaps others: of a few keys it costs as little."""
        with self._engine.connect() as connection:
            return applied.beside(connection, keys)

    def replace_applied(self, rows: pd.DataFrame) -> None:
        """Store rows of `tables.APPLIED`, each in place of the one with its key; a row without any value is removed."""
        if len(rows):
            with self._engine.begin() as connection:
                applied.replace(connection, rows)

    def announce(self, run: Run, announced: pd.DataFrame, intended: pd.DataFrame) -> Ids:
        """Keep what is about to be written (`bookkeeping.announced` and `intended`), before it is. One transaction."""
        with self._engine.begin() as connection:
            applied.replace(connection, intended)
            return receipts.announce(connection, run, announced)

    def settle(self, run: Run, written: pd.DataFrame, settled: pd.DataFrame, ids: Ids) -> None:
        """Keep what a target answered (`bookkeeping.invertible`), and what stands there now (`settled`).

        In one transaction: no crash leaves a deletion without a trace, nor a trace of what is still only intended.
        """
        with self._engine.begin() as connection:
            receipts.settle(connection, run, written, ids)
            applied.replace(connection, settled)

    def forget(self, stood_until: pd.Timestamp, wrote_until: pd.Timestamp) -> int:
        """Let go of what stood in it until before an instant, and of what runs wrote before another. One transaction.

        How many receipts went.
        """
        with self._engine.begin() as connection:
            applied.forget(connection, stood_until)
            return receipts.forget(connection, wrote_until)
