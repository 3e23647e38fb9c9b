"""Who held which address when: the looks at each site and `binding_history`, in tables of the ledger's database.

Nothing rests on it but the answers to `who`: when it is lost, the archive's hours make it again. Instants are whole
seconds since 1970, UTC: as text they would be most of the file.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pandas as pd
import sqlalchemy as sa

from pipelines import tables
from pipelines.contract import Table
from pipelines.history import STATE, Observation, spliced
from pipelines.who import Looks, Question
from resources.own_database import OwnTables, columns_of, delete_rows, execute_rows, plain_rows, rows_of

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
_told = sa.Table(
    "runs_told", _metadata,
    sa.Column("run_id", sa.String(36), primary_key=True),
    sqlite_with_rowid=False,
)  # fmt: skip
_HELD = [_history.c[name] for name in tables.BINDING_HISTORY.names]
_INSTANTS = ("from_at", "to_at", "confirmed_at")
_NEVER = 2**62


class Noted(NamedTuple):
    """What was written: looks that were not known, and rows of `binding_history`, new or gone."""

    looks: int
    rows: int


class History(OwnTables):
    """The memory of who held what. Every method is one transaction."""

    _schema = _metadata

    def note(self, seen: Iterable[Observation], run_id: str, *, anew: bool = False) -> Noted:
        """Remember what a run saw, in any order. One transaction.

        Of a look that is known already nothing is written, unless it is to be told `anew`: then what is said now takes
        the place of what was.
        """
        ordered = sorted(seen, key=lambda one: (one.site, one.at))
        if not ordered:
            return Noted(0, 0)
        with self._engine.begin() as connection:
            wrote = [self._note(connection, one, anew=anew) for one in ordered]
            noted = Noted(sum(one.looks for one in wrote), sum(one.rows for one in wrote))
            if noted.looks and connection.scalar(sa.select(_told).where(_told.c.run_id == run_id)) is None:
                connection.execute(sa.insert(_told), {"run_id": run_id})
        return noted

    def told(self) -> frozenset[str]:
        """The runs that told what they saw, also when the history itself was emptied since."""
        with self._engine.connect() as connection:
            return frozenset(connection.scalars(sa.select(_told.c.run_id)))

    def unlike(self, seen: Observation) -> int:
        """Of how many addresses the history says something else than was seen at a look that it knows."""
        at, columns = _second(seen.at), ["ip", *STATE]
        with self._engine.connect() as connection:
            standing = connection.execute(_standing(seen.site, at, at)).mappings()
            told = {tuple(row[name] for name in columns) for row in standing}
        now = {tuple(row.values()) for row in plain_rows(seen.holders[columns])}
        return len({str(ip) for ip, *_ in told ^ now})

    def _note(self, connection: sa.Connection, seen: Observation, *, anew: bool) -> Noted:
        is_look = _is_look(connection, seen)
        if is_look and not anew:
            return Noted(0, 0)
        gone, new = self._spliced(connection, seen)
        if not is_look:
            connection.execute(sa.insert(_looks), {"site": seen.site, "at": _second(seen.at)})
        delete_rows(connection, _history, _cells(gone))
        execute_rows(connection, sa.insert(_history), _cells(new))
        return Noted(int(not is_look), len(gone) + len(new))

    def _spliced(self, connection: sa.Connection, seen: Observation) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The rows that go and those that come when an observation is told, whether or not another stands there."""
        before, after = self._around(connection, seen.site, _second(seen.at))
        first, last = (_second(seen.at) if look is None else look for look in (before, after))
        rows = rows_of(connection, _standing(seen.site, first, last))
        return spliced(_frame(tables.BINDING_HISTORY, rows), seen, _instant(before), _instant(after))

    @staticmethod
    def _around(connection: sa.Connection, site: str, at: int) -> tuple[int | None, int | None]:
        """The looks at a site before and after an instant."""
        here = sa.select(_looks.c.at).where(_looks.c.site == site)
        before = here.where(_looks.c.at < at).order_by(_looks.c.at.desc()).limit(1)
        after = here.where(_looks.c.at > at).order_by(_looks.c.at).limit(1)
        return connection.scalar(before), connection.scalar(after)

    def holders(self, question: Question) -> pd.DataFrame:
        """`tables.HOLDERS` that a question asks for, the newest first."""
        with self._engine.connect() as connection:
            rows = rows_of(connection, query(question))
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
    return sa.select(*_HELD, look.scalar_subquery().label("confirmed_at")).where(*where).order_by(*order)


def _is_look(connection: sa.Connection, seen: Observation) -> bool:
    where = (_looks.c.site == seen.site, _looks.c.at == _second(seen.at))
    return connection.scalar(sa.select(_looks.c.at).where(*where)) is not None


def _standing(site: str, since: int, until: int) -> sa.CompoundSelect[tuple[object, ...]]:
    """The rows of a site that began by `until`, and had not ended by `since`.

    Two queries, for with one and an OR in it SQLite would look through all that the site ever had.
    """
    begun = sa.select(*_HELD).where(_history.c.site == site, _history.c.from_at <= until)
    return sa.union_all(*(begun.where(one) for one in (_history.c.to_at.is_(None), _history.c.to_at > since)))


def _frame(table: Table, rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    columns = columns_of(table, rows)
    times = {
        name: pd.to_datetime(pd.Series(columns[name], dtype="Int64"), unit="s", utc=True)
        for name in table.names
        if name in _INSTANTS
    }
    return table.frame(columns | times)


def _cells(rows: pd.DataFrame) -> pd.DataFrame:
    epoch = pd.Timestamp(0, tz="UTC")
    seconds = {name: ((rows[name] - epoch) // pd.Timedelta(seconds=1)).astype("Int64") for name in ("from_at", "to_at")}
    return rows.assign(**seconds)


def _second(at: pd.Timestamp) -> int:
    return int(at.timestamp())


def _instant(second: int | None) -> pd.Timestamp | None:
    return None if second is None else pd.Timestamp(second, unit="s", tz="UTC")
