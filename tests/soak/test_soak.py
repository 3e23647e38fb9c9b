"""A short life of the network in the ordinary run of the tests; `make soak MINUTES=10` is the long one."""

from pathlib import Path

from tests.scenarios.real_world import real_network
from tests.services.kea import Kea
from tests.services.mariadb import Database
from tests.services.openssh import Sshd
from tests.soak.runner import Soak
from tests.soak.updates import D2, US


def test_nobody_loses_anything(tmp_path: Path, dhcp: Kea, phpipam_database: Database, gateway_host: Sshd) -> None:
    """Every lease resolves to its device, nobody's record is a zombie, no edit is lost, nothing of D2's is touched."""
    network = real_network(tmp_path / "own", dhcp, phpipam_database, gateway_host)
    outcome = Soak(network, seconds=7, seed=7, has_person=True, lifetime_s=8).run()
    assert outcome.faults == [], str(outcome)
    assert outcome.leases > 3
    assert min(outcome.writes[US], outcome.writes[D2]) > 10, "both wrote"
    assert outcome.edits.total() > 2
