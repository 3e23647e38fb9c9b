"""A table as bytes and back, by its contract: columnar JSON, nulls explicit, equal tables giving equal bytes.

Parquet would need another 40 MB of library for tables this size; CSV cannot tell null from text, and a
spreadsheet that opens one runs what a DHCP client called itself.
"""

import json
from io import BytesIO

import pandas as pd

from pipelines.contract import INSTANT, Table
from pipelines.errors import ParseError


def encode(table: Table, frame: pd.DataFrame) -> bytes:
    """The frame as one line of JSON per column. Instants are whole microseconds since 1970 UTC."""
    # Column by column: Python's objects for a whole table are several times what its JSON is.
    written = BytesIO()
    written.write(b'{"table":' + _json(table.name) + b',"columns":{')
    for place, column in enumerate(table.columns):
        written.write(b"," * bool(place) + _json(column.name) + b":")
        written.write(_json(_plain(frame[column.name], column.dtype)))
    written.write(b"}}")
    return written.getvalue()


def decode(table: Table, content: bytes) -> pd.DataFrame:
    """The frame that `encode` was given. Raises `ParseError` when it is damaged, or another contract wrote it."""
    try:
        stored = json.loads(content)
        name, columns = stored["table"], stored["columns"]
    except (ValueError, KeyError, TypeError):
        raise _unreadable(table, "it is damaged") from None
    if name != table.name or list(columns) != table.names:
        raise _unreadable(table, "it was written by another version of netcensus")
    instants = {
        column.name: pd.to_datetime(pd.Series(columns[column.name], dtype="Int64"), unit="us", utc=True)
        for column in table.columns
        if column.dtype == INSTANT
    }
    return table.frame({**columns, **instants})


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _unreadable(table: Table, fault: str) -> ParseError:
    return ParseError(f"stored table {table.name}", fault, "Materialize its asset again from the UI")


def _plain(values: "pd.Series[object]", dtype: str) -> list[object]:
    if dtype == INSTANT:
        values = values.astype("int64").astype("Int64").mask(values.isna())  # never as floats, which end in 2255
    return list(values.to_numpy(dtype="object", na_value=None).tolist())
