"""What one hour of `tests.networks` tells as conflicts."""

from collections.abc import Sequence

import pandas as pd

from pipelines import network as network_file
from pipelines import tables
from pipelines.reconcile.account import account
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.every import FAMILIES, conflicts_and_pools
from tests.networks import AT, NETWORK, NETWORK_TOML, Row, Tables, ledger, only

POOL = "10.0.1.100-10.0.1.199"
"""The pool of 10.0.1.0/24, where there is one."""


def dhcp(pools: str | None = POOL, subnet: str = "10.0.1.0/24") -> list[Row]:
    """One DHCP subnet of the site `home` with these pools."""
    return [{"site": "home", "subnet": subnet, "is_ddns_on": False, "ddns_suffix": None, "pools": pools}]


def the_census(
    parsed: Tables, *ours: Row, toml: str = "", born_at: pd.Timestamp | None = None, lost: Sequence[Row] = ()
) -> Census:
    """An hour, reconciled; `toml` is added to the network file, `ours` is what we once wrote, `lost` wrote over."""
    network = network_file.parse(NETWORK_TOML + toml, "network.toml") if toml else NETWORK
    applied = ledger(*ours)
    made = account(parsed, applied, network=network, displaced=ledger(*lost))
    return Census(parsed, made, applied, network, AT, born_at)


def contradictions(
    parsed: Tables, *ours: Row, toml: str = "", born_at: pd.Timestamp | None = None, use: pd.DataFrame | None = None
) -> Tables:
    """All conflicts of an hour, and its pools; `use` is what was noted of these."""
    noted = tables.POOL_USE.empty() if use is None else use
    made = conflicts_and_pools(the_census(parsed, *ours, toml=toml, born_at=born_at), noted)
    for table in (tables.CONFLICTS, tables.POOLS):
        assert table.violations(made[table.name]) == []
    return made


def told(census: Census, kind: str) -> dict[str, str]:
    """The evidence of every conflict of one kind, by subject."""
    found = rows_of(census, kind)
    return dict(zip(found["subject"], found["evidence"], strict=True))


def severities(census: Census, kind: str) -> dict[str, str]:
    """The severity of every conflict of one kind, by subject."""
    found = rows_of(census, kind)
    return dict(zip(found["subject"], found["severity"], strict=True))


def rows_of(census: Census, kind: str) -> pd.DataFrame:
    """The conflicts of one kind."""
    (family,) = [family for family, its_kinds in FAMILIES.items() if kind in its_kinds]
    rows = family(census)
    assert tables.CONFLICTS.violations(rows) == []
    assert set(rows["kind"]) <= set(FAMILIES[family])
    return only(rows, kind=kind)
