"""What can be expected of a table's rows, as plain data in the words of Great Expectations, and which rows fail it.

Two readers share this declaration: `failing`, plain pandas in milliseconds, looks at every table of every run;
resources/suites.py makes Great Expectations' own suites of it (docs/decisions/0009).
Source of the words and of what they do with nulls: great_expectations 1.24, expectations/core.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

import pandas as pd

from pipelines.facts import Facts, of_each

NOT_NULL = "expect_column_values_to_not_be_null"
NULL = "expect_column_values_to_be_null"
READS_AS = "expect_column_values_to_match_regex"
NEVER_READS_AS = "expect_column_values_to_not_match_regex"
ONE_OF = "expect_column_values_to_be_in_set"
BETWEEN = "expect_column_values_to_be_between"
NO_REPEAT = "expect_compound_columns_to_be_unique"
AT_LEAST = "expect_column_pair_values_a_to_be_greater_than_b"
EQUAL = "expect_column_pair_values_to_be_equal"


@dataclass(frozen=True)
class Expectation:
    """One expectation of every row, or of those `where` a column has a value. Nulls meet all but those about nulls.

    `says` is what holds when it is met, as a clause a person reads.
    """

    kind: str
    columns: tuple[str, ...]
    says: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    where: tuple[str, str | bool] | None = None


Columns: TypeAlias = "Sequence[pd.Series[object]]"


def failing(frame: pd.DataFrame, expected: Expectation) -> "pd.Series[bool]":
    """Which rows of a frame fail an expectation. Of rows that repeat each other, all do."""
    fails = _FAILS[expected.kind]
    if expected.where is None:
        return fails([frame[name] for name in expected.columns], expected.parameters).astype(bool)
    column, value = expected.where
    judged = frame[frame[column] == value]
    found = fails([judged[name] for name in expected.columns], expected.parameters)
    return found.reindex(frame.index, fill_value=False).astype(bool)


def _is_null(values: Columns, _: Mapping[str, object]) -> "pd.Series[bool]":
    return values[0].isna()


def _is_there(values: Columns, _: Mapping[str, object]) -> "pd.Series[bool]":
    return values[0].notna()


def _reads_otherwise(values: Columns, parameters: Mapping[str, object]) -> "pd.Series[bool]":
    return _present(values) & ~_matches(values, parameters)


def _reads_so(values: Columns, parameters: Mapping[str, object]) -> "pd.Series[bool]":
    return _present(values) & _matches(values, parameters)


def _is_none_of(values: Columns, parameters: Mapping[str, object]) -> "pd.Series[bool]":
    return _present(values) & ~values[0].isin(list(parameters["value_set"]))  # type: ignore[call-overload]  # an iterable


def _is_outside(values: Columns, parameters: Mapping[str, object]) -> "pd.Series[bool]":
    inside = values[0].between(parameters["min_value"], parameters["max_value"])
    return _present(values) & ~inside.fillna(value=False).astype(bool)


def _repeats(values: Columns, _: Mapping[str, object]) -> "pd.Series[bool]":
    return pd.concat(values, axis="columns").duplicated(keep=False)


def _is_less(values: Columns, _: Mapping[str, object]) -> "pd.Series[bool]":
    return values[0].notna() & values[1].notna() & (values[0] < values[1]).fillna(value=False)


def _differs(values: Columns, _: Mapping[str, object]) -> "pd.Series[bool]":
    return values[0].notna() & values[1].notna() & (values[0] != values[1]).fillna(value=False)


def _present(values: Columns) -> "pd.Series[bool]":
    return values[0].notna()


def _matches(values: Columns, parameters: Mapping[str, object]) -> "pd.Series[bool]":
    """Great Expectations searches, and so do we: a pattern that means the whole text says so (`whole`)."""
    if parameters["regex"] == whole(""):  # asked of every column of texts, every hour
        return values[0] == ""
    return _matching(str(parameters["regex"]))(values[0])


@cache
def _matching(regex: str) -> Facts:
    """Whether texts match, asked of each once: an address stands in ten tables."""
    search = re.compile(regex).search
    return Facts(of_each(lambda text: search(text) is not None), "bool", of_null=False)


_FAILS: Mapping[str, Callable[[Columns, Mapping[str, object]], "pd.Series[bool]"]] = {
    NOT_NULL: _is_null,
    NULL: _is_there,
    READS_AS: _reads_otherwise,
    NEVER_READS_AS: _reads_so,
    ONE_OF: _is_none_of,
    BETWEEN: _is_outside,
    NO_REPEAT: _repeats,
    AT_LEAST: _is_less,
    EQUAL: _differs,
}


# --- the short forms in which they are declared ------------------------------------------------------------------


def not_null(column: str, where: tuple[str, str | bool] | None = None) -> Expectation:
    """There is a value."""
    return Expectation(NOT_NULL, (column,), f"{column} is not null{_only(where)}", where=where)


def null(column: str, where: tuple[str, str | bool] | None = None) -> Expectation:
    """There is no value."""
    return Expectation(NULL, (column,), f"{column} is null{_only(where)}", where=where)


def reads_as(column: str, pattern: str) -> Expectation:
    """The whole text has this form."""
    return Expectation(READS_AS, (column,), f"{column} reads as {pattern}", {"regex": whole(pattern)})


def no_empty_text(column: str) -> Expectation:
    """Text is never empty: what is not there is null."""
    return Expectation(NEVER_READS_AS, (column,), f"{column} is no empty text", {"regex": whole("")})


def one_of(column: str, values: tuple[str, ...]) -> Expectation:
    """The value is one of a few."""
    return Expectation(ONE_OF, (column,), f"{column} is one of {', '.join(values)}", {"value_set": values})


def between(column: str, least: int, most: int) -> Expectation:
    """The number is in a range, its ends included."""
    bounds = {"min_value": least, "max_value": most}
    return Expectation(BETWEEN, (column,), f"{column} is {least} to {most}", bounds)


def no_repeat(columns: tuple[str, ...], where: tuple[str, str | bool] | None = None) -> Expectation:
    """No two rows share these values; a null is a value like any other."""
    return Expectation(NO_REPEAT, columns, f"no two rows share {' and '.join(columns)}{_only(where)}", where=where)


def at_least(column: str, other: str, says: str) -> Expectation:
    """One column is never less than another, where both are there."""
    return Expectation(AT_LEAST, (column, other), says)


def equal(column: str, other: str, says: str, where: tuple[str, str | bool] | None = None) -> Expectation:
    """Two columns agree, where both are there."""
    return Expectation(EQUAL, (column, other), says, where=where)


def whole(pattern: str) -> str:
    r"""A regular expression that is the whole text or nothing (`$` would let a line end pass, `\\Z` does not)."""
    return rf"\A(?:{pattern})\Z"


def _only(where: tuple[str, str | bool] | None) -> str:
    return (
        ""
        if where is None
        else f" where {where[0]} is {str(where[1]).lower() if where[1] in {True, False} else where[1]}"
    )
