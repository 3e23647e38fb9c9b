"""Names of hosts where nobody could look this hour: while their holders cannot speak, nobody else is given them."""

from collections.abc import Mapping, Sequence

import pandas as pd

Holders = Mapping[str, set[str]]
"""Absolute names, and the addresses that hold each."""


def kept_from(
    claims: pd.DataFrame, by_client: "pd.Series[bool]", unasked: Holders, standing: Sequence[Holders]
) -> "pd.Series[str]":
    """Why a client's claim (name, ip) is not granted: the name is an `unasked` host's. Null where it may be.

    Who has the name already, in one of `standing`, keeps it.
    """
    rows = zip(by_client, claims["name"].fillna(""), claims["ip"], strict=True)
    texts = [_objection(name, ip, unasked, standing) if is_client else None for is_client, name, ip in rows]
    return pd.Series(texts, claims.index, dtype="object")


def _objection(name: str, ip: str, unasked: Holders, standing: Sequence[Holders]) -> str | None:
    held = unasked.get(name, set()) - {ip}
    if not held or any(ip in holders.get(name, ()) for holders in standing):
        return None
    return f"{name} is {min(held)}'s as far as we know, about which nothing can be concluded this hour"
