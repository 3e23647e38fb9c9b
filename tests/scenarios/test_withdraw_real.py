"""The end of a lease between the real Kea, D2, BIND and MariaDB, and the same while D2 takes the others over."""

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.scenarios.real_world import RealNetwork, real_network
from tests.services.dhcp_client import Device, Lease
from tests.services.kea import Kea
from tests.services.mariadb import Database
from tests.services.openssh import Sshd
from tests.services.process import eventually

DOMAIN = "viktorbarzin.lan"
TV = Device("02:00:00:00:00:02", relay="192.168.1.1", hostname="tv", client_id=b"\x01\x02\x00\x00\x00\x00\x02")
RADIO = Device("02:00:00:00:00:03", relay="192.168.1.1", hostname="radio")
LONG_AGO = "2020-01-01 12:00:00"


@pytest.fixture
def network(tmp_path: Path, dhcp: Kea, phpipam_database: Database, gateway_host: Sshd) -> RealNetwork:
    """A ledger of ten days in which every source was read three times; nothing is reserved, D2 is off in the LAN."""
    dhcp.configure([replace(one, reservations=()) for one in dhcp.subnets])
    found = real_network(tmp_path / "own", dhcp, phpipam_database, gateway_host)
    found.world.judged()
    for _ in range(3):
        census(found)
    found.world.age(hours=240)
    return found


def census(network: RealNetwork) -> None:
    """A census in which everything was read and every change took effect."""
    assert network.world.run() == []


def standing(network: RealNetwork, lease: Lease) -> dict[str, list[str]]:
    """What BIND says of a leased name and its address."""
    name, pointer = f"{lease.device.hostname!s}.{DOMAIN}", ip_address(lease.address).reverse_pointer
    asked = {"A": name, "DHCID": name, "PTR": pointer}
    found = {rtype: network.bind.query(owner, rtype) for rtype, owner in asked.items()}
    return {**found, "DHCID beside the PTR": network.bind.query(pointer, "DHCID")}


def is_gone(network: RealNetwork, lease: Lease) -> bool:
    """Whether BIND knows nothing of it."""
    return not any(standing(network, lease).values())


def tag(network: RealNetwork, ip: str) -> tuple[object, object]:
    """The tag (2 is Used, 1 Offline) and the name phpIPAM shows for an address."""
    row = network.address(ip)
    return row["state"], row["hostname"]


def forget(network: RealNetwork, lease: Lease) -> None:
    """The device leaves, and Kea no longer knows its lease."""
    network.kea.client().release(lease)
    eventually(lambda: lease.address not in {one["ip-address"] for one in network.kea.leases()}, "the lease's end")


def unseen(network: RealNetwork, ip: str) -> None:
    """Years pass since it was last seen."""
    identity = network.address(ip)["id"]
    network.ipam.execute("UPDATE ipaddresses SET lastSeen = %s WHERE id = %s", [LONG_AGO, identity])


def test_who_is_gone_goes_from_dns_and_then_from_phpipam(network: RealNetwork) -> None:
    """A day after the lease A, PTR and both DHCIDs go, whole; then the row is Offline and nameless; then nothing."""
    tv = network.kea.client().lease(TV)
    census(network)
    assert all(standing(network, tv).values())
    forget(network, tv)
    census(network)
    assert all(standing(network, tv).values()), "it was there an hour ago"
    network.world.age(hours=25)
    census(network)
    assert is_gone(network, tv)
    assert tag(network, tv.address) == (2, "tv"), "it was seen today"
    unseen(network, tv.address)
    census(network)
    assert tag(network, tv.address) == (1, None)
    before = network.everything()
    census(network)
    assert network.everything() == before


def test_one_goes_while_d2_takes_the_other_over(network: RealNetwork) -> None:
    """D2 is switched on: what is leased becomes its own, what has ended is ours to take back, and is D2's on return."""
    tv, radio = network.kea.client().lease(TV), network.kea.client().lease(RADIO)
    census(network)
    forget(network, tv)
    census(network)
    network.kea.configure([replace(one, is_ddns_on=True, reservations=()) for one in network.kea.subnets])
    network.kea.client().renew(radio)
    eventually(lambda: "DHCP_DDNS_ADD_SUCCEEDED" in network.kea.d2.log_text(), "D2's success")
    network.world.age(hours=25)
    before = standing(network, radio)
    census(network)
    assert is_gone(network, tv)
    assert standing(network, radio) == before
    assert not [row for row in network.world.ledger("applied") if row[0] == "dns"], "one is gone, the other D2's"
    forget(network, radio)
    eventually(lambda: is_gone(network, radio), "D2's removal")
    again = network.kea.client().lease(TV)
    eventually(lambda: all(standing(network, again).values()), "D2's registration")
    census(network)
    updates = network.bind.update_count()
    census(network)
    assert network.bind.update_count() == updates
    assert all(standing(network, again).values())
    assert is_gone(network, radio)
