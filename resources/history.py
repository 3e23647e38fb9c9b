"""Who held which address when: the looks at each site and `binding_history`, in tables of the ledger's database.

Nothing rests on it but the answers to `who`: when it is lost, the archive's hours make it again. Instants are whole
seconds since 1970, UTC: as text they would be most of the file.
"""

from collections.abc import Iterable, Sequence

import pandas as pd
import sqlalchemy as sa

from pipelines import tables
from pipelines.contract import Table
from pipelines.history import Observation, spliced
from pipelines.who import Looks, Question
from resources.own_database import OwnTables, plain_rows

_metadata = sa.MetaData()
_looks = sa.Table(
    "looks", _metadata,
    sa.Column("site", sa.String(64), primary_key=True),
    sa.Column("at", sa.BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)  # fmt: skip
_history = sa.Table(
    "binding_history", _metadata,
    sa.Column("ip", sa.String(45), primary_key=True),
    sa.Column("site", sa.String(64), primary_key=True),
    sa.Column("from_at", sa.BigInteger, primary_key=True),
    sa.Column("to_at", sa.BigInteger),
    sa.Column("mac", sa.String(17)),
    sa.Column("client_id", sa.String(510)),
    sa.Column("name", sa.String(255)),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("evidence", sa.String(255), nullable=False),
    sa.Index("history_by_mac", "mac", "from_at"),
    sa.Index("history_by_name", "name", "from_at", "to_at"),  # a name may be many guests': filter by the index alone
    sa.Index("history_by_end", "site", "to_at"),
    sqlite_with_rowid=False,
)  # fmt: skip
_KEY = [column.name for column in _history.primary_key.columns]
_INSTANTS = ("from_at", "to_at", "confirmed_at")
_NEVER = 2**62


class History(OwnTables):
    """The memory of who held what. Every method is one transaction."""

    _schema = _metadata

    def note(self, seen: Iterable[Observation]) -> int:
        """Remember what was seen, in any order, and how many rows of `binding_history` that wrote.

        One transaction. Of a look that is known already nothing is written.
        """
        ordered = sorted(seen, key=lambda one: (one.site, one.at))
        if not ordered:
            return 0
        with self._engine.begin() as connection:
            return sum(self._note(connection, one) for one in ordered)

    def _note(self, connection: sa.Connection, seen: Observation) -> int:
        around = self._around(connection, seen.site, _second(seen.at))
        if around is None:
            return 0
        standing = _frame(tables.BINDING_HISTORY, connection.execute(_standing(seen.site, *around)).mappings().all())
        gone, new = spliced(standing, seen, *(_instant(one) for one in around))
        connection.execute(sa.insert(_looks), {"site": seen.site, "at": _second(seen.at)})
        if len(gone):
            by_key = sa.delete(_history).where(*(_history.c[name] == sa.bindparam(f"old_{name}") for name in _KEY))
            connection.execute(by_key, [{f"old_{name}": row[name] for name in _KEY} for row in _cells(gone)])
        if len(new):
            connection.execute(sa.insert(_history), _cells(new))
        return len(gone) + len(new)

    @staticmethod
    def _around(connection: sa.Connection, site: str, at: int) -> tuple[int | None, int | None] | None:
        """The looks at a site before and after an instant; None where that one is a look itself."""
        here = sa.select(_looks.c.at).where(_looks.c.site == site)
        if connection.scalar(here.where(_looks.c.at == at)) is not None:
            return None
        before = here.where(_looks.c.at < at).order_by(_looks.c.at.desc()).limit(1)
        after = here.where(_looks.c.at > at).order_by(_looks.c.at).limit(1)
        return connection.scalar(before), connection.scalar(after)

    def holders(self, question: Question) -> pd.DataFrame:
        """`tables.HOLDERS` that a question asks for, the newest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(query(question)).mappings().all()
        return _frame(tables.HOLDERS, rows)

    def looks(self, at: pd.Timestamp | None = None) -> dict[str, Looks]:
        """Of each site, when it was looked at first, last, last until `at`, and first after it."""
        then = _NEVER if at is None else _second(at)
        is_until = _looks.c.at <= then
        until, after = (sa.case((condition, _looks.c.at)) for condition in (is_until, ~is_until))
        ends = [sa.func.min(_looks.c.at), sa.func.max(_looks.c.at), sa.func.max(until), sa.func.min(after)]
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_looks.c.site, *ends).group_by(_looks.c.site)).all()
        return {site: Looks(*map(_instant, found)) for site, *found in rows}


def query(question: Question) -> sa.Select[tuple[object, ...]]:
    """The query for a question: by an index, over however many years."""
    end = sa.func.coalesce(_history.c.to_at, _NEVER)
    look = sa.select(sa.func.max(_looks.c.at)).where(_looks.c.site == _history.c.site, _looks.c.at < end)
    where = [_history.c[question.column] == question.value]
    if question.is_label:  # all that begins so: `/` is the character after the dot
        where = [_history.c.name >= f"{question.value}.", _history.c.name < f"{question.value}/"]
    if question.until is not None:
        where.append(_history.c.from_at <= _second(question.until))
    if question.since is not None:
        where.append(sa.or_(_history.c.to_at.is_(None), _history.c.to_at > _second(question.since)))
    order = (_history.c.from_at.desc(), _history.c.site, _history.c.ip)
    return sa.select(_history, look.scalar_subquery().label("confirmed_at")).where(*where).order_by(*order)


def _standing(site: str, before: int | None, after: int | None) -> sa.Select[tuple[object, ...]]:
    """The rows of a site that may hold at one of two looks."""
    lasts: sa.ColumnElement[bool] = _history.c.to_at.is_(None)
    if after is not None:
        lasts = sa.or_(lasts, _history.c.to_at > (after if before is None else before))
    begun = before if after is None else after
    where = [_history.c.site == site, lasts] + ([] if begun is None else [_history.c.from_at <= begun])
    return sa.select(_history).where(*where)


def _frame(table: Table, rows: Sequence[sa.RowMapping]) -> pd.DataFrame:
    columns: dict[str, object] = {name: [row[name] for row in rows] for name in table.names}
    times = {
        name: pd.to_datetime(pd.Series(columns[name], dtype="Int64"), unit="s", utc=True)
        for name in table.names
        if name in _INSTANTS
    }
    return table.frame(pd.DataFrame(columns | times))


def _cells(rows: pd.DataFrame) -> list[dict[str, object]]:
    epoch = pd.Timestamp(0, tz="UTC")
    seconds = {name: ((rows[name] - epoch) // pd.Timedelta(seconds=1)).astype("Int64") for name in ("from_at", "to_at")}
    return plain_rows(rows.assign(**seconds))


def _second(at: pd.Timestamp) -> int:
    return int(at.timestamp())


def _instant(second: int | None) -> pd.Timestamp | None:
    return None if second is None else pd.Timestamp(second, unit="s", tz="UTC")
