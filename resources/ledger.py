"""The ledger: what was read, what we wrote and what the targets answered. Any SQLAlchemy database; SQLite by default.

Ours is what we wrote and still reads so (rule R4), so this memory is what stands between us and other people's records.
What is about to be sent is noted before it is sent: a run that dies in between finds its own half-done work again.
"""

from datetime import timedelta

import pandas as pd
import sqlalchemy as sa

from pipelines import tables
from pipelines.plan.past import KEPT_READS, Past
from resources.own_database import OwnTables, aware, plain_rows

_KEY = ["target", "scope", "subject", "field"]
_RESENT_KEPT_DAYS = 30
_metadata = sa.MetaData()

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
    sa.Index("snapshots_by_source", "source", "id"),
)  # fmt: skip
_applied = sa.Table(
    "applied", _metadata,
    sa.Column("target", sa.String(16), primary_key=True),
    sa.Column("scope", sa.String(255), primary_key=True),
    sa.Column("subject", sa.String(255), primary_key=True),
    sa.Column("field", sa.String(32), primary_key=True),
    sa.Column("value", sa.Text),
    sa.Column("intended", sa.Text),
    sa.Column("ttl_s", sa.Integer),
    sa.Column("is_adopted", sa.Boolean, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("named_by", sa.String(64)),
    sa.Column("missing_since_at", sa.DateTime),
)  # fmt: skip
_births = sa.Table("births", _metadata, sa.Column("at", sa.DateTime, primary_key=True))
_reads = sa.Table(
    "reads", _metadata,
    sa.Column("site", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(255), primary_key=True),
    sa.Column("read_at", sa.DateTime, primary_key=True),
    sa.Column("rows", sa.Integer, nullable=False),
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
_receipts = sa.Table(
    "receipts", _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.String(36), nullable=False, index=True),
    sa.Column("at", sa.DateTime, nullable=False),
    *(sa.Column(column.name, sa.Text, nullable=column.is_nullable) for column in tables.RECEIPT.columns),
)  # fmt: skip


class Ledger(OwnTables):
    """Our own state in a database. Every method is one short transaction."""

    _schema = _metadata

    def _made(self, engine: sa.Engine) -> None:
        super()._made(engine)
        _add_new_columns(engine)

    def note_snapshots(self, run_id: str, rows: pd.DataFrame) -> None:
        """Add rows of `tables.SNAPSHOTS` to the index of the archive. The first ones are the ledger's birth."""
        self._insert(SNAPSHOT_INDEX, rows.drop(columns="clock_offset_s").assign(run_id=run_id))
        with self._engine.begin() as connection:
            first = connection.scalar(sa.select(sa.func.min(SNAPSHOT_INDEX.c.read_at)))
            is_born = connection.scalar(sa.select(sa.func.count()).select_from(_births)) != 0
            if first is not None and not is_born:
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

        And which sites the run `run_id` has asked itself.
        """
        with self._engine.connect() as connection:
            born_at = connection.scalar(sa.select(sa.func.min(_births.c.at)))
            reads = connection.execute(sa.select(_reads).order_by(*_reads.primary_key.columns)).all()
            resent = connection.execute(sa.select(_resent).order_by(*_resent.primary_key.columns)).all()
            asked = connection.scalars(
                sa.select(SNAPSHOT_INDEX.c.site).where(SNAPSHOT_INDEX.c.run_id == run_id).distinct()
            )
            sites = frozenset(asked)
        return Past(
            born_at=None if born_at is None else aware(born_at),
            reads=tables.READS.rows([(*row[:2], aware(row.read_at), row.rows) for row in reads]),
            resent=tables.RESENT.rows([(*row[:5], aware(row.at)) for row in resent]),
            asked=sites,
        )

    def last_complete(self, source: str) -> tuple[str, str] | None:
        """Version and digest of the last complete snapshot of a source that states versions; None without one."""
        query = (
            sa.select(SNAPSHOT_INDEX.c.version, SNAPSHOT_INDEX.c.digest)
            .where(
                SNAPSHOT_INDEX.c.source == source, SNAPSHOT_INDEX.c.is_complete, SNAPSHOT_INDEX.c.version.is_not(None)
            )
            .order_by(SNAPSHOT_INDEX.c.id.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else (row.version, row.digest)

    def versions(self, run_id: str) -> dict[str, str]:
        """The version of every whole snapshot that one run read, where its source states versions, by source."""
        where = (SNAPSHOT_INDEX.c.run_id == run_id, SNAPSHOT_INDEX.c.is_complete, SNAPSHOT_INDEX.c.version.is_not(None))
        with self._engine.connect() as connection:
            return {row.source: row.version for row in connection.execute(sa.select(SNAPSHOT_INDEX).where(*where))}

    def last_whole(self) -> dict[str, pd.Timestamp]:
        """When each site was last read with all of its sources complete; sites of which that never was are left out."""
        one_read = (
            sa.select(SNAPSHOT_INDEX.c.site, sa.func.max(SNAPSHOT_INDEX.c.read_at).label("at"))
            .group_by(SNAPSHOT_INDEX.c.run_id, SNAPSHOT_INDEX.c.site)
            .having(sa.func.min(sa.cast(SNAPSHOT_INDEX.c.is_complete, sa.Integer)) == 1)
            .subquery()
        )
        query = sa.select(one_read.c.site, sa.func.max(one_read.c.at)).group_by(one_read.c.site)
        with self._engine.connect() as connection:
            return {site: aware(at) for site, at in connection.execute(query)}

    def applied(self) -> pd.DataFrame:
        """All of `tables.APPLIED`, sorted by its key."""
        with self._engine.connect() as connection:
            rows = (
                connection.execute(sa.select(_applied).order_by(*(_applied.c[name] for name in _KEY))).mappings().all()
            )
        columns: dict[str, list[object]] = {name: [row[name] for row in rows] for name in tables.APPLIED.names}
        times = ("at", "missing_since_at")
        return tables.APPLIED.frame(
            {**columns, **{name: pd.to_datetime(pd.Series(columns[name], dtype="object"), utc=True) for name in times}}
        )

    def replace_applied(self, rows: pd.DataFrame) -> None:
        """Store rows of `tables.APPLIED`, each in place of the one with its key; a row without any value is removed."""
        if not len(rows):
            return
        by_key = sa.delete(_applied).where(*(_applied.c[name] == sa.bindparam(f"old_{name}") for name in _KEY))
        keys = [{f"old_{name}": value for name, value in key.items()} for key in plain_rows(rows[_KEY])]
        kept = rows[rows["value"].notna() | rows["intended"].notna()]
        with self._engine.begin() as connection:
            connection.execute(by_key, keys)
            if len(kept):
                connection.execute(sa.insert(_applied), plain_rows(kept))

    def note_receipt(self, run_id: str, at: pd.Timestamp, rows: pd.DataFrame) -> None:
        """Keep what a target answered: rows of `tables.RECEIPT`."""
        self._insert(_receipts, rows.assign(run_id=run_id, at=at))

    def proven_zones(self) -> set[str]:
        """The zones in which a change of ours has taken effect before: there we may write."""
        where = (_receipts.c.target == "dns", _receipts.c.outcome == "applied")
        with self._engine.connect() as connection:
            return set(connection.scalars(sa.select(_receipts.c.scope).where(*where).distinct()))

    def _insert(self, table: sa.Table, rows: pd.DataFrame) -> None:
        if len(rows):
            with self._engine.begin() as connection:
                connection.execute(sa.insert(table), plain_rows(rows))


def _add_new_columns(engine: sa.Engine) -> None:
    """Give a table made by an older release the columns it lacks; all of them may be null."""
    found = {column["name"] for column in sa.inspect(engine).get_columns(_applied.name)}
    quote = engine.dialect.identifier_preparer.quote
    with engine.begin() as connection:
        for column in _applied.columns:
            if column.name not in found:
                kind = column.type.compile(engine.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {_applied.name} ADD COLUMN {quote(column.name)} {kind}")
