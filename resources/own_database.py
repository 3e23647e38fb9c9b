"""The database of our own state: how it is opened, and what all the memories kept in it share."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from pipelines.contract import INSTANT, Table
from pipelines.errors import StateError

BUSY_LIMIT_S = 30  # how long another run's transaction in the SQLite file is waited for
_PRAGMAS = ("page_size=1024", "journal_mode=WAL", "synchronous=NORMAL", "secure_delete=OFF", "temp_store=MEMORY")
_MANY = 500  # values in a condition


class OwnTables:
    """Some tables of the database at a URL, made and opened at first use: loading the code must not touch the disk."""

    _schema: ClassVar[sa.MetaData]

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _engine(self) -> sa.Engine:
        engine = open_database(self._url)
        self._made(engine)
        return engine

    def _made(self, engine: sa.Engine) -> None:
        """Make the tables that are not there yet."""
        self._schema.create_all(engine)


def aware(instant: datetime) -> pd.Timestamp:
    """An instant as the database holds it, naive UTC, as one that says so."""
    return pd.Timestamp(instant, tz="UTC")


def naive(instant: pd.Timestamp) -> datetime:
    """An instant as the database holds it: naive UTC, in whole microseconds."""
    return instant.tz_convert("UTC").tz_localize(None).floor("us").to_pydatetime()  # type: ignore[no-any-return]  # a datetime


def plain_rows(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Rows as the database driver wants them: None for null, naive UTC for instants."""
    columns = {name: _plain_column(rows[name]) for name in rows.columns}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _plain_column(values: "pd.Series[object]") -> list[object]:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        instants = values.dt.tz_convert("UTC").dt.tz_localize(None)
        return list(instants.to_numpy(dtype="datetime64[us]").astype("object"))  # datetimes, None for null
    return list(values.to_numpy(dtype="object", na_value=None).tolist())


def execute_rows(connection: sa.Connection, statement: sa.UpdateBase, rows: pd.DataFrame) -> None:
    """Execute a statement for each row of a frame, whose columns are named as the statement's parameters.

    On SQLite by the driver itself: what SQLAlchemy does with the values of each row anew is here done by column, and
    costs ten times what SQLite does with them.
    """
    if rows.empty:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(statement, plain_rows(rows))
        return
    compiled: Any = statement.compile(dialect=connection.dialect, column_keys=list(rows.columns))
    columns = [
        _bound_column(rows[name], compiled.binds[name].type, connection.dialect) for name in compiled.positiontup
    ]
    connection.exec_driver_sql(str(compiled), list(zip(*columns, strict=True)))


def _bound_column(values: "pd.Series[object]", kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> list[object]:
    """A column's values as SQLAlchemy's type gives them to the driver; asked once for each different one."""
    plain = _plain_column(values)
    bind = kind.dialect_impl(dialect).bind_processor(dialect)
    if bind is None:
        return plain
    bound = {value: bind(value) for value in set(plain)}
    return [bound[value] for value in plain]


def is_one_of(column: sa.ColumnElement[Any], values: Sequence[object]) -> sa.ColumnElement[bool]:
    """Whether a column is one of few values; of many nothing is asked: to read the rows beside them costs less."""
    return column.in_(values) if len(values) <= _MANY else sa.true()


def delete_rows(connection: sa.Connection, table: sa.Table, rows: pd.DataFrame) -> None:
    """Delete the rows with the primary keys of these, which may have other columns as well."""
    key = [column.name for column in table.primary_key.columns]
    by_key = sa.delete(table).where(*(table.c[name] == sa.bindparam(f"old_{name}") for name in key))
    execute_rows(connection, by_key, rows[key].add_prefix("old_"))


def rows_of(connection: sa.Connection, query: sa.Executable) -> Sequence[tuple[Any, ...]]:
    """The rows of a query as the driver gives them: SQLAlchemy makes an object of each, at a microsecond and more.

    Raises `StateError` as any query does.
    """
    cursor: Any = connection.execute(query).cursor
    try:
        return cursor.fetchall()  # type: ignore[no-any-return]  # PEP 249: a sequence of sequences
    except connection.dialect.loaded_dbapi.OperationalError as error:
        raise _unusable(database_file(connection.engine.url), error) from None


def frame_of(table: Table, rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """A frame of this table from rows of the database that have its columns, instants as naive UTC."""
    columns = columns_of(table, rows)
    times = {column.name: instants(columns[column.name]) for column in table.columns if column.dtype == INSTANT}
    return table.frame(columns | times)


def columns_of(table: Table, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The columns of this table from such rows, each as the driver gives its values."""
    found = zip(*rows, strict=True) if rows else ([] for _ in table.names)
    return {name: list(values) for name, values in zip(table.names, found, strict=True)}


def instants(values: object) -> "pd.Series[Any]":
    """Instants as a driver gives them, as ISO 8601 text (SQLite) or as datetimes. Many rows have one in common."""
    places, found = pd.factorize(np.array(values, dtype="object"))
    instants = np.append(np.array(found, dtype="datetime64[us]"), np.datetime64("NaT"))
    return pd.Series(instants[places]).dt.tz_localize("UTC")  # a null's place is -1: the last


def add_new_columns(engine: sa.Engine, stored: Sequence[sa.Table]) -> None:
    """Give the tables made by an older release the columns they lack; all of them may be null."""
    quote = engine.dialect.identifier_preparer.quote
    for table in stored:
        found = {column["name"] for column in sa.inspect(engine).get_columns(table.name)}
        with engine.begin() as connection:
            for column in table.columns:
                if column.name not in found:
                    kind = column.type.compile(engine.dialect)
                    connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {quote(column.name)} {kind}")


def drop_from_file(engine: sa.Engine, index: str) -> None:
    """Drop an index that an older release made in an SQLite file; on a server one may stay: it costs no pages here."""
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP INDEX IF EXISTS {index}")


def database_file(url: str | URL) -> Path | None:
    """The file of an SQLite database; None for one on a server."""
    parsed = make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def open_database(url: str) -> sa.Engine:
    """The database of a URL; an SQLite file is made where there is none. What it refuses is a `StateError`."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = sa.create_engine(parsed, pool_pre_ping=True)
    else:
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(parsed, connect_args={"timeout": BUSY_LIMIT_S})
        sa.event.listen(engine, "connect", _tune)
    is_file = parsed.get_backend_name() == "sqlite"
    sa.event.listen(engine, "handle_error", partial(_told, str(parsed.database) if is_file else None))
    return engine


def _told(file: str | None, context: sa.ExceptionContext) -> None:
    """A full disk, a lock nobody lets go, a server that is away: in our words, without the SQL and its values."""
    if isinstance(context.sqlalchemy_exception, sa.exc.OperationalError):
        raise _unusable(file, context.original_exception) from None


def _unusable(file: object, error: BaseException) -> StateError:
    """What is wrong with the database: a server's URL, and what a driver says of it, may hold its password.

    So of a server's errors only the kind is told.
    """
    said = " ".join(str(error).split()) if file else type(error).__name__
    remedy = "Check that it is there, that nobody holds it, and the room on its disk, then run again"
    return StateError(str(file or "network.toml"), f"the [state] ledger says: {said}", remedy)


def _tune(connection: object, _record: object) -> None:
    """WAL with NORMAL keeps a crash from damaging the file and spares a flush per transaction (sqlite.org/pragma).

    A census changes a row or two in each of many tables and logs a page for each: pages of 1 kB, in a new file. What is
    deleted is not overwritten with zeros, as Debian's SQLite would, and what is sorted needs no file.
    """
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]  # the driver's own connection
