"""What may happen to the network between two hours: each takes the hosts as they were and returns them as they are."""

import numpy as np
import pandas as pd

from bench.hosts import LEASED, PHONE, RESERVED, SEED, address, mac
from bench.layout import HOME

_NEW_MADE_UP, _STRANGER = "7e:c0:01", "00:1b:22"
_CHURN_SEED, _RENAME_SEED, _LOSS_SEED = SEED + 1, SEED + 2, SEED + 3
DHCP = (LEASED, PHONE)


def churned(hosts: pd.DataFrame, share: float) -> pd.DataFrame:
    """So many of all hosts, phones, made up another MAC: their old lease is gone, they have one at a free address."""
    picked = _picked(hosts, (PHONE,), share, _CHURN_SEED)
    numbers = np.arange(len(picked))
    # A free address in the host's own subnet: as many rounds over all subnets further on as there are hosts.
    rounds = -(-len(hosts) // _SUBNETS) * _SUBNETS
    return _with(
        hosts,
        picked,
        ip=[address(int(number) + rounds) for number in picked],
        mac=[mac(int(number), _NEW_MADE_UP) for number in numbers],
    )


def renamed(hosts: pd.DataFrame, share: float) -> pd.DataFrame:
    """So many of all hosts, of those that take leases, say another name."""
    picked = _picked(hosts, DHCP, share, _RENAME_SEED)
    return _with(hosts, picked, name=[f"renamed-{number}" for number in picked])


def one_renamed(hosts: pd.DataFrame) -> pd.DataFrame:
    """The first host with a lease says another name."""
    return _with(hosts, _first(hosts, LEASED), name=["renamed"])


def handed_over(hosts: pd.DataFrame) -> pd.DataFrame:
    """The first address with a lease was given to another device, with another name."""
    return _with(hosts, _first(hosts, LEASED), mac=[mac(1, _STRANGER)], name=["stranger"])


def halved(hosts: pd.DataFrame) -> pd.DataFrame:
    """Six in ten of what site `home` takes leases, or is a neighbour there, are missing in what its gateway says."""
    is_told = (hosts["site"] == HOME) & ~hosts["kind"].isin([RESERVED]) & hosts["mac"].notna()
    random = np.random.default_rng(_LOSS_SEED)
    is_lost = is_told & (random.random(len(hosts)) < 0.6)  # noqa: PLR2004 - more than half: a source that shrank
    return hosts[~is_lost]


_SUBNETS = 39


def _picked(hosts: pd.DataFrame, kinds: tuple[str, ...], share: float, seed: int) -> np.ndarray:
    """The places of so many of all hosts, one at least, drawn among those of some kinds."""
    candidates = np.flatnonzero(hosts["kind"].isin(kinds))
    count = min(max(1, round(share * len(hosts))), len(candidates))
    return np.sort(np.random.default_rng(seed).choice(candidates, size=count, replace=False))


def _first(hosts: pd.DataFrame, kind: str) -> np.ndarray:
    return np.flatnonzero(hosts["kind"] == kind)[:1]


def _with(hosts: pd.DataFrame, places: np.ndarray, **values: list[str]) -> pd.DataFrame:
    """The hosts, those at these places with other values."""
    changed = hosts.copy()
    for column, texts in values.items():
        changed.loc[changed.index[places], column] = texts
    return changed
