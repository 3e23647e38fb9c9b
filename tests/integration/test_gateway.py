"""Reading a gateway over a real OpenSSH server, a real /bin/sh and a real Kea; each way it can fail, and its words."""

import getpass
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.errors import ConfigError
from pipelines.gateways import PfsenseGateway
from pipelines.network import Site
from pipelines.parse import arp, kea_config, kea_leases, wireguard
from pipelines.snapshots import Snapshot
from resources import ssh
from resources.gateways import read_site
from resources.pfsense import SOURCES
from tests.services.kea import Kea
from tests.services.openssh import Sshd, running_sshd
from tests.services.process import AT_ONCE_S, PATIENCE_S
from tests.services.programs import path_of

ARP = Path(__file__).parents[1] / "fixtures" / "arp"
Read = Callable[..., dict[str, Snapshot]]


def now() -> datetime:
    """Our clock."""
    return datetime.now(UTC)


def site_of(gateway: PfsenseGateway) -> Site:
    """The site behind a gateway."""
    return Site(name="sofia", subnets=("10.0.10.0/24",), gateway=gateway)


def gateway_at(port: int, **settings: object) -> PfsenseGateway:
    """A gateway on this machine."""
    first = {"kind": "pfsense", "host": "127.0.0.1", "port": port, "user": getpass.getuser()}
    return PfsenseGateway.model_validate(first | settings)


@pytest.fixture
def read(dhcp: Kea, gateway_host: Sshd, tmp_path: Path) -> Read:
    """Reads the gateway, by source; keywords change its settings."""
    (tmp_path / "known_hosts").write_text(gateway_host.known_hosts)

    def read_gateway(
        key: Path = gateway_host.client_key, page_limit: int = 10_000, **settings: object
    ) -> dict[str, Snapshot]:
        settings = {"kea_sockets": ("/nonexistent/kea4-ctrl-socket", dhcp.control_socket)} | settings
        site = site_of(gateway_at(gateway_host.port, **settings))
        snapshots = read_site(
            site, str(tmp_path / "network.toml"), key.read_text, now, connect_limit_s=PATIENCE_S, page_limit=page_limit
        )
        return {snapshot.source: snapshot for snapshot in snapshots}

    return read_gateway


def reason_for_all(snapshots: dict[str, Snapshot]) -> str:
    """Why nothing could be looked at: every source is there, missing, empty, and says the same in one line."""
    assert tuple(snapshots) == SOURCES
    assert not any(one.is_complete or one.content for one in snapshots.values())
    (reason,) = {one.reason for one in snapshots.values()}
    assert reason is not None
    assert "\n" not in reason
    return reason


def reason_for(source: str, snapshots: dict[str, Snapshot]) -> str:
    """Why this source is missing, while the others are complete."""
    assert [name for name in SOURCES if not snapshots[name].is_complete] == [source]
    reason = snapshots[source].reason
    assert reason is not None
    assert "\n" not in reason
    return reason


def add_leases(kea: Kea, count: int) -> None:
    """Let Kea hold so many leases."""
    for number in range(1, count + 1):
        lease = {
            "ip-address": f"10.0.10.{number}",
            "hw-address": f"02:00:00:00:00:{number:02x}",
            "hostname": f"h{number}",
        }
        kea.command("lease4-add", lease)


def stub_nc(host: Sshd, body: str) -> None:
    """Let nc(1) on the gateway be this script."""
    host.program("nc", f"#!/bin/sh\n{body}\n")


# --- what is read --------------------------------------------------------------------------------------------


def test_one_login_reads_all_there_is(read: Read, dhcp: Kea, gateway_host: Sshd) -> None:
    """Leases, configuration and ARP cache come complete over one SSH login, and parse."""
    add_leases(dhcp, 3)
    gateway_host.arp_table((ARP / "freebsd_arp_an.libxo.json").read_text())
    logins = gateway_host.login_count()
    snapshots = read()
    assert [one.reason for one in snapshots.values()] == [None, None, None]
    assert gateway_host.login_count() - logins == 1
    assert kea_leases.parse(snapshots["kea4.leases"]).table["hostname"].tolist() == ["h1", "h2", "h3"]
    assert len(kea_config.parse_subnets(snapshots["kea4.config"]).table) == len(dhcp.subnets)
    assert len(arp.parse(snapshots["arp"]).table) == 97
    assert {one.clock_offset_s for one in snapshots.values()} == {0}


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5])
def test_pages_are_read_to_the_last(read: Read, dhcp: Kea, count: int) -> None:
    """However many leases there are, pages of two bring each of them once, and prove that they are all."""
    add_leases(dhcp, count)
    snapshot = read(page_limit=2)["kea4.leases"]
    assert snapshot.content.count(b"\n") == count // 2 + 1
    assert kea_leases.parse(snapshot).table["ip"].tolist() == [f"10.0.10.{number}" for number in range(1, count + 1)]


def test_nothing_changed_is_the_same_bytes(read: Read, dhcp: Kea) -> None:
    """Two reads of an unchanged Kea have the same digests, so that the archive need not write."""
    add_leases(dhcp, 2)
    first, second = read(), read()
    assert [one.digest for one in first.values()] == [one.digest for one in second.values()]


def test_an_arp_without_libxo_is_read_as_text(read: Read, gateway_host: Sshd) -> None:
    """Where arp does not know --libxo its text is read, and parses."""
    gateway_host.arp_table(text=(ARP / "freebsd_arp_an.txt").read_text(), has_libxo=False)
    assert len(arp.parse(read()["arp"]).table) == 97


@pytest.mark.services("tcsh")
def test_any_login_shell_will_do(read: Read, gateway_host: Sshd) -> None:
    """Behind tcsh the same script runs: it comes by stdin, and there is nothing to quote."""
    gateway_host.login_shell("tcsh")
    assert all(one.is_complete for one in read().values())


def test_a_gateway_with_the_wrong_time_is_noted(read: Read, gateway_host: Sshd) -> None:
    """A clock an hour behind is noted with every snapshot; the time we asked is ours."""
    gateway_host.program("date", "#!/bin/sh\necho $(( $(/bin/date +%s) - 3600 ))\n")
    before = now()
    snapshots = read()
    assert {round(one.clock_offset_s, -1) for one in snapshots.values()} == {-3600}
    assert all(before <= one.read_at <= now() for one in snapshots.values())


def test_a_site_without_a_gateway_has_no_sources() -> None:
    """Such a site is not an error, and not a missing source."""
    assert read_site(Site(name="london", subnets=("192.168.8.0/24",)), "network.toml", str, now) == []


WG = Path(__file__).parents[1] / "fixtures" / "wireguard"


def test_wireguard_is_asked_for_no_secret(read: Read, gateway_host: Sshd) -> None:
    """Where network.toml says so its peers are read too, in two views; a wg that is asked for more fails this test."""
    gateway_host.program(
        "wg",
        f'#!/bin/sh\ncase "$*" in "show all latest-handshakes"|"show all allowed-ips") cat {WG}/wg_show_all_$3.txt;;'
        ' *) echo "asked: $*" >&2; exit 64;; esac\n',
    )
    snapshot = read(wireguard=True)["wireguard"]
    assert snapshot.reason is None
    assert len(wireguard.parse(snapshot).table) == 6
    assert "wireguard" not in read()


def test_a_gateway_without_wireguard_is_told(read: Read, gateway_host: Sshd) -> None:
    """Its other sources stand, and the reason says what to do."""
    gateway_host.program("wg", "#!/bin/sh\necho 'wg: not found' >&2\nexit 127\n")
    snapshots = read(wireguard=True)
    assert [source for source in snapshots if not snapshots[source].is_complete] == ["wireguard"]
    assert "exit status 127 (wg: not found). Run `wg show`" in (snapshots["wireguard"].reason or "")


# --- who is on the other side --------------------------------------------------------------------------------


def test_an_unknown_host_is_told_with_what_to_do(read: Read, gateway_host: Sshd, tmp_path: Path) -> None:
    """A host that is not pinned is refused with its key's fingerprint and the very command that pins it."""
    (tmp_path / "known_hosts").unlink()
    reason = reason_for_all(read())
    argv = [path_of("ssh-keygen"), "-lf", str(gateway_host.directory / "host_key.pub")]
    fingerprint = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()[1]
    assert (
        f"127.0.0.1 port {gateway_host.port}: the host is unknown: it shows the ssh-ed25519 key {fingerprint}" in reason
    )
    assert f"ssh-keyscan -p {gateway_host.port} 127.0.0.1 >> {tmp_path}/known_hosts" in reason


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_a_changed_host_key_is_told_with_both(read: Read, gateway_host: Sshd, tmp_path: Path, kind: str) -> None:
    """Another key than the pinned one, of the same kind or not, is refused with both fingerprints, before any login."""
    argv = [path_of("ssh-keygen"), "-q", "-t", kind, "-N", "", "-f", str(tmp_path / "other")]
    subprocess.run(argv, check=True)
    other = (tmp_path / "other.pub").read_text()
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{gateway_host.port} {other}")
    logins = gateway_host.login_count()
    reason = reason_for_all(read())
    assert "the host key has changed" in reason
    assert reason.count("SHA256:") == 2
    assert f"ssh-keygen -R '[127.0.0.1]:{gateway_host.port}' -f {tmp_path}/known_hosts" in reason
    assert gateway_host.login_count() == logins


@pytest.mark.services("sshd")
def test_a_key_that_is_not_let_in_is_not_tried_again(tmp_path: Path) -> None:
    """A refused key is one connection and one reason that names the user; the key itself is in no text."""
    other = tmp_path / "other"
    subprocess.run([path_of("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    closed = "Connection closed by authenticating user"
    with running_sshd() as host:  # one that nobody else has just gone away from
        (tmp_path / "known_hosts").write_text(host.known_hosts)
        network_file, site = str(tmp_path / "network.toml"), site_of(gateway_at(host.port))
        snapshots = read_site(site, network_file, other.read_text, now, connect_limit_s=PATIENCE_S)
        host.process.wait_until(lambda: closed in host.process.log_text(), "the close")
        assert host.process.log_text().count(closed) == 1
    reason = reason_for_all({one.source: one for one in snapshots})
    assert f"the user '{host.user}' was not let in with the ssh-ed25519 key SHA256:" in reason
    assert "authorized keys" in reason
    assert other.read_text().splitlines()[1] not in reason


def test_a_key_with_a_passphrase_is_our_mistake(read: Read, tmp_path: Path) -> None:
    """An encrypted key is an error of configuration, raised, not a missing source."""
    subprocess.run(
        [path_of("ssh-keygen"), "-q", "-t", "ed25519", "-N", "secret", "-f", str(tmp_path / "k")], check=True
    )
    with pytest.raises(ConfigError, match="has a passphrase"):
        read(key=tmp_path / "k")


# --- nobody answers, or not to the end -----------------------------------------------------------------------


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_that_never_answers_does_not_hang(black_hole: int, gateway_host: Sshd) -> None:
    """A gateway that takes the connection and says nothing is given up within the limit."""
    begun = time.monotonic()
    site = site_of(gateway_at(black_hole))
    snapshots = read_site(site, "network.toml", gateway_host.client_key.read_text, now, connect_limit_s=1)
    assert "no SSH session within 1 s" in reason_for_all({one.source: one for one in snapshots})
    assert time.monotonic() - begun < AT_ONCE_S


def test_a_closed_port_is_told(gateway_host: Sshd) -> None:
    """Where nothing listens, the reason names host, port and what to check."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    snapshots = read_site(site_of(gateway_at(port)), "network.toml", gateway_host.client_key.read_text, now)
    reason = reason_for_all({one.source: one for one in snapshots})
    assert f"127.0.0.1 port {port}: no SSH session" in reason
    assert "Check that the gateway is up" in reason


def test_a_stalled_command_ends_at_its_limit(read: Read, gateway_host: Sshd) -> None:
    """An nc that never comes back costs the limit, and no more."""
    stub_nc(gateway_host, "exec sleep 60")
    begun = time.monotonic()
    assert "the command did not end within 1 s" in reason_for_all(read(command_limit_s=1))
    assert time.monotonic() - begun < AT_ONCE_S


def test_an_answer_cut_in_its_middle_is_none(read: Read, gateway_host: Sshd) -> None:
    """When the gateway's shell dies before the end mark, nothing that came before is believed."""
    gateway_host.program("date", "#!/bin/sh\nkill -9 $PPID\n")
    assert "cut in mid-answer after" in reason_for_all(read())


def test_too_long_an_answer_is_given_up(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """No gateway can fill our memory: beyond the limit the answer is dropped."""
    monkeypatch.setattr(ssh, "ANSWER_LIMIT_BYTES", 1000)
    assert "more than" in reason_for_all(read())


# --- Kea and arp, each for itself ----------------------------------------------------------------------------


def test_a_page_that_is_not_had_costs_the_leases_alone(read: Read, dhcp: Kea, gateway_host: Sshd) -> None:
    """When the second page breaks off, the first one is no answer, and the other sources stand."""
    add_leases(dhcp, 3)
    real = path_of("nc")
    stub_nc(gateway_host, f'Q=$(cat); case $Q in *10.0.10.2*) exit 1;; *) printf %s "$Q" | {real} "$@";; esac')
    assert "Kea's socket gave no connection" in reason_for("kea4.leases", read(page_limit=2))


def test_a_kea_answer_cut_while_nc_is_content(read: Read, gateway_host: Sshd) -> None:
    """An nc exits 0 on half an answer: the JSON is not whole, so it is no answer."""
    stub_nc(gateway_host, """case $(cat) in *page*) echo '{"result": 0, "arg';; *) echo '{"result": 0}';; esac""")
    assert "cut or damaged after 18 bytes" in reason_for("kea4.leases", read())


def test_no_answer_of_keas_while_nc_is_content(read: Read, gateway_host: Sshd) -> None:
    """An nc exits 0 on no answer at all: that is not "no leases"."""
    stub_nc(gateway_host, """case $(cat) in *page*) ;; *) echo '{"result": 0}';; esac""")
    assert "without an answer" in reason_for("kea4.leases", read())


def test_a_kea_without_the_hook_is_told(read: Read, dhcp: Kea) -> None:
    """Without lease_cmds the leases are missing, with where to load it; the configuration is still read."""
    dhcp.configure(has_lease_commands=False)
    reason = reason_for("kea4.leases", read())
    assert "'lease4-get-page' command not supported." in reason
    assert "libdhcp_lease_cmds.so" in reason


def test_no_socket_is_told_with_where_we_looked(read: Read) -> None:
    """Without a socket Kea's sources are missing, with the list; the ARP cache is still read."""
    snapshots = read(kea_sockets=("/nonexistent/a", "/nonexistent/b"))
    assert snapshots["arp"].is_complete
    for source in ("kea4.leases", "kea4.config"):
        assert "no Kea control socket at /nonexistent/a, /nonexistent/b" in (snapshots[source].reason or "")


def test_a_socket_left_behind_is_told(read: Read, tmp_path: Path) -> None:
    """A socket file whose Kea is gone refuses the connection, and nc's words say so."""
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / "socket"))
    reason = read(kea_sockets=(str(tmp_path / "socket"),))["kea4.leases"].reason or ""
    assert "Connection refused" in reason
    assert "Start Kea" in reason


def test_a_user_who_may_not_ask_kea_is_told(read: Read, gateway_host: Sshd) -> None:
    """Permission denied at the socket is about the user, and the remedy names the two who may."""
    stub_nc(gateway_host, 'echo "nc: $4: Permission denied" >&2; exit 1')
    assert "admin or root" in (read()["kea4.leases"].reason or "")


def test_an_arp_that_fails_costs_the_arp_alone(read: Read, gateway_host: Sshd) -> None:
    """The reason has arp's own words, without control characters."""
    gateway_host.program("arp", "#!/bin/sh\nprintf 'arp: \\033[31msysctl\\n' >&2; exit 1\n")
    assert "exit status 1 (arp: [31msysctl)" in reason_for("arp", read())
