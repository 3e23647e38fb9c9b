"""What is told of texts, asked once for each as long as the process lives.

A census asks the same of an address dozens of times, in as many tables: which subnet holds it, whether it is of IPv6.
Texts are numbers of one vocabulary, so the answers stand in an array, each at the number of its text.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipelines.text import TextArray, TextDtype
from pipelines.vocabulary import NULL, VOCABULARY

Answers = np.ndarray[tuple[int], np.dtype[Any]]
Tell = Callable[[list[str]], Sequence[object] | Answers]
"""Answers for different texts, in their order."""


class Facts:
    """The answers of one question. `dtype` is numpy's, or `text`; `of_null` the answer for what is missing.

    Two threads may ask the same twice, and are told the same.
    """

    def __init__(self, tell: Tell, dtype: str, of_null: object = None) -> None:
        self._tell, self._is_text = tell, dtype == TextDtype.name
        self._of_null = VOCABULARY.number(of_null) if self._is_text else of_null
        nothing: Answers = np.zeros(0, dtype="int32" if self._is_text else dtype)
        self._told = nothing, nothing.astype(bool)

    def __call__(self, texts: "pd.Series[str]") -> "pd.Series[Any]":
        """The answer for each text."""
        numbers = pd.Series(texts, dtype=TextDtype.name).array.numbers
        answers, is_known = self._room(int(numbers.max(initial=NULL)) + 1)
        new = pd.unique(numbers[~is_known[numbers]])
        if len(new):
            told = self._tell(VOCABULARY.texts(new).tolist())
            answers[new] = VOCABULARY.numbers(list(told)) if self._is_text else told
            is_known[new] = True
        found = answers[numbers]
        return pd.Series(TextArray(found) if self._is_text else found, texts.index)

    def _room(self, count: int) -> tuple[Answers, Answers]:
        """The answers, and whether they are known: a place for each of the first texts, the last for what is missing.

        Those numbered after the last that was ever asked for need none.
        """
        answers, is_known = self._told
        if len(answers) <= count:
            size = count + count // 8 + 1
            answers, is_known = _longer(answers, size), _longer(is_known, size)
            answers[NULL], is_known[NULL] = self._of_null, True
            self._told = answers, is_known
        return answers, is_known


def _longer(kept: Answers, size: int) -> Answers:
    longer = np.zeros(size, dtype=kept.dtype)
    longer[: len(kept[:NULL])] = kept[:NULL]
    return longer


def of_each(tell: Callable[[Any], object]) -> Tell:
    """The question for texts that is a function of one."""
    return lambda texts: [tell(text) for text in texts]


def told_at(sites: "pd.Series[str]", texts: "pd.Series[str]", facts_at: Callable[[str], Facts]) -> "pd.Series[str]":
    """What is told of each text at its site, as text; null for null."""
    found = pd.array(np.full(len(texts), None), dtype=TextDtype.name)
    for site in sites[texts.notna()].unique():
        is_here = (sites == site).to_numpy()
        found[is_here] = facts_at(site)(texts[is_here]).array
    return pd.Series(found, texts.index)
