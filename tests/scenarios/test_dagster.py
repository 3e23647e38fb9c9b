"""What Dagster is told and keeps of a census: definitions, schedule, metadata, events, bytes on the disk."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import composition
from pipelines.reconcile.conflicts.every import FAMILIES
from pipelines.reconcile.conflicts.outside import published_outside
from schedules.regular import regular_census
from tests.networks import AT, NETWORK
from tests.scenarios.lab_world import Lab, running_lab
from tests.scenarios.world import LIMIT_S, ROOT, World

MOST_BYTES = 5_000_000
ZONES = [
    "viktorbarzin_lan",
    *(f"{zone}_in_addr_arpa" for zone in ("10_0_10", "20_0_10", "1_168_192", "2_3_10", "0_168_192")),
]
GROUPS = {
    "sources": {
        "source/kea_sofia", "source/arp_sofia", "source/phpipam", *(f"source/zone_{zone}" for zone in ZONES),
        *(f"source/{kind}_{site}" for kind in ("dnsmasq", "arp") for site in ("valchedrym", "london")),
    },
    "extract": {
        "sofia_snapshots", "valchedrym_snapshots", "london_snapshots", "phpipam_snapshots", "zone_snapshots",
    },
    "parse": {
        "sources", "rejects", "leases", "reservations", "dhcp_subnets", "neighbours", "peers", "hosts",
        "services", "outside_records", "ipam_subnets",
        "ipam_addresses", "zone_records",
    },
    "reconcile": {
        "sightings", "bindings", "name_claims", "addresses", "records", "registrations", "quarantine", "devices",
        "device_interfaces", "conflicts", "pools",
    },
    "plan": {"ipam_plan", "dns_plan", "heal_plan", "withheld", "guards"},
    "load": {"ipam_receipt", "dns_receipt"},
    "replay": {"archive", "hours"},
    "undo": {
        "undo_ipam_plan", "undo_dns_plan", "undone", "undo_withheld", "undo_guards", "undo_ipam_receipt",
        "undo_dns_receipt",
    },
    "targets": {"target/phpipam", *(f"target/zone_{zone}" for zone in ZONES)},
}  # fmt: skip
TABLES = {name for group in ("extract", "parse", "reconcile", "plan", "load") for name in GROUPS[group]}

# --- definitions ------------------------------------------------------------------------------------------------


def test_the_workspace_loads_from_anywhere_with_an_empty_environment(tmp_path: Path) -> None:
    """`dagster definitions validate` passes in another directory, with no variable of ours set."""
    home = tmp_path / "home"
    home.mkdir()
    argv = [
        str(Path(sys.executable).with_name("dagster")),
        "definitions",
        "validate",
        "-w",
        str(ROOT / "workspace.yaml"),
    ]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DAGSTER_HOME": str(home)}
    done = subprocess.run(
        argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_loading_the_definitions_writes_nothing(tmp_path: Path) -> None:
    """Neither ledger nor archive nor folder is made before a step needs it."""
    shutil.copy(ROOT / "network.toml", tmp_path)
    defs = composition.build_defs(tmp_path / "network.toml")
    defs.resolve_all_job_defs()
    assert [file.name for file in tmp_path.rglob("*")] == ["network.toml"]


def test_the_lineage_is_what_the_documents_say() -> None:
    """The assets of the shipped network.toml, by group: nothing more, nothing less."""
    graph = composition.build_defs(ROOT / "network.toml").resolve_asset_graph()
    found: dict[str, set[str]] = {}
    for key in graph.get_all_asset_keys():
        found.setdefault(str(graph.get(key).group_name), set()).add(key.to_user_string())
    assert found == GROUPS


def test_the_jobs_and_when_they_run() -> None:
    """The census runs at minute 7, with a limit and a tag that keeps a second one waiting; its load takes the pool."""
    defs = composition.build_defs(ROOT / "network.toml")
    crons = {one.name: one.cron_schedule for one in defs.get_repository_def().schedule_defs}
    assert crons == {"regular_census": "7 * * * *", "daily_prune": "37 3 * * *"}
    assert {job.name for job in defs.resolve_all_job_defs() if not job.name.startswith("__")} >= {"census", "rehearse"}
    census, rehearse = (defs.resolve_job_def(name) for name in ("census", "rehearse"))
    assert census.tags["dagster/max_runtime"] == rehearse.tags["dagster/max_runtime"] == "900"
    assert "netcensus/loads" in census.tags
    replay, prune = (defs.resolve_job_def(name) for name in ("replay", "prune"))
    assert "netcensus/archive" in replay.tags.keys() & prune.tags.keys()
    assert "netcensus/loads" not in replay.tags
    pools = {node.name: node.definition.pool for node in census.nodes if isinstance(node.definition, dg.OpDefinition)}
    assert pools["load"] == "targets"
    assert [name for name, pool in pools.items() if pool] == ["load"]
    assert "load" not in {node.name for node in rehearse.nodes}


@pytest.mark.parametrize(
    "status", [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE]
)
def test_the_schedule_skips_while_a_census_is_under_way(tmp_path: Path, status: dg.DagsterRunStatus) -> None:
    """While one starts or runs, the tick says which and starts none; after its end it starts one."""
    job = composition.build_defs(ROOT / "network.toml").resolve_job_def("census")
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        run = instance.create_run_for_job(job, status=status)
        resources = {"stored_tables": None, "archive": None}  # no site has an interval of its own: neither is looked at
        context = dg.build_schedule_context(instance, AT.to_pydatetime(), resources=resources)
        tick = regular_census(NETWORK).evaluate_tick(context)
    if status == dg.DagsterRunStatus.FAILURE:
        assert len(tick.run_requests or []) == 1
    else:
        assert not tick.run_requests
        assert tick.skip_message == f"The census {run.run_id} is still under way"


# --- a run's traces ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Twice:
    """Two censuses of a lab, each in a process of its own."""

    lab: Lab
    world: World
    printed: str
    bytes_written: int

    def metadata(self) -> Mapping[str, Mapping[str, Any]]:
        """Of each table, what its last materialization says of it."""
        found = {}
        with self.world.entered(), dg.DagsterInstance.get() as instance:
            for name in TABLES:
                event = instance.get_latest_materialization_event(dg.AssetKey(name))
                assert event is not None, name
                assert event.asset_materialization is not None
                found[name] = {key: one.value for key, one in event.asset_materialization.metadata.items()}
        return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab for the module."""
    with running_lab(tmp_path_factory.mktemp("traces") / "lab") as running:
        yield running


@pytest.fixture(scope="module")
def twice(lab: Lab) -> Twice:
    """The first census changes much; the second nothing, and what it writes to the disk is counted."""
    world = lab.world(lab.folder.parent / "own")
    first = world.command()
    assert first.returncode == 0, first.stderr
    with subprocess.Popen(
        world.argv(), env=world.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as second:
        printed, written = _ended(second)
    assert second.returncode == 0, printed
    return Twice(lab, world, first.stdout + first.stderr + printed, written)


def _ended(process: "subprocess.Popen[str]") -> tuple[str, int]:
    """What the process printed, and the bytes it sent to block devices (proc(5), /proc/pid/io)."""
    assert process.stdout is not None
    printed = process.stdout.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    counts = dict(line.split(": ") for line in Path(f"/proc/{process.pid}/io").read_text().splitlines())
    return printed, int(counts["write_bytes"])


def test_a_census_that_changes_nothing_writes_little(twice: Twice, capsys: pytest.CaptureFixture[str]) -> None:
    """At most 5 MB go to the disk, Dagster's own records of the run included."""
    with capsys.disabled():
        print(f"\na census with nothing to change wrote {twice.bytes_written / 1e6:.2f} MB")  # noqa: T201 - a measure
    if twice.bytes_written == 0:
        pytest.skip("the folder for temporary files is in memory: nothing to count")
    assert twice.bytes_written <= MOST_BYTES


def test_every_table_says_its_columns_and_how_many_rows_it_has(twice: Twice) -> None:
    """In the UI each table shows its contract, and after a run its row count."""
    graph = composition.build_defs(twice.world.network_toml).resolve_asset_graph()
    for name, told in twice.metadata().items():
        assert graph.get(dg.AssetKey(name)).metadata["dagster/column_schema"].columns, name
        assert told["dagster/row_count"] == len(twice.world.table(name)), name


def test_no_preview_holds_markup_from_the_network(twice: Twice) -> None:
    """Names that are HTML, Markdown or formulas are shown as their characters: the UI renders none of them."""
    previews = {name: str(told.get("preview", "")) for name, told in twice.metadata().items()}
    everything = "\n".join(previews.values())
    assert "&#60;script&#62;" in everything, "a hostile name is shown"
    for forbidden in ("<script", "<img", "](", "\x1b", "\t"):
        assert forbidden not in everything, forbidden
    assert max(map(len, previews.values())) <= 11_000


def test_a_conflict_of_every_kind_is_told_and_two_censuses_note_a_pool_once(twice: Twice) -> None:
    """The lab has one of each; none of them ends a census red, and a day of a pool is one row (rule R9).

    Those of zone files, of which the lab lists none, are told in test_listed.py.
    """
    here = [kinds for family, kinds in FAMILIES.items() if family is not published_outside]
    kinds = {kind for family in here for kind in family} | {"pool-fills-up", "pools-overlap"}
    assert {row["kind"] for row in twice.world.table("conflicts")} == kinds
    assert "addresses two-macs: 1" in twice.printed
    ranges = {(row["first"], row["last"]) for row in twice.world.table("pools")}
    noted = Counter((first, last) for _, first, last, *_ in twice.world.ledger("pool_use"))
    days = {day for _, _, _, day, _ in twice.world.ledger("pool_use")}  # two, where midnight came in between
    assert len(ranges) == 5
    assert noted == dict.fromkeys(ranges, len(days))


def test_no_secret_is_left_anywhere(twice: Twice) -> None:
    """Not in the archive, the tables, the ledger, Dagster's events and logs, nor on stdout and stderr."""
    for secret in twice.lab.secrets():
        assert twice.world.files_holding(secret) == []
        assert secret not in twice.printed
    assert twice.world.files_holding("k8s-node1"), "the search finds what is there"


def test_a_failing_site_is_red_and_the_others_go_on(lab: Lab, twice: Twice, tmp_path: Path) -> None:
    """With one of three gateways down the run is a failure that says so, and the other sites' changes are made."""
    assert twice.printed
    world = lab.world(tmp_path / "own").judged()
    lab.sql("UPDATE ipaddresses SET hostname = 'copier' WHERE hostname = 'printer' AND subnetId = 12")
    lab.sql("UPDATE ipaddresses SET hostname = 'store' WHERE hostname = 'nas' AND subnetId = 11")
    lab.break_down({"valchedrym": "refused"})
    (fault,) = world.run()
    lab.break_down({})
    assert fault.startswith("valchedrym: 127.0.0.1 port ")
    added = {owner for owner, rtype, _ in lab.records() if rtype == "A"}
    assert "copier.london.viktorbarzin.lan." in added
    assert "store.valchedrym.viktorbarzin.lan." not in added
    with world.entered(), dg.DagsterInstance.get() as instance:
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.FAILURE
        entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    checks = [entry.dagster_event.asset_check_evaluation_data for entry in entries if entry.dagster_event is not None]
    red = {f"{one.asset_key.to_user_string()}.{one.check_name}" for one in checks if not one.passed}
    assert {"valchedrym_snapshots.every_source_answered", "dns_receipt.the_census_is_whole"} <= red
    assert "sofia_snapshots.every_source_answered" not in red


def test_why_is_answered_in_the_ui_and_on_the_command_line_alike(twice: Twice) -> None:
    """The job `why` shows as metadata what `netcensus why` prints, for a name that two sites and an impostor want."""
    printed = subprocess.run(
        [*twice.world.argv("why"), "nas"], env=twice.world.environment, capture_output=True, text=True,
        timeout=LIMIT_S, check=True,
    ).stdout  # fmt: skip
    assert "192.168.1.11 (sofia) is nas.viktorbarzin.lan., named by kea4.reservation" in printed
    assert "contested  nas.viktorbarzin.lan" in printed
    with twice.world.entered(), dg.DagsterInstance.get() as instance:
        done = (
            composition.build_defs()
            .resolve_job_def("why")
            .execute_in_process(instance=instance, run_config={"ops": {"explain": {"config": {"subject": "nas"}}}})
        )
    (output,) = (event for event in done.all_events if event.event_type == dg.DagsterEventType.STEP_OUTPUT)
    shown = output.step_output_data.metadata["why"].value
    assert [line.removeprefix("    ") for line in str(shown).splitlines()] == printed.splitlines()
