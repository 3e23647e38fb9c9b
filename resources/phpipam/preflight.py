"""Whether phpIPAM's database is what it must be before anything is written to it. All that is tried is rolled back."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    String,
    false,
    insert,
    inspect,
    literal,
    literal_column,
    null,
    select,
    update,
)

from pipelines.errors import PreflightFailed
from resources.phpipam import clock, conventions, removing, schema
from resources.phpipam.changes import TEXTS

_VERSION = re.compile(r"1\.[5-8][0-9]{0,2}")
_DB_VERSIONS = range(26, 47)
_KNOWN = f"known are 1.5 to 1.8 with dbversion {_DB_VERSIONS.start} to {_DB_VERSIONS.stop - 1}"
_LEAST_PACKET = 1 << 20
"""Bytes of a statement that the server must take: PyMySQL puts rows together up to 1,024,000 (`max_stmt_length`)."""
_NEW_ROW = ("subnetId", "ip_addr", *TEXTS, "state", "lastSeen")

_LIVE_WIDTHS = """
    SELECT table_name, column_name, character_maximum_length FROM information_schema.columns
    WHERE table_schema = DATABASE()
"""

Widths = dict[tuple[str, str], int | None]


@dataclass(frozen=True)
class Preflight:
    """What was found out about phpIPAM without writing to it, for a person to read."""

    version: str
    verified: tuple[str, ...]
    unverified: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """The checks of one database, in a transaction the caller rolls back. `place` is its name in errors."""

    connection: Connection
    place: str
    changelog_user: str
    zone: ZoneInfo

    def all(self, at: datetime, *, removes_rows: bool = False) -> Preflight:
        """Every check. Raises `PreflightFailed`, or the driver's `DBAPIError` where a right or a table is missing."""
        for statement in _probes():
            self.connection.execute(statement)
        for statement in removing.whole(self.connection).probes() if removes_rows else ():
            self.connection.execute(statement)
        self._check_widths()
        version = self._version()
        conventions.read(self.connection, self.place, self.changelog_user)
        found = clock.finding(self.connection, self.zone, at)
        if found.verdict == "wrong":
            raise self._failed(found.text, "Set phpipam.time_zone in network.toml to the zone of phpIPAM's PHP (TZ)")
        verified = (f"phpIPAM {version}", "its tables and columns", "our rights in it", f"user {self.changelog_user}")
        if found.verdict == "right":
            return Preflight(version, (*verified, f"its time zone: {found.text}"), ())
        return Preflight(version, verified, (found.text,))

    def _version(self) -> str:
        columns = schema.SETTINGS.c
        query = select(columns.version, columns.dbversion, self._packet()).order_by(columns.id).limit(1)
        row = self.connection.execute(query).first()
        if row is None:
            raise self._failed("the table settings is empty", "Check phpipam.database: is it phpIPAM's?")
        if not _VERSION.fullmatch(row.version or "") or row.dbversion not in _DB_VERSIONS:
            fault = f"it says version {row.version!a:.20}, dbversion {row.dbversion!a:.20}; {_KNOWN}"
            raise self._failed(fault, "Nothing overrides this: netcensus must be taught that version's tables first")
        if row.packet < _LEAST_PACKET:
            fault = f"its max_allowed_packet is {row.packet}; a statement of ours may have {_LEAST_PACKET} bytes"
            remedy = "Put max_allowed_packet = 16M under [mysqld] in its my.cnf, and SET GLOBAL max_allowed_packet"
            raise self._failed(fault, f"{remedy} = 16777216 for now")
        return f"{row.version} (dbversion {row.dbversion})"

    def _packet(self) -> ColumnElement[int]:
        """The longest statement the server takes, asked beside something else; SQLite takes more than we ever send."""
        is_sqlite = self.connection.dialect.name == "sqlite"
        limit: ColumnElement[int] = literal(_LEAST_PACKET) if is_sqlite else literal_column("@@max_allowed_packet")
        return limit.label("packet")

    def _check_widths(self) -> None:
        live = _live_widths(self.connection)
        for name, width in _expected_widths().items():
            if name not in live:
                raise self._failed(f"there is no column {'.'.join(name)}", "Compare its tables with phpIPAM's own")
            if width is not None and (live[name] or width) < width:
                fault = f"the column {'.'.join(name)} holds {live[name]} characters, phpIPAM's holds {width}"
                raise self._failed(fault, "Widen it again: a longer value would be refused or cut")

    def _failed(self, fault: str, remedy: str) -> PreflightFailed:
        return PreflightFailed(self.place, fault, remedy)


def _probes() -> Iterator[Executable]:
    """What reading and applying will do, without a row: the server checks rights and names before it looks for any."""
    for one in schema.METADATA.sorted_tables:
        if one is not schema.CHANGELOG:
            yield select(*one.columns).where(false())
    addresses, log = schema.ADDRESSES, schema.CHANGELOG
    of_new = [addresses.c[name] for name in _NEW_ROW]
    yield insert(addresses).from_select(_NEW_ROW, select(*of_new).where(false()))
    yield (
        update(addresses)
        .where(false())
        .values({name: addresses.c[name] for name in (*TEXTS, "state", "lastSeen", "editDate")})
    )
    nothing = select(*(null() for _ in log.columns)).select_from(addresses).where(false())
    yield insert(log).from_select(log.columns.keys(), nothing)


def _expected_widths() -> Widths:
    return {
        (one.name.lower(), each.name): each.type.length if isinstance(each.type, String) else None
        for one in schema.METADATA.sorted_tables
        for each in one.columns
    }


def _live_widths(connection: Connection) -> Widths:
    """The live columns' widths in characters, of those we have a right to. No width is no limit."""
    if connection.dialect.name == "sqlite":
        inspector = inspect(connection)
        tables = [one.name for one in schema.METADATA.sorted_tables]
        columns = [(name, each) for name in tables for each in inspector.get_columns(name)]
        return {(name.lower(), each["name"]): getattr(each["type"], "length", None) for name, each in columns}
    rows = connection.exec_driver_sql(_LIVE_WIDTHS)
    return {(name.lower(), each): width for name, each, width in rows}  # names may be kept in lower case
