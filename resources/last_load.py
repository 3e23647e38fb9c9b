"""What the last load left behind: the state of each target when it went, and how the name servers followed.

In the ledger's database, in tables of their own. Nothing here says whose a record is: when it is lost, the next census
notes it anew, and until then only one run too many is started.
"""

from typing import NamedTuple

import pandas as pd
import sqlalchemy as sa

from pipelines import tables
from pipelines.snapshots import ZONE
from resources.own_database import OwnTables, aware, naive, plain_rows

_metadata = sa.MetaData()
_left = sa.Table(
    "left_behind", _metadata,
    sa.Column("source", sa.String(255), primary_key=True),
    sa.Column("version", sa.String(32), nullable=False),
    sa.Column("run_id", sa.String(36), nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
)  # fmt: skip
_serials = sa.Table(
    "serials", _metadata,
    sa.Column("zone", sa.String(255), primary_key=True),
    sa.Column("server", sa.String(255), primary_key=True),
    sa.Column("serial", sa.BigInteger),
    sa.Column("primary_serial", sa.BigInteger),
    sa.Column("peak", sa.BigInteger),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("since_at", sa.DateTime, nullable=False),
)  # fmt: skip
_SERIALS_KEY = list(tables.SERIALS.key)


class Left(NamedTuple):
    """The state in which a load left one source, and which load that was."""

    version: str
    run_id: str
    at: pd.Timestamp


class LastLoad(OwnTables):
    """The memory of the last load. Every method is one short transaction."""

    _schema = _metadata

    def left(self) -> dict[str, Left]:
        """The state of each source (`zone/...`, `phpipam.addresses`) as loads left it; empty before the first load."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_left)).all()
        return {row.source: Left(row.version, row.run_id, aware(row.at)) for row in rows}

    def last(self) -> dict[str, pd.Timestamp]:
        """When each target was last loaded: `phpipam`, and `dns` by the zone that has waited longest."""
        found: dict[str, pd.Timestamp] = {}
        for source, left in self.left().items():
            target = "dns" if source.startswith(ZONE) else "phpipam"
            found[target] = min(left.at, found.get(target, left.at))
        return found

    def note_left(self, run_id: str, at: pd.Timestamp, versions: dict[str, str]) -> None:
        """Remember the states a load has left behind; sources it says nothing of stay as they were noted."""
        rows = [{"source": one, "version": text, "run_id": run_id, "at": naive(at)} for one, text in versions.items()]
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_left).where(_left.c.source.in_(versions)))
            if rows:
                connection.execute(sa.insert(_left), rows)

    def serials(self) -> pd.DataFrame:
        """`tables.SERIALS` as last noted, sorted by its key."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_serials).order_by(_serials.c.zone, _serials.c.server)).all()
        return tables.SERIALS.rows([(*row[:-1], aware(row.since_at)) for row in rows])

    def note_serials(self, rows: pd.DataFrame) -> None:
        """Keep `tables.SERIALS` in place of what was noted; nothing is written when it says the same."""
        if self.serials().equals(rows.sort_values(_SERIALS_KEY, ignore_index=True)):
            return
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_serials))
            if len(rows):
                connection.execute(sa.insert(_serials), plain_rows(rows))
