"""What each end was last told, in the ledger's database: a trouble is said once, whoever restarts in between."""

from functools import cached_property

import pandas as pd
import sqlalchemy as sa

from pipelines.alerts import Message, Told
from resources.ledger import open_database

_metadata = sa.MetaData()
_told = sa.Table(
    "told", _metadata,
    sa.Column("end", sa.String(16), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("since_at", sa.DateTime, nullable=False),
    sa.Column("told_at", sa.DateTime, nullable=False),
)  # fmt: skip


class Memory:
    """Every method is one short transaction."""

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _engine(self) -> sa.Engine:
        engine = open_database(self._url)
        _metadata.create_all(engine)
        return engine

    def told(self, end: str) -> dict[str, Told]:
        """What this end was last told, by the trouble's key."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_told).where(_told.c.end == end)).all()
        return {row.key: Told(row.what, _aware(row.since_at), _aware(row.told_at)) for row in rows}

    def note(self, end: str, said: list[Message], at: pd.Timestamp) -> None:
        """Remember that this end was told these messages."""
        rows = [
            {"end": end, "key": one.key, "what": one.what, "since_at": _naive(one.since_at), "told_at": _naive(at)}
            for one in said
            if one.state != "over"
        ]
        with self._engine.begin() as connection:
            keys = [one.key for one in said]
            connection.execute(sa.delete(_told).where(_told.c.end == end, _told.c.key.in_(keys)))
            if rows:
                connection.execute(sa.insert(_told), rows)


def _aware(instant: object) -> pd.Timestamp:
    return pd.Timestamp(instant, tz="UTC")


def _naive(instant: pd.Timestamp) -> object:
    return instant.tz_convert("UTC").tz_localize(None).floor("us").to_pydatetime()
