"""Kea's names between the real Kea, its D2 and BIND: what goes wrong with them, and a census that makes it good."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from subprocess import run
from typing import Any

import pytest

from pipelines.parse.phpipam import decimal_of
from tests.scenarios.real_world import RealNetwork, real_network
from tests.services.dhcp_client import Device
from tests.services.kea import Kea
from tests.services.mariadb import Database
from tests.services.openssh import Sshd
from tests.services.process import eventually
from tests.services.programs import path_of

DOMAIN = "viktorbarzin.lan"
PHONE = Device("02:00:00:00:00:31", relay="10.0.10.1", hostname="phone")
DEVVM = Device("52:54:00:10:00:10", relay="10.0.10.1", hostname="devvm")
IMPOSTOR = Device("02:00:00:00:00:66", relay="10.0.10.1", hostname="devvm")
TV = Device("02:00:00:00:00:02", relay="192.168.1.1", hostname="tv", client_id=b"\x01\x02\x00\x00\x00\x00\x02")
Row = dict[str, Any]
_LOOK_EVERY_S = 0.005  # without a pause it takes the census's processor time away


@pytest.fixture
def network(tmp_path: Path, dhcp: Kea, phpipam_database: Database, gateway_host: Sshd) -> RealNetwork:
    """The servers as they first were, with one reservation only: devvm's."""
    first, *others = dhcp.subnets
    dhcp.configure(
        [replace(first, reservations=first.reservations[:1]), *(replace(one, reservations=()) for one in others)]
    )
    found = real_network(tmp_path / "own", dhcp, phpipam_database, gateway_host)
    found.world.judged()
    census(found)  # what is reserved, and what phpIPAM names, is published
    return found


def census(network: RealNetwork) -> None:
    """A census in which everything was read and every change took effect."""
    assert network.world.run() == []


def names(network: RealNetwork, label: str) -> tuple[list[str], list[str]]:
    """The addresses of a name, and the names their pointers say."""
    addresses = network.bind.query(f"{label}.{DOMAIN}", "A")
    return addresses, [name for ip in addresses for name in network.bind.query(pointer(ip), "PTR")]


def pointer(ip: str) -> str:
    """The owner name of an address's PTR."""
    return ip_address(ip).reverse_pointer


def is_registered(network: RealNetwork, label: str, ip: str) -> bool:
    """Whether A and PTR say so, both with one DHCID."""
    marks = [network.bind.query(owner, "DHCID") for owner in (f"{label}.{DOMAIN}", pointer(ip))]
    return names(network, label) == ([ip], [f"{label}.{DOMAIN}."]) and len(marks[0]) == 1 and marks[0] == marks[1]


def wait_until_registered(network: RealNetwork, label: str, ip: str) -> None:
    """Until D2 has done what it was asked for."""
    eventually(lambda: is_registered(network, label, ip), f"D2's registration of {label} for {ip}")


def registration(network: RealNetwork, ip: str) -> Row:
    """What the last census found of a lease."""
    (row,) = [row for row in network.world.table("registrations") if row["ip"] == ip]
    return row


def check_all_is_well(network: RealNetwork, *contested: str) -> None:
    """The next census finds every lease's name right, but the contested ones, and sends nothing."""
    before = network.everything()
    census(network)
    verdicts = {str(row["ip"]): row["verdict"] for row in network.world.table("registrations")}
    assert {ip for ip, verdict in verdicts.items() if verdict != "right"} == set(contested)
    assert network.world.table("heal_plan") == []
    assert network.everything() == before


def test_a_device_that_comes_back_after_its_lease_ended(network: RealNetwork) -> None:
    """D2 took its name away; no census puts it back in between, so that D2 can register it again."""
    leased = network.kea.client().lease(PHONE)
    wait_until_registered(network, "phone", leased.address)
    census(network)
    network.kea.configure([replace(one, reservations=(), valid_lifetime_s=1) for one in network.kea.subnets])
    network.kea.client().renew(leased)
    network.bind.wait_until_gone(f"phone.{DOMAIN}", "A")
    network.bind.wait_until_gone(pointer(leased.address), "PTR")
    census(network)
    assert names(network, "phone") == ([], [])
    network.kea.configure([replace(one, reservations=()) for one in network.kea.subnets])
    again = network.kea.client().lease(PHONE).address
    wait_until_registered(network, "phone", again)
    census(network)
    check_all_is_well(network)


def test_a_device_that_changes_its_name(network: RealNetwork) -> None:
    """D2 moves A and PTR to the new name; the old one is gone and stays so."""
    leased = network.kea.client().lease(PHONE)
    wait_until_registered(network, "phone", leased.address)
    census(network)
    network.kea.client().request(replace(PHONE, hostname="pixel"), leased.address)
    wait_until_registered(network, "pixel", leased.address)
    network.bind.wait_until_gone(f"phone.{DOMAIN}", "A")  # D2 has no order between two names
    census(network)
    assert names(network, "phone") == ([], [])
    check_all_is_well(network)


def test_a_device_that_gets_another_address(network: RealNetwork) -> None:
    """The name follows, the old pointer goes."""
    leased = network.kea.client().lease(PHONE)
    wait_until_registered(network, "phone", leased.address)
    census(network)
    network.kea.client().release(leased)
    network.bind.wait_until_gone(f"phone.{DOMAIN}", "A")
    moved = network.kea.client().lease(PHONE, "10.0.10.150").address
    assert moved != leased.address
    wait_until_registered(network, "phone", moved)
    census(network)
    assert network.bind.query(pointer(leased.address), "PTR") == []
    check_all_is_well(network)


def test_a_device_that_roams_between_a_census_and_a_dns_sync(network: RealNetwork) -> None:
    """The name stays where D2 has taken it, though the lease that the census knew runs on."""
    leased = network.kea.client().lease(PHONE)
    wait_until_registered(network, "phone", leased.address)
    census(network)
    roamed = network.kea.client().lease(replace(PHONE, relay="10.0.20.1")).address
    wait_until_registered(network, "phone", roamed)
    asked = network.kea.dhcp4.log_text().count("RESEND_DDNS4")  # by whatever used this Kea before
    assert network.world.run("dns_sync") == []
    assert network.kea.dhcp4.log_text().count("RESEND_DDNS4") == asked
    assert is_registered(network, "phone", roamed)


def test_a_device_that_roams_and_comes_home_between_two_censuses(network: RealNetwork) -> None:
    """D2 took its name over and away; that is no person's deletion: the next census gives it back."""
    home = network.kea.client().lease(TV).address
    census(network)
    assert is_registered(network, "tv", home)
    roamed = network.kea.client().lease(replace(TV, relay="10.0.10.1"))
    wait_until_registered(network, "tv", roamed.address)
    network.kea.client().release(roamed)
    network.bind.wait_until_gone(f"tv.{DOMAIN}", "A")
    eventually(lambda: "DHCP_DDNS_REMOVE_SUCCEEDED" in network.kea.d2.log_text(), "the end of D2's removal")
    census(network)
    assert is_registered(network, "tv", home)
    check_all_is_well(network)


def test_a_lease_that_d2_slept_through(network: RealNetwork) -> None:
    """DNS never heard of it; the census asks Kea to register it again, once, and says so."""
    network.kea.d2.stop()
    ip = network.kea.client().lease(PHONE).address
    network.kea.start()
    before = network.bind.update_count()
    census(network)
    assert registration(network, ip)["verdict"] == "missing"
    wait_until_registered(network, "phone", ip)
    receipt = [row for row in network.world.table("dns_receipt") if row["target"] == "kea"]
    assert [(row["subject"], row["action"], row["outcome"]) for row in receipt] == [(ip, "resend", "applied")]
    assert network.bind.update_count() - before == 2, "D2's two messages, and none of ours"
    check_all_is_well(network)


@pytest.mark.services("nsupdate")
def test_a_client_that_took_a_reserved_name(network: RealNetwork, tmp_path: Path) -> None:
    """The owner is kept out by the impostor's DHCID: whose it is is said, and the script that is given clears it."""
    taken = network.kea.client().lease(IMPOSTOR).address
    wait_until_registered(network, "devvm", taken)
    ip = network.kea.client().lease(DEVVM).address
    assert ip == "10.0.10.10"
    census(network)
    found = registration(network, ip)
    assert found["verdict"] == "other-device"
    assert f"{taken} ({IMPOSTOR.mac})" in str(found["reason"])
    assert registration(network, taken)["nsupdate"] is None
    nsupdate(network, tmp_path, str(found["nsupdate"]))
    census(network)
    wait_until_registered(network, "devvm", ip)
    check_all_is_well(network, taken)


@pytest.mark.services("nsupdate")
def test_what_an_old_job_left_in_the_way(network: RealNetwork, tmp_path: Path) -> None:
    """An A without DHCID, not ours, stays; run by a person, the very script of the report clears it."""
    network.bind.add(DOMAIN, f"phone.{DOMAIN}", 3600, "A", "10.0.10.77")
    network.bind.add("10.0.10.in-addr.arpa", pointer("10.0.10.77"), 3600, "PTR", f"phone.{DOMAIN}.")
    ip = network.kea.client().lease(PHONE).address
    eventually(lambda: "DHCP_DDNS_ADD_FAILED" in network.kea.d2.log_text(), "D2's refusal")
    before = network.records()
    census(network)
    assert network.records() == before
    found = registration(network, ip)
    assert (found["verdict"], found["is_ours"]) == ("blocked", False)
    (told,) = [row for row in network.world.table("withheld") if row["rule"] == "kea-blocked"]
    script = str(told["reason"]).split("\n", 1)[1]
    assert script == found["nsupdate"]
    nsupdate(network, tmp_path, script)
    assert names(network, "phone") == ([], [])
    assert network.bind.query(pointer("10.0.10.77"), "PTR") == []
    census(network)
    wait_until_registered(network, "phone", ip)
    check_all_is_well(network)


@pytest.mark.services("nsupdate")
def test_the_script_changes_nothing_once_the_record_is_another(network: RealNetwork, tmp_path: Path) -> None:
    """It is guarded by what was seen: a record that somebody has changed since is left alone."""
    network.bind.add(DOMAIN, f"phone.{DOMAIN}", 3600, "A", "10.0.10.77")
    ip = network.kea.client().lease(PHONE).address
    census(network)
    network.bind.add(DOMAIN, f"phone.{DOMAIN}", 3600, "A", "10.0.10.78")
    before = network.records()
    answer = nsupdate(network, tmp_path, str(registration(network, ip)["nsupdate"]), expected=2)
    assert "NXRRSET" in answer
    assert network.records() == before


def test_what_we_left_in_the_way_ourselves(network: RealNetwork) -> None:
    """A name a person had given to another host, and took back: one census clears it and has D2 register the lease."""
    network.ipam.execute(
        "INSERT INTO ipaddresses (subnetId, ip_addr, hostname, state) SELECT id, %s, 'phone', 2 FROM subnets"
        " WHERE subnet = %s AND mask = '24'",
        [decimal_of("10.0.10.77"), decimal_of("10.0.10.0")],
    )
    census(network)
    assert names(network, "phone") == (["10.0.10.77"], [f"phone.{DOMAIN}."])
    network.ipam.execute("DELETE FROM ipaddresses WHERE ip_addr = %s", [decimal_of("10.0.10.77")])
    ip = network.kea.client().lease(PHONE).address
    eventually(lambda: "DHCP_DDNS_ADD_FAILED" in network.kea.d2.log_text(), "D2's refusal")
    census(network)
    wait_until_registered(network, "phone", ip)
    assert network.bind.query(pointer("10.0.10.77"), "PTR") == []
    check_all_is_well(network)


def test_d2_is_switched_on_without_a_gap(network: RealNetwork) -> None:
    """From our records to D2's, the name answers at every moment; then they are D2's, and the ledger knows nothing."""
    leased = network.kea.client().lease(TV)
    census(network)
    assert is_registered(network, "tv", leased.address)
    held = {row[2] for row in network.world.ledger("applied")}
    assert {f"tv.{DOMAIN}.", f"{pointer(leased.address)}."} <= held
    with watched(network, "tv", leased.address) as gaps:
        network.kea.configure([replace(one, is_ddns_on=True, reservations=()) for one in network.kea.subnets])
        census(network)
        network.kea.client().renew(leased)
        eventually(lambda: "DHCP_DDNS_ADD_SUCCEEDED" in network.kea.d2.log_text(), "D2's success")
        census(network)
    assert gaps == []
    assert held & {f"tv.{DOMAIN}.", f"{pointer(leased.address)}."}
    assert not {row[2] for row in network.world.ledger("applied")} & {f"tv.{DOMAIN}.", f"{pointer(leased.address)}."}
    check_all_is_well(network)
    network.kea.client().release(leased)
    network.bind.wait_until_gone(f"tv.{DOMAIN}", "A")
    network.bind.wait_until_gone(pointer(leased.address), "PTR")  # D2's second message: the name goes first
    eventually(lambda: "DHCP_DDNS_REMOVE_SUCCEEDED" in network.kea.d2.log_text(), "the end of D2's removal")
    check_all_is_well(network)
    assert names(network, "tv") == ([], [])


def test_our_own_record_becomes_d2_s_without_a_gap(network: RealNetwork) -> None:
    """A plain A of ours that is right already keeps D2 out: it gets the DHCID, and answers all along, D2 down too."""
    ip = "10.0.10.150"
    network.ipam.execute(
        "INSERT INTO ipaddresses (subnetId, ip_addr, hostname, state) SELECT id, %s, 'phone', 2 FROM subnets"
        " WHERE subnet = %s AND mask = '24'",
        [decimal_of(ip), decimal_of("10.0.10.0")],
    )
    census(network)
    with watched(network, "phone", ip, is_resolved) as gaps:
        assert network.kea.client().lease(PHONE, ip).address == ip
        eventually(lambda: "DHCP_DDNS_ADD_FAILED" in network.kea.d2.log_text(), "D2's refusal")
        network.kea.d2.stop()
        census(network)
        assert len(network.bind.query(f"phone.{DOMAIN}", "DHCID")) == 1
        assert not is_registered(network, "phone", ip)
        network.kea.start()
        census(network)
        wait_until_registered(network, "phone", ip)
        census(network)
    assert gaps == []
    assert not {row[2] for row in network.world.ledger("applied")} & {f"phone.{DOMAIN}.", f"{pointer(ip)}."}
    check_all_is_well(network)


def test_d2_is_switched_off_again(network: RealNetwork) -> None:
    """What it left is ours from then on, without an UPDATE; only the TTLs become ours, and once."""
    ip = network.kea.client().lease(PHONE).address
    wait_until_registered(network, "phone", ip)
    census(network)
    network.kea.configure([replace(one, is_ddns_on=False, reservations=()) for one in network.kea.subnets])
    before = network.bind.update_count()
    census(network)
    assert network.bind.update_count() == before
    held = {(row[2], row[3]) for row in network.world.ledger("applied")}
    owners = (f"phone.{DOMAIN}.", f"{pointer(ip)}.")
    assert {(owners[0], "A"), (owners[0], "DHCID"), (owners[1], "PTR"), (owners[1], "DHCID")} <= held
    census(network)
    assert is_registered(network, "phone", ip)
    check_all_is_well(network)


def is_resolved(network: RealNetwork, label: str, ip: str) -> bool:
    """Whether the name has the address, and the pointer the name."""
    return names(network, label) == ([ip], [f"{label}.{DOMAIN}."])


@contextmanager
def watched(
    network: RealNetwork, label: str, ip: str, is_right: Callable[[RealNetwork, str, str], bool] = is_registered
) -> Iterator[list[object]]:
    """While the block runs, the name and its pointer are asked for again and again; what was not as it should be."""
    ended, gaps, looks = threading.Event(), list[object](), list[None]()

    def watch() -> None:
        while not ended.is_set():
            looks.append(None)
            if not is_right(network, label, ip):
                gaps.append(names(network, label))
            ended.wait(_LOOK_EVERY_S)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield gaps
    finally:
        ended.set()
        watcher.join()
    assert len(looks) > 100


def nsupdate(network: RealNetwork, folder: Path, script: str, expected: int = 0) -> str:
    """What nsupdate says to a script, run by a person with a key of their own."""
    key = folder / "hand.key"
    key.write_text(f'key "hand" {{ algorithm hmac-sha256; secret "{network.bind.secrets["hand"]}"; }};\n')
    done = run([path_of("nsupdate"), "-k", str(key)], input=script + "\n", capture_output=True, text=True, check=False)
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr
