"""A census taken back between the real Kea, BIND and MariaDB: exactly, but for what a person did meanwhile."""

import subprocess
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from assets.undo import PLANNED
from composition import world as resources_of
from pipelines.errors import PlanRefused, TargetError
from resources.network_file import read_network
from resources.stored_tables import StoredTables
from resources.targets import Plans, Targets
from tests.scenarios.real_world import RealNetwork, Records, Row, real_network
from tests.services.dhcp_client import Device
from tests.services.kea import Kea
from tests.services.mariadb import Database
from tests.services.openssh import Sshd
from tests.services.process import PATIENCE_S, eventually

ZONE = "viktorbarzin.lan"
TV = Device("02:00:00:00:00:02", relay="192.168.1.1", hostname="tv", client_id=b"\x01\x02\x00\x00\x00\x00\x02")
PLANS = ("undo_ipam_plan", "undo_dns_plan", "undo_guards", "undone")
"""What an undo loads."""
RADIO = Device("02:00:00:00:00:03", relay="192.168.1.1", hostname="radio")
CAM = Device("02:00:00:00:00:04", relay="192.168.1.1", hostname="cam")


@pytest.fixture
def network(tmp_path: Path, dhcp: Kea, phpipam_database: Database, gateway_host: Sshd) -> RealNetwork:
    """Nothing is reserved and D2 is off in the LAN, so that what stands there is ours."""
    dhcp.configure([replace(one, reservations=()) for one in dhcp.subnets])
    found = real_network(tmp_path / "own", dhcp, phpipam_database, gateway_host)
    found.world.judged()
    return found


def census(network: RealNetwork) -> str:
    """A census in which everything was read and every change took effect, and its id if it wrote something."""
    assert network.world.run() == []
    return network.world.last_that_wrote()


def undo(network: RealNetwork, run_id: str, **only: str) -> str:
    """An undo that went through, and its own id."""
    assert network.world.run("undo", run_id=run_id, **only) == []
    return network.world.last_that_wrote()


def records(network: RealNetwork) -> Records:
    """Every record but the SOAs, whose serials tell how often and not what."""
    return {record for record in network.records() if record[2] != "SOA"}


def rows(network: RealNetwork) -> dict[str, Row]:
    """Every address of phpIPAM's, without when it was seen and edited."""
    found = network.ipam.execute("SELECT * FROM ipaddresses")
    return {str(row["ip_addr"]): {k: v for k, v in row.items() if k not in {"lastSeen", "editDate"}} for row in found}


def withheld(network: RealNetwork, table: str = "undo_withheld") -> dict[tuple[object, object], object]:
    """The rule by which each thing was left alone."""
    return {(row["subject"], row["field"]): row["rule"] for row in network.world.table(table)}


def test_a_census_is_taken_back_and_stays_so_until_the_undo_is_undone(network: RealNetwork) -> None:
    """What a person edited stays, the rest is as before; censuses leave it so; the undo of the undo brings it back."""
    names, held = records(network), rows(network)
    tv, radio = (network.kea.client().lease(one).address for one in (TV, RADIO))
    wrote = census(network)
    after = records(network), rows(network)
    network.bind.replace(ZONE, f"radio.{ZONE}", 60, "A", "192.168.1.250")
    identity = network.address(radio)["id"]
    network.ipam.execute("UPDATE ipaddresses SET description = 'by the window' WHERE id = %s", [identity])

    undid = undo(network, wrote[:8])
    kept = {record for record in records(network) if record[0] == f"radio.{ZONE}"}
    assert records(network) - kept == names
    assert {rtype for _, _, rtype, _ in kept} == {"A", "DHCID"}
    emptied = network.address(tv)
    assert (emptied["hostname"], emptied["mac"], emptied["state"]) == (None, None, 1)
    assert network.address(radio)["hostname"] == "radio"
    assert {ip: row for ip, row in rows(network).items() if ip in held} == held
    refused = withheld(network)
    assert refused[f"radio.{ZONE}.", "A"] == "changed-since"
    assert refused[f"radio.{ZONE}.", "DHCID"] == "beside"

    undone = records(network), rows(network)
    for _ in range(2):
        before = network.everything()
        census(network)
        assert (records(network), rows(network)) == undone
        assert network.everything() == before
        assert withheld(network, "withheld")[f"tv.{ZONE}.", "A"] == "undone"

    assert network.world.run("undo", run_id=wrote) == []
    assert network.everything() == before
    assert withheld(network)[f"tv.{ZONE}.", "A"] == "already"

    undo(network, undid)
    expected = {record for record in after[0] if record[0] != f"radio.{ZONE}"} | kept
    assert records(network) == expected
    assert network.address(tv)["hostname"] == "tv"
    pointer = ip_address(tv).reverse_pointer
    assert network.bind.query(pointer, "PTR") == [f"tv.{ZONE}."]
    before = network.everything()
    census(network)
    assert network.everything() == before


def test_what_a_census_changed_and_withdrew_is_put_back_as_it_was(network: RealNetwork) -> None:
    """One census names, renames and withdraws; its undo restores TTLs and DHCIDs; the row a person edited stays."""
    tv, radio = (network.kea.client().lease(one) for one in (TV, RADIO))
    for _ in range(3):
        census(network)
    network.world.age(hours=240)
    network.kea.client().release(tv)
    eventually(lambda: tv.address not in {one["ip-address"] for one in network.kea.leases()}, "the lease's end")
    census(network)
    network.world.age(hours=25)
    cam = network.kea.client().lease(CAM).address
    network.kea.client().request(replace(RADIO, hostname="wireless"), radio.address)
    names, held = records(network), rows(network)

    wrong = census(network)
    after = records(network)
    assert network.bind.query(f"tv.{ZONE}", "A") == []
    assert network.bind.query(ip_address(radio.address).reverse_pointer, "PTR") == [f"wireless.{ZONE}."]
    identity = network.address(cam)["id"]
    network.ipam.execute("UPDATE ipaddresses SET description = 'the door' WHERE id = %s", [identity])

    undid = undo(network, wrong)
    assert records(network) == names
    assert {ip: row for ip, row in rows(network).items() if row["id"] != identity} == held
    assert network.address(cam)["hostname"] == "cam"
    for _ in range(2):
        before = network.everything()
        census(network)
        assert network.everything() == before

    undo(network, undid)
    assert records(network) == after
    assert network.address(radio.address)["hostname"] == "wireless"
    before = network.everything()
    census(network)
    assert network.everything() == before


def test_of_two_undos_at_once_one_is_carried_out_and_the_other_told_who_is_at_it(network: RealNetwork) -> None:
    """Whether the second comes to load while the first does, or when it has: nothing is done or noted twice."""
    network.kea.client().lease(TV)
    wrote, own = census(network), network.world
    after = records(network)
    assert own.run("rehearse_undo", run_id=wrote) == []
    second = str(own.ledger("snapshots")[-1][1])
    with subprocess.Popen(own.argv("undo", wrote), env=own.environment, stdout=subprocess.DEVNULL) as first:
        with network.ipam.locked("ipaddresses"):
            eventually(lambda: is_loading(network), "the first undo's load")
            with pytest.raises(TargetError, match=r"another run is loading, from \S+, for \d+ s\. Wait for it to end"):
                load_planned(network, second)
        assert first.wait(PATIENCE_S) == 0
    undid, undone = own.last_that_wrote(), network.everything()
    assert undid != wrote

    noted = own.ledger("applied"), own.ledger("holds"), own.ledger("receipts")
    with pytest.raises(PlanRefused, match=f"run {undid} has undone run {wrote} while this plan was made"):
        load_planned(network, second)
    assert network.everything() == undone
    assert (own.ledger("applied"), own.ledger("holds"), own.ledger("receipts")) == noted
    undo(network, undid)
    assert records(network) == after


def is_loading(network: RealNetwork) -> bool:
    """Whether a run of ours holds the lock of a load."""
    return network.ipam.execute("SELECT IS_USED_LOCK('netcensus.load') AS used")[0]["used"] is not None


def load_planned(network: RealNetwork, run_id: str) -> None:
    """The load of the undo that was planned last, by a run that read the targets and planned the same."""
    with network.world.entered():
        outside = resources_of(read_network(network.world.network_toml), network.world.network_toml)
        stored, targets = outside["stored_tables"], outside["targets"]
        assert isinstance(stored, StoredTables)
        assert isinstance(targets, Targets)
        with targets.carried_out(run_id, Plans(*(stored.read(name, PLANNED[name]) for name in PLANS))):
            pass
