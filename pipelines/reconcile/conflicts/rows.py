"""How a conflict becomes a row: its family, its words and its times, alike in every family."""

import pandas as pd

from pipelines import tables
from pipelines.contract import TEXT

ADDRESSES, NAMES, DNS, IPAM, POOLS = "addresses", "names", "dns", "phpipam", "pools"
FAMILIES = (ADDRESSES, NAMES, DNS, IPAM, POOLS)
ERROR, WARNING, NOTICE = "error", "warning", "notice"
SEVERITIES = (ERROR, WARNING, NOTICE)
"""The worst first."""
SHOWN = 3
"""How many addresses or names one row's evidence lists."""
_LONGEST = 60  # characters of a source's own text
KEY = ["site", "ip"]


def conflict_rows(rows: pd.DataFrame, family: str, kind: str, severity: "str | pd.Series[str]") -> pd.DataFrame:
    """`tables.CONFLICTS` from rows that have site, subject, evidence, advice and seen_at."""
    return tables.CONFLICTS.frame(rows.assign(family=family, kind=kind, severity=severity))


def in_order(conflicts: pd.DataFrame) -> pd.DataFrame:
    """The rows, the worst first; their order depends on nothing but themselves."""
    rank = conflicts["severity"].map({severity: place for place, severity in enumerate(SEVERITIES)})
    ordered = conflicts.assign(rank=rank).sort_values(["rank", "family", *tables.CONFLICTS.key])
    return tables.CONFLICTS.frame(ordered)


def when(instants: "pd.Series[pd.Timestamp]") -> "pd.Series[str]":
    """Each instant as a person reads it; `at no known time` for null."""
    return instants.dt.strftime("at %Y-%m-%d %H:%M UTC").fillna("at no known time").astype(TEXT)


def quoted(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Texts as some source holds them, in quotes, escaped and cut (rule R11); null stays null."""
    return texts.astype("object").map(lambda text: ascii(text[:_LONGEST]), na_action="ignore").astype(TEXT)


def listed(texts: "pd.Series[str]") -> str:
    """The first few of these texts, and how many more there are."""
    rest = len(texts) - SHOWN
    return ", ".join(texts.head(SHOWN)) + (f" and {rest} more" if rest > 0 else "")
