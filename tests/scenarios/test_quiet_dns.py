"""What a census asks of the name server when nothing has changed: counted by BIND itself."""

import os
import time
from ipaddress import ip_address
from pathlib import Path

import pytest

from pipelines.parse.phpipam import decimal_of
from tests.scenarios.real_world import RealNetwork, real_network
from tests.services.kea import Kea
from tests.services.mariadb import Database
from tests.services.openssh import Sshd

HOSTS = int(os.environ.get("NETCENSUS_HOSTS", "50"))
"""How many hosts phpIPAM names: the count of messages must not depend on it; 10000 shows what the rest costs."""


@pytest.fixture
def network(tmp_path: Path, dhcp: Kea, phpipam_database: Database, gateway_host: Sshd) -> RealNetwork:
    """A network with so many named hosts, published by two censuses."""
    found = real_network(tmp_path / "own", dhcp, phpipam_database, gateway_host)
    found.world.judged()
    text = found.world.network_toml.read_text(encoding="utf-8")
    text = text.replace('"10.3.2.0/24"]', '"10.3.2.0/24", "10.64.0.0/16"]')
    found.world.network_toml.write_text(text, encoding="utf-8")
    found.ipam.execute(
        "INSERT INTO subnets (id, subnet, mask, sectionId, description, vrfId, masterSubnetId) VALUES (20, %s, '16', 3,"
        " 'Many', 0, 0)",
        [decimal_of("10.64.0.0")],
    )
    first = int(ip_address("10.64.0.1"))
    rows = ", ".join(f"(20, '{first + number}', 'host{number}', 2)" for number in range(HOSTS))
    found.ipam.execute(f"INSERT INTO ipaddresses (subnetId, ip_addr, hostname, state) VALUES {rows}")  # noqa: S608 - numbers
    for _ in range(2):
        assert found.world.run() == []
    return found


def test_one_soa_query_per_zone_and_nothing_else(network: RealNetwork, capsys: pytest.CaptureFixture[str]) -> None:
    """By a census, or a dns_sync: no transfer, no UPDATE, no second look; the zones' contents are the archive's."""
    for job in ("census", "dns_sync"):
        updates, before = network.bind.update_count(), network.bind.question_counts()
        began = time.process_time()
        assert network.world.run(job) == []
        spent_s = time.process_time() - began
        asked = {rtype: n - before.get(rtype, 0) for rtype, n in network.bind.question_counts().items()}
        assert {rtype: count for rtype, count in asked.items() if count} == {"SOA": len(network.bind.zones)}
        assert network.bind.update_count() == updates
        with capsys.disabled():
            print(f"\n{HOSTS} hosts, nothing changed: {job} {spent_s:.2f} s of CPU, {asked['SOA']} SOA queries")  # noqa: T201 - a measure
