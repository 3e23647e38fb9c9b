"""What the README tells an operator to grant suffices, and gives no more: in phpIPAM's database, at BIND, over SSH."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.update
import paramiko
import pytest

from pipelines.errors import AccessDenied
from tests.integration.dns_kit import client, outcomes, plan, row, update
from tests.integration.phpipam_case import AT, Case, change, create, grants, on_mariadb
from tests.integration.phpipam_case import outcomes as of_rows
from tests.services.bind import Bind, running_bind
from tests.services.dns_server import Zone
from tests.services.mariadb import Database
from tests.services.openssh import Sshd, running_sshd
from tests.services.ports import free_port
from tests.services.process import HOST, PATIENCE_S

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
DHCID = "AAABR3v0cA4+L0WBcSoIANwvg+L3JrBXHzUi+eQqJBXibBs="

# --- phpIPAM's database --------------------------------------------------------------------------------------


def rights() -> list[tuple[str, str, str]]:
    """Every right of the grants file that is not optional: the verb, the column, the table."""
    text = re.sub(r"^--.*$", "", grants()[: grants().index("-- Optional")], flags=re.MULTILINE)
    found = []
    for verbs, table in re.findall(r"GRANT (.*?)\s+ON phpipam\.(\w+) TO", text, flags=re.DOTALL):
        for verb, columns in re.findall(r"(\w+) \((.*?)\)", verbs, flags=re.DOTALL):
            found += [(verb, column.strip(), table) for column in columns.split(",")]
    return found


def everything_we_do(case: Case) -> None:
    """What a census does at phpIPAM, once: verify, read, make a row, change it, see it again."""
    case.phpipam.preflight(AT)
    case.phpipam.read(AT)
    assert set(of_rows(case.apply(*create("10.0.10.50", hostname="nas", mac="00:11:22:33:44:55")))) == {"applied"}
    identity = int(case.address("10.0.10.50")["id"])
    ours = change("update", "10.0.10.50", "hostname", "nas", "nas2", identity)
    seen = change("touch", "10.0.10.50", "lastSeen", None, "2026-01-15T11:00:00Z", identity)
    gone = change("update", "10.0.10.50", "tag", "Used", "Offline", identity)
    for one in (ours, seen, gone):
        assert of_rows(case.apply(one)) == ["applied"], one


@pytest.mark.services("mariadb")
def test_every_right_in_the_grants_file_is_needed(phpipam_database: Database) -> None:
    """With all of them everything works; without any one of them preflight refuses, before any write, with advice."""
    case = on_mariadb(phpipam_database)
    wanted, before = rights(), case.everything()
    assert len(wanted) > 40
    for verb, column, table in wanted:
        phpipam_database.execute(f"REVOKE {verb} ({column}) ON phpipam.{table} FROM 'netcensus'@'%'")
        with pytest.raises(AccessDenied, match=r"deploy/mysql-grants\.sql"):
            case.phpipam.preflight(AT)
        phpipam_database.execute(f"GRANT {verb} ({column}) ON phpipam.{table} TO 'netcensus'@'%'")
    assert case.everything() == before
    everything_we_do(case)


# --- BIND ----------------------------------------------------------------------------------------------------


def policies() -> dict[str, str]:
    """The README's update-policy: of a forward zone, and of a reverse one."""
    ((forward, reverse),) = re.findall(
        r"update-policy \{ (grant netcensus zonesub [A-Z ]+;) \};\s+# reverse zones: ([A-Z ]+)", README
    )
    return {"forward": forward, "reverse": re.sub(r"(zonesub) .*;", rf"\1 {reverse.strip()};", forward)}


OTHERS = [
    ("example.lan", "@", "NS", "evil.example."),
    ("example.lan", "@", "SOA", "evil.example. x. 9 1 1 1 1"),
    ("example.lan", "sub", "NS", "evil.example."),
    ("example.lan", "text", "TXT", "v=spf1"),
    ("example.lan", "alias", "CNAME", "evil.example."),
    ("example.lan", "@", "MX", "1 evil.example."),
    ("example.lan", "_ldap._tcp", "SRV", "0 0 1 evil.example."),
    ("example.lan", "pointer", "PTR", "evil.example."),
    ("0.10.in-addr.arpa", "9.9.9", "A", "6.6.6.6"),
    ("0.10.in-addr.arpa", "8.9.9", "CNAME", "evil.example."),
    ("0.10.in-addr.arpa", "@", "NS", "evil.example."),
]
"""What no census writes: zone, owner, type and data. A record of each stands there already, of a person's."""


@pytest.fixture(scope="module")
def strict() -> Iterator[Bind]:
    """A BIND whose zones have the README's policies and nothing else."""
    kinds = {"example.lan": "forward", "0.10.in-addr.arpa": "reverse", "closed.lan": "forward"}
    zones = []
    for name, kind in kinds.items():
        theirs = [f"{owner} {rtype} {data}\n" for zone, owner, rtype, data in OTHERS if zone == name and rtype != "SOA"]
        zones.append(Zone(name, Zone(name).text + "".join(theirs), policy=policies()[kind]))
    with running_bind(zones) as server:
        yield server


@pytest.mark.services("bind")
def test_the_readmes_policy_lets_a_census_do_all_it_does(strict: Bind) -> None:
    """Names, pointers and DHCIDs are proved, made, changed and taken back."""
    with client(strict) as ours:
        for zone, rtype in (("example.lan.", "A"), ("0.10.in-addr.arpa.", "PTR")):
            ours.prove_update(zone, rtype)
        deleted = {"action": "delete", "after": None, "after_ttl_s": None}
        pointer = {"zone": "0.10.in-addr.arpa.", "type": "PTR"}
        first = plan(
            row("nas", "10.0.0.5"),
            row("nas", DHCID, type="DHCID"),
            row("six", "fd00::5", type="AAAA"),
            row("5.0.0.10.in-addr.arpa.", "nas.example.lan.", **pointer),
        )
        assert set(outcomes(ours.apply(first)).values()) == {"applied"}
        then = plan(
            update("six", "fd00::5", "fd00::6", type="AAAA"),
            update("5.0.0.10.in-addr.arpa.", "nas.example.lan.", "", **pointer) | deleted,
        )
        assert set(outcomes(ours.apply(then)).values()) == {"applied"}
    assert (strict.query("six.example.lan", "AAAA"), strict.query("5.0.0.10.in-addr.arpa", "PTR")) == (["fd00::6"], [])


@pytest.mark.services("bind")
@pytest.mark.parametrize(("zone", "owner", "rtype", "data"), OTHERS)
def test_the_key_can_do_nothing_else(strict: Bind, zone: str, owner: str, rtype: str, data: str) -> None:
    """Whoever steals the key writes no delegation, alias, mail server or text with it, and deletes none."""
    before = strict.records(zone)
    for act in ("add", "delete"):
        message = dns.update.UpdateMessage(zone, keyring=strict.key())
        getattr(message, act)(owner, *([60, rtype, data] if act == "add" else [rtype]))
        answer = dns.query.tcp(message, strict.host, PATIENCE_S, strict.port)
        assert answer.rcode() == dns.rcode.REFUSED, act
    assert strict.records(zone) == before


# --- SSH -----------------------------------------------------------------------------------------------------


def key_lines() -> tuple[str, str]:
    """The README's two lines of authorized_keys, with our own keys, addresses and ports to be put in."""
    reading, jump = re.findall(r"^(.*ssh-ed25519 AAAA… netcensus(?:-jump)?)$", README, flags=re.MULTILINE)
    reading = reading.replace("ssh-ed25519 AAAA…", "{{client}}").replace("10.0.20.50", "{source}")
    jump = jump.replace("ssh-ed25519 AAAA…", "{{jump}}").replace("192.168.0.1:22", "127.0.0.1:{port}")
    return reading, jump


@pytest.fixture(scope="module")
def bare_sshd() -> Iterator[Sshd]:
    """An OpenSSH where nothing but authorized_keys says what a key may do."""
    with running_sshd(has_menu=False) as server:
        yield server


def login(sshd: Sshd, key: Path) -> paramiko.SSHClient:
    """Logged in with this key. Raises `AuthenticationException`."""
    ssh = paramiko.SSHClient()
    ssh.set_missing_host_key_policy(paramiko.AutoAddPolicy())  # noqa: S507 - our own server, on loopback
    ssh.connect(
        sshd.host,
        sshd.port,
        sshd.user,
        key_filename=str(key),
        look_for_keys=False,
        allow_agent=False,
        timeout=PATIENCE_S,
    )
    return ssh


def said(ssh: paramiko.SSHClient, command: str, stdin: str = "") -> tuple[int, str]:
    """The exit status of a command, and what it printed."""
    into, out, _ = ssh.exec_command(command, timeout=PATIENCE_S)
    into.write(stdin)
    into.channel.shutdown_write()
    return out.channel.recv_exit_status(), out.read().decode()


def opens(ssh: paramiko.SSHClient, port: int) -> bool:
    """Whether the server forwards a connection to this port of its own host."""
    transport = ssh.get_transport()
    assert transport is not None
    try:
        transport.open_channel("direct-tcpip", (HOST, port), (HOST, 9), timeout=PATIENCE_S).close()
    except paramiko.ChannelException:
        return False
    return True


@pytest.fixture
def listening() -> Iterator[int]:
    """A port where something listens."""
    with socket.create_server((HOST, 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.services("sshd")
def test_the_jump_key_passes_and_can_do_nothing_else(bare_sshd: Sshd, listening: int) -> None:
    """It opens the one port that is named; no other, no command, no terminal, no file transfer, no way back in."""
    bare_sshd.let_only(key_lines()[1].format(port=listening))
    with login(bare_sshd, bare_sshd.jump_key) as ssh, socket.create_server((HOST, 0)) as other:
        assert opens(ssh, listening)
        assert not opens(ssh, other.getsockname()[1])
        assert said(ssh, "id") == (1, "")
        assert said(ssh, "/bin/sh -s", "id\n") == (1, "")
        transport = ssh.get_transport()
        assert transport is not None
        with pytest.raises(paramiko.SSHException):
            transport.request_port_forward(HOST, free_port())
        with pytest.raises((paramiko.SSHException, EOFError)):
            transport.open_session(timeout=PATIENCE_S).get_pty()
        with pytest.raises((paramiko.SSHException, EOFError)):
            paramiko.SFTPClient.from_transport(transport)


@pytest.mark.services("sshd")
def test_the_reading_key_runs_our_script_and_forwards_nothing(bare_sshd: Sshd, listening: int) -> None:
    """What `restrict` leaves is what is used: a command, its input, its output and its status."""
    bare_sshd.let_only(key_lines()[0].format(source=HOST))
    with login(bare_sshd, bare_sshd.client_key) as ssh:
        assert said(ssh, "/bin/sh -s", "echo from the script; exit 7\n") == (7, "from the script\n")
        assert not opens(ssh, listening)
        transport = ssh.get_transport()
        assert transport is not None
        with pytest.raises((paramiko.SSHException, EOFError)):
            transport.open_session(timeout=PATIENCE_S).get_pty()


@pytest.mark.services("sshd")
def test_the_reading_key_is_no_good_from_elsewhere(bare_sshd: Sshd) -> None:
    """As `from` says: a key that was copied away opens nothing."""
    bare_sshd.let_only(key_lines()[0].format(source="10.0.20.50"))
    with pytest.raises(paramiko.AuthenticationException):
        login(bare_sshd, bare_sshd.client_key)
