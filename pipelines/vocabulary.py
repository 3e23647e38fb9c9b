"""Every text that tables hold, numbered: one number for each different text, as long as the process lives.

Dictionary encoding, as Parquet and Arrow know it, but with one dictionary for all columns: an address stands in ten
tables of a census and in the ledger, and is one text here. Nothing is ever taken out: a census is a process of its own.
"""

from collections.abc import Iterable
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from pandas._libs.hashtable import ObjectVector, PyObjectHashTable  # docs/decisions/0028 says why not a `dict`

Numbers = np.ndarray[tuple[int], np.dtype[np.int32]]
Places = np.ndarray[tuple[int], np.dtype[np.intp]]
Objects = np.ndarray[tuple[int], np.dtype[np.object_]]
STR = pd.StringDtype(na_value=np.nan)
"""pandas' own dtype of texts."""
NULL = -1
"""The number of what is no text: None, NaN, NA."""
UNKNOWN = -2
"""The number of a text that no table holds."""
_TEXTS = {"string", "empty"}
"""What pandas calls values of which each is a text, or none."""


class Vocabulary:
    """Texts by number and numbers by text."""

    def __init__(self) -> None:
        self._numbers = PyObjectHashTable()
        self._texts = _room(0)
        self._count = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return self._count

    def numbers(self, values: Any) -> Numbers:
        """The number of each value, new ones for new texts. What is no text is read as one, as pandas' `str` does.

        Raises `TypeError` for lists: by that pandas knows that what an aggregation returns is no column of texts.
        """
        texts, new = np.asarray(values, dtype=object), ObjectVector()
        if pd.api.types.infer_dtype(texts, skipna=True) not in _TEXTS:
            texts = _as_texts(texts)
        with self._lock:
            numbers: Places = self._numbers.get_labels(texts, new, self._count, NULL)
            self._append(new.to_array())
        return numbers.astype(np.int32)

    def number(self, value: object) -> int:
        """The number of one value, a new one for a new text."""
        return int(self.numbers([value])[0])

    def known(self, values: Iterable[object]) -> Numbers:
        """The number of each value, `UNKNOWN` for a text that has none."""
        texts = np.asarray(list(values), dtype=object)
        numbers: Places = self._numbers.lookup(texts)
        numbers[(numbers == NULL) & ~pd.isna(texts)] = UNKNOWN
        return numbers.astype(np.int32)

    def texts(self, numbers: Numbers) -> Objects:
        """The texts of these numbers, NaN for `NULL`."""
        return self._texts[numbers]

    def among(self, numbers: Numbers, some: Numbers) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Whether each number is one of some."""
        is_one = np.zeros(self._count - NULL, dtype=bool)
        is_one[some[some != UNKNOWN]] = True
        return is_one[numbers]

    def _append(self, new: Objects) -> None:
        """Keep these texts, which were numbered from the count of the others on."""
        count = self._count + len(new)
        if count - NULL > len(self._texts):
            longer = _room(count + count // 2)
            longer[: self._count] = self._texts[: self._count]
            self._texts = longer
        self._texts[self._count : count] = new
        self._count = count


def _as_texts(values: Objects) -> Objects:
    if any(map(pd.api.types.is_list_like, values)):
        raise TypeError("a list is no text")
    return np.asarray(pd.array(values, dtype=STR), dtype=object)


def _room(count: int) -> Objects:
    """Room for so many texts, and a last place, which is -1's, that is never taken."""
    return np.full(count - NULL, np.nan, dtype=object)


VOCABULARY = Vocabulary()
