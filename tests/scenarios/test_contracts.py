"""A table breaks its contract for one site: its check is red, that site is left as it is, and the others go on."""

import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import dagster as dg
import pytest

from pipelines import expectations, tables
from pipelines.contract import Table
from pipelines.expectations import Rule
from pipelines.predicates import NEVER_READS_AS, Expectation
from tests.scenarios.lab_world import Lab, running_lab
from tests.scenarios.world import LIMIT_S, ROOT, World

LONDON = "192.168.8.105"
OTHER = "192.168.0.50"
STAGES = {
    "leases": (tables.LEASES, "ip", r"\A192\.168\.8\."),
    "addresses": (tables.ADDRESSES, "ip", r"\A192\.168\.8\.105\Z"),
    "dns_plan": (tables.DNS_PLAN, "owner", r"\.london\."),
}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, World]]:
    """The lab and a netcensus that has taken one whole census of it."""
    folder = tmp_path_factory.mktemp("contracts")
    with running_lab(folder / "lab") as lab:
        world = lab.world(folder / "own")
        assert world.run() == []
        yield lab, world


def rename(lab: Lab, name: str, ip: str) -> None:
    """Type a name into phpIPAM."""
    lab.sql(f"UPDATE ipaddresses SET hostname = '{name}' WHERE ip_addr = '{int(ip_address(ip))}'")  # noqa: S608 - our own words


def published(lab: Lab, site: str) -> set[str]:
    """The site's names that have an address in DNS."""
    return {owner for owner, rtype, _ in lab.records() if rtype == "A" and owner.endswith(f".{site}.viktorbarzin.lan.")}


def checks(world: World) -> dict[str, dg.AssetCheckEvaluation]:
    """The checks of the last run that did not pass, by asset and name."""
    with world.entered(), dg.DagsterInstance.get() as instance:
        (run,) = instance.get_runs(limit=1)
        entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [entry.dagster_event.asset_check_evaluation_data for entry in entries if entry.dagster_event is not None]
    return {f"{one.asset_key.to_user_string()}.{one.check_name}": one for one in found if not one.passed}


def broken(monkeypatch: pytest.MonkeyPatch, table: Table, column: str, regex: str) -> None:
    """One rule more, that only rows of london break."""
    says = Expectation(NEVER_READS_AS, (column,), f"{column} is none of london's", {"regex": regex})
    monkeypatch.setattr(expectations, "RULES", (*expectations.RULES, Rule(table, says, "Look at london")))


@pytest.mark.parametrize("stage", STAGES)
def test_one_sites_breach_leaves_the_others_going(
    story: tuple[Lab, World], stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stage it breaks at: london keeps what it has, valchedrym's new name is published, the run is red."""
    lab, world = story
    rename(lab, f"copier-{stage.replace('_', '-')}", LONDON)
    rename(lab, f"store-{stage.replace('_', '-')}", OTHER)
    before = published(lab, "london")
    with monkeypatch.context() as patch:
        broken(patch, *STAGES[stage])
        told = world.run()
    assert any("Look at london" in line for line in told), told
    red = checks(world)
    assert {f"{stage}.contract", "dns_receipt.the_census_is_whole"} <= red.keys()
    assert red[f"{stage}.contract"].severity == dg.AssetCheckSeverity.ERROR
    assert "london" in str(red[f"{stage}.contract"].metadata["failing rows"].value)
    assert published(lab, "london") == before
    assert f"store-{stage.replace('_', '-')}.valchedrym.viktorbarzin.lan." in published(lab, "valchedrym")
    assert any(row["rule"] in {"contract", "frozen"} and row["site"] == "london" for row in world.table("withheld"))


def test_mended_it_is_caught_up_with(story: tuple[Lab, World]) -> None:
    """With nothing broken the next census makes what was held back, and the one after it nothing."""
    lab, world = story
    assert world.run() == []
    assert "copier-dns-plan.london.viktorbarzin.lan." in published(lab, "london")
    before = lab.everything()
    assert world.run() == []
    assert lab.everything() == before


def test_a_table_of_no_site_stops_the_run(story: tuple[Lab, World], monkeypatch: pytest.MonkeyPatch) -> None:
    """With phpIPAM's subnets broken nothing downstream runs, and nothing is written."""
    lab, world = story
    rename(lab, "stopped", OTHER)
    before = lab.everything()
    broken(monkeypatch, tables.IPAM_SUBNETS, "cidr", r"\A192\.168\.8\.")
    (said,) = world.run()
    assert said.startswith("ipam_subnets does not hold what it must in 1 row: cidr is none of london's.")
    assert checks(world).keys() == {"ipam_subnets.contract"}
    assert lab.everything() == before


def test_great_expectations_is_not_imported_for_nothing(story: tuple[Lab, World], tmp_path: Path) -> None:
    """Neither the command, nor the definitions, nor a census after another pays for it: in a process of its own."""
    lab, world = story
    assert world.run() == []
    again = (
        "import netcensus, sys; from composition import build_defs; ended = netcensus.run(build_defs(), 'census'); "
        "sys.exit(bool(ended.faults) or 'great_expectations' in sys.modules)"
    )
    environment = {**world.environment, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", again], env=environment, cwd=tmp_path, capture_output=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stderr[-800:]
    assert lab.folder.exists()
