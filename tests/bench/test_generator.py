"""The generated network is the same for the same seed, and what happens to it is what it says."""

from pathlib import Path

import pandas as pd
import pytest

from bench import changes, in_memory
from bench.hosts import SHARES, hosts
from bench.hour import hour
from pipelines import tables

HOSTS = hosts(400)


def differing(after: pd.DataFrame) -> pd.DataFrame:
    """The hosts that are not as they were."""
    both = after.fillna("-").reset_index(drop=True), HOSTS.fillna("-")
    return after[(both[0] != both[1]).any(axis=1)]


def test_a_seed_makes_one_network() -> None:
    """The same seed draws the same hosts, another draws others; all kinds and both sites are there."""
    assert hosts(400).equals(HOSTS)
    assert not hosts(400, seed=7).equals(HOSTS)
    assert set(HOSTS["kind"]) == set(SHARES)
    assert HOSTS["site"].nunique() == 2
    assert hosts(1000).head(400).equals(HOSTS)


@pytest.mark.parametrize("column", ["ip", "ip6", "mac", "name"])
def test_no_two_hosts_share_what_is_theirs(column: str) -> None:
    """Addresses, MACs and names are each one host's, also in a network of many."""
    assert not hosts(100_000)[column].dropna().duplicated().any()


def test_each_change_changes_what_it_says() -> None:
    """Churn moves phones to free addresses, a rename and a handover touch one host, a loss is more than half."""
    moved = changes.churned(HOSTS, 0.05)
    assert len(differing(moved)) == 20
    assert set(differing(moved)["kind"]) == {"phone"}
    assert not moved["ip"].duplicated().any()
    assert len(differing(changes.renamed(HOSTS, 0.4))) == 160
    assert len(differing(changes.one_renamed(HOSTS))) == len(differing(changes.handed_over(HOSTS))) == 1
    assert len(changes.halved(HOSTS)) < len(HOSTS)


def test_the_tables_keep_their_contracts() -> None:
    """What is made as columns is what the parsers would make of it."""
    made = hour(HOSTS)
    for table in tables.ALL:
        if table.name in made:
            assert table.violations(made[table.name]) == []


def test_a_second_hour_in_memory_plans_nothing(tmp_path: Path) -> None:
    """Account and plans of a network that was carried out are empty."""
    in_memory.begin(100, tmp_path)
    first, second = in_memory.one_hour(tmp_path), in_memory.one_hour(tmp_path)
    assert first["bindings"] == second["bindings"]
    assert first["planned"] == {"ipam_plan": 271, "dns_plan": 340}
    assert second["planned"] == {"ipam_plan": 0, "dns_plan": 0}
