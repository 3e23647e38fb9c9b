"""The archive's index in the ledger: what every run read, when, and whether it was whole."""

from collections.abc import Collection

import pandas as pd
import sqlalchemy as sa

from pipelines import tables
from pipelines.contract import TEXT
from pipelines.plan.timely import BEGINNING
from pipelines.snapshots import EVERYWHERE
from resources import applied
from resources.own_database import aware, frame_of, naive, plain_rows, rows_of

_metadata = applied.SCHEMA

SNAPSHOTS = sa.Table(
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
INDEX_OF_OLD = "snapshots_by_source"  # each source's entries lie elsewhere in it: a page for each, every hour
_LATE = 10_000  # rows: no run reads so many sources, and no year of them is looked through for those of one
_IS_LATE = SNAPSHOTS.c.id > sa.select(sa.func.max(SNAPSHOTS.c.id)).correlate(None).scalar_subquery() - _LATE
_births = sa.Table("births", _metadata, sa.Column("at", sa.DateTime, primary_key=True))


class ArchiveIndex:
    """The table `snapshots` of the ledger, whose `engine` it is given. Every method is one short transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def note(self, run_id: str, rows: pd.DataFrame) -> None:
        """Add rows of `tables.SNAPSHOTS` to the index of the archive. The first ones are the ledger's birth.

        But for those of a clock that has lost the time: the first week would be over when it is set.
        """
        if len(rows):
            with self._engine.begin() as connection:
                connection.execute(sa.insert(SNAPSHOTS), plain_rows(rows.assign(run_id=run_id)))
        with self._engine.begin() as connection:
            if connection.scalar(sa.select(sa.func.count()).select_from(_births)):
                return
            read_at = SNAPSHOTS.c.read_at
            first = connection.scalar(sa.select(sa.func.min(read_at)).where(read_at >= naive(BEGINNING)))
            if first is not None:
                connection.execute(sa.insert(_births), {"at": first})

    def last_complete(self, source: str) -> tuple[str, str] | None:
        """Version and digest of the last complete snapshot of a source that states versions; None without one.

        Nor for a source that had none for so long that it is not among the newest rows: it is read anew.
        """
        query = (
            sa.select(SNAPSHOTS.c.version, SNAPSHOTS.c.digest)
            .where(
                SNAPSHOTS.c.source == source,
                SNAPSHOTS.c.is_complete,
                SNAPSHOTS.c.version.is_not(None),
                _IS_LATE,
            )
            .order_by(SNAPSHOTS.c.id.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else (row.version, row.digest)

    def versions(self, run_id: str) -> dict[str, str]:
        """The version of every whole snapshot that the run under way read, where its source states versions."""
        is_whole = SNAPSHOTS.c.is_complete & SNAPSHOTS.c.version.is_not(None)
        where = (SNAPSHOTS.c.run_id == run_id, is_whole, _IS_LATE)
        with self._engine.connect() as connection:
            return {row.source: row.version for row in connection.execute(sa.select(SNAPSHOTS).where(*where))}

    def runs(self, beginning: str) -> list[str]:
        """The ids of the runs that begin so, of all that read anything."""
        read = sa.select(SNAPSHOTS.c.run_id).where(SNAPSHOTS.c.run_id.startswith(beginning, autoescape=True))
        with self._engine.connect() as connection:
            return list(connection.scalars(read.distinct()))

    def last_whole(self, sites: Collection[str], until: pd.Timestamp) -> dict[str, pd.Timestamp]:
        """When each of these sites was last read with all of its sources complete; one that never was is left out.

        What was noted as later than `until` was noted by a clock that was ahead: it does not count.
        """
        is_wanted = SNAPSHOTS.c.site.in_(sites) & (SNAPSHOTS.c.read_at <= naive(until))
        late = self._last_whole(is_wanted & _IS_LATE)
        return late if len(late) == len(sites) else self._last_whole(is_wanted)

    def _last_whole(self, where: sa.ColumnElement[bool]) -> dict[str, pd.Timestamp]:
        one_read = (
            sa.select(SNAPSHOTS.c.site, sa.func.max(SNAPSHOTS.c.read_at).label("at"))
            .where(where)
            .group_by(SNAPSHOTS.c.run_id, SNAPSHOTS.c.site)
            .having(sa.func.min(sa.cast(SNAPSHOTS.c.is_complete, sa.Integer)) == 1)
            .subquery()
        )
        query = sa.select(one_read.c.site, sa.func.max(one_read.c.at)).group_by(one_read.c.site)
        with self._engine.connect() as connection:
            return {site: aware(at) for site, at in connection.execute(query)}

    def read_at(self, run_id: str) -> pd.Timestamp | None:
        """When a run began to read the targets; None where it did not."""
        is_of_it = SNAPSHOTS.c.run_id == run_id, SNAPSHOTS.c.site == EVERYWHERE
        first = sa.select(sa.func.min(SNAPSHOTS.c.read_at)).where(*is_of_it)
        with self._engine.connect() as connection:
            at = connection.scalar(first.where(_IS_LATE)) or connection.scalar(first)  # all: long over
        return None if at is None else aware(at)

    def between(self, since: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
        """The rows of `tables.SNAPSHOTS` read from `since` until before `until`, with their `run_id`, as noted.

        Of what older releases noted, the clock's offset is not known: it is taken for 0.
        """
        at = SNAPSHOTS.c.read_at
        offset = sa.func.coalesce(SNAPSHOTS.c.clock_offset_s, 0)
        columns = [offset if name == "clock_offset_s" else SNAPSHOTS.c[name] for name in tables.SNAPSHOTS.names]
        query = sa.select(*columns, SNAPSHOTS.c.run_id).where(at >= naive(since), at < naive(until))
        with self._engine.connect() as connection:
            rows = rows_of(connection, query.order_by(SNAPSHOTS.c.id))
        index = frame_of(tables.SNAPSHOTS, [row[:-1] for row in rows])
        return index.assign(run_id=pd.Series([row[-1] for row in rows], dtype=TEXT))

    def asked_around(self, since: pd.Timestamp, until: pd.Timestamp) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
        """When a gateway was asked last before `since`, and first from `until` on; None where none was."""
        at, is_gateway = SNAPSHOTS.c.read_at, SNAPSHOTS.c.site != EVERYWHERE
        with self._engine.connect() as connection:
            before = connection.scalar(sa.select(sa.func.max(at)).where(is_gateway, at < naive(since)))
            after = connection.scalar(sa.select(sa.func.min(at)).where(is_gateway, at >= naive(until)))
        return None if before is None else aware(before), None if after is None else aware(after)

    def is_first(self, run_id: str) -> bool:
        """Whether this run is the one that the ledger began with."""
        first = sa.select(SNAPSHOTS.c.run_id).order_by(SNAPSHOTS.c.id).limit(1)
        with self._engine.connect() as connection:
            return connection.scalar(first) == run_id

    def born_at(self) -> pd.Timestamp | None:
        """When the ledger began; None before its first census."""
        with self._engine.connect() as connection:
            at = connection.scalar(sa.select(sa.func.min(_births.c.at)))
        return None if at is None else aware(at)

    def asked(self, run_id: str) -> frozenset[str]:
        """Which sites a run that is under way has asked itself."""
        asked = sa.select(SNAPSHOTS.c.site).where(SNAPSHOTS.c.run_id == run_id, _IS_LATE).distinct()
        with self._engine.connect() as connection:
            return frozenset(connection.scalars(asked))
