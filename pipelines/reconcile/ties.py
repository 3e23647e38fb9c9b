"""Which of several clients keeps a name that all of them want (rule R3): by rule, not by who came first."""

import ipaddress
from collections.abc import Mapping, Sequence

import pandas as pd

from pipelines.keys import first_of, merged, stand_in
from pipelines.reconcile.unasked import Holders, of_names

_ADDRESS = ["site", "ip"]


def lost(wanted: pd.DataFrame, better: pd.DataFrame, standing: Sequence[Holders]) -> "pd.Series[str]":
    """Why a client's claim is lost to another's, by the label of the claim; it has no row where it is not.

    `wanted` are the clients' claims, `better` the claims of a better right: site, ip, name, device, and rank. An
    address that `standing` says has the name keeps it, the more binding first; then the lowest one.
    """
    rivalling = wanted[wanted.duplicated("name", keep=False)]
    rivalling = rivalling[~_bears_another(rivalling, better)]
    held = [of_names(rivalling["name"].unique(), holders) for holders in standing]
    text = pd.Series(None, index=rivalling.index, dtype="object")
    for name, rivals in rivalling.groupby("name"):
        if len(set(rivals["device"])) == 1:
            continue
        winner = min(rivals.itertuples(index=False), key=lambda rival: _precedence(str(rival.name), rival.ip, held))
        losers = rivals.index[rivals["device"] != winner.device]
        text.loc[losers] = f"{name} is also wanted by {winner.ip}, which keeps it"
    return text


def _bears_another(rivalling: pd.DataFrame, better: pd.DataFrame) -> "pd.Series[bool]":
    """Whether a client's address has another name by a better right: it keeps nobody from one it will not bear."""
    best = first_of(better[stand_in(better, rivalling[_ADDRESS])], _ADDRESS, ["rank", "source"])
    borne = merged(rivalling[_ADDRESS], best[[*_ADDRESS, "name"]], on=_ADDRESS, how="left", validate="many_to_one")[
        "name"
    ]
    return (borne.notna() & (borne.to_numpy() != rivalling["name"].to_numpy())).set_axis(rivalling.index)


def _precedence(name: str, address: str, held: Sequence[Mapping[str, set[str]]]) -> tuple[list[bool], int]:
    return [address not in holders.get(name, ()) for holders in held], int(ipaddress.ip_address(address))
