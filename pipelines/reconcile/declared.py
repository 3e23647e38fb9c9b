"""What is declared and not seen: hosts that a person lists, as holders of addresses and names."""

import pandas as pd

from pipelines import contract, tables
from pipelines.reconcile.claims import ADDRESS


def wanted_by_hosts(hosts: pd.DataFrame) -> pd.DataFrame:
    """Claims of the names in lists kept by hand: whoever is on the address, the list names the address."""
    device = hosts["mac"].astype("object").where(hosts["mac"].notna(), hosts["ip"])
    return hosts.assign(wanted=hosts["hostname"], device=device)[[*ADDRESS, "wanted", "source", "device"]]


def with_hosts(bindings: pd.DataFrame, hosts: pd.DataFrame) -> pd.DataFrame:
    """The bindings, in which a listed host's address is its own (kind `static`) while no other device is seen on it.

    A host that nobody has seen is bound to its address without a date, as a reservation is.
    """
    return _declared(bindings, hosts, "static")


def _declared(bindings: pd.DataFrame, told: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The bindings with the addresses of `told` (site, ip, mac, source); of several rows of one the first source's."""
    first = told.sort_values([*ADDRESS, "source"]).drop_duplicates(ADDRESS)[[*ADDRESS, "mac", "source"]]
    known = bindings.merge(first, on=ADDRESS, how="outer", suffixes=("", "_told"), validate="one_to_one")
    is_new = known["kind"].isna()
    is_same = known["mac"].isna() | known["mac_told"].isna() | (known["mac"] == known["mac_told"])
    is_theirs = known["source"].notna() & (is_new | is_same)
    noted = known["source"].str.cat(known["evidence"].fillna(""), sep=",").str.strip(",")
    return tables.BINDINGS.frame(
        known.assign(
            mac=known["mac"].fillna(known["mac_told"]).astype(contract.TEXT),
            kind=known["kind"].mask(is_theirs, kind),
            evidence=known["evidence"].mask(is_theirs, noted),
        )
    )
