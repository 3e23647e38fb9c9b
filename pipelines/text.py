"""The dtype `text`: a column of texts that holds 32-bit numbers of a vocabulary instead of Python's strings.

It reads as pandas' `str` does: missing is NaN, and a comparison with what is missing is false. What pandas does with
keys (joins, groups, sets, repeats) it does with the numbers, ten times faster than with strings, and what a function
says of texts is asked once for each different one. docs/decisions/0024 has what it costs and brings.
Source of the interface: pandas 3.1, pandas.api.extensions.ExtensionArray.
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray, ExtensionDtype, no_default, register_extension_dtype, take
from pandas.api.indexers import check_array_indexer
from pandas.api.types import is_object_dtype, is_scalar, pandas_dtype
from pandas.core.arraylike import OpsMixin

from pipelines.vocabulary import NULL, STR, VOCABULARY, Numbers


@register_extension_dtype
class TextDtype(ExtensionDtype):
    """The dtype of a column of texts, `text` by name."""

    name = "text"
    type = str
    kind = "O"
    na_value = np.nan

    @classmethod
    def construct_array_type(cls) -> Any:
        """The class of its columns."""
        return TextArray

    def _get_common_dtype(self, dtypes: Sequence[object]) -> ExtensionDtype | None:
        return self if all(isinstance(one, TextDtype | pd.StringDtype) for one in dtypes) else None


class TextArray(OpsMixin, ExtensionArray):
    """A column of texts, by their numbers."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers

    # --- made, and read ----------------------------------------------------------------------------------------------

    @classmethod
    def _from_sequence(cls, scalars: Sequence[object], *, dtype: object = None, copy: bool = False) -> Self:
        numbers = _numbered(scalars)
        return cls(numbers.copy() if copy else numbers)

    @classmethod
    def _from_factorized(cls, values: Numbers, original: Self) -> Self:
        return cls(values)

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence[Self]) -> Self:
        return cls(np.concatenate([one.numbers for one in to_concat]))

    @property
    def dtype(self) -> TextDtype:
        return TextDtype()

    @property
    def nbytes(self) -> int:
        return self.numbers.nbytes

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __getitem__(self, item: Any) -> Any:
        found = self.numbers[check_array_indexer(self, item)]
        return type(self)(found) if isinstance(found, np.ndarray) else VOCABULARY.texts(found)

    def __setitem__(self, key: Any, value: Any) -> None:
        if self._readonly:
            raise ValueError("Cannot modify read-only array")
        key = check_array_indexer(self, key)
        self.numbers[key] = VOCABULARY.number(value) if is_scalar(value) else _numbered(value)

    def tolist(self) -> list[Any]:
        return VOCABULARY.texts(self.numbers).tolist()

    def to_numpy(self, dtype: Any = None, copy: bool = False, na_value: object = no_default) -> Any:
        found = VOCABULARY.texts(self.numbers)
        if na_value is not no_default:
            found[self.isna()] = na_value
        return found if dtype is None else found.astype(dtype, copy=False)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.to_numpy(dtype)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """The texts as another dtype, as pandas' `str` would be read."""
        dtype = pandas_dtype(dtype)
        if isinstance(dtype, TextDtype):
            return self.copy() if copy else self
        return self._as_str().astype(dtype)

    def copy(self) -> Self:
        return type(self)(self.numbers.copy())

    def __reduce__(self) -> Any:
        """Its different texts, and where each stands: the numbers mean nothing in another process."""
        places, different = self._different()
        return _taken, (different.tolist(), places.astype(np.int32))

    def view(self, dtype: Any = None) -> Any:
        if dtype is not None:
            raise TypeError(f"a column of texts is not to be viewed as {dtype}")
        return type(self)(self.numbers)

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: object = None) -> Self:
        if not allow_fill:
            return type(self)(self.numbers.take(indices))
        return type(self)(take(self.numbers, indices, allow_fill=True, fill_value=VOCABULARY.number(fill_value)))

    # --- keys: what pandas asks to join, group and sort --------------------------------------------------------------

    def isna(self) -> Any:
        return self.numbers == NULL

    def _values_for_factorize(self) -> tuple[Numbers, int]:
        return self.numbers, NULL

    def _values_for_argsort(self) -> Any:
        """The rank of each text among those of the column."""
        places, different = self._different()
        order = np.argsort(_sortable(different.to_numpy(na_value="").tolist()))
        ranks = np.empty(len(order), dtype=np.int64)
        ranks[order] = np.arange(len(order))
        return ranks[places]

    def unique(self) -> Self:
        return type(self)(pd.unique(self.numbers))

    def duplicated(self, keep: Any = "first") -> Any:
        return pd.Series(self.numbers).duplicated(keep).to_numpy()

    def isin(self, values: Any) -> Any:
        some = values.numbers if isinstance(values, TextArray) else VOCABULARY.known(values)
        return VOCABULARY.among(self.numbers, some)

    # --- comparisons, and sums of texts ------------------------------------------------------------------------------

    def _cmp_method(self, other: Any, op: Callable[[Any, Any], Any]) -> Any:
        if op not in {operator.eq, operator.ne}:
            return op(self._as_str(), _as_str(other))
        there = VOCABULARY.known([other])[0] if is_scalar(other) else _as_long_as(self, other)
        is_equal = (self.numbers == there) & (self.numbers != NULL)
        return is_equal if op is operator.eq else ~is_equal

    def _arith_method(self, other: Any, op: Callable[[Any, Any], Any]) -> Any:
        if is_scalar(other):
            return self._of_each_different(lambda texts: op(texts, other))
        return _texts(op(self._as_str(), _as_str(other)))

    # --- functions of texts, asked once for each different one -------------------------------------------------------

    def map(self, mapper: Any, na_action: Any = None) -> Any:
        return self._of_each_different(lambda texts: texts.map(mapper, na_action=na_action))

    def __getattr__(self, name: str) -> Any:
        """The methods behind `Series.str`, which pandas names `_str_...`: those of its own `str`."""
        if not name.startswith("_str_"):
            raise AttributeError(f"{type(self).__name__} has no {name}")

        def method(*args: object, **named: object) -> Any:
            return self._of_each_different(lambda texts: getattr(texts, name)(*args, **named))

        return method

    def _of_each_different(self, told: Callable[[Any], Any]) -> Any:
        """What is told of the different texts, at the places of each."""
        places, different = self._different()
        return _texts(told(different._as_str())).take(places)

    def _different(self) -> tuple[Any, Self]:
        """Where each text stands among the different ones, and these; what is missing is one of them."""
        places, different = pd.factorize(self.numbers)
        return places, type(self)(different)

    # --- the rest, as pandas' own `str` does it ----------------------------------------------------------------------

    def _as_str(self) -> Any:
        return pd.array(VOCABULARY.texts(self.numbers), dtype=STR)

    def _reduce(self, name: str, *, skipna: bool = True, keepdims: bool = False, **named: Any) -> Any:
        found = self._as_str()._reduce(name, skipna=skipna, **named)
        return self._from_sequence([found]) if keepdims else found

    def _groupby_op(self, *, how: str, **named: Any) -> Any:
        if how in {"first", "last"}:
            return super()._groupby_op(how=how, **named)
        return _texts(self._as_str()._groupby_op(how=how, **named))

    def _cast_pointwise_result(self, values: Any) -> Any:
        return _texts(super()._cast_pointwise_result(values))

    def _formatter(self, boxed: bool = False) -> Callable[[Any], str]:
        return str


def _numbered(values: Any) -> Numbers:
    if isinstance(values, pd.Series | pd.Index):
        values = values.array
    if isinstance(values, TextArray):
        return values.numbers
    if not (isinstance(values, list | tuple) or is_object_dtype(values)):
        values = pd.array(values, dtype=STR)
    return VOCABULARY.numbers(values)


def _taken(texts: list[object], places: Numbers) -> TextArray:
    """The column that was pickled as these texts at these places."""
    return TextArray(VOCABULARY.numbers(texts)[places])


def _texts(values: Any) -> Any:
    """The same column, as numbers when it is one of pandas' `str`."""
    return TextArray(_numbered(values)) if getattr(values, "dtype", None) == STR else values


def _as_str(value: Any) -> Any:
    return value._as_str() if isinstance(value, TextArray) else value


def _as_long_as(own: TextArray, other: Any) -> Numbers:
    if len(other) != len(own):
        raise ValueError(f"{len(own)} texts cannot be compared with {len(other)}")
    return _numbered(other)


def _sortable(texts: list[str]) -> Any:
    """The texts as an array that sorts as they do: plain ASCII as bytes of one width, ten times faster than objects."""
    joined = "".join(texts)
    return np.array(texts, dtype="S" if joined.isascii() and "\0" not in joined else object)
