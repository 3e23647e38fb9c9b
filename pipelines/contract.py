"""What a table's contract is: its columns, what their values may be, and what in a frame breaks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

TEXT = "str"
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


@dataclass(frozen=True)
class Table:
    """A table's contract. `grain` says what one row is; no two rows share `key` (no key: rows may repeat)."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The columns' names, in order."""
        return [column.name for column in self.columns]

    def frame(self, columns: Mapping[str, Sequence[object]] | pd.DataFrame) -> pd.DataFrame:
        """A frame of this table from its columns, in the contract's order and dtypes.

        Raises `KeyError` for a missing column and `ValueError` for a value that is none of its dtype.
        """
        typed = {column.name: _typed(columns[column.name], column) for column in self.columns}
        return pd.DataFrame(typed).reset_index(drop=True)

    def rows(self, rows: Sequence[Sequence[object]]) -> pd.DataFrame:
        """A frame of this table from rows whose values stand in the contract's order."""
        by_column = zip(*rows, strict=True) if rows else ([] for _ in self.columns)
        return self.frame({name: list(values) for name, values in zip(self.names, by_column, strict=True)})

    def empty(self) -> pd.DataFrame:
        """A frame of this table without rows."""
        return self.rows([])

    def concat(self, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """The rows of several frames of this table, one after the other."""
        filled = [frame for frame in frames if len(frame)]
        return self.frame(pd.concat(filled, ignore_index=True)) if filled else self.empty()

    def violations(self, frame: pd.DataFrame) -> list[str]:
        """What in a frame breaks this contract, one sentence each; empty when nothing does."""
        if list(frame.columns) != self.names:
            return [f"{self.name}: columns are {list(frame.columns)}, the contract says {self.names}"]
        found = [text for column in self.columns for text in self._column_violations(column, frame[column.name])]
        if self.key and (repeated := int(frame.duplicated(list(self.key)).sum())):
            found.append(f"{self.name}: {repeated} rows repeat the key {self.key}")
        return found

    def _column_violations(self, column: Column, values: "pd.Series[object]") -> list[str]:
        place = f"{self.name}.{column.name}"
        present = values.dropna()
        found = []
        if str(values.dtype) != column.dtype:
            found.append(f"{place}: dtype is {values.dtype}, the contract says {column.dtype}")
        if not column.is_nullable and len(present) < len(values):
            found.append(f"{place}: {len(values) - len(present)} values are missing")
        if column.choices and (others := set(present) - set(column.choices)):
            found.append(f"{place}: {sorted(map(str, others))} are none of {column.choices}")
        if column.pattern and (bad := int((~present.astype(str).str.fullmatch(column.pattern)).sum())):
            found.append(f"{place}: {bad} values do not read as {column.pattern}")
        if column.dtype == TEXT and (present == "").any():
            found.append(f"{place}: empty text; what is not there is null")
        return found


def _typed(values: Sequence[object], column: Column) -> "pd.Series[object]":
    if column.dtype == FLAG and pd.Series(values).isna().any():
        raise ValueError(f"{column.name} is missing in a row, and pandas would read that as true")
    return pd.Series(values, dtype=column.dtype)
