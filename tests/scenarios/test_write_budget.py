"""The write budget on the lab: kept by the first census and by a quiet one, and amber where it is too small."""

from pathlib import Path

import dagster as dg

from assets.budget import CHECK
from tests.scenarios.lab_world import running_lab
from tests.scenarios.world import World


def _last(world: World) -> dg.AssetCheckEvaluation:
    with world.entered(), dg.DagsterInstance.get() as instance:
        key = dg.AssetCheckKey(dg.AssetKey("dns_receipt"), CHECK)
        (record,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    assert record.evaluation
    return record.evaluation


def _numbers(found: dg.AssetCheckEvaluation) -> dict[str, int]:
    return {name: int(str(value.value)) for name, value in found.metadata.items()}


def test_the_budget_is_kept_and_can_be_broken(tmp_path: Path) -> None:
    """The first census pays for its changes, a quiet one writes little and 0/0/0; with a budget of 1 kB it is amber."""
    with running_lab(tmp_path / "lab") as lab:
        world = lab.world(tmp_path / "own")
        assert world.run() == []
        first = _last(world)
        assert first.passed, first.description
        assert _numbers(first)["phpIPAM rows"] > 20
        assert _numbers(first)["RRsets"] > 20
        assert _numbers(first)["serial steps"] > 0
        with world.network_toml.open("a", encoding="utf-8") as file:
            file.write("\n[budget]\nquiet_kb = 1\n")
        assert world.run() == []
        second = _last(world)
    quiet = _numbers(second)
    assert (quiet["phpIPAM rows"], quiet["RRsets"], quiet["serial steps"], quiet["made again"]) == (0, 0, 0, 0)
    assert quiet["bytes: tables"] < 100_000
    assert quiet["bytes: archive"] < 50_000
    if quiet.get("bytes: all of this run"):
        assert quiet["bytes: all of this run"] < 1_000_000
        assert not second.passed
        assert second.severity == dg.AssetCheckSeverity.WARN
        assert "network&#46;toml" in str(second.description) or "network.toml" in str(second.description)
