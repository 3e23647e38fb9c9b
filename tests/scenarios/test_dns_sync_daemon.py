"""dns_sync under Dagster's own daemon and code server, on the default storage, between BIND and MariaDB."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import InstigatorTick

from pipelines.parse.phpipam import decimal_of
from tests.scenarios.real_world import RealNetwork, real_network
from tests.scenarios.world import ROOT
from tests.services.kea import Kea
from tests.services.mariadb import Database
from tests.services.openssh import Sshd
from tests.services.process import Process, start

LIMIT_S = 300  # generous: the daemon looks every five seconds, and a machine may be slow
_WORKSPACE = """load_from:
  - python_file: {{relative_path: "{file}", working_directory: "{root}", location_name: netcensus}}
"""


@pytest.fixture
def network(tmp_path: Path, dhcp: Kea, phpipam_database: Database, gateway_host: Sshd) -> RealNetwork:
    """The servers after a census."""
    found = real_network(tmp_path / "own", dhcp, phpipam_database, gateway_host)
    found.world.judged()
    assert found.world.run() == []
    return found


@contextmanager
def running_daemon(network: RealNetwork, folder: Path) -> Iterator[Process]:
    """Dagster's daemon with a code server of its own, until the block ends."""
    workspace = folder / "workspace.yaml"
    file = ROOT / "tests" / "scenarios" / "daemon_definitions.py"
    workspace.write_text(_WORKSPACE.format(file=file, root=ROOT), encoding="utf-8")
    argv = [str(Path(sys.executable).with_name("dagster-daemon")), "run", "-w", str(workspace)]
    environment = {**network.world.environment, "PYTHONPATH": str(ROOT)}
    process = start("dagster-daemon", argv, log=folder / "daemon.log", environment=environment)
    try:
        yield process
    finally:
        process.stop(limit_s=20)  # it ends its code server first


def ticks(instance: dg.DagsterInstance) -> list[InstigatorTick]:
    """Those of the sensor, the latest first, the one under way left out."""
    (sensor,) = (one for one in instance.all_instigator_state() if one.name == "dns_sync_when_changed")
    found = instance.get_ticks(sensor.instigator_origin_id, sensor.selector_id, limit=1000)
    return [one for one in found if one.status.value != "STARTED"]


def typed_into_phpipam(network: RealNetwork, name: str, ip: str) -> None:
    """A person enters a new address."""
    sql = "INSERT INTO ipaddresses (subnetId, ip_addr, hostname, state) VALUES (7, %s, %s, 2)"
    network.ipam.execute(sql, [decimal_of(ip), name])


def test_one_change_is_one_run_and_then_it_is_quiet_again(network: RealNetwork, tmp_path: Path) -> None:
    """Ticks skip with a reason and start no run; a name typed into phpIPAM starts one; then they skip again."""
    with network.world.entered(), dg.DagsterInstance.get() as instance:
        before = instance.get_runs_count()
        with running_daemon(network, tmp_path) as daemon:

            def until(is_so: Callable[[], bool], what: str) -> None:
                daemon.wait_until(is_so, what, LIMIT_S, poll_s=0.5)

            until(lambda: len(skipped(instance)) >= 2, "two ticks that skip")
            assert instance.get_runs_count() == before
            typed_into_phpipam(network, "typed-by-hand", "10.0.10.201")
            until(lambda: bool(finished(instance)), "the end of the run")
            quiet_before = len(skipped(instance))
            until(lambda: len(skipped(instance)) >= quiet_before + 2, "two more ticks that skip")
        (run,) = finished(instance)
        assert run.status == dg.DagsterRunStatus.SUCCESS
        assert run.tags["netcensus/moved"] == "phpipam.addresses"
        assert instance.get_runs_count() == before + 1
        assert not [one for one in ticks(instance) if one.status.value == "FAILURE"]
    assert network.bind.query("typed-by-hand.viktorbarzin.lan", "A") == ["10.0.10.201"]
    assert network.bind.query("201.10.0.10.in-addr.arpa", "PTR") == ["typed-by-hand.viktorbarzin.lan."]


def skipped(instance: dg.DagsterInstance) -> list[str]:
    """Why ticks started nothing because nothing had moved."""
    if not instance.all_instigator_state():
        return []
    reasons = [str(one.tick_data.skip_reason) for one in ticks(instance) if one.status.value == "SKIPPED"]
    return [text for text in reasons if text.startswith("Nothing moved since ")]


def finished(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """The runs of dns_sync that have ended."""
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    return list(instance.get_runs(dg.RunsFilter(job_name="dns_sync", statuses=ended)))
