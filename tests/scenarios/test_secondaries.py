"""Censuses of the lab with secondaries in network.toml: what is shown of them, and when a census ends red."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from tests.scenarios.lab_world import Lab, running_lab
from tests.scenarios.world import World
from tests.services.ports import free_port

_MARK = "algorithm = "


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One lab for all of them."""
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


def with_secondary(port: object, more: str = "") -> Callable[[str], str]:
    """The network file with one secondary on loopback."""
    line = f'secondaries = [{{server = "localhost", port = {port}}}]\n{more}'
    return lambda text: text.replace(_MARK, line + _MARK, 1)


def _checks(world: World) -> dict[str, bool]:
    """The two checks of the last census."""
    with world.entered(), dg.DagsterInstance.get() as instance:
        keys = [
            dg.AssetCheckKey(dg.AssetKey("dns_receipt"), name) for name in ("secondaries_follow", "no_serial_went_down")
        ]
        found = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    return {key.name: record.status.value == "SUCCEEDED" for key, record in found.items()}


def test_a_census_whose_secondary_follows_is_green(lab: Lab, tmp_path: Path) -> None:
    """The lab's own server stands for it; each zone has a row for both, and all are equal."""
    port = (lab.folder / "network.toml").read_text(encoding="utf-8").split("[dns]")[1].split("port = ")[1].split()[0]
    world = lab.world(tmp_path, with_secondary(port)).judged()
    assert world.run() == []
    assert {row[5] for row in world.ledger("serials")} == {"equal"}
    assert _checks(world) == {"secondaries_follow": True, "no_serial_went_down": True}
    lab.wait_for_d2()
    assert world.run() == []
    noted = world.ledger("serials")
    assert world.run() == []
    assert world.ledger("serials") == noted


def test_a_census_does_its_work_and_says_which_secondary_is_away(lab: Lab, tmp_path: Path) -> None:
    """The run's work is done and kept; the command's status and the red check tell the person what to look at."""
    port = free_port()
    world = lab.world(tmp_path, with_secondary(port, "secondaries_limit_s = 1\n")).judged()
    faults = world.run()
    assert len(faults) == 1
    others = len(lab.dns_status()["serials"]) - 1
    assert f" and {others} other zones at localhost port {port}: no-answer since" in faults[0]
    assert "Check that it runs" in faults[0]
    assert world.ledger("applied") != []
    assert _checks(world) == {"secondaries_follow": False, "no_serial_went_down": True}


def test_a_serial_that_went_down_is_an_alarm_at_the_next_census(lab: Lab, tmp_path: Path) -> None:
    """Also with no secondary to look at, for copies of which nobody told us."""
    world = lab.world(tmp_path).judged()
    assert world.run() == []
    with closing(sqlite3.connect(world.folder / "ledger.sqlite")) as database, database:
        database.execute("UPDATE serials SET peak = peak + 100 WHERE zone = 'viktorbarzin.lan.'")
    (fault,) = world.run()
    assert "viktorbarzin.lan at 127.0.0.1 port" in fault
    assert "went-down" in fault
    assert "never recreate a zone" in fault
    assert _checks(world) == {"secondaries_follow": True, "no_serial_went_down": False}
