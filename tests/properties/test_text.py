"""Laws of the dtype `text`: whatever is asked of a column, it answers as pandas' own `str` does."""

import pickle
import tracemalloc
from collections.abc import Callable
from threading import Thread

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from pipelines.contract import TEXT
from pipelines.text import TextArray
from pipelines.vocabulary import Vocabulary

Asked = Callable[["pd.Series[str]", "pd.Series[str]"], "pd.Series[object]"]
SOME = st.sampled_from(["", "a", "b", "ab", "B", "a\0", "é", "日本", " a ", None])
PAIRS = st.lists(st.tuples(SOME, SOME), max_size=8)
ASKED: dict[str, Asked] = {
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    ">=": lambda one, other: one >= other,
    "== a text": lambda one, _: one == "a",
    "!= a text": lambda one, _: one != "a",
    "== a text no column holds": lambda one, _: one == "no column holds this",
    "== nothing": lambda one, _: one == None,  # noqa: E711 - the comparison itself is asked
    "> a text": lambda one, _: one > "a",
    "isin a list": lambda one, _: one.isin(["a", "no column holds this", None]),
    "isin a set": lambda one, _: one.isin({"a", "b"}),
    "isin a column": lambda one, other: one.isin(other),
    "+": lambda one, other: one + other,
    "+ a text": lambda one, _: "<" + one + ">",
    "isna": lambda one, _: one.isna(),
    "fillna": lambda one, _: one.fillna("none"),
    "fillna of a column": lambda one, other: one.fillna(other),
    "where": lambda one, other: one.where(other == "a"),
    "mask": lambda one, other: one.mask(one == "a", other),
    "mask by a text": lambda one, _: one.mask(one == "a", "other"),
    "duplicated": lambda one, _: one.duplicated(),
    "duplicated, all": lambda one, _: one.duplicated(keep=False),
    "drop_duplicates": lambda one, _: one.drop_duplicates(),
    "sort_values": lambda one, _: one.sort_values(kind="stable"),
    "concat": lambda one, other: pd.concat([one, other]),
    "concat with str": lambda one, other: pd.concat([one, other.astype("str")]),
    "reindex": lambda one, _: one.reindex([1, 7, 0, 99]),
    "map a function": lambda one, _: one.map(lambda text: f"{text}.", na_action="ignore"),
    "map to numbers": lambda one, _: one.map(len, na_action="ignore"),
    "map a dict": lambda one, _: one.map({"a": "1", "b": None}),
    "str.startswith": lambda one, _: one.str.startswith("a"),
    "str.contains": lambda one, _: one.str.contains("^a", regex=True),
    "str.strip": lambda one, _: one.str.strip(),
    "str.replace": lambda one, _: one.str.replace("a", "c", regex=False),
    "str.split": lambda one, _: one.fillna("").str.split("a").str[0],
    "str.cat": lambda one, other: one.str.cat(other, sep=",", na_rep="-"),
    "str.count": lambda one, _: one.str.count("a"),
    "astype": lambda one, _: one.astype("str"),
    "groupby first": lambda one, other: one.groupby(other).first(),
    "groupby last": lambda one, other: one.groupby(other, dropna=False).last(),
    "groupby max": lambda one, other: one.groupby(other).max(),
    "groupby joined": lambda one, other: one.dropna().groupby(other).agg(",".join),
    "groupby lists": lambda one, other: one.dropna().groupby(other).agg(list),
    "groupby nunique": lambda one, other: one.groupby(other, sort=False).nunique(),
    "groupby transform": lambda one, other: one.groupby(other).transform("nunique"),
    "value_counts": lambda one, _: one.value_counts(sort=False),
}


def columns(pairs: list[tuple[str | None, str | None]], dtype: str) -> tuple["pd.Series[str]", "pd.Series[str]"]:
    """The two sides of the pairs, as columns of a dtype."""
    one, other = ([pair[side] for pair in pairs] for side in (0, 1))
    return pd.Series(one, dtype=dtype, name="one"), pd.Series(other, dtype=dtype, name="other")


def in_str(told: "pd.Series[object]") -> "pd.Series[object]":
    """The same, texts and an index of texts as pandas has them."""
    told = told.set_axis(told.index.astype("str")) if told.index.dtype == TEXT else told
    return told.astype("str") if told.dtype == TEXT else told


@pytest.mark.parametrize("question", ASKED)
@given(pairs=PAIRS)
def test_a_column_answers_as_a_column_of_str_does(question: str, pairs: list[tuple[str | None, str | None]]) -> None:
    """Comparisons, sets, sums, groups, string functions: all that the stages ask, missing texts included."""
    asked = ASKED[question]
    assert_series_equal(in_str(asked(*columns(pairs, TEXT))), asked(*columns(pairs, "str")))


@pytest.mark.parametrize("how", ["left", "inner", "left_anti"])
@given(left=PAIRS, right=PAIRS)
def test_tables_meet_as_those_of_str_do(
    how: str, left: list[tuple[str | None, str | None]], right: list[tuple[str | None, str | None]]
) -> None:
    """Pandas' own `merge` by a column of texts, whose missing ones meet each other."""
    found, wanted = (
        pd.concat(columns(left, dtype), axis="columns").merge(
            columns(right, dtype)[0].to_frame().assign(place=range(len(right))), on="one", how=how
        )
        for dtype in (TEXT, "str")
    )
    assert_frame_equal(found.astype({"one": "str", "other": "str"}), wanted)


def test_what_is_no_text_is_read_as_one_and_what_is_missing_stays_missing() -> None:
    """As `str` does it: a number is its digits, and None, NaN and NA are missing."""
    values = [1, "1", None, float("nan"), pd.NA, pd.NaT, True]
    told = pd.Series(values, dtype=TEXT)
    assert told.dropna().tolist() == ["1", "1", "True"]
    assert told.isna().tolist() == [False, False, True, True, True, True, False]


def test_a_column_is_its_texts_in_another_process() -> None:
    """Pickled, a column takes its texts along: numbers would be another process's words."""
    column = TextArray._from_sequence(["a", None, "b"])  # noqa: SLF001 - pandas names the constructor so
    assert b"a" in pickle.dumps(column)
    assert pickle.loads(pickle.dumps(column)).tolist()[::2] == ["a", "b"]  # noqa: S301 - pickled the line before


def test_what_is_set_in_a_copy_leaves_the_column_as_it_was() -> None:
    """A copy is a copy, and a column made from another as well when asked so."""
    column = pd.Series(["a", "b"], dtype=TEXT)
    other = column.copy()
    other.iloc[0] = "c"
    again = pd.array(column, dtype=TEXT, copy=True)
    again[1] = None
    assert (column.tolist(), other.tolist()) == (["a", "b"], ["c", "b"])


def test_threads_number_a_text_alike() -> None:
    """Steps read sources in threads: no two texts share a number, and no text has two."""
    vocabulary = Vocabulary()
    texts = [f"text {place}" for place in range(20_000)]
    told: dict[int, list[int]] = {}

    def number(thread: int) -> None:
        told[thread] = vocabulary.numbers(list(texts)).tolist()

    threads = [Thread(target=number, args=(place,)) for place in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert all(numbers == told[0] for numbers in told.values())
    assert sorted(told[0]) == list(range(20_000))


def test_a_text_costs_little_beside_itself() -> None:
    """At a million bindings there are twelve million: what is kept to find one's number counts."""
    texts = [f"text {place}" for place in range(50_000)]
    vocabulary = Vocabulary()
    tracemalloc.start()
    vocabulary.numbers(texts)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept / len(texts) < 64, "bytes; a dict and an int take a hundred"
