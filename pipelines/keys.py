"""Rows that meet, and rows in order, by their keys: `merge` and `sort_values` at a price a million rows can bear.

Tables are keyed by text. For each `validate=` pandas makes a sorted index of it, five microseconds a row, and to sort
it compares one object with another. Here keys are numbers first, found by hash, and text is bytes of one width.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.errors import MergeError

from pipelines.contract import TEXT

How = Literal["left", "inner", "outer", "left_anti"]
Validate = Literal["one_to_one", "one_to_many", "many_to_one", "1:1"]
Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]
Column = np.ndarray[tuple[int], np.dtype[Any]]
_NUMBER = "(key)"
_UNIQUE_LEFT, _UNIQUE_RIGHT = {"one_to_one", "1:1", "one_to_many"}, {"one_to_one", "1:1", "many_to_one"}


def merged(  # noqa: PLR0913 - as `DataFrame.merge` has them
    left: pd.DataFrame,
    right: pd.DataFrame,
    *,
    on: str | Sequence[str],
    how: How = "inner",
    suffixes: tuple[str, str] = ("_x", "_y"),
    validate: Validate | None = None,
) -> pd.DataFrame:
    """What `left.merge(right, ...)` gives. Raises `MergeError` where a key repeats that `validate` forbids."""
    columns = [on] if isinstance(on, str) else list(on)
    if any(left[name].dtype != right[name].dtype for name in columns):
        return left.merge(right, on=columns, how=how, suffixes=suffixes, validate=validate)
    numbers = numbered(pd.concat([left[columns], right[columns]], ignore_index=True))
    here, there = numbers[: len(left)], numbers[len(left) :]
    _check(here, there, columns, validate)
    if how == "left_anti":
        return left[~np.isin(here, there)].reset_index(drop=True)
    if how == "outer":
        return left.merge(right, on=columns, how=how, suffixes=suffixes)  # in the order of its keys
    told = right.drop(columns=columns).assign(**{_NUMBER: there})
    found = left.assign(**{_NUMBER: here}).merge(told, on=_NUMBER, how=how, suffixes=suffixes)
    return found.drop(columns=_NUMBER)


def _check(here: Numbers, there: Numbers, columns: list[str], validate: str | None) -> None:
    for side, numbers, unique in (("left", here, _UNIQUE_LEFT), ("right", there, _UNIQUE_RIGHT)):
        if validate in unique and pd.Series(numbers).duplicated().any():
            raise MergeError(f"{', '.join(columns)} repeat on the {side}, which {validate} forbids")


def numbered(rows: pd.DataFrame) -> Numbers:
    """A number for each row, the same for rows that are the same in all columns; nulls are alike."""
    numbers = np.zeros(len(rows), dtype=np.int64)
    for name in rows:
        codes, values = pd.factorize(rows[name], use_na_sentinel=False)
        numbers, _ = pd.factorize(numbers * len(values) + codes)  # small again: a product of sizes could overflow
    return numbers


def stand_in(rows: pd.DataFrame, among: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each row stands `among` these, by all of their columns; nulls are alike."""
    columns = list(among.columns)
    if rows.empty or among.empty:
        return pd.Series(data=False, index=rows.index, dtype=bool)
    numbers = numbered(pd.concat([rows[columns], among], ignore_index=True))
    return pd.Series(np.isin(numbers[: len(rows)], numbers[len(rows) :]), rows.index)


def in_order(rows: pd.DataFrame, by: Sequence[str], *, na_position: Literal["first", "last"] = "last") -> pd.DataFrame:
    """What `rows.sort_values(by)` gives; rows that are the same in all of `by` stay in the order they came in."""
    keys: list[Column] = []
    for name in reversed(by):
        key = _sortable(rows[name])
        if key is None:
            return rows.sort_values(list(by), kind="stable", na_position=na_position)
        is_null = rows[name].isna().to_numpy()
        keys += [key, is_null if na_position == "last" else ~is_null]
    return rows.take(np.lexsort(keys))


def _sortable(values: "pd.Series[object]") -> Column | None:
    """A column as an array that sorts as it does, nulls as anything: text as bytes of one width.

    None for what is not plain ASCII text: only what its owner typed is ever so.
    """
    kind = values.dtype.kind
    if kind == "M":
        return np.asarray(values.to_numpy(dtype="datetime64[us]")).view(np.int64)
    if kind != "O":
        return np.asarray(values.to_numpy(dtype=np.int64 if kind == "i" else None, na_value=0))
    texts = values.to_numpy(dtype="object", na_value="").tolist() if values.dtype == TEXT else ["\0"]
    joined = "".join(texts)
    return np.array(texts, dtype="S") if joined.isascii() and "\0" not in joined else None
