"""Every text that tables hold, numbered: one number for each different text, as long as the process lives.

Dictionary encoding, as Parquet and Arrow know it, but with one dictionary for all columns: an address stands in ten
tables of a census and in the ledger, and is one text here. Nothing is ever taken out: a census is a process of its own.
"""

from collections.abc import Iterable
from threading import Lock

import numpy as np
import pandas as pd

Numbers = np.ndarray[tuple[int], np.dtype[np.int32]]
Objects = np.ndarray[tuple[int], np.dtype[np.object_]]
NULL = -1
"""The number of what is no text: None, NaN, NA."""
UNKNOWN = -2
"""The number of a text that no table holds."""
_FIRST_ROOM = 4096


class Vocabulary:
    """Texts by number and numbers by text."""

    def __init__(self) -> None:
        self._numbers = _Numbers()

    def __len__(self) -> int:
        return len(self._numbers.texts)

    def numbers(self, values: list[object]) -> Numbers:
        """The number of each value, new ones for new texts. What is no text is read as one, as pandas' `str` does."""
        return np.fromiter(map(self._numbers.__getitem__, values), dtype=np.int32, count=len(values))

    def number(self, value: object) -> int:
        """The number of one value, a new one for a new text."""
        return self._numbers[value]

    def known(self, values: Iterable[object]) -> Numbers:
        """The number of each value, `UNKNOWN` for a text that has none."""
        return np.array([self._numbers.get(value, UNKNOWN) for value in values], dtype=np.int32)

    def texts(self, numbers: Numbers) -> Objects:
        """The texts of these numbers, NaN for `NULL`."""
        return self._numbers.texts[numbers]

    def among(self, numbers: Numbers, some: Numbers) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Whether each number is one of some."""
        is_one = np.zeros(len(self._numbers.texts), dtype=bool)
        is_one[some[some != UNKNOWN]] = True
        return is_one[numbers]


class _Numbers(dict[object, int]):
    """The number of each text, and the texts by number: the last place, which is -1's, is never taken."""

    def __init__(self) -> None:
        super().__init__({None: NULL, np.nan: NULL, pd.NA: NULL, pd.NaT: NULL})
        self.texts: Objects = np.full(_FIRST_ROOM, np.nan, dtype=object)
        self._count = 0
        self._lock = Lock()

    def __missing__(self, value: object) -> int:
        """Number a new text: asked by `[]`, and only for what is not there yet."""
        if not isinstance(value, str):
            return NULL if pd.api.types.is_scalar(value) and pd.isna(value) else self[str(value)]
        with self._lock:
            if value in self:  # another thread was faster
                return self[value]
            if self._count + 1 == len(self.texts):
                self.texts = np.concatenate([self.texts, np.full(len(self.texts), np.nan, dtype=object)])
            number, self._count = self._count, self._count + 1
            self.texts[number] = value
            self[value] = number
            return number


VOCABULARY = Vocabulary()
