"""How full the pools were, day by day: a table of the ledger's database, from which forecasts are made.

At most one row per pool and day, and none for a day that was as the one before; kept for good.
"""

import pandas as pd
import sqlalchemy as sa

from pipelines import tables
from resources.own_database import OwnTables, plain_rows

_metadata = sa.MetaData()
_use = sa.Table(
    "pool_use", _metadata,
    sa.Column("site", sa.String(64), primary_key=True),
    sa.Column("first", sa.String(45), primary_key=True),
    sa.Column("last", sa.String(45), primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("used", sa.BigInteger, nullable=False),
)  # fmt: skip


class PoolUse(OwnTables):
    """The memory of the pools. Every method is one short transaction."""

    _schema = _metadata

    def noted(self) -> pd.DataFrame:
        """All of `tables.POOL_USE`, sorted by its key."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_use).order_by(*_use.primary_key.columns)).all()
        return tables.POOL_USE.rows([tuple(row) for row in rows])

    def note(self, rows: pd.DataFrame) -> None:
        """Add rows of `tables.POOL_USE`; without any, nothing is opened for writing."""
        if len(rows):
            with self._engine.begin() as connection:
                connection.execute(sa.insert(_use), plain_rows(rows))
