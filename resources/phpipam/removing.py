"""Rows of `ipaddresses` deleted: only while every column, a user's own too, is as we know it or as a new row has it.

The columns are asked for each time: people add their own. That takes SELECT on the whole table: see
deploy/mysql-grants.sql.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Delete,
    Executable,
    LargeBinary,
    MetaData,
    String,
    Table,
    and_,
    cast,
    delete,
    exists,
    false,
    func,
    inspect,
    literal,
    or_,
    select,
)

from pipelines.parse.phpipam import NEVER, local_text
from pipelines.plan.bookkeeping import SIGHTING
from resources.phpipam import schema
from resources.phpipam.changes import TAG, TEXTS, Row
from resources.phpipam.sink import seen_at
from resources.phpipam.statements import Tags, is_same_text

_OURS = {"id", "subnetId", "ip_addr", *TEXTS, "state", SIGHTING, "editDate"}
_EVERY_COLUMN = "SELECT * FROM ipaddresses WHERE 1 = 0"
_DEFAULTS = """
    SELECT column_name, column_default FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'ipaddresses'
"""


@dataclass(frozen=True)
class Whole:
    """phpIPAM's addresses with all the columns they have here, and the condition that nobody entered anything.

    `is_bare` holds for a row whose columns that netcensus never writes are empty or at their default, and which no NAT
    rule names.
    """

    table: Table
    is_bare: ColumnElement[bool]

    def probes(self) -> list[Executable]:
        """What removing will do, without a row: the server checks the rights first."""
        return [select(self.is_bare).select_from(self.table).where(false()), delete(self.table).where(false())]

    def delete(self, rows: Sequence[Row], subnet_id: int, tags: Tags, zone: ZoneInfo) -> Delete:
        """Delete rows, each only while it still is what the plan says, in every column."""
        still = or_(*(self._still(row, subnet_id, tags, zone) for row in rows))
        return delete(self.table).where(still, self.is_bare)

    def _still(self, row: Row, subnet_id: int, tags: Tags, zone: ZoneInfo) -> ColumnElement[bool]:
        columns, before = self.table.c, row.before
        texts = [is_same_text(columns[name], before.get(name)) for name in TEXTS]
        is_tagged = columns.state == tags[str(before[TAG])]
        place = (columns.id == row.id, columns.subnetId == subnet_id, columns.ip_addr == row.decimal)
        return and_(*place, *texts, is_tagged, _is_seen(columns[SIGHTING], before.get(SIGHTING), zone))


def _is_seen(column: ColumnElement[Any], at: str | None, zone: ZoneInfo) -> ColumnElement[bool]:
    """Whether a row was last seen at this instant; without one, whether it never was."""
    if at is None:
        return or_(column.is_(None), cast(column, String) == NEVER)
    return cast(column, String) == local_text(seen_at(at), zone)


def whole(connection: Connection) -> Whole:
    """The table as it is in this database. Raises `DBAPIError` where it may not be read as a whole."""
    names = list(connection.exec_driver_sql(_EVERY_COLUMN).keys())
    known = {column.name: column.type for column in schema.ADDRESSES.columns}
    columns = [Column(name, known.get(name, String()), primary_key=name == "id") for name in names]
    table, defaults = Table(schema.ADDRESSES.name, MetaData(), *columns), _defaults(connection)
    bare = [_is_empty(table.c[name], defaults.get(name)) for name in names if name not in _OURS]
    return Whole(table, and_(*bare, ~_is_translated(table)))


def _defaults(connection: Connection) -> dict[str, str | None]:
    """The columns' defaults as text; MariaDB and SQLite quote them, MySQL does not."""
    if connection.dialect.name == "sqlite":
        found = [(each["name"], each["default"]) for each in inspect(connection).get_columns(schema.ADDRESSES.name)]
    else:
        found = [(name, default) for name, default in connection.exec_driver_sql(_DEFAULTS)]
    return {name: None if text in {None, "NULL"} else str(text).strip("'") for name, text in found}


def _is_empty(column: ColumnElement[Any], default: str | None) -> ColumnElement[bool]:
    return or_(column.is_(None), cast(column, String).in_(["", *([] if default is None else [default])]))


def _is_translated(addresses: Table) -> ColumnElement[bool]:
    """Whether a NAT rule names the row: its sides are JSON with the ids in quotation marks. Bytes have no collation."""
    quoted = cast(literal('"').concat(cast(addresses.c.id, String)).concat('"'), LargeBinary)
    sides = [func.instr(cast(side, LargeBinary), quoted) > 0 for side in (schema.NAT.c.src, schema.NAT.c.dst)]
    return exists().where(or_(*sides)).select_from(schema.NAT).correlate(addresses)
