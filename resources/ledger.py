"""The ledger: what was read, what we wrote and what the targets answered. Any SQLAlchemy database; SQLite by default.

Ours is what we wrote and still reads so (rule R4), so this memory is what stands between us and other people's records.
What is about to be sent is noted before it is sent: a run that dies in between finds its own half-done work again.
"""

from collections.abc import Collection
from datetime import timedelta
from functools import cached_property

import pandas as pd
import sqlalchemy as sa

from pipelines import tables
from pipelines.contract import TEXT
from pipelines.plan.past import KEPT_READS, Past
from pipelines.plan.timely import BEGINNING
from pipelines.reconcile.incumbents import TO_AND_FRO
from pipelines.snapshots import EVERYWHERE
from resources import applied, receipts
from resources.own_database import (
    OwnTables,
    add_new_columns,
    aware,
    drop_from_file,
    frame_of,
    naive,
    plain_rows,
    rows_of,
)
from resources.receipts import Ids, Run

_RESENT_KEPT_DAYS = 30
_metadata = applied.SCHEMA

SNAPSHOT_INDEX = sa.Table(
    "snapshots", _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.String(36), nullable=False),
    sa.Column("site", sa.String(64), nullable=False),
    sa.Column("source", sa.String(255), nullable=False),
    sa.Column("read_at", sa.DateTime, nullable=False),
    sa.Column("is_complete", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("version", sa.String(32)),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("bytes", sa.Integer, nullable=False),
    sa.Column("clock_offset_s", sa.Integer),
)  # fmt: skip
_INDEX_OF_OLD = "snapshots_by_source"  # each source's entries lie elsewhere in it: a page for each, every hour
_LATE = 10_000  # rows: no run reads so many sources, and no year of them is looked through for those of one
_IS_LATE = SNAPSHOT_INDEX.c.id > sa.select(sa.func.max(SNAPSHOT_INDEX.c.id)).correlate(None).scalar_subquery() - _LATE
_births = sa.Table("births", _metadata, sa.Column("at", sa.DateTime, primary_key=True))
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
        add_new_columns(engine, [applied.APPLIED, SNAPSHOT_INDEX, receipts.RECEIPTS])
        drop_from_file(engine, _INDEX_OF_OLD)

    @cached_property
    def receipts(self) -> receipts.Receipts:
        """What every run wrote, and what of it was undone."""
        return receipts.Receipts(self._engine)

    def note_snapshots(self, run_id: str, rows: pd.DataFrame) -> None:
        """Add rows of `tables.SNAPSHOTS` to the index of the archive. The first ones are the ledger's birth.

        But for those of a clock that has lost the time: the first week would be over when it is set.
        """
        self._insert(SNAPSHOT_INDEX, rows.assign(run_id=run_id))
        with self._engine.begin() as connection:
            if connection.scalar(sa.select(sa.func.count()).select_from(_births)):
                return
            read_at = SNAPSHOT_INDEX.c.read_at
            first = connection.scalar(sa.select(sa.func.min(read_at)).where(read_at >= naive(BEGINNING)))
            if first is not None:
                connection.execute(sa.insert(_births), {"at": first})

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
            born_at = connection.scalar(sa.select(sa.func.min(_births.c.at)))
            read = sa.select(*(_reads.c[name] for name in tables.READS.names))
            reads = rows_of(connection, read.order_by(*(_reads.c[name] for name in tables.READS.key)))
            asked_of = sa.select(*(_resent.c[name] for name in tables.RESENT.names))
            resent = rows_of(connection, asked_of.order_by(*_resent.primary_key.columns))
            asked = connection.scalars(
                sa.select(SNAPSHOT_INDEX.c.site).where(SNAPSHOT_INDEX.c.run_id == run_id, _IS_LATE).distinct()
            )
            sites = frozenset(asked)
        return Past(
            holds=self.receipts.holds(),
            born_at=None if born_at is None else aware(born_at),
            reads=frame_of(tables.READS, reads),
            resent=frame_of(tables.RESENT, resent),
            asked=sites,
        )

    def last_complete(self, source: str) -> tuple[str, str] | None:
        """Version and digest of the last complete snapshot of a source that states versions; None without one.

        Nor for a source that had none for so long that it is not among the newest rows: it is read anew.
        """
        query = (
            sa.select(SNAPSHOT_INDEX.c.version, SNAPSHOT_INDEX.c.digest)
            .where(
                SNAPSHOT_INDEX.c.source == source,
                SNAPSHOT_INDEX.c.is_complete,
                SNAPSHOT_INDEX.c.version.is_not(None),
                _IS_LATE,
            )
            .order_by(SNAPSHOT_INDEX.c.id.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else (row.version, row.digest)

    def versions(self, run_id: str) -> dict[str, str]:
        """The version of every whole snapshot that the run under way read, where its source states versions."""
        is_whole = SNAPSHOT_INDEX.c.is_complete & SNAPSHOT_INDEX.c.version.is_not(None)
        where = (SNAPSHOT_INDEX.c.run_id == run_id, is_whole, _IS_LATE)
        with self._engine.connect() as connection:
            return {row.source: row.version for row in connection.execute(sa.select(SNAPSHOT_INDEX).where(*where))}

    def runs(self, beginning: str) -> list[str]:
        """The ids of the runs that begin so, of all that read or wrote anything."""
        read = sa.select(SNAPSHOT_INDEX.c.run_id).where(SNAPSHOT_INDEX.c.run_id.startswith(beginning, autoescape=True))
        with self._engine.connect() as connection:
            return sorted({*connection.scalars(read.distinct()), *self.receipts.runs(beginning)})

    def last_whole(self, sites: Collection[str], until: pd.Timestamp) -> dict[str, pd.Timestamp]:
        """When each of these sites was last read with all of its sources complete; one that never was is left out.

        What was noted as later than `until` was noted by a clock that was ahead: it does not count.
        """
        is_wanted = SNAPSHOT_INDEX.c.site.in_(sites) & (SNAPSHOT_INDEX.c.read_at <= naive(until))
        late = self._last_whole(is_wanted & _IS_LATE)
        return late if len(late) == len(sites) else self._last_whole(is_wanted)

    def _last_whole(self, where: sa.ColumnElement[bool]) -> dict[str, pd.Timestamp]:
        one_read = (
            sa.select(SNAPSHOT_INDEX.c.site, sa.func.max(SNAPSHOT_INDEX.c.read_at).label("at"))
            .where(where)
            .group_by(SNAPSHOT_INDEX.c.run_id, SNAPSHOT_INDEX.c.site)
            .having(sa.func.min(sa.cast(SNAPSHOT_INDEX.c.is_complete, sa.Integer)) == 1)
            .subquery()
        )
        query = sa.select(one_read.c.site, sa.func.max(one_read.c.at)).group_by(one_read.c.site)
        with self._engine.connect() as connection:
            return {site: aware(at) for site, at in connection.execute(query)}

    def read_at(self, run_id: str) -> pd.Timestamp | None:
        """When a run began to read the targets; None where it did not."""
        is_of_it = SNAPSHOT_INDEX.c.run_id == run_id, SNAPSHOT_INDEX.c.site == EVERYWHERE
        first = sa.select(sa.func.min(SNAPSHOT_INDEX.c.read_at)).where(*is_of_it)
        with self._engine.connect() as connection:
            at = connection.scalar(first.where(_IS_LATE)) or connection.scalar(first)  # all: long over
        return None if at is None else aware(at)

    def index(self, since: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
        """The rows of `tables.SNAPSHOTS` read from `since` until before `until`, with their `run_id`, as noted.

        Of what older releases noted, the clock's offset is not known: it is taken for 0.
        """
        at = SNAPSHOT_INDEX.c.read_at
        offset = sa.func.coalesce(SNAPSHOT_INDEX.c.clock_offset_s, 0)
        columns = [offset if name == "clock_offset_s" else SNAPSHOT_INDEX.c[name] for name in tables.SNAPSHOTS.names]
        query = sa.select(*columns, SNAPSHOT_INDEX.c.run_id).where(at >= naive(since), at < naive(until))
        with self._engine.connect() as connection:
            rows = rows_of(connection, query.order_by(SNAPSHOT_INDEX.c.id))
        index = frame_of(tables.SNAPSHOTS, [row[:-1] for row in rows])
        return index.assign(run_id=pd.Series([row[-1] for row in rows], dtype=TEXT))

    def asked_around(self, since: pd.Timestamp, until: pd.Timestamp) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
        """When a gateway was asked last before `since`, and first from `until` on; None where none was."""
        at, is_gateway = SNAPSHOT_INDEX.c.read_at, SNAPSHOT_INDEX.c.site != EVERYWHERE
        with self._engine.connect() as connection:
            before = connection.scalar(sa.select(sa.func.max(at)).where(is_gateway, at < naive(since)))
            after = connection.scalar(sa.select(sa.func.min(at)).where(is_gateway, at >= naive(until)))
        return None if before is None else aware(before), None if after is None else aware(after)

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

    def is_first(self, run_id: str) -> bool:
        """Whether this run is the one that the ledger began with."""
        first = sa.select(SNAPSHOT_INDEX.c.run_id).order_by(SNAPSHOT_INDEX.c.id).limit(1)
        with self._engine.connect() as connection:
            return connection.scalar(first) == run_id

    def _insert(self, table: sa.Table, rows: pd.DataFrame) -> None:
        if len(rows):
            with self._engine.begin() as connection:
                connection.execute(sa.insert(table), plain_rows(rows))
