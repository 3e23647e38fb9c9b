"""Rows that meet, and rows in order, by their keys: `merge` and `sort_values` at a price a million rows can bear.

Tables are keyed by text. For each `validate=` pandas makes a sorted index of it, five microseconds a row, and to sort
it compares one object with another. Here keys are numbers first: texts have theirs already (`pipelines/text.py`).
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.errors import MergeError

from pipelines.text import TextArray
from pipelines.vocabulary import NULL, VOCABULARY

How = Literal["left", "inner", "outer", "left_anti"]
Validate = Literal["one_to_one", "one_to_many", "many_to_one", "1:1"]
Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
Column = np.ndarray[tuple[int], np.dtype[Any]]
_UNIQUE_LEFT, _UNIQUE_RIGHT = {"one_to_one", "1:1", "one_to_many"}, {"one_to_one", "1:1", "many_to_one"}
_NOWHERE = -1
_MOST = 2**62
"""Products of sizes up to this are numbers still."""


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
    is_repeated = _repeats(there)
    _check(validate, columns, is_left=validate in _UNIQUE_LEFT and _repeats(here), is_right=is_repeated)
    if how == "outer":  # in the order of its keys
        every = in_order(pd.concat([left[columns], right[columns]]).drop_duplicates(), columns)
        own = merged(every, left, on=columns, how="left")[list(left.columns)]
        return merged(own, right, on=columns, how="left", suffixes=suffixes)
    if how == "left_anti":
        return left[~_among(here, there)].reset_index(drop=True)
    rows, places = _every_meeting(here, there) if is_repeated else (np.arange(len(here)), _place_in(there, here))
    if how == "inner":
        rows, places = rows[places != _NOWHERE], places[places != _NOWHERE]
    return _side_by_side(_at(left, rows), _at(right.drop(columns=columns), places), suffixes)


def _repeats(numbers: Numbers) -> bool:
    return bool(pd.Series(numbers).duplicated().any())


def _check(validate: str | None, columns: list[str], *, is_left: bool, is_right: bool) -> None:
    for side, is_repeated, unique in (("left", is_left, _UNIQUE_LEFT), ("right", is_right, _UNIQUE_RIGHT)):
        if validate in unique and is_repeated:
            raise MergeError(f"{', '.join(columns)} repeat on the {side}, which {validate} forbids")


def _among(here: Numbers, there: Numbers) -> Flags:
    """Whether each number of `here` is one of `there`."""
    is_there = np.zeros(max(here.max(initial=0), there.max(initial=0)) + 1, dtype=bool)
    is_there[there] = True
    return is_there[here]


def _place_in(there: Numbers, here: Numbers) -> Numbers:
    """Where each number of `here` stands in `there`, in which none repeats; -1 for nowhere."""
    places = np.full(max(here.max(initial=0), there.max(initial=0)) + 1, _NOWHERE)
    places[there] = np.arange(len(there))
    return places[here]


def _every_meeting(here: Numbers, there: Numbers) -> tuple[Numbers, Numbers]:
    """The places in `here` and in `there` of every two that are alike, and -1 beside what has nothing like it."""
    order = np.argsort(there, kind="stable")
    firsts, lasts = (np.searchsorted(there[order], here, side=side) for side in ("left", "right"))
    counts = np.maximum(lasts - firsts, 1)
    rows = np.repeat(np.arange(len(here)), counts)
    turns = np.arange(len(rows)) - np.repeat(counts.cumsum() - counts, counts)
    met = np.where((lasts > firsts)[rows], firsts[rows] + turns, len(order))
    return rows, np.append(order, _NOWHERE)[met]


def _at(rows: pd.DataFrame, places: Numbers) -> pd.DataFrame:
    """The rows at these places, and one of nulls for each -1."""
    rows = rows.reset_index(drop=True)
    if len(places) == len(rows) and (places == np.arange(len(places))).all():
        return rows
    return (rows.reindex(places) if (places == _NOWHERE).any() else rows.take(places)).reset_index(drop=True)


def _side_by_side(left: pd.DataFrame, right: pd.DataFrame, suffixes: tuple[str, str]) -> pd.DataFrame:
    """The columns of both; those of one name with the suffixes."""
    both = set(left.columns).intersection(right.columns)
    if both:
        left, right = (
            rows.rename(columns={name: name + suffix for name in both})
            for rows, suffix in zip((left, right), suffixes, strict=True)
        )
    return pd.concat([left, right], axis="columns")


def numbered(rows: pd.DataFrame) -> Numbers:
    """A number for each row, the same for rows that are the same in all columns; nulls are alike.

    None is larger than there are rows: a product of sizes could be, so it is numbered again.
    """
    numbers, size = np.zeros(len(rows), dtype=np.int64), 1
    for name in rows:
        own, count = _own_numbers(rows[name])
        if size > 1 and size * count > _MOST:
            numbers, kept = pd.factorize(numbers)
            size = len(kept)
        numbers, size = numbers * count + own, size * count
    return numbers if size <= len(rows) else pd.factorize(numbers)[0]


def _own_numbers(values: "pd.Series[object]") -> tuple[Numbers, int]:
    """A number for each value, the same for the same, and how many there can be: text is numbered already."""
    if isinstance(values.array, TextArray):
        return values.array.numbers.astype(np.int64) - NULL, len(VOCABULARY) - NULL
    numbers, different = pd.factorize(values, use_na_sentinel=False)
    return numbers, len(different)


def stand_in(rows: pd.DataFrame, among: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each row stands `among` these, by all of their columns; nulls are alike."""
    columns = list(among.columns)
    if rows.empty or among.empty:
        return pd.Series(data=False, index=rows.index, dtype=bool)
    numbers = numbered(pd.concat([rows[columns], among], ignore_index=True))
    return pd.Series(_among(numbers[: len(rows)], numbers[len(rows) :]), rows.index)


def in_order(rows: pd.DataFrame, by: Sequence[str], *, na_position: Literal["first", "last"] = "last") -> pd.DataFrame:
    """What `rows.sort_values(by)` gives; rows that are the same in all of `by` stay in the order they came in."""
    keys: list[Column] = []
    for name in reversed(by):
        is_null = rows[name].isna().to_numpy()
        keys += [_sortable(rows[name]), is_null if na_position == "last" else ~is_null]
    return rows.take(np.lexsort(keys))


def first_of(rows: pd.DataFrame, key: Sequence[str], by: Sequence[str]) -> pd.DataFrame:
    """The row of each key that `by` puts first, in the order they came in: only rows that share a key are sorted."""
    return _one_of(rows, list(key), by, keep="first", na_position="last")


def last_of(
    rows: pd.DataFrame, key: Sequence[str], by: Sequence[str], *, na_position: Literal["first", "last"] = "last"
) -> pd.DataFrame:
    """The row of each key that `by` puts last, as `first_of` does."""
    return _one_of(rows, list(key), by, keep="last", na_position=na_position)


def _one_of(
    rows: pd.DataFrame,
    key: list[str],
    by: Sequence[str],
    *,
    keep: Literal["first", "last"],
    na_position: Literal["first", "last"],
) -> pd.DataFrame:
    numbers = pd.Series(numbered(rows[key]))
    is_one = ~numbers.duplicated(keep=False).to_numpy()
    places = np.flatnonzero(~is_one)
    ordered = in_order(rows.take(places)[list(by)].set_axis(places), by, na_position=na_position).index
    is_one[ordered[~numbers[ordered].duplicated(keep)]] = True
    return rows[is_one]


def _sortable(values: "pd.Series[object]") -> Column:
    """A column as an array of numbers that sorts as it does, nulls as anything."""
    kind = values.dtype.kind
    if kind == "M":
        return np.asarray(values.to_numpy(dtype="datetime64[us]")).view(np.int64)
    if kind == "O":
        return np.asarray(pd.factorize(values, sort=True)[0])
    return np.asarray(values.to_numpy(dtype=np.int64 if kind == "i" else None, na_value=0))
