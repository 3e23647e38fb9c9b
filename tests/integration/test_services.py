"""The servers the other tests stand on really answer, and the tests' own ways of asking them are true."""

import os
import subprocess
import sys
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.update
import dns.xfr
import dns.zone
import pytest

from tests.services.bind import Bind, Zone, running_bind
from tests.services.dhcp_client import Device, NoLease
from tests.services.kea import Kea
from tests.services.kea_config import Subnet
from tests.services.process import PATIENCE_S, eventually
from tests.services.programs import PACKAGE_OF, PACKAGES_FILE

REPOSITORY = Path(__file__).parents[2]
LAPTOP = Device("02:00:00:00:00:01", relay="10.0.10.1", hostname="Laptop")
TV = Device("02:00:00:00:00:02", relay="192.168.1.1", hostname="tv", client_id=b"\x01\x02\x00\x00\x00\x00\x02")
PHONE = Device("02:00:00:00:00:03", relay="10.0.20.1", fqdn="phone.viktorbarzin.lan.")


# --- Kea and its D2 ------------------------------------------------------------------------------------------


def test_a_dhcp_exchange_ends_as_a_lease_on_the_control_socket(dhcp: Kea) -> None:
    """Who got an ACK is in lease4-get-all, with Kea's spelling of the name."""
    granted = dhcp.client().lease(LAPTOP)
    (lease,) = dhcp.leases()
    assert lease["ip-address"] == granted.address
    assert lease["hw-address"] == LAPTOP.mac
    assert lease["hostname"] == "laptop.viktorbarzin.lan"
    assert lease["state"] == 0
    assert lease["valid-lft"] == granted.lifetime_s == 7200
    assert granted.address in dhcp.lease_file.read_text()


def test_d2_registers_a_lease_and_takes_it_back(dhcp: Kea) -> None:
    """With DDNS on, a lease becomes A, DHCID and PTR, signed; its release removes all three."""
    granted = dhcp.client().lease(LAPTOP)
    (target,) = dhcp.bind.wait_for("100.10.0.10.in-addr.arpa", "PTR")
    assert granted.address == "10.0.10.100"
    assert target == "laptop.viktorbarzin.lan."
    assert dhcp.bind.query(target, "A") == [granted.address]
    assert dhcp.bind.query(target, "DHCID") == dhcp.bind.query("100.10.0.10.in-addr.arpa", "DHCID")
    dhcp.client().release(granted)
    dhcp.bind.wait_until_gone("100.10.0.10.in-addr.arpa", "PTR")
    assert not dhcp.bind.query(target, "A") + dhcp.bind.query(target, "DHCID")


def test_where_ddns_is_off_nothing_appears_in_dns(dhcp: Kea) -> None:
    """The LAN's lease is in Kea alone; the one after it, in a subnet with DDNS on, is in DNS too."""
    before = dhcp.bind.update_count()
    television, phone = dhcp.client().lease(TV), dhcp.client().lease(PHONE)
    dhcp.bind.wait_for("100.20.0.10.in-addr.arpa", "PTR")
    assert {lease["ip-address"] for lease in dhcp.leases()} == {television.address, phone.address}
    assert not dhcp.bind.query("tv.viktorbarzin.lan", "A")
    assert not dhcp.bind.query("100.1.168.192.in-addr.arpa", "PTR")
    assert dhcp.bind.update_count() - before == 2, "one message for phone's forward zone, one for its reverse"


def test_kea_can_be_given_another_configuration(dhcp: Kea) -> None:
    """DDNS can be switched off for a subnet, and the lease commands taken away, without a restart."""
    dhcp.configure([Subnet("10.0.10.0/24", is_ddns_on=False)])
    assert not dhcp.client().lease(LAPTOP).address.startswith("10.0.20.")
    with pytest.raises(TimeoutError):
        dhcp.client(timeout_s=0.2).lease(PHONE)
    assert not dhcp.leases()[0]["fqdn-fwd"]
    dhcp.configure(has_lease_commands=False)
    assert dhcp.ask("lease4-get-all")["result"] == 2


def test_a_lease_is_declined_renewed_and_reserved(dhcp: Kea) -> None:
    """The client says no, asks again, and gets the address the document reserves for its MAC."""
    client = dhcp.client()
    client.decline(client.lease(TV))
    declined = eventually(lambda: [lease for lease in dhcp.leases() if lease["state"] == 1], "the declined lease")
    assert declined[0]["hw-address"] == ""
    reserved = client.lease(Device("52:54:00:10:00:10", relay="10.0.10.1", hostname="impostor"))
    assert reserved.address == client.renew(reserved).address == "10.0.10.10"
    with pytest.raises(NoLease, match="type 6"):
        client.request(LAPTOP, "10.0.99.99")


def test_kea_restarts(dhcp: Kea) -> None:
    """Leases outlive the server; while it is down its control socket is not there."""
    dhcp.client().lease(LAPTOP)
    dhcp.dhcp4.stop()
    with pytest.raises(OSError, match=r"No such file|refused"):
        dhcp.leases()
    dhcp.start()
    assert [lease["hw-address"] for lease in dhcp.leases()] == [LAPTOP.mac]


# --- BIND ----------------------------------------------------------------------------------------------------


def _update(bind: Bind, zone: str, key: str = "netcensus") -> dns.update.UpdateMessage:
    return dns.update.UpdateMessage(f"{zone}.", keyring=bind.key(key))


def _rcode(bind: Bind, message: dns.update.UpdateMessage) -> str:
    return dns.rcode.to_text(dns.query.tcp(message, bind.host, PATIENCE_S, bind.port).rcode())


def _axfr(bind: Bind, name: str, key: dns.tsig.Key) -> dns.zone.Zone:
    zone = dns.zone.Zone(f"{name}.")
    question, _ = dns.xfr.make_query(zone, keyring=key)
    dns.query.inbound_xfr(bind.host, zone, question, bind.port, PATIENCE_S)
    return zone


def test_signed_updates_and_transfers_work_with_dnspython(zones: Bind) -> None:
    """The key `netcensus` may change a zone and read it whole."""
    message = _update(zones, "viktorbarzin.lan")
    message.add("nas", 3600, "A", "192.168.1.10")
    assert _rcode(zones, message) == "NOERROR"
    assert "nas" in {str(owner) for owner in _axfr(zones, "viktorbarzin.lan", zones.key())}
    assert ("nas.viktorbarzin.lan", 3600, "A", "192.168.1.10") in zones.records("viktorbarzin.lan")


def test_update_count_is_exact(zones: Bind) -> None:
    """Three messages count three, with or without effect; queries and transfers count nothing."""
    before, serial = zones.update_count(), zones.serial("viktorbarzin.lan")
    zones.add("viktorbarzin.lan", "nas.viktorbarzin.lan", 300, "A", "192.168.1.10")
    zones.delete("viktorbarzin.lan", "nas.viktorbarzin.lan", "A")
    zones.delete("viktorbarzin.lan", "nas.viktorbarzin.lan")
    zones.records("viktorbarzin.lan")
    assert zones.update_count() - before == 3
    assert zones.serial("viktorbarzin.lan") - serial == 2, "the third had nothing left to delete"


def test_zones_are_put_back(zones: Bind) -> None:
    """After `restore` a zone holds its first records, whatever was added, changed or removed."""
    first = {record for record in zones.records("viktorbarzin.lan") if record[2] != "SOA"}
    for number in range(1, 201):  # one RRset larger than BIND's default limit of 100
        zones.add("viktorbarzin.lan", "many.viktorbarzin.lan", 300, "A", f"10.0.10.{number}")
    zones.add("viktorbarzin.lan", "viktorbarzin.lan", 60, "TXT", '"by hand"')
    zones.restore()
    assert {record for record in zones.records("viktorbarzin.lan") if record[2] != "SOA"} == first


def test_a_foreign_key_is_refused(zones: Bind) -> None:
    """A key BIND does not know, and a known one with another secret, change nothing."""
    for name, reply in (("stranger", dns.tsig.PeerBadKey), ("netcensus", dns.tsig.PeerBadSignature)):
        key = dns.tsig.Key(name, b"another secret", algorithm="hmac-sha256")
        message = dns.update.UpdateMessage("viktorbarzin.lan.", keyring=key)
        message.add("nas", 300, "A", "192.168.1.10")
        with pytest.raises(reply):
            _rcode(zones, message)
    assert not zones.query("nas.viktorbarzin.lan", "A")


@pytest.mark.services("bind")
def test_a_zone_may_refuse_transfer_or_update() -> None:
    """A zone closed to our key is closed for it alone: by hand it can be read and changed."""
    closed = [Zone("mute.lan", is_transfer_allowed=False), Zone("fixed.lan", is_update_allowed=False)]
    with running_bind(closed) as bind:
        message = _update(bind, "fixed.lan")
        message.add("nas", 300, "A", "192.168.1.10")
        assert _rcode(bind, message) == "REFUSED"
        with pytest.raises(dns.xfr.TransferError, match="REFUSED"):
            _axfr(bind, "mute.lan", bind.key())
        bind.add("fixed.lan", "nas.fixed.lan", 300, "A", "192.168.1.10")
        assert len(bind.records("mute.lan")) == 2
        assert bind.query("nas.fixed.lan", "A") == ["192.168.1.10"]


# --- where a server is not installed -------------------------------------------------------------------------

_WITHOUT_BIND = """
import sys, pytest
from tests.services import programs
programs.PACKAGE_OF["absent-program"] = "absent-package"
programs.NEEDED_BY["bind"] = ("absent-program",)
sys.exit(pytest.main(["-p", "no:cacheprovider", "-k", "update_count", "tests/integration/test_services.py"]))
"""


@pytest.mark.parametrize(("is_required", "status", "outcome"), [("", 0, "1 skipped"), ("1", 1, "1 error")])
def test_a_missing_server_is_said_loudly(is_required: str, status: int, outcome: str) -> None:
    """A test without its server is skipped, or fails where servers are required; the summary has the remedy."""
    environment = dict(os.environ) | {"NETCENSUS_REQUIRE_SERVICES": is_required}
    argv = [sys.executable, "-c", _WITHOUT_BIND]
    result = subprocess.run(argv, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == status, result.stdout
    assert outcome in result.stdout
    assert "NOT PROVED HERE: 1 tests without their servers" in result.stdout
    assert "apt-get install --no-install-recommends absent-package" in result.stdout


def test_the_package_list_is_whole() -> None:
    """packages.txt, which `make` installs, names every package a service's program comes from, and C's headers."""
    assert PACKAGES_FILE.read_text().split() == sorted({*PACKAGE_OF.values(), "libc6-dev"})
