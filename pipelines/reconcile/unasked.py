"""Names of hosts where nobody could look this hour: while their holders cannot speak, nobody else is given them."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import pandas as pd

Holders: TypeAlias = pd.DataFrame
"""Absolute names (name) and the addresses that hold each (ip)."""


def of_names(names: Iterable[str], holders: Holders) -> dict[str, set[str]]:
    """The addresses that hold each of these names."""
    found: dict[str, set[str]] = {}
    asked = holders[holders["name"].isin(names)]
    for name, ip in zip(asked["name"].tolist(), asked["ip"].tolist(), strict=True):
        found.setdefault(name, set()).add(ip)
    return found


def kept_from(
    claims: pd.DataFrame, by_client: "pd.Series[bool]", unasked: Holders, standing: Sequence[Holders]
) -> "pd.Series[str]":
    """Why a client's claim (name, ip) is not granted: the name is an `unasked` host's. Null where it may be.

    Who has the name already, in one of `standing`, keeps it.
    """
    asked = claims[by_client & claims["name"].isin(unasked["name"])]
    held, *others = (of_names(asked["name"].unique(), holders) for holders in (unasked, *standing))
    rows = zip(asked["name"].tolist(), asked["ip"].tolist(), strict=True)
    texts = [_objection(name, held[name] - {ip}, [ip in one.get(name, ()) for one in others]) for name, ip in rows]
    return pd.Series(texts, asked.index, dtype="object").reindex(claims.index)


def _objection(name: str, held: set[str], is_standing: Iterable[bool]) -> str | None:
    if not held or any(is_standing):
        return None
    return f"{name} is {min(held)}'s as far as we know, about which nothing can be concluded this hour"
