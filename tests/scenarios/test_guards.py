"""A mass deletion on the lab: held back, then refused, let through by a person for one plan, and only for that one."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from subprocess import CompletedProcess
from typing import Any

import dagster as dg
import pytest

import netcensus
from composition import build_defs
from resources.preview import spoken
from tests.scenarios.lab_world import Lab, running_lab
from tests.scenarios.world import World

STAYING = {"10.0.10.1", "10.0.10.10", "10.0.10.100"}
WITHIN = "within_the_guards"
Ended = CompletedProcess[str]
BY_SCHEDULE = {"dagster/schedule_name": "regular_census"}


@dataclass
class Story:
    """What every chapter left behind: the faults it told, and everything a census could have written to."""

    lab: Lab
    world: World
    faults: dict[str, list[str]] = field(default_factory=dict)
    after: dict[str, object] = field(default_factory=dict)
    guards: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    rules: dict[str, set[object]] = field(default_factory=dict)

    def chapter(self, name: str, faults: list[str]) -> None:
        """Note what a run told and left."""
        self.faults[name], self.after[name] = faults, self.lab.everything()
        self.guards[name] = self.world.table("guards")
        self.rules[name] = {row["rule"] for row in self.world.table("withheld")}

    def plan(self, name: str) -> str:
        """The digest of a chapter's plan."""
        (digest,) = {str(row["plan"]) for row in self.guards[name]}
        return digest

    def launch(self, approve: list[str], tags: dict[str, str] | None = None) -> dg.ExecuteInProcessResult:
        """The job census with this in its launchpad."""
        with self.world.entered(), dg.DagsterInstance.get() as instance:
            job = build_defs().resolve_job_def("census")
            config = {"ops": {"plan": {"config": {"approve": approve}}}}
            return job.execute_in_process(instance=instance, raise_on_error=False, run_config=config, tags=tags or {})

    def load_alone(self) -> list[str]:
        """What a load tells that somebody materializes by itself."""
        with self.world.entered(), dg.DagsterInstance.get() as instance:
            job = build_defs().resolve_job_def("census")
            receipts = [dg.AssetKey("ipam_receipt"), dg.AssetKey("dns_receipt")]
            ended = job.execute_in_process(instance=instance, raise_on_error=False, asset_selection=receipts)
        failures = [event.step_failure_data.user_failure_data for event in ended.get_step_failure_events()]
        return [str(one.description) for one in failures if one is not None]


_REPEATED_READS = [
    "INSERT INTO reads (site, source, read_at, rows)"  # noqa: S608 - a number of ours
    f" SELECT site, source, datetime(max(read_at), '-{hours} hours') || '.000000', rows FROM reads"
    " GROUP BY site, source"
    for hours in (1, 3, 6)
]
"""Three hours in which every source had what it has now."""


def change_ledger(world: World, *statements: str) -> None:
    """Change the ledger behind netcensus's back."""
    with closing(sqlite3.connect(world.folder / "ledger.sqlite")) as ledger, ledger:
        for statement in statements:
            ledger.execute(statement)


def forget_all_but(lab: Lab, staying: set[str]) -> None:
    """Kea's answer and the ARP cache are whole, and hold these few addresses."""
    for name in ("leases.json", "neighbours.json"):
        content = json.loads((lab.folder / name).read_text(encoding="utf-8"))
        fresh = lab.folder / f"{name}.new"
        fresh.write_text(json.dumps(_only(content, staying)), encoding="utf-8")
        fresh.rename(lab.folder / name)


def _only(content: Any, staying: set[str]) -> Any:
    if isinstance(content, dict):
        return {key: _only(value, staying) for key, value in content.items()}
    if isinstance(content, list):
        return [_only(one, staying) for one in content if one.get("ip-address", "") in {"", *staying}]
    return content


def faults_of(ended: dg.ExecuteInProcessResult) -> list[str]:
    """What the red checks say."""
    red = [one for one in ended.get_asset_check_evaluations() if not one.passed]
    errors = [one for one in red if one.severity == dg.AssetCheckSeverity.ERROR]
    return ["\n".join(spoken(one.description)) for one in errors]


@pytest.fixture(scope="module")
def printed() -> list[Ended]:
    """What the commands printed, in order."""
    return []


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, printed: list[Ended]) -> Iterator[Story]:
    """Told once."""
    folder = tmp_path_factory.mktemp("guards")
    with running_lab(folder / "lab") as lab:
        world = lab.world(folder / "own").judged()
        told = Story(lab, world)
        assert world.run() == []
        change_ledger(world, *_REPEATED_READS)
        forget_all_but(lab, STAYING)
        told.chapter("shrunken", world.run())
        world.age(10 * 24)
        change_ledger(world, "UPDATE reads SET rows = 3 WHERE site = 'sofia'")  # so few have been usual for a day
        printed.append(world.command())
        told.chapter("refused", printed[0].stderr.splitlines())
        right = f"{told.plan('refused')}:deletes-per-zone"
        told.chapter("by schedule", faults_of(told.launch([right], BY_SCHEDULE)))
        told.chapter("load alone", told.load_alone())
        lab.sql("UPDATE ipaddresses SET hostname = 'copier' WHERE hostname = 'printer' AND subnetId = 12")
        told.chapter("moved", world.run(approve=[right]))
        told.chapter("approved", faults_of(told.launch([f"{told.plan('moved')}:deletes-per-zone"])))
        yield told


def test_a_shrunken_source_holds_its_site_back_and_stops_nobody(story: Story) -> None:
    """Three leases of a hundred, with proof that they are all: green, and nothing of the site is taken back."""
    assert story.faults["shrunken"] == []
    assert "shrunken" in story.rules["shrunken"]
    assert {row["action"] for row in story.guards["shrunken"]} <= {"create", "update"}


def test_a_mass_deletion_is_refused_and_nothing_is_sent(story: Story, printed: list[Ended]) -> None:
    """Not one message, row or serial, to neither target; the run is red and says by how much, and the way through."""
    assert story.after["refused"] == story.after["shrunken"]
    (row,) = [row for row in story.guards["refused"] if row["verdict"] == "refused"]
    assert (row["guard"], row["scope"]) == ("deletes-per-zone", "20.0.10.in-addr.arpa.")
    assert int(str(row["count"])) > int(str(row["limit"]))
    numbers = f"{row['count']} of our {row['of']} names in zone 20.0.10.in-addr.arpa would be taken away"
    (command,) = printed
    assert command.returncode == 1
    assert numbers in command.stderr
    assert command.stdout.startswith("REFUSED: nothing is sent to phpIPAM, DNS or Kea\n")
    assert numbers in command.stdout
    assert re.search(r"^DNS: \d+ changes not made, for the plan is refused$", command.stdout, re.MULTILINE)
    assert f"python netcensus.py census --approve {row['plan']}:deletes-per-zone, or" in command.stdout


def test_the_check_on_the_plan_is_red_and_nothing_was_loaded(story: Story) -> None:
    """In the UI: one check per plan, DNS's red with the number; the step `load` never ran."""
    with story.world.entered(), dg.DagsterInstance.get() as instance:
        run = instance.get_runs()[-3]  # the first ones: a quiet one, the shrunken, the refused
        checks = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        loaded = instance.get_run_step_stats(run.run_id, ["load"])
    found = [one.dagster_event.asset_check_evaluation_data for one in checks if one.dagster_event is not None]
    assert run.status == dg.DagsterRunStatus.FAILURE
    verdicts = {one.asset_key.to_user_string(): one.passed for one in found if one.check_name == WITHIN}
    assert verdicts == {"ipam_plan": True, "dns_plan": False}
    assert [step.start_time for step in loaded] in ([], [None])


def test_what_nobody_started_approves_nothing(story: Story) -> None:
    """A schedule whose run carries the very approval is refused."""
    assert story.plan("by schedule") == story.plan("refused"), "nothing moved"
    assert any("is refused by deletes-per-zone" in fault for fault in story.faults["by schedule"])
    assert story.after["by schedule"] == story.after["shrunken"]


def test_a_load_started_by_itself_does_not_get_past(story: Story) -> None:
    """The check stops its own run only; load looks for itself."""
    (fault,) = story.faults["load alone"]
    assert fault.startswith(f"plan: plan {story.plan('refused')} is refused by deletes-per-zone")
    assert story.after["load alone"] == story.after["shrunken"]


def test_when_something_moved_the_approval_is_for_another_plan(story: Story) -> None:
    """A person renamed a printer in between: refused again, with the new digest."""
    assert story.plan("moved") != story.plan("refused")
    told = " ".join(story.faults["moved"])
    assert f"The approval of {story.plan('refused')} is for another plan: something has moved since" in told
    assert f"--approve {story.plan('moved')}:deletes-per-zone" in told


def test_the_approved_plan_is_sent_and_noted(story: Story) -> None:
    """From the launchpad; the names are gone, and the ledger's receipts say which guard, which plan, and who."""
    assert story.faults["approved"] == []
    assert story.plan("approved") == story.plan("moved")
    (row,) = [row for row in story.guards["approved"] if row["verdict"] == "approved"]
    deleted = [one for one in story.world.table("dns_receipt") if one["action"] == "delete"]
    assert len({one["subject"] for one in deleted if one["scope"] == row["scope"]}) == row["count"]
    standing = {(owner, rr_type) for owner, rr_type, _ in story.lab.records()}
    assert standing.isdisjoint({(one["subject"], one["field"]) for one in deleted})
    (noted,) = [one for one in story.world.table("dns_receipt") if one["target"] == "guards"]
    assert (noted["subject"], noted["field"]) == (story.plan("moved"), "deletes-per-zone")
    assert "let through by whoever launched run " in str(noted["detail"])
    receipts = [one for one in story.world.ledger("receipts") if "approve" in one]
    assert len(receipts) == 1
    assert story.plan("moved") in receipts[0]


def test_the_command_takes_no_approval_of_the_never_list(
    story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing runs, and the message says what can be approved."""
    before = story.lab.everything()
    monkeypatch.setattr("sys.argv", ["netcensus", "census", "--approve", f"{story.plan('approved')}:never-list"])
    with story.world.entered():
        assert netcensus.main() == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "'never-list' lets nobody through. These guards do: creates-per-site," in said.err
    assert story.lab.everything() == before


def test_the_command_says_who_approves(story: Story) -> None:
    """The system's user, as a tag of the run: Dagster shows it, and the receipt keeps it."""
    with story.world.entered(), dg.DagsterInstance.get() as instance:
        tags = [run.tags for run in instance.get_runs()]
    approving = [one["netcensus/approved_by"] for one in tags if "netcensus/approved_by" in one]
    assert approving == [netcensus.user()]
