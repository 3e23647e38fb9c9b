"""What a person may start from the UI: any asset, a site, a part of a run; and a run that leaves a gateway out."""

import gzip
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from composition import build_defs
from resources.preview import spoken
from tests.scenarios.lab_world import Lab, running_lab
from tests.scenarios.world import ROOT, World

HOUR_US = 3_600_000_000
LOAD = ("ipam_receipt", "dns_receipt")


@dataclass(frozen=True)
class Hands:
    """A lab after its first census."""

    lab: Lab
    world: World

    def start(self, *assets: str, job: str = "__ASSET_JOB") -> str:
        """Materialize just these, as the UI does; what went wrong, empty when nothing did."""
        ended = self._ended(*assets, job=job)
        failures = [event.step_failure_data.user_failure_data for event in ended.get_step_failure_events()]
        return "; ".join(str(one.description) for one in failures if one is not None)

    def red(self, check: str, *assets: str) -> list[str]:
        """What a check says after these were materialized; nothing where it passed."""
        done = self._ended(*assets, job="__ASSET_JOB").get_asset_check_evaluations()
        return [line for one in done if one.check_name == check and not one.passed for line in spoken(one.description)]

    def _ended(self, *assets: str, job: str) -> dg.ExecuteInProcessResult:
        with self.world.entered(), dg.DagsterInstance.get() as instance:
            return (
                build_defs()
                .resolve_job_def(job)
                .execute_in_process(
                    instance=instance, raise_on_error=False, asset_selection=[dg.AssetKey(name) for name in assets]
                )
            )

    def succeeds(self, job: str) -> bool:
        """Whether a job that makes no asset succeeds, started as its launchpad opens."""
        with self.world.entered(), dg.DagsterInstance.get() as instance:
            ended = build_defs().resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False)
        return ended.success

    def of_groups(self, *groups: str) -> set[str]:
        """The assets of these stages."""
        with self.world.entered():
            graph = build_defs().resolve_asset_graph()
        return {key.to_user_string() for key in dg.AssetSelection.groups(*groups).resolve(graph)}

    def read_at(self, asset: str) -> set[object]:
        """When the stored answers of an asset were given."""
        return {row["read_at"] for row in self.world.table(asset)}

    def looks(self) -> dict[str, int]:
        """How many looks at each site are remembered."""
        rows = self.world.ledger("(SELECT site, count(*), 0, 0 FROM looks GROUP BY site)")
        return {str(site): int(str(count)) for site, count, *_ in rows}


@pytest.fixture(scope="module")
def hands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hands]:
    """The lab after a census."""
    folder = tmp_path_factory.mktemp("by_hand")
    with running_lab(folder / "lab") as lab:
        one = Hands(lab, lab.world(folder / "own").judged())
        assert one.world.run() == []
        lab.wait_for_d2()
        yield one


def test_a_census_that_leaves_a_gateway_out_goes_on_with_what_it_said(hands: Hands) -> None:
    """It is not asked (it would refuse), nothing changes anywhere, and its site has no look more; the others have."""
    before, asked, looks = hands.lab.everything(), hands.read_at("london_snapshots"), hands.looks()
    every = hands.of_groups("extract", "parse", "reconcile", "plan", "load")
    hands.lab.break_down({"london": "refused"})
    try:
        said = hands.start(*(every - {"london_snapshots"}), job="census")
    finally:
        hands.lab.break_down({})
    assert said == ""
    assert hands.lab.everything() == before
    assert hands.read_at("london_snapshots") == asked
    assert {row["read_at"] for row in hands.world.table("sources") if row["site"] == "london"} == asked
    assert hands.looks() == {site: count + (site != "london") for site, count in looks.items()}


def test_one_site_is_asked_by_its_asset_alone(hands: Hands) -> None:
    """Whatever its interval is; nothing else is read or made."""
    asked, others = hands.read_at("london_snapshots"), hands.read_at("sofia_snapshots")
    assert hands.start("london_snapshots") == ""
    assert min(map(int, map(str, hands.read_at("london_snapshots")))) > max(map(int, map(str, asked)))
    assert hands.read_at("sofia_snapshots") == others


def test_parse_alone_goes_by_the_last_answers_and_says_when_they_were_given(hands: Hands) -> None:
    """The table `sources` has each answer's own time."""
    assert hands.start(*hands.of_groups("parse")) == ""
    said = {row["read_at"] for row in hands.world.table("sources") if row["site"] == "london"}
    assert said == hands.read_at("london_snapshots")


def test_nothing_is_concluded_by_a_clock_that_two_gateways_contradict(hands: Hands) -> None:
    """As when this machine takes its hardware clock's local time for UTC's."""
    stores = [hands.world.folder / "tables" / f"{site}_snapshots.json.gz" for site in ("sofia", "london", "valchedrym")]
    kept = [store.read_bytes() for store in stores]
    for store in stores:
        _rewrite(store, "clock_offset_s", lambda seconds: seconds - 2 * 3600)
        _rewrite(store, "read_at", lambda _: int(pd.Timestamp.now("UTC").timestamp() * 1_000_000))
    try:
        (said,) = hands.red("something_can_be_concluded", *hands.of_groups("parse"))
    finally:
        for store, content in zip(stores, kept, strict=True):
            store.write_bytes(content)
    assert "this machine's clock is 120 minutes ahead of the clocks of london, sofia, valchedrym" in said


def test_a_load_alone_sends_no_plan_that_is_older_than_a_run(hands: Hands) -> None:
    """Nor does it hours after a run that failed: the refusal says how old, and what to start; nothing is written."""
    before, noted = hands.lab.everything(), hands.world.ledger("left_behind")
    assert hands.start(*LOAD) == ""
    store = hands.world.folder / "tables" / "sources.json.gz"
    kept = store.read_bytes()
    _rewrite(store, "read_at", lambda at: at - 3 * HOUR_US)
    try:
        said = hands.start(*LOAD)
    finally:
        store.write_bytes(kept)
    assert said.startswith("plan: it was made for what phpIPAM and DNS held 18")
    assert said.endswith("minutes ago. Start a whole job (census, dns_sync or undo), not a part")
    assert (hands.lab.everything(), hands.world.ledger("left_behind")) == (before, noted)


def _rewrite(store: Path, column: str, change: Callable[[int], int]) -> None:
    content = json.loads(gzip.decompress(store.read_bytes()))
    content["columns"][column] = [change(int(value)) for value in content["columns"][column]]
    store.write_bytes(gzip.compress(json.dumps(content).encode()))


def test_a_load_by_a_clock_behind_the_last_one_is_refused_until_that_is_unlearned(hands: Hands) -> None:
    """It was a day ahead at the last load: nothing is written until a person says so, and then all is as ever."""
    with closing(sqlite3.connect(hands.world.folder / "ledger.sqlite")) as database, database:
        database.execute("UPDATE left_behind SET at = datetime(at, '+1 day') || '.000000'")
    before = hands.lab.everything()
    (said,) = hands.world.run()
    assert said.startswith("the clock: it says ")
    assert "start the job clock_was_wrong once" in said
    assert hands.succeeds("clock_was_wrong")
    assert hands.world.run() == []
    assert hands.lab.everything() == before


def test_the_prune_ends_well(hands: Hands) -> None:
    """With the resources it has in production, whose tables are not for what its steps say."""
    assert hands.succeeds("prune")


# --- the launchpad -------------------------------------------------------------------------------------------------


def test_every_job_can_be_started_as_its_launchpad_opens() -> None:
    """Every field has a default and says what it is for; `who`, `why` and `undo` then ask what is meant."""
    defs, found = build_defs(ROOT / "network.toml"), set()
    for job in defs.resolve_all_job_defs():
        for node in job.nodes:
            schema = node.definition.config_schema
            fields = getattr(schema.config_type, "fields", {}) if schema else {}
            for name, field in fields.items():
                assert field.description, f"{job.name}: {node.name}.{name} says nothing"
                assert not field.is_required, f"{job.name}: {node.name}.{name} has no default"
                found.add(f"{job.name}.{name}")
    assert {"census.approve", "who.subject", "who.at", "why.subject", "undo.run_id", "prune.days"} <= found
