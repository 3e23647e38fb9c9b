"""What each end was last told, in the ledger's database: a trouble is said once, whoever restarts in between."""

import pandas as pd
import sqlalchemy as sa

from pipelines.alerts import Message, Told
from resources.own_database import OwnTables, aware, naive

_metadata = sa.MetaData()
_told = sa.Table(
    "told", _metadata,
    sa.Column("end", sa.String(16), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("since_at", sa.DateTime, nullable=False),
    sa.Column("told_at", sa.DateTime, nullable=False),
)  # fmt: skip


class Memory(OwnTables):
    """Every method is one short transaction."""

    _schema = _metadata

    def told(self, end: str) -> dict[str, Told]:
        """What this end was last told, by the trouble's key."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_told).where(_told.c.end == end)).all()
        return {row.key: Told(row.what, aware(row.since_at), aware(row.told_at)) for row in rows}

    def note(self, end: str, said: list[Message], at: pd.Timestamp) -> None:
        """Remember that this end was told these messages."""
        rows = [
            {"end": end, "key": one.key, "what": one.what, "since_at": naive(one.since_at), "told_at": naive(at)}
            for one in said
            if one.state != "over"
        ]
        with self._engine.begin() as connection:
            keys = [one.key for one in said]
            connection.execute(sa.delete(_told).where(_told.c.end == end, _told.c.key.in_(keys)))
            if rows:
                connection.execute(sa.insert(_told), rows)
