"""Whole runs between real servers: Kea with its D2, BIND, MariaDB and OpenSSH."""

import time
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.scenarios.real_world import RealNetwork, real_network, secrets_of
from tests.services.dhcp_client import Device
from tests.services.kea import Kea
from tests.services.kea_config import Subnet
from tests.services.mariadb import Database
from tests.services.openssh import Sshd
from tests.services.process import eventually

SOFIA = ZoneInfo("Europe/Sofia")
TV = Device("02:00:00:00:00:02", relay="192.168.1.1", hostname="tv", client_id=b"\x01\x02\x00\x00\x00\x00\x02")
LAPTOP = Device("02:00:00:00:00:01", relay="10.0.10.1", hostname="Laptop")


@pytest.fixture
def network(tmp_path: Path, dhcp: Kea, phpipam_database: Database, gateway_host: Sshd) -> RealNetwork:
    """The servers as they first were; a database user with just the rights of deploy/mysql-grants.sql."""
    found = real_network(tmp_path / "own", dhcp, phpipam_database, gateway_host)
    found.world.judged()
    return found


def census(network: RealNetwork) -> None:
    """A census in which everything was read and every change took effect."""
    assert network.world.run() == []


def test_a_device_where_d2_is_off_is_entered_and_published(network: RealNetwork) -> None:
    """A DHCP lease in the LAN becomes phpIPAM's row, its changelog, and A, PTR and DHCID in BIND, by us."""
    ip = network.kea.client().lease(TV).address
    (lease,) = network.kea.leases()
    census(network)
    row = network.address(ip)
    assert (row["hostname"], row["mac"], row["state"]) == ("tv", TV.mac, 2)
    assert row["lastSeen"] == f"{datetime.fromtimestamp(lease['cltt'], SOFIA):%Y-%m-%d %H:%M:%S}"
    pointer = ip_address(ip).reverse_pointer
    assert network.bind.query("tv.viktorbarzin.lan", "A") == [ip]
    assert network.bind.query(pointer, "PTR") == ["tv.viktorbarzin.lan."]
    (mark,) = network.bind.query("tv.viktorbarzin.lan", "DHCID")
    assert network.bind.query(pointer, "DHCID") == [mark]
    check_changelog(network, row["id"])


def check_changelog(network: RealNetwork, identity: int) -> None:
    """The row's one entry is as phpIPAM writes it, by the user netcensus, now, in PHP's zone."""
    (entry,) = network.ipam.execute("SELECT * FROM changelog WHERE ctype = 'ip_addr' AND coid = %s", [identity])
    assert (entry["cuser"], entry["caction"], entry["cresult"]) == (2, "add", "success")
    assert entry["cdiff"].startswith("[details]: \r\n[subnetId]. 192.168.1.0/24 [LAN 192.168.1.0/24] (id 9)\r\n")
    assert "[hostname]. tv\r\n[mac]. 02.00.00.00.00.02\r\n" in entry["cdiff"]
    age = datetime.now(SOFIA).replace(tzinfo=None) - datetime.fromisoformat(str(entry["cdate"]))
    assert abs(age.total_seconds()) < 1800, "in another zone it would be hours"


def test_d2_takes_over_what_we_wrote(network: RealNetwork) -> None:
    """The DHCID we wrote is the one D2 would have: the day DDNS is on, D2 renews the name as its own."""
    leased = network.kea.client().lease(TV)
    census(network)
    (ours,) = network.bind.query("tv.viktorbarzin.lan", "DHCID")
    network.kea.configure([replace(one, is_ddns_on=True) for one in network.kea.subnets])
    network.kea.client().release(leased)
    again = network.kea.client().lease(TV)
    eventually(lambda: "DHCP_DDNS_ADD_SUCCEEDED" in network.kea.d2.log_text(), "D2's success")
    assert network.bind.query("tv.viktorbarzin.lan", "A") == [again.address]
    assert network.bind.query("tv.viktorbarzin.lan", "DHCID") == [ours]


def test_a_device_where_d2_is_on_is_entered_and_left_to_d2(network: RealNetwork) -> None:
    """Its row appears in phpIPAM; DNS holds exactly what D2 wrote, and we send no UPDATE message for it."""
    network.kea.configure([replace(one, reservations=()) for one in network.kea.subnets])  # nothing else to publish
    ip = network.kea.client().lease(LAPTOP).address
    network.bind.wait_for(ip_address(ip).reverse_pointer, "PTR")
    before, updates = network.records(), network.bind.update_count()
    census(network)
    assert (network.address(ip)["hostname"], network.address(ip)["mac"]) == ("laptop", LAPTOP.mac)
    assert network.records() == before
    assert network.bind.update_count() == updates


def test_a_second_census_writes_nothing(network: RealNetwork, capfd: pytest.CaptureFixture[str]) -> None:
    """No UPDATE message, no serial, no row, editDate or changelog entry; in the ledger only that it looked.

    And no secret is left in the archive, the tables, the ledger, Dagster's events and logs, or on stdout and stderr.
    """
    network.kea.client().lease(TV)
    ip = network.kea.client().lease(LAPTOP).address
    network.bind.wait_for(ip_address(ip).reverse_pointer, "PTR")  # D2's second message, and its last
    census(network)
    before = network.everything()
    ledger = [network.world.ledger(name) for name in ("applied", "receipts")]
    census(network)
    assert network.everything() == before
    assert [network.world.ledger(name) for name in ("applied", "receipts")] == ledger
    out, err = capfd.readouterr()
    for secret in secrets_of(network):
        assert network.world.files_holding(secret) == []
        assert secret not in out + err
    assert network.world.files_holding(TV.mac), "the search finds what is there"


def test_a_name_edited_by_hand_in_phpipam_survives_and_is_published(network: RealNetwork) -> None:
    """A person renames the device: the next censuses keep the name, and DNS follows it."""
    ip = network.kea.client().lease(TV).address
    census(network)
    identity = network.address(ip)["id"]
    network.ipam.execute("UPDATE ipaddresses SET hostname = 'cinema', note = 'by hand' WHERE id = %s", [identity])
    edited = network.address(ip)
    census(network)
    assert network.address(ip) == edited
    assert network.bind.query("cinema.viktorbarzin.lan", "A") == [ip]
    before = network.everything()
    census(network)
    assert network.everything() == before


def test_a_record_edited_by_hand_in_dns_survives(network: RealNetwork) -> None:
    """A person points the name elsewhere: it stays so, and is reported."""
    network.kea.client().lease(TV)
    census(network)
    network.bind.delete("viktorbarzin.lan", "tv.viktorbarzin.lan", "A")
    network.bind.add("viktorbarzin.lan", "tv.viktorbarzin.lan", 3600, "A", "192.168.1.77")
    before = network.everything()
    census(network)
    assert network.everything() == before
    kept = [row for row in network.world.table("withheld") if row["subject"] == "tv.viktorbarzin.lan."]
    assert [(row["rule"], row["existing"]) for row in kept] == [("kept-edit", "192.168.1.77")]


def test_a_wrong_database_password_is_said_and_nothing_is_written(
    tmp_path: Path, dhcp: Kea, phpipam_database: Database, gateway_host: Sshd
) -> None:
    """The command names the database, the user and the remedy, shows no password, and writes to neither target."""
    dhcp.client().lease(TV)
    network = real_network(tmp_path / "own", dhcp, phpipam_database, gateway_host, password="not-the-password")
    before = network.everything()
    done = network.world.command()
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    for part in (f"{phpipam_database.host}:{phpipam_database.port}/phpipam", "netcensus", "Access denied"):
        assert part in line
    assert "NETCENSUS_PHPIPAM_PASSWORD_FILE" in line
    for secret in ("not-the-password", *secrets_of(network)):
        assert secret not in done.stderr
        assert network.world.files_holding(secret) == []
    assert network.everything() == before


# --- many ------------------------------------------------------------------------------------------------------


def test_a_thousand_leases_go_into_an_empty_phpipam(network: RealNetwork, capsys: pytest.CaptureFixture[str]) -> None:
    """A thousand new devices are a row, a changelog entry and a name each; the next census writes nothing.

    So many at once want a limit that was raised for them: the first census is refused, and has written nothing.
    """
    known = network.world.network_toml.read_text().replace('"10.3.2.0/24"', '"10.3.2.0/24", "10.4.0.0/21"')
    network.world.network_toml.write_text(known, encoding="utf-8")
    network.ipam.execute(
        "INSERT INTO subnets (id, subnet, mask, sectionId, description, vrfId, masterSubnetId) VALUES (20, %s, '21', 3,"
        " 'Many', 0, 0)",
        [str(int(ip_address("10.4.0.0")))],
    )
    add_leases(network, 1000)
    assert "refused by creates-per-" in network.world.run()[0]
    assert network.ipam.execute("SELECT count(*) AS n FROM ipaddresses WHERE subnetId = 20") == [{"n": 0}]
    raised = "[guards]\ncreates = {few = 1000, max_count = 1000}\n"
    network.world.network_toml.write_text(f"{known}\n{raised}", encoding="utf-8")
    before = network.ipam.counters()
    began = time.monotonic()
    census(network)
    took_s, after = time.monotonic() - began, network.ipam.counters()
    spent = {name: after[name] - before[name] for name in after}
    rows = network.ipam.execute("SELECT count(*) AS n, count(hostname) AS named FROM ipaddresses WHERE subnetId = 20")
    assert rows == [{"n": 1000, "named": 1000}]
    assert network.ipam.execute("SELECT count(*) AS n FROM changelog WHERE caction = 'add'") == [{"n": 1000}]
    assert sum(1 for record in network.bind.records("viktorbarzin.lan") if record[2] == "A") == 1000
    assert spent["Handler_update"] == spent["Handler_delete"] == 0
    assert spent["Handler_write"] == 2000
    assert spent["Com_insert"] <= 100, "many rows a statement"
    with capsys.disabled():
        print(f"\n1,000 new leases: census {took_s:.1f} s, load {load_s(network):.1f} s, {spent}")  # noqa: T201 - a measure
    state = network.everything()
    census(network)
    assert network.everything() == state


def add_leases(network: RealNetwork, count: int) -> None:
    """That many leases in Kea, in a subnet where D2 is off."""
    many = Subnet("10.4.0.0/21", is_ddns_on=False)
    network.kea.configure([*(replace(one, reservations=()) for one in network.kea.subnets), many])
    for number in range(count):
        lease = {
            "ip-address": str(ip_address("10.4.0.1") + number),
            "hw-address": f"02:00:00:04:{number >> 8:02x}:{number & 255:02x}",
            "hostname": f"device-{number}",
            "subnet-id": 4,
        }
        network.kea.command("lease4-add", lease)


def load_s(network: RealNetwork) -> float:
    """How long the last census's step `load` took, by Dagster's own account."""
    import dagster as dg  # noqa: PLC0415 - as the census itself does

    with network.world.entered(), dg.DagsterInstance.get() as instance:
        run_id = instance.get_runs(limit=1)[0].run_id
        (step,) = instance.get_run_step_stats(run_id, ["load"])
        assert step.start_time is not None
        assert step.end_time is not None
        return step.end_time - step.start_time
