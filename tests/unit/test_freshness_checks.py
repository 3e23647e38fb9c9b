"""The check `is_fresh`: of every system in one look, or of the one that a person picks in the UI."""

from pathlib import Path

import dagster as dg

from assets.external import source, target
from assets.freshness import CHECK, freshness_checks
from resources.last_load import LastLoad
from resources.ledger import Ledger
from tests.networks import NETWORK


def asked(root: Path, *keys: dg.AssetKey) -> dict[dg.AssetKey, bool]:
    """What a run of these systems' checks alone says of each, where nobody ever looked."""
    url = f"sqlite:///{root / 'ledger.sqlite'}"
    picked = dg.AssetSelection.checks(*(dg.AssetCheckKey(key, CHECK) for key in keys))
    world = {"ledger": Ledger(url), "last_load": LastLoad(url)}
    result = dg.materialize([freshness_checks(NETWORK)], selection=picked, resources=world)
    return {one.asset_key: one.passed for one in result.get_asset_check_evaluations()}


def test_one_system_can_be_asked_of_by_hand(tmp_path: Path) -> None:
    """*Execute* on one check runs that one; where no census was ever taken, it is red."""
    assert asked(tmp_path, target("phpipam")) == {target("phpipam"): False}


def test_systems_of_one_site_are_told_apart(tmp_path: Path) -> None:
    """A site's leases and its neighbours are read together, and each is a check of its own."""
    site = next(iter(NETWORK.gateways))
    both = [source(system, site) for system in NETWORK.gateways[site].systems]
    assert asked(tmp_path, both[0]) == {both[0]: False}
    assert asked(tmp_path, *both) == dict.fromkeys(both, False)
