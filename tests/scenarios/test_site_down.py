"""One remote site is down, in each way there is: it is red and frozen, and the census of the others is whole."""

import time
from collections.abc import Iterator
from ipaddress import ip_address

import dagster as dg
import pytest

from lab.routers import SLOW_S
from tests.scenarios.lab_world import Lab, running_lab
from tests.scenarios.world import World

LONDON_IN_PHPIPAM = 12
FAULTS = {
    "refused": "it gets no connection to 192.168.8.1:22",
    "silent": "no SSH session within 10 s",
    "slow": "the command did not end within 10 s",
    "cut": "cut in mid-answer after 300 bytes",
}
Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, World]]:
    """The lab and a netcensus that has taken one whole census of it."""
    folder = tmp_path_factory.mktemp("down")
    with running_lab(folder / "lab") as lab:
        world = lab.world(folder / "own").judged()
        assert world.run() == []
        lab.wait_for_d2()
        yield lab, world


def rows(lab: Lab, subnet: int) -> Rows:
    """A subnet's addresses in phpIPAM."""
    return lab.sql(f"SELECT ip_addr, hostname, mac, lastSeen, editDate FROM ipaddresses WHERE subnetId = {subnet}")  # noqa: S608 - a number


def rename(lab: Lab, name: str, ip: str) -> None:
    """Type a name into phpIPAM."""
    lab.sql(f"UPDATE ipaddresses SET hostname = '{name}' WHERE ip_addr = '{int(ip_address(ip))}'")  # noqa: S608 - our own words


def names(lab: Lab, site: str) -> set[str]:
    """The site's names that have an address in DNS."""
    return {owner for owner, rtype, _ in lab.records() if rtype == "A" and owner.endswith(f".{site}.viktorbarzin.lan.")}


def red_checks(world: World) -> set[str]:
    """The checks of the last run that did not pass."""
    with world.entered(), dg.DagsterInstance.get() as instance:
        (run,) = instance.get_runs(limit=1)
        entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    checks = [entry.dagster_event.asset_check_evaluation_data for entry in entries if entry.dagster_event is not None]
    return {f"{one.asset_key.to_user_string()}.{one.check_name}" for one in checks if not one.passed}


def test_a_remote_site_is_read_and_published(story: tuple[Lab, World]) -> None:
    """A client's name at a remote site is published under the site's label, with a PTR where there is a zone."""
    lab, world = story
    assert {"ring-bell.london.viktorbarzin.lan.", "printer.london.viktorbarzin.lan."} <= names(lab, "london")
    assert ("101.0.168.192.in-addr.arpa.", "PTR", "cam-barn.valchedrym.viktorbarzin.lan.") in lab.records()
    assert not [owner for owner, rtype, _ in lab.records() if rtype == "DHCID" and ".london." in owner]
    seen = {row["ip"]: row for row in world.table("bindings") if row["site"] == "london"}
    assert seen["192.168.8.100"]["kind"] == "lease"
    assert seen["192.168.8.10"]["last_seen_at"] is None, "a lease without end, and a stale entry: nobody knows"
    assert seen["192.168.8.77"]["evidence"] == "linux.neighbours"
    assert "192.168.8.150" not in seen, "its lease is over, and it does not answer"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_site_that_is_down_freezes_and_the_others_go_on(story: tuple[Lab, World], fault: str) -> None:
    """Its snapshots are missing with the reason, its rows and names stay as they are, a change elsewhere is made."""
    lab, world = story
    rename(lab, f"store-{fault}", "192.168.0.50")
    rename(lab, "copier", "192.168.8.105")
    before, published = rows(lab, LONDON_IN_PHPIPAM), names(lab, "london")
    lab.break_down({"london": fault})
    begun = time.monotonic()
    (said,) = world.run()
    assert time.monotonic() - begun < SLOW_S / 2, "nobody waited for what is slow"
    lab.break_down({})
    assert said.startswith("london: ")
    assert FAULTS[fault] in said
    assert rows(lab, LONDON_IN_PHPIPAM) == before
    assert names(lab, "london") == published
    assert f"store-{fault}.valchedrym.viktorbarzin.lan." in names(lab, "valchedrym")
    red = red_checks(world)
    assert "london_snapshots.every_source_answered" in red
    assert not {"sofia_snapshots.every_source_answered", "valchedrym_snapshots.every_source_answered"} & red


def test_a_site_that_is_back_is_caught_up_with(story: tuple[Lab, World]) -> None:
    """The next census makes what was held back, and the one after it nothing."""
    lab, world = story
    assert world.run() == []
    assert "copier.london.viktorbarzin.lan." in names(lab, "london")
    before = lab.everything()
    assert world.run() == []
    assert lab.everything() == before


def test_the_hop_down_is_every_site_behind_it_down(story: tuple[Lab, World]) -> None:
    """With the firewall away nothing can be concluded of any site: the run says so for each and writes nothing."""
    lab, world = story
    before = lab.everything()
    network = world.network_toml.read_text(encoding="utf-8")
    port = next(line for line in network.splitlines() if line.startswith("port = "))
    world.network_toml.write_text(network.replace(port, "port = 1", 1), encoding="utf-8")
    told = world.run()
    world.network_toml.write_text(network, encoding="utf-8")
    text = "\n".join(told)
    assert "sofia: 127.0.0.1 port 1: " in text
    for address in ("192.168.0.1", "192.168.8.1"):
        assert f"127.0.0.1 port 1 (the hop to {address} port 22): " in text
    assert lab.everything() == before
