"""A dual-stack host between real servers: Kea for both families, BIND with ip6.arpa, MariaDB and OpenSSH."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path

import pytest

from pipelines.network import Site
from pipelines.parse import kea_memfile
from pipelines.parse.phpipam import decimal_of
from resources.gateways import read_site
from tests.conftest import ZONES
from tests.integration.test_gateway import gateway_at, now
from tests.scenarios.real_world import RealNetwork, real_network
from tests.services.bind import running_bind
from tests.services.dhcp_client import Device
from tests.services.kea import Kea
from tests.services.kea6 import SUBNET, Kea6
from tests.services.mariadb import Database
from tests.services.openssh import Sshd

TV = Device("02:00:00:00:00:02", relay="192.168.1.1", hostname="tv", client_id=b"\x01\x02\x00\x00\x00\x00\x02")
DUID = "00:03:00:01:" + TV.mac
LEASED, SEEN, MADE_UP = "fd00:192::125", "fd00:192::53", "fd00:192::5c1e:93a7:4f0b:d286"
ZONE = "0.0.0.0.0.0.0.0.2.9.1.0.0.0.d.f.ip6.arpa"
NDP = f"""#!/bin/sh
[ "$*" = -an ] || exit 64
cat <<'END'
Neighbor                        Linklayer Address  Netif Expire    S Flags
fe80::1%vtnet0                  {TV.mac} vtnet0 23h59m50s S R
{SEEN}                    {TV.mac} vtnet0 23h59m50s S
{MADE_UP}  {TV.mac} vtnet0 12s       R
END
"""


@pytest.fixture
def network(
    tmp_path: Path, dhcp: Kea, kea6: Kea6, phpipam_database: Database, gateway_host: Sshd
) -> Iterator[RealNetwork]:
    """The servers of the other stories, a BIND with the reverse zone as well, and the subnet in phpIPAM."""
    first = IPv6Network(SUBNET).network_address
    phpipam_database.execute(
        "INSERT INTO subnets (subnet, mask, sectionId, description, pingSubnet) VALUES (%s, '64', 1, 'LAN6', 1)",
        [str(int(first))],
    )
    gateway_host.program("ndp", NDP)
    with running_bind([*ZONES, ZONE]) as bind:
        made = real_network(tmp_path / "own", replace(dhcp, bind=bind), phpipam_database, gateway_host)
        made.world.judged()
        file = made.world.folder / "network.toml"
        text = file.read_text().replace('"10.3.2.0/24"]', f'"10.3.2.0/24", "{SUBNET}"]')
        file.write_text(text.replace("kea_sockets", f'kea6_sockets = ["{kea6.control_socket}"]\nkea_sockets', 1))
        yield made


def row(network: RealNetwork, ip: str) -> dict[str, object]:
    """PhpIPAM's row for an address, by the decimal text it keeps."""
    text = decimal_of(ip)
    assert len(text) == 39
    (found,) = network.ipam.execute("SELECT ip_addr, hostname, mac FROM ipaddresses WHERE ip_addr = %s", [text])
    return found


def test_a_dual_stack_host_is_one_name_everywhere(network: RealNetwork, kea6: Kea6) -> None:
    """A, AAAA by DHCPv6 and AAAA by NDP, three pointers, three rows; no row for the address in passing.

    The second census writes nothing at all.
    """
    ipv4 = network.kea.client().lease(TV).address
    kea6.lease(LEASED, DUID, "tv")
    kea6.delegate("fd00:192:0:f00::", 56, DUID)
    assert network.world.run() == []
    name = "tv.viktorbarzin.lan"
    assert network.bind.query(name, "A") == [ipv4]
    assert set(network.bind.query(name, "AAAA")) == {LEASED, SEEN}
    for ip in (ipv4, LEASED, SEEN):
        assert network.bind.query(ip_address(ip).reverse_pointer, "PTR") == [f"{name}."]
    (mark,) = network.bind.query(ip_address(LEASED).reverse_pointer, "DHCID")
    assert mark.startswith("AAIB")
    assert [row(network, ip)["hostname"] for ip in (LEASED, SEEN)] == ["tv", "tv"]
    assert row(network, SEEN)["mac"] == TV.mac
    number = str(int(IPv6Address(MADE_UP)))
    assert network.ipam.execute("SELECT id FROM ipaddresses WHERE ip_addr = %s", [number]) == []
    before = network.everything()
    assert network.world.run() == []
    assert network.everything() == before


def test_a_dhcpv6_server_is_found_and_missed(tmp_path: Path, dhcp: Kea, kea6: Kea6, gateway_host: Sshd) -> None:
    """Nobody spoke of it: it is read where it answers, missed where only its lease file is left, and else not there."""
    kea6.lease(LEASED, DUID, "tv")
    gateway_host.program("ndp", NDP)
    (tmp_path / "known_hosts").write_text(gateway_host.known_hosts)
    first = {"kea_sockets": (dhcp.control_socket,), "kea6_sockets": (kea6.control_socket,)}

    def read(*subnets: str, **settings: object) -> dict[str, bool]:
        gateway = gateway_at(gateway_host.port, **(first | settings))
        site = Site(name="sofia", subnets=subnets, gateway=gateway)
        read = read_site(site, str(tmp_path / "network.toml"), gateway_host.client_key.read_text, now)
        found.update({one.source: one for one in read})
        return {one.source: one.is_complete for one in read}

    found: dict[str, object] = {}
    ipv4 = {"kea4.leases": True, "kea4.config": True, "arp": True}
    assert read("10.0.10.0/24") == ipv4
    assert read("10.0.10.0/24", SUBNET) == ipv4 | {"kea6.leases": True, "kea6.config": True, "ndp": True}
    assert read(SUBNET, dhcp6=False) == ipv4 | {"ndp": True}
    kea6.process.stop()
    assert read(SUBNET, kea6_lease_files=("/nonexistent",)) == ipv4 | {"ndp": True}
    lost = {"kea6.leases": False, "kea6.config": False, "kea6.memfile": False, "ndp": True}
    assert read(SUBNET, kea6_lease_files=("/nonexistent",), dhcp6=True) == ipv4 | lost
    assert read(SUBNET, kea6_lease_files=(str(kea6.lease_file),)) == ipv4 | lost
    stale = kea_memfile.parse6(found["kea6.memfile"])  # type: ignore[arg-type]  # a Snapshot
    assert stale.table["hostname"].tolist() == ["tv"]
