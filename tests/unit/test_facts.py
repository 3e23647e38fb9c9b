"""What is told of texts, asked once for each."""

import pandas as pd

from pipelines.contract import TEXT
from pipelines.facts import Facts, of_each, told_at
from pipelines.vocabulary import VOCABULARY


def _column(*texts: str | None) -> "pd.Series[str]":
    return pd.Series(texts, range(5, 5 + len(texts)), dtype=TEXT)


def test_each_text_is_asked_for_once() -> None:
    """Whatever rows and tables it stands in; what is missing is never asked for."""
    asked: list[str] = []

    def lengths(texts: list[str]) -> list[int]:
        asked.extend(texts)
        return [len(text) for text in texts]

    length = Facts(lengths, "int64", of_null=-1)
    assert length(_column("one", "three", None, "one")).tolist() == [3, 5, -1, 3]
    assert length(_column("three", "eleven")).to_dict() == {5: 5, 6: 6}
    assert asked == ["one", "three", "eleven"]


def test_answers_outlive_the_growth_of_the_vocabulary() -> None:
    """The room for answers grows with the texts there are, also while they are told."""
    upper = Facts(lambda texts: [text.upper() if text != "none" else None for text in texts], TEXT)
    before = _column("grown", "none", None)
    assert upper(before).fillna("-").tolist() == ["GROWN", "-", "-"]
    VOCABULARY.numbers([f"grown-{number}" for number in range(len(VOCABULARY))])
    assert upper(_column("grown-7", "grown")).tolist() == ["GROWN-7", "GROWN"]
    assert upper(before).fillna("-").tolist() == ["GROWN", "-", "-"]


def test_a_text_may_mean_another_thing_at_each_site() -> None:
    """Every site has its own facts, and what is missing means nothing anywhere."""
    facts = {site: Facts(of_each(f"{{}}@{site}".format), TEXT) for site in ("home", "hut")}
    told = told_at(_column("home", "hut", "home"), _column("nas", "nas", None), facts.__getitem__)
    assert told.fillna("-").to_dict() == {5: "nas@home", 6: "nas@hut", 7: "-"}
