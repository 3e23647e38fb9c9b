"""The lab speaks the real protocols: SSH by paramiko, DNS by dnspython, SQL by sqlite3, none of it by our own code."""

import json
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update
import dns.zone
import paramiko
import pytest

from tests.services.process import PATIENCE_S

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
ZONE = "viktorbarzin.lan."
LEASES = '{"command":"lease4-get-all"}'

# The way production asks: a script on stdin, the answer taken whole by the far shell, an end mark.
SCRIPT = """
SOCKET={socket}
[ -S "$SOCKET" ] || {{ printf 'no socket\\n'; exit 3; }}
R=$(printf %s '{command}' | nc -w 5 -NU "$SOCKET") || exit 4
printf '%s\\n' "$R"
"""


@dataclass
class Lab:
    """A lab that runs, and how to talk to it."""

    folder: Path
    process: subprocess.Popen[str]

    @property
    def network(self) -> dict[str, Any]:
        """Its network file."""
        return tomllib.loads((self.folder / "network.toml").read_text(encoding="utf-8"))

    def key(self, name: str = "netcensus") -> dns.tsig.Key:
        """One of its TSIG keys."""
        file = self.folder / ("tsig_secret" if name == "netcensus" else f"tsig_secret.{name}")
        return dns.tsig.Key(name, file.read_text(encoding="ascii").strip())

    def connect(self, user: str = "admin", patience_s: float = PATIENCE_S) -> paramiko.SSHClient:
        """An SSH connection that trusts nothing but known_hosts."""
        client = paramiko.SSHClient()
        client.load_host_keys(str(self.folder / "known_hosts"))
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        port = self.network["sites"]["sofia"]["gateway"]["port"]
        key = str(self.folder / "ssh_key")
        options: dict[str, Any] = {"look_for_keys": False, "allow_agent": False, "banner_timeout": patience_s}
        client.connect("127.0.0.1", port, user, key_filename=key, timeout=PATIENCE_S, **options)
        return client

    def run(self, script: str) -> tuple[int, str, str]:
        """Exit status, stdout and stderr of a script at the gateway."""
        with closing(self.connect()) as client:
            stdin, stdout, stderr = client.exec_command("/bin/sh -s", timeout=PATIENCE_S)
            stdin.write(script)
            stdin.channel.shutdown_write()
            out, err = stdout.read().decode(), stderr.read().decode()
            return stdout.channel.recv_exit_status(), out, err

    def kea(self, command: str) -> str:
        """Kea's raw answer, fetched through the gateway."""
        socket = self.network["sites"]["sofia"]["gateway"]["kea_sockets"][0]
        status, out, err = self.run(SCRIPT.format(socket=socket, command=command))
        assert (status, err) == (0, "")
        return out

    def ask(self, message: dns.message.Message) -> dns.message.Message:
        """The name server's answer over TCP."""
        return dns.query.tcp(message, "127.0.0.1", timeout=PATIENCE_S, port=self.network["dns"]["port"])

    def query(self, name: str, rdtype: str) -> dns.message.Message:
        """The answer to a plain query over UDP."""
        request = dns.message.make_query(name, rdtype)
        return dns.query.udp(request, "127.0.0.1", timeout=PATIENCE_S, port=self.network["dns"]["port"])

    def transfer(self, zone: str = ZONE, key: dns.tsig.Key | None = None) -> tuple[int, dns.zone.Zone]:
        """How many messages an AXFR took, and the zone it gave."""
        where: dict[str, Any] = {"port": self.network["dns"]["port"], "lifetime": PATIENCE_S, "relativize": False}
        where["keyring"] = key or self.key()
        messages = list(dns.query.xfr("127.0.0.1", zone, **where))
        return len(messages), dns.zone.from_xfr(messages, relativize=False)

    def update(self, change: Callable[[dns.update.UpdateMessage], None], key: str = "netcensus") -> dns.rcode.Rcode:
        """The code that answers one signed UPDATE."""
        message = dns.update.UpdateMessage(ZONE, keyring=self.key(key))
        change(message)
        return self.ask(message).rcode()

    def serial(self) -> int:
        """The forward zone's serial, as DNS tells it and the status file repeats it."""
        told: int = self.query(ZONE, "SOA").answer[0][0].serial
        status = json.loads((self.folder / "dns-status.json").read_text(encoding="utf-8"))
        assert status["serials"][ZONE.rstrip(".")] == told
        return told

    def break_down(self, faults: dict[str, Any]) -> None:
        """Set the fault switch; `{}` mends everything."""
        (self.folder / "faults.json").write_text(json.dumps(faults), encoding="utf-8")


@contextmanager
def started(folder: Path) -> Iterator[Lab]:
    """A lab in this folder, from its word that it is ready to its orderly end."""
    command = [sys.executable, "-m", "lab", "--dir", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"ready {folder.resolve()}\n"
            yield Lab(folder, process)
        finally:
            process.terminate()
        assert process.wait(PATIENCE_S) == 0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One lab for the whole module."""
    with started(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def lab(running: Lab) -> Iterator[Lab]:
    """The module's lab with every fault mended afterwards."""
    yield running
    running.break_down({})


def test_the_labs_network_is_the_default_one_on_loopback(lab: Lab) -> None:
    """The lab's network file names the same sites, subnets, zones and tables as the repository's, and IPv6 besides."""
    real = tomllib.loads((ROOT / "network.toml").read_text(encoding="utf-8"))
    assert lab.network.keys() <= real.keys()
    assert [zone for zone in lab.network["dns"]["zones"] if "ip6" not in zone] == real["dns"]["zones"]
    for site, table in real["sites"].items():
        subnets = lab.network["sites"][site]["subnets"]
        assert [subnet for subnet in subnets if ":" not in subnet] == table["subnets"]
        assert lab.network["sites"][site]["gateway"]["kind"] == table["gateway"]["kind"]


def test_secrets_are_readable_by_their_owner_alone(lab: Lab) -> None:
    """Private keys and TSIG secrets are files of mode 0600."""
    names = ["ssh_key", "jump_key", "gateway_host_key", "london/host_key", "tsig_secret", "tsig_secret.kea-ddns"]
    assert [(lab.folder / name).stat().st_mode & 0o777 for name in names] == [0o600] * 6


def test_the_gateway_admits_admin_alone_and_gives_no_terminal(lab: Lab) -> None:
    """The right key opens the door to `admin` and to no other user; a terminal or a forwarding is refused."""
    with pytest.raises(paramiko.AuthenticationException):
        lab.connect("root")
    with closing(lab.connect()) as client:
        with pytest.raises(paramiko.SSHException):
            client.exec_command("true", get_pty=True)
        transport = client.get_transport()
        assert transport is not None
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel("direct-tcpip", ("192.168.8.1", 22), ("127.0.0.1", 1))


def test_kea_counts_its_own_leases(lab: Lab) -> None:
    """`lease4-get-all` through the gateway is whole JSON whose text gives the number of leases in it."""
    answer = json.loads(lab.kea(LEASES))
    leases = answer["arguments"]["leases"]
    assert answer["result"] == 0
    assert answer["text"] == f"{len(leases)} IPv4 lease(s) found."
    assert {lease["state"] for lease in leases} == {0, 1, 2}
    assert len(leases) > 100


def test_a_second_census_sees_the_same_leases(lab: Lab) -> None:
    """Asked twice, Kea gives the same leases with the same times, and most of them are active."""
    first, second = (json.loads(lab.kea(LEASES))["arguments"]["leases"] for _ in range(2))
    assert first == second
    active = [lease for lease in first if lease["state"] == 0 and lease["cltt"] + lease["valid-lft"] > time.time()]
    assert len(active) > 90


def test_pages_join_to_the_whole(lab: Lab) -> None:
    """Pages of forty, each from the last address of the one before, are together what get-all gives."""
    paged: list[Any] = []
    cursor = "start"
    while True:
        command = {"command": "lease4-get-page", "arguments": {"from": cursor, "limit": 40}}
        page = json.loads(lab.kea(json.dumps(command)))
        if page["result"] == 3:
            break
        paged += page["arguments"]["leases"]
        cursor = paged[-1]["ip-address"]
    assert paged == json.loads(lab.kea(LEASES))["arguments"]["leases"]


def test_ddns_is_off_for_the_k8s_subnet_alone(lab: Lab) -> None:
    """config-get says DDNS is off for 10.0.20.0/24, and its leases carry bare names and no fqdn flags."""
    dhcp4 = json.loads(lab.kea('{"command":"config-get"}'))["arguments"]["Dhcp4"]
    off = [subnet["subnet"] for subnet in dhcp4["subnet4"] if subnet.get("ddns-send-updates") is False]
    assert off == ["10.0.20.0/24"]
    leases = json.loads(lab.kea(LEASES))["arguments"]["leases"]
    k8s = [lease for lease in leases if lease["subnet-id"] == 2]
    assert "k8s-master" in {lease["hostname"] for lease in k8s}
    assert not any(lease["fqdn-fwd"] for lease in k8s)


def test_arp_speaks_both_dialects(lab: Lab) -> None:
    """`arp --libxo json -an` and `arp -an` list the same addresses, and nothing else is answered."""
    _, as_json, _ = lab.run("arp --libxo json -an")
    _, as_text, _ = lab.run("arp -an")
    entries = json.loads(as_json)["arp"]["arp-cache"]
    assert [f"({entry['ip-address']})" for entry in entries] == [line.split()[1] for line in as_text.splitlines()]
    assert all(0 < entry["expires"] <= 1200 for entry in entries if "expires" in entry)
    assert lab.run("arp -a")[0] == 1


def test_the_zones_hold_what_the_real_d2_wrote(lab: Lab) -> None:
    """Every DHCID in the forward zone equals the one a real D2 wrote for that client, where the capture has it."""
    vectors = json.loads((FIXTURES / "ddns" / "dhcid-vectors.json").read_text(encoding="utf-8"))
    real = {(entry["fqdn"], entry["dhcid"]) for entry in vectors if entry["in_dns"]}
    # With DDNS off in the k8s subnet, this name went to the next client that asked for it.
    captured = {name for name, _ in real} - {"localhost.viktorbarzin.lan."}
    _, zone = lab.transfer()
    ours = {
        (name.to_text(), rdata.to_text().replace(" ", ""))
        for name, _, rdata in zone.iterate_rdatas("DHCID")
        if name.to_text() in captured
    }
    assert ours <= real
    assert len(ours) > 55


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode", "text"),
    [
        ("nas.viktorbarzin.lan", "A", "NOERROR", "192.168.1.11"),
        ("NAS.viktorbarzin.lan", "A", "NOERROR", "192.168.1.11"),
        ("git.viktorbarzin.lan", "A", "NOERROR", "192.168.1.5"),
        ("anything.apps.viktorbarzin.lan", "A", "NOERROR", "10.0.20.200"),
        ("201.20.0.10.in-addr.arpa", "PTR", "NOERROR", "ns1.viktorbarzin.lan."),
        ("nas.viktorbarzin.lan", "TXT", "NOERROR", ""),
        ("apps.viktorbarzin.lan", "A", "NOERROR", ""),
        ("host.lab-sub.viktorbarzin.lan", "A", "NOERROR", ""),
        ("nobody.viktorbarzin.lan", "A", "NXDOMAIN", ""),
        ("printer.8.168.192.in-addr.arpa", "PTR", "REFUSED", ""),
    ],
)
def test_queries_are_answered_as_dns_does(lab: Lab, name: str, rdtype: str, rcode: str, text: str) -> None:
    """Data, CNAME, wildcard, NODATA, empty non-terminal, referral, NXDOMAIN and a foreign zone are told apart."""
    answer = lab.query(name, rdtype)
    assert dns.rcode.to_text(answer.rcode()) == rcode
    assert (answer.answer[-1][0].to_text() if answer.answer else "") == text
    is_referral = "lab-sub" in name
    assert bool(answer.flags & dns.flags.AA) == (rcode != "REFUSED" and not is_referral)
    assert [rrset.rdtype for rrset in answer.authority] == (
        [dns.rdatatype.NS] if is_referral else [dns.rdatatype.SOA] if not text and rcode != "REFUSED" else []
    )


def test_a_transfer_is_whole_signed_and_for_known_keys(lab: Lab) -> None:
    """AXFR comes in several signed messages to a known key, and not at all without one."""
    count, zone = lab.transfer()
    assert count > 1
    assert zone.get_rdataset("proxmox.viktorbarzin.lan.", "A") is not None
    refused = lab.ask(dns.message.make_query(ZONE, "AXFR"))
    assert refused.rcode() == dns.rcode.REFUSED
    with pytest.raises(dns.tsig.PeerBadKey):
        lab.transfer(key=dns.tsig.Key("stranger", lab.key().secret))
    with pytest.raises(dns.tsig.PeerBadSignature):
        lab.transfer(key=dns.tsig.Key("netcensus", b"not the secret"))


@pytest.mark.parametrize(
    ("require", "rcode"),
    [
        (lambda m: m.absent("proxmox"), "YXDOMAIN"),
        (lambda m: m.present("no-such-name"), "NXDOMAIN"),
        (lambda m: m.absent("proxmox", "A"), "YXRRSET"),
        (lambda m: m.present("proxmox", "DHCID"), "NXRRSET"),
        (lambda m: m.present("proxmox", "A", "192.168.1.6"), "NXRRSET"),
    ],
)
def test_a_failed_prerequisite_changes_nothing(
    lab: Lab, require: Callable[[dns.update.UpdateMessage], None], rcode: str
) -> None:
    """Each of the five forms of prerequisite, unmet, answers with its own code and leaves the serial alone."""

    def change(message: dns.update.UpdateMessage) -> None:
        require(message)
        message.add("never-made", 300, "A", "192.168.1.90")

    before = lab.serial()
    assert dns.rcode.to_text(lab.update(change)) == rcode
    assert lab.serial() == before
    assert lab.query("never-made.viktorbarzin.lan", "A").rcode() == dns.rcode.NXDOMAIN


def test_met_prerequisites_let_a_message_through_once(lab: Lab) -> None:
    """One message with met prerequisites is one serial, the same again is none, and a TTL alone is one more."""

    def create(message: dns.update.UpdateMessage) -> None:
        message.absent("made", "DHCID")
        message.present("proxmox", "A", "192.168.1.5")
        message.add("made", 300, "A", "192.168.1.91")
        message.add("made", 300, "AAAA", "fd12::91")

    before = lab.serial()
    assert lab.update(create) == dns.rcode.NOERROR
    assert lab.serial() == before + 1
    assert lab.update(create) == dns.rcode.NOERROR
    assert lab.serial() == before + 1
    assert lab.update(lambda m: m.replace("made", 600, "A", "192.168.1.91")) == dns.rcode.NOERROR
    assert lab.serial() == before + 2
    assert lab.query("made.viktorbarzin.lan", "A").answer[0].ttl == 600
    assert lab.update(lambda m: m.delete("made", "A", "192.168.1.91")) == dns.rcode.NOERROR
    assert lab.query("made.viktorbarzin.lan", "A").answer == []


def test_an_update_is_all_or_nothing(lab: Lab) -> None:
    """A message whose last change is not allowed changes nothing, and the counter has counted it."""

    def change(message: dns.update.UpdateMessage) -> None:
        message.add("half-made", 300, "A", "192.168.1.92")
        message.add("half-made", 300, "TXT", "not ours to write")

    before, counted = lab.serial(), json.loads((lab.folder / "dns-status.json").read_text(encoding="utf-8"))
    assert lab.update(change) == dns.rcode.REFUSED
    assert lab.serial() == before
    after = json.loads((lab.folder / "dns-status.json").read_text(encoding="utf-8"))
    assert after["updates"] == counted["updates"] + 1
    assert after["changing_updates"] == counted["changing_updates"]


def test_each_key_may_change_what_its_policy_says(lab: Lab) -> None:
    """Only D2's key deletes a whole name; an unsigned update is refused, and a zone is named by its exact apex."""
    lab.update(lambda m: m.add("short-lived", 300, "A", "192.168.1.93"))
    assert lab.update(lambda m: m.delete("short-lived")) == dns.rcode.REFUSED
    assert lab.update(lambda m: m.delete("short-lived"), key="kea-ddns") == dns.rcode.NOERROR
    assert lab.query("short-lived.viktorbarzin.lan", "A").rcode() == dns.rcode.NXDOMAIN
    unsigned = dns.update.UpdateMessage(ZONE)
    unsigned.add("unsigned", 300, "A", "192.168.1.94")
    assert lab.ask(unsigned).rcode() == dns.rcode.REFUSED
    below = dns.update.UpdateMessage("apps.viktorbarzin.lan.", keyring=lab.key())
    below.add("x", 300, "A", "192.168.1.94")
    assert lab.ask(below).rcode() == dns.rcode.NOTAUTH
    assert lab.update(lambda m: m.add("a.example.", 300, "A", "192.0.2.1")) == dns.rcode.NOTZONE


def test_a_cname_and_the_apex_keep_what_they_have(lab: Lab) -> None:
    """An A beside a CNAME is skipped in silence, and D2's key cannot empty the apex."""
    before = lab.serial()
    assert lab.update(lambda m: m.add("git", 300, "A", "192.168.1.95")) == dns.rcode.NOERROR
    assert lab.serial() == before
    assert lab.update(lambda m: m.delete("@"), key="kea-ddns") in (dns.rcode.NOERROR, dns.rcode.REFUSED)
    assert len(lab.query(ZONE, "NS").answer[0]) == 3


def test_kea_can_be_asked_to_register_a_name_again(lab: Lab) -> None:
    """`lease4-resend-ddns` makes D2 write A, PTR and DHCID for a lease that DNS had missed."""
    assert lab.query("oven.viktorbarzin.lan", "A").rcode() == dns.rcode.NXDOMAIN
    command = {"command": "lease4-resend-ddns", "arguments": {"ip-address": "192.168.1.30"}}
    assert json.loads(lab.kea(json.dumps(command)))["result"] == 0
    deadline = time.monotonic() + PATIENCE_S
    while not lab.query("30.1.168.192.in-addr.arpa", "PTR").answer and time.monotonic() < deadline:
        time.sleep(0.02)
    assert lab.query("30.1.168.192.in-addr.arpa", "PTR").answer[0][0].to_text() == "oven.viktorbarzin.lan."
    assert lab.query("oven.viktorbarzin.lan", "DHCID").answer != []


def test_d2_is_refused_by_a_name_without_dhcid(lab: Lab) -> None:
    """A record the old job left keeps D2 out: resending answers 0 and changes nothing."""
    before = lab.serial()
    command = {"command": "lease4-resend-ddns", "arguments": {"ip-address": "192.168.1.38"}}
    assert json.loads(lab.kea(json.dumps(command)))["result"] == 0
    time.sleep(0.2)
    assert lab.serial() == before


@pytest.mark.parametrize(
    ("fault", "prefix"),
    [
        ("hook-missing", '{"result": 2, "text": "\'lease4-get-all\' command not supported."}\n'),
        ("error", '{"result": 1, '),
        ("empty-output", "\n"),
    ],
)
def test_kea_fails_in_its_known_ways(lab: Lab, fault: str, prefix: str) -> None:
    """A missing hook, an internal error and an empty answer all arrive with exit status 0."""
    lab.break_down({"kea": fault})
    assert lab.kea(LEASES).startswith(prefix)


def test_a_stalled_reader_gets_half_an_answer(lab: Lab) -> None:
    """The fault `stalled-cut` ends the answer in mid-string, with exit status 0."""
    lab.break_down({"kea": "stalled-cut"})
    with pytest.raises(json.JSONDecodeError):
        json.loads(lab.kea(LEASES))


def test_a_dead_kea_refuses_and_a_mended_one_answers(lab: Lab) -> None:
    """With the fault `refused` the socket's file is there and nc fails with status 1; mended, Kea answers again."""
    lab.break_down({"kea": "refused"})
    socket = lab.network["sites"]["sofia"]["gateway"]["kea_sockets"][0]
    status, out, err = lab.run(f"[ -S {socket} ] || exit 9\nprintf '{{}}' | nc -w 5 -NU {socket}")
    assert (status, out) == (1, "")
    assert "refused" in err
    lab.break_down({})
    assert json.loads(lab.kea('{"command":"version-get"}'))["text"] == "2.2.0"


def test_arp_fails_in_its_known_ways(lab: Lab) -> None:
    """`no-libxo` leaves the text form; `fail` leaves nothing."""
    lab.break_down({"arp": "no-libxo"})
    assert lab.run("arp --libxo json -an")[0] == 1
    assert lab.run("arp -an")[0] == 0
    lab.break_down({"arp": "fail"})
    assert lab.run("arp -an")[0] == 1


def test_dns_fails_in_its_known_ways(lab: Lab) -> None:
    """One zone refuses its transfer, or its updates, or answers an update with silence; the others go on."""
    lab.break_down({"dns": {"viktorbarzin.lan": "refuse-axfr"}})
    with pytest.raises(dns.query.TransferError):
        lab.transfer()
    assert lab.transfer("1.168.192.in-addr.arpa.")[0] >= 1
    lab.break_down({"dns": {"viktorbarzin.lan": "refuse-update"}})
    assert lab.update(lambda m: m.add("refused", 300, "A", "192.168.1.96")) == dns.rcode.REFUSED
    lab.break_down({"dns": {"viktorbarzin.lan": "silent-update"}})
    message = dns.update.UpdateMessage(ZONE, keyring=lab.key())
    message.add("unheard", 300, "A", "192.168.1.97")
    with pytest.raises(dns.exception.Timeout):
        dns.query.tcp(message, "127.0.0.1", timeout=0.3, port=lab.network["dns"]["port"])
    assert lab.query("unheard.viktorbarzin.lan", "A").rcode() == dns.rcode.NXDOMAIN


def test_a_slow_banner_is_slower_than_a_clients_patience(lab: Lab) -> None:
    """With the fault `slow-banner` the connection is taken and no SSH banner comes."""
    lab.break_down({"ssh": "slow-banner"})
    with pytest.raises(paramiko.SSHException, match="banner"):
        lab.connect(patience_s=0.3)


def test_phpipam_has_its_version_its_sample_data_and_the_tracked_subnets(lab: Lab) -> None:
    """Version 1.74 (43), subnets 1-6 from phpIPAM, the tracked ones from id 7, and one row that is no address."""
    with closing(sqlite3.connect(lab.folder / "phpipam.sqlite")) as database:
        assert database.execute("SELECT version, dbversion FROM settings").fetchall() == [("1.74", 43)]
        tracked = database.execute("SELECT count(*) FROM subnets WHERE id BETWEEN 7 AND 12 AND isFolder = 0")
        assert tracked.fetchone() == (6,)
        garbage = database.execute("SELECT subnetId FROM ipaddresses WHERE ip_addr LIKE '%.%'").fetchall()
        assert garbage == [(3,)]
        outside = """SELECT count(*) FROM ipaddresses a JOIN subnets s ON s.id = a.subnetId AND s.id >= 7
                     WHERE CAST(a.ip_addr AS INTEGER) - CAST(s.subnet AS INTEGER) NOT BETWEEN 1 AND 254"""
        assert database.execute(outside).fetchone() == (0,)


def test_edit_date_moves_with_a_value_and_only_then(lab: Lab) -> None:
    """The column editDate moves when a value changes, not on a sighting, not on an equal value, not when it is set."""
    with closing(sqlite3.connect(lab.folder / "phpipam.sqlite")) as database:

        def edited_after(assignment: str) -> str:
            database.execute(f"UPDATE ipaddresses SET {assignment} WHERE ip_addr = '167774723'")  # noqa: S608 (the test's own text)
            row = database.execute("SELECT editDate FROM ipaddresses WHERE ip_addr = '167774723'").fetchone()
            return str(row[0])

        at_first = edited_after("hostname = hostname")
        assert edited_after("lastSeen = '2030-01-01 00:00:00', editDate = editDate") == at_first
        assert edited_after("hostname = 'other', editDate = '2001-01-01 00:00:00'") == "2001-01-01 00:00:00"
        assert edited_after("hostname = 'OTHER'") > "2020"


def test_a_second_lab_in_the_same_folder_is_turned_away(lab: Lab) -> None:
    """Starting a lab where one runs ends with status 2 and names the folder and the remedy."""
    command = [sys.executable, "-m", "lab", "--dir", str(lab.folder)]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert second.returncode == 2
    assert "--dir" in second.stderr


def test_a_restart_goes_on_where_the_lab_stopped(tmp_path: Path) -> None:
    """Zones, serials, leases, keys and rows outlive a restart; a path unfit for a socket is no obstacle."""
    folder = tmp_path / ("deep and odd " * 10)
    with started(folder) as lab:
        lab.update(lambda m: m.add("kept", 300, "A", "192.168.1.98"))
        with closing(sqlite3.connect(folder / "phpipam.sqlite")) as database, database:
            database.execute("DELETE FROM ipaddresses WHERE hostname = 'proxmox'")
        before = remembered(lab)
    with started(folder) as lab:
        assert remembered(lab) == before
        assert lab.query("kept.viktorbarzin.lan", "A").answer != []
        with closing(sqlite3.connect(folder / "phpipam.sqlite")) as database:
            kept = database.execute("SELECT count(*) FROM ipaddresses WHERE hostname = 'proxmox'").fetchone()
        assert kept == (0,)


def remembered(lab: Lab) -> list[object]:
    """What a lab must not forget: serial, zone, leases, secret and host key."""
    host_key = (lab.folder / "known_hosts").read_text(encoding="utf-8").split()[2]
    zone = sorted(lab.transfer()[1].to_text().splitlines())  # dnspython shuffles the RRs of a set
    return [lab.serial(), zone, lab.kea(LEASES), lab.key().secret, host_key]
