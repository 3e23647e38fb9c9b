"""What we wrote to the targets, in the ledger's database: as it stands, and as it stood at any earlier instant.

Whose a name in phpIPAM or a pointer in DNS was is told by what we had written by then, so an hour that is replayed
needs the rows of then. A row that another takes the place of is kept, with the time until which it stood.
"""

import pandas as pd
import sqlalchemy as sa

from pipelines import tables
from resources.own_database import execute_rows, frame_of, instants, is_one_of, naive, rows_of

_KEY = list(tables.APPLIED.key)
SCHEMA = sa.MetaData()
"""The ledger's own tables: those here, and those of `resources.ledger`."""


def _columns() -> list[sa.Column[object]]:
    return [
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
    ]


APPLIED = sa.Table("applied", SCHEMA, *_columns(), sqlite_with_rowid=False)  # as a tree by its key: a third less
APPLIED_BEFORE = sa.Table(
    "applied_before", SCHEMA,
    sa.Column("id", sa.Integer, primary_key=True),
    *(sa.Column(one.name, one.type, nullable=one.nullable) for one in _columns()),
    sa.Column("until_at", sa.DateTime, nullable=False, index=True),
)  # fmt: skip


def stands(connection: sa.Connection, at: pd.Timestamp | None = None) -> pd.DataFrame:
    """All of `tables.APPLIED`, sorted by its key: now, or as it stood at an instant."""
    parts = [sa.select(*_named(APPLIED))]
    if at is not None:
        then = naive(at)
        before = sa.select(*_named(APPLIED_BEFORE)).where(APPLIED_BEFORE.c.until_at > then)
        parts = [parts[0].where(APPLIED.c.at <= then), before.where(APPLIED_BEFORE.c.at <= then)]
    query = sa.union_all(*parts).order_by(*map(sa.column, _KEY))
    return frame_of(tables.APPLIED, rows_of(connection, query))


def beside(connection: sa.Connection, keys: pd.DataFrame) -> pd.DataFrame:
    """The rows of `tables.APPLIED` with these keys, and perhaps others of the same scopes."""
    return frame_of(tables.APPLIED, rows_of(connection, sa.select(*_named(APPLIED)).where(*_near(keys))))


def displaced(connection: sa.Connection, field: str, since: pd.Timestamp, at: pd.Timestamp) -> pd.DataFrame:
    """The rows of `tables.APPLIED` of one of phpIPAM's fields that others took the place of after `since`, by `at`."""
    until = APPLIED_BEFORE.c.until_at
    query = sa.select(*_named(APPLIED_BEFORE)).where(until > naive(since), until <= naive(at))
    query = query.where(APPLIED_BEFORE.c.target == "phpipam", APPLIED_BEFORE.c.field == field)
    return frame_of(tables.APPLIED, rows_of(connection, query.order_by(APPLIED_BEFORE.c.id)))


def replace(connection: sa.Connection, rows: pd.DataFrame) -> None:
    """Store rows of `tables.APPLIED`, each in place of the one with its key; a row without any value is removed.

    What stood there before is kept, unless it was of the same load, which nobody else has seen.
    """
    if rows.empty:
        return
    since = _stood(connection, rows)
    stood, says_something = since.notna(), rows["value"].notna() | rows["intended"].notna()
    old = rows.rename(columns=_OLD)
    kept = old[stood & ((since != rows["at"]) | ~says_something)].assign(now=pd.Timestamp.now("UTC"))
    execute_rows(connection, _KEEP, kept[[*_OLD.values(), "now"]])
    execute_rows(connection, _REMOVE, old.loc[stood & ~says_something, list(_OLD.values())])
    execute_rows(connection, _CHANGE, old[stood & says_something])
    execute_rows(connection, sa.insert(APPLIED), rows[~stood & says_something])


def _stood(connection: sa.Connection, rows: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    """Since when there is a row of each key; null where there is none."""
    found = rows_of(connection, sa.select(*(APPLIED.c[name] for name in [*_KEY, "at"])).where(*_near(rows)))
    since = {tuple(key): at for *key, at in found}
    keys = zip(*(rows[name].tolist() for name in _KEY), strict=True)
    return instants([since.get(key) for key in keys]).set_axis(rows.index)


def _near(keys: pd.DataFrame) -> list[sa.ColumnElement[bool]]:
    """A condition that these keys meet, and few others where they are few."""
    return [is_one_of(APPLIED.c[name], keys[name].unique().tolist()) for name in _KEY[:3]]


def forget(connection: sa.Connection, before: pd.Timestamp) -> None:
    """Let go of what stood until before an instant: no hour of then can be replayed any more."""
    connection.execute(sa.delete(APPLIED_BEFORE).where(APPLIED_BEFORE.c.until_at < naive(before)))


def _named(table: sa.Table) -> list[sa.Column[object]]:
    return [table.c[name] for name in tables.APPLIED.names]


_OLD = {name: f"old_{name}" for name in _KEY}
_IS_OLD = [APPLIED.c[name] == sa.bindparam(old) for name, old in _OLD.items()]
_REMOVE = sa.delete(APPLIED).where(*_IS_OLD)
_CHANGE = sa.update(APPLIED).where(*_IS_OLD)
_KEEP = sa.insert(APPLIED_BEFORE).from_select(
    [*tables.APPLIED.names, "until_at"],
    sa.select(*_named(APPLIED), sa.bindparam("now", type_=sa.DateTime)).where(*_IS_OLD),
)
