"""Parts of absolute names, for whole columns."""

from functools import lru_cache

import pandas as pd  # noqa: TC002 - as in every module whose functions take columns

from pipelines.contract import TEXT
from pipelines.facts import Facts, of_each, told_at
from pipelines.network import Network


def first_labels(names: "pd.Series[str]") -> "pd.Series[str]":
    """What stands before each name's first dot; null stays null."""
    return _FIRST_LABELS(names)


_FIRST_LABELS = Facts(of_each(lambda name: name.partition(".")[0]), TEXT)


def shown(sites: "pd.Series[str]", names: "pd.Series[str]", *, network: Network) -> "pd.Series[str]":
    """The names as a person would type them into phpIPAM: bare under the site's suffix, else without the final dot."""
    return told_at(sites, names, lambda site: _shown_under(network.suffix(site)))


@lru_cache(maxsize=256)
def _shown_under(suffix: str) -> Facts:
    return Facts(of_each(lambda name: _shown(name.rstrip("."), suffix)), TEXT)


def _shown(plain: str, suffix: str) -> str:
    bare = plain.removesuffix(f".{suffix}")
    return plain if "." in bare else bare
