"""Kea asked over SSH to register names again: what it answers for each lease, and what is said when nobody answers."""

import getpass
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from pipelines.gateways import PfsenseGateway
from pipelines.network import Site
from resources.gateways import resend_at
from resources.pfsense import MOST_RESENT
from tests.services.dhcp_client import Device
from tests.services.kea import Kea
from tests.services.openssh import Sshd

PHONE = Device("02:00:00:00:00:31", relay="10.0.10.1", hostname="phone")


def resend(folder: Path, host: Sshd, socket: str, ips: Sequence[str]) -> Mapping[str, str | None]:
    """What comes of asking the Kea at this socket."""
    (folder / "known_hosts").write_text(host.known_hosts)
    given = {
        "kind": "pfsense",
        "host": host.host,
        "port": host.port,
        "user": getpass.getuser(),
        "kea_sockets": (socket,),
    }
    site = Site(name="sofia", subnets=("10.0.10.0/24",), gateway=PfsenseGateway.model_validate(given))
    return resend_at(site, str(folder / "network.toml"), host.client_key.read_text, ips)


def test_each_lease_has_its_own_answer(tmp_path: Path, dhcp: Kea, gateway_host: Sshd) -> None:
    """One login for all: D2 writes what was queued; what Kea no longer leases, or has no name for, is said."""
    ip = dhcp.client().lease(PHONE).address
    dhcp.bind.wait_for("phone.viktorbarzin.lan", "A")
    dhcp.bind.delete("viktorbarzin.lan", "phone.viktorbarzin.lan")
    nameless = dhcp.client().lease(Device("02:00:00:00:00:32", relay="10.0.10.1")).address
    logins = gateway_host.login_count()
    said = resend(tmp_path, gateway_host, dhcp.control_socket, [ip, "10.0.10.199", nameless])
    assert gateway_host.login_count() == logins + 1
    assert said[ip] is None
    assert dhcp.bind.wait_for("phone.viktorbarzin.lan", "A") == [ip]
    assert "no such lease any more" in str(said["10.0.10.199"])
    assert "no such lease any more (has no hostname)" in str(said[nameless])


def test_so_many_at_once_and_no_more(tmp_path: Path, dhcp: Kea, gateway_host: Sshd) -> None:
    """The rest is left for another run, and that is said."""
    ips = [f"10.0.20.{number}" for number in range(1, MOST_RESENT + 4)]
    said = resend(tmp_path, gateway_host, dhcp.control_socket, ips)
    assert list(said) == ips
    assert [ip for ip, fault in said.items() if "at most" in str(fault)] == ips[MOST_RESENT:]


@pytest.mark.usefixtures("kea")
def test_nobody_answering_is_every_lease_s_answer(tmp_path: Path, gateway_host: Sshd) -> None:
    """No socket of Kea's: each lease has the reason, and nothing is raised."""
    said = resend(tmp_path, gateway_host, "/nonexistent/kea4-ctrl-socket", ["10.0.10.5", "10.0.10.6"])
    assert all("no Kea control socket" in str(fault) for fault in said.values())
    assert len(said) == 2


def test_text_that_is_no_address_never_gets_into_the_script(tmp_path: Path, gateway_host: Sshd) -> None:
    """It is refused before anything is sent."""
    with pytest.raises(ValueError, match="reboot"):
        resend(tmp_path, gateway_host, "/nonexistent", ["10.0.10.5'; reboot"])
