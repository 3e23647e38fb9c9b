"""Tables as bytes and back."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import codec, tables
from pipelines.contract import FLAG, INSTANT, INTEGER, NUMBER, Column, Table
from pipelines.errors import ParseError
from tests.networks import ALICE, frame, lease

NASTY = st.text(st.characters(exclude_categories=[]), min_size=1) | st.sampled_from(
    [
        "\ud800",
        "a\0b",
        "\N{GRINNING FACE}",
        "\u202egnp.exe",
        "nan",
        "None",
        "<NA>",
        "=cmd|'/c calc'!A1",
        '"',
        "\\",
        "\r\n",
    ]
)
"""Any text, lone halves of surrogate pairs and control characters included."""
BY_DTYPE: dict[str, st.SearchStrategy[Any]] = {
    FLAG: st.booleans(),
    INTEGER: st.integers(-(2**63), 2**63 - 1),
    NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    INSTANT: st.integers(-(2**60), 2**60).map(lambda us: pd.Timestamp(us, unit="us", tz="UTC")),
}


def cell(column: Column) -> st.SearchStrategy[Any]:
    """Any value of a column's dtype; whether it keeps the contract is not the codec's business."""
    values = BY_DTYPE.get(column.dtype, NASTY)
    return values if column.dtype == FLAG else st.none() | values


@pytest.mark.parametrize("table", tables.ALL, ids=[table.name for table in tables.ALL])
def test_every_table_survives(table: Table) -> None:
    """Decoding what was encoded gives the same frame: same text, same nulls, same dtypes, same microseconds."""

    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.tuples(*map(cell, table.columns)), max_size=3))
    def law(rows: list[tuple[object, ...]]) -> None:
        given_rows = table.rows(rows)
        stored = codec.encode(table, given_rows)
        pd.testing.assert_frame_equal(codec.decode(table, stored), given_rows)
        assert codec.encode(table, table.rows(rows)) == stored

    law()


def test_a_lease_of_the_far_future_keeps_its_microsecond_beside_one_without_end() -> None:
    """An instant beside a null is not rounded on its way through a float."""
    end = pd.Timestamp("2377-01-01T00:00:00.000001Z")
    rows = frame(tables.LEASES, [lease("10.0.0.5", ALICE, expires_at=end), lease("10.0.0.6", ALICE, expires_at=None)])
    assert codec.decode(tables.LEASES, codec.encode(tables.LEASES, rows))["expires_at"][0] == end


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"table":"leases","columns":{}}', b"null"])
def test_what_is_no_stored_table_says_so(content: bytes) -> None:
    """A damaged file, or one of another version, is a `ParseError` with what to do."""
    with pytest.raises(ParseError, match="Materialize its asset again"):
        codec.decode(tables.LEASES, content)


def test_another_table_is_told() -> None:
    """A table stored under another contract is not read as this one."""
    with pytest.raises(ParseError, match="another version"):
        codec.decode(tables.LEASES, codec.encode(tables.RECORDS, tables.RECORDS.empty()))
