"""What a table's contract is: its columns, what their values may be, and what in a frame breaks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import pandas as pd

from pipelines.counted import counted
from pipelines.predicates import Expectation, failing, no_empty_text, no_repeat, not_null, one_of, reads_as
from pipelines.text import TextDtype

TEXT = TextDtype.name
INTEGER = "Int64"
NUMBER = "Float64"
FLAG = "bool"
INSTANT = "datetime64[us, UTC]"

CIDR = r"[0-9a-f.:]+/\d{1,3}"
ADDRESS = r"[0-9a-f.:]+"
MAC = r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}"
ABSOLUTE = r"\S*\."


@dataclass(frozen=True)
class Column:
    """One column: its name, dtype and meaning, and what its values may be."""

    name: str
    dtype: str
    meaning: str
    is_nullable: bool = False
    pattern: str | None = None
    choices: tuple[str, ...] = ()

    @property
    def expectations(self) -> list[Expectation]:
        """What is asked of the values. A flag has no null (its dtype holds none)."""
        asked = [] if self.is_nullable or self.dtype == FLAG else [not_null(self.name)]
        if self.choices:
            asked.append(one_of(self.name, self.choices))
        if self.pattern:
            asked.append(reads_as(self.name, self.pattern))
        if self.dtype == TEXT and not (self.choices or self.pattern):
            asked.append(no_empty_text(self.name))
        return asked


@dataclass(frozen=True)
class Reference:
    """A pointer: what stands in `columns` stands in `at` of the table `to` as well. Nulls point nowhere.

    `to` is another table's name, or what network.toml lists: `network.sites`, `network.zones`, `network.subnets`.
    """

    columns: tuple[str, ...]
    to: str
    at: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table's contract. `grain` says what one row is; no two rows share `key` (no key: rows may repeat)."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()

    @property
    def names(self) -> list[str]:
        """The columns' names, in order."""
        return [column.name for column in self.columns]

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """What the columns and the key ask of every row. Dtypes are not among it: see `malformed`."""
        by_column = [one for column in self.columns for one in column.expectations]
        return (*by_column, no_repeat(self.key)) if self.key else tuple(by_column)

    def frame(self, columns: Mapping[str, Sequence[object]] | pd.DataFrame) -> pd.DataFrame:
        """A frame of this table from its columns, in the contract's order and dtypes.

        Raises `KeyError` for a missing column and `ValueError` for a value that is none of its dtype.
        """
        if not isinstance(columns, pd.DataFrame):
            typed = {column.name: _typed(columns[column.name], column) for column in self.columns}
            return pd.DataFrame(typed).reset_index(drop=True)
        rows = columns[self.names]
        if rows.empty:
            return self.empty()
        rows = rows.set_axis(self._header, axis="columns")
        others = [one for one, dtype in zip(self.columns, rows.dtypes, strict=True) if dtype != _dtype(one.dtype)]
        return rows.assign(**{one.name: _typed(rows[one.name], one) for one in others}).reset_index(drop=True)

    def rows(self, rows: Sequence[Sequence[object]]) -> pd.DataFrame:
        """A frame of this table from rows whose values stand in the contract's order."""
        if not rows:
            return self.empty()
        by_column = zip(*rows, strict=True)
        return self.frame({name: list(values) for name, values in zip(self.names, by_column, strict=True)})

    def empty(self) -> pd.DataFrame:
        """A frame of this table without rows."""
        return self._nothing.copy(deep=False)

    @cached_property
    def _header(self) -> pd.Index:
        """The names as all frames share them: texts of a vocabulary, as a pivot leaves them, are found more slowly."""
        return pd.Index(self.names)

    @cached_property
    def _nothing(self) -> pd.DataFrame:
        return self.frame({name: [] for name in self.names})

    def concat(self, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """The rows of several frames of this table, one after the other."""
        filled = [frame for frame in frames if len(frame)]
        return self.frame(pd.concat(filled, ignore_index=True)) if filled else self.empty()

    def malformed(self, frame: pd.DataFrame) -> list[str]:
        """Which columns and dtypes are not the contract's, one sentence each: such a frame cannot be judged by rows."""
        if list(frame.columns) != self.names:
            return [f"{self.name}: columns are {list(frame.columns)}, the contract says {self.names}"]
        dtypes = zip(self.columns, map(str, frame.dtypes), strict=True)
        return [
            f"{self.name}.{column.name}: dtype is {found}, the contract says {column.dtype}"
            for column, found in dtypes
            if found != column.dtype
        ]

    def violations(self, frame: pd.DataFrame) -> list[str]:
        """What in a frame breaks this contract, one sentence each; empty when nothing does."""
        malformed = self.malformed(frame)
        if malformed or frame.empty:
            return malformed
        counts = [(one, int(failing(frame, one).sum())) for one in self.expectations]
        return [
            f"{self.name}: {one.says}: not so in {count} of {counted(len(frame), 'row')}"
            for one, count in counts
            if count
        ]


@cache
def _dtype(name: str) -> Any:
    """A dtype by its name: pandas would look through all that it knows for each column."""
    return pd.api.types.pandas_dtype(name)


def _typed(values: Sequence[object], column: Column) -> "pd.Series[object] | pd.api.extensions.ExtensionArray":
    """The values in the column's dtype: a column's with their index, others as an array, which is made faster."""
    if column.dtype == FLAG and pd.Series(values).isna().any():
        raise ValueError(f"{column.name} is missing in a row, and pandas would read that as true")
    dtype = _dtype(column.dtype)
    return pd.Series(values, dtype=dtype) if isinstance(values, pd.Series) else pd.array(values, dtype)
