"""Reading an OpenWRT router, a real dropbear, by a real OpenSSH as the hop; how each leg can fail, and the words."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.gateways import OpenwrtGateway, PfsenseGateway
from pipelines.network import Site
from pipelines.parse import dnsmasq_leases, linux_neighbours, odhcpd_leases
from pipelines.snapshots import Snapshot
from resources.gateways import read_site
from resources.openwrt import SOURCES
from resources.ssh import Hop
from tests.services.dropbear import Dropbear
from tests.services.openssh import Sshd
from tests.services.ports import free_port
from tests.services.process import AT_ONCE_S, PATIENCE_S, eventually
from tests.services.programs import path_of

FIXTURES = Path(__file__).parents[1] / "fixtures"
Read = Callable[..., dict[str, Snapshot]]
pytestmark = pytest.mark.services("dropbear", "sshd")


def now() -> datetime:
    """Our clock."""
    return datetime.now(UTC)


def permit(port: int) -> str:
    """What the README says to write before the jump key."""
    return f'restrict,port-forwarding,permitopen="127.0.0.1:{port}",permitlisten="localhost:1",command="/bin/false"'


@pytest.fixture
def read(router: Dropbear, gateway_host: Sshd, tmp_path: Path) -> Read:
    """Reads the router at `port` through the hop, by source; keywords change its settings."""
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(gateway_host.known_hosts + router.known_hosts)
    gateway_host.let_jump(permit(router.port))

    def read_router(
        port: int = router.port,
        connect_limit_s: float = PATIENCE_S,
        subnets: tuple[str, ...] = ("192.168.8.0/24",),
        **settings: object,
    ) -> dict[str, Snapshot]:
        first = {"kind": "openwrt", "host": "127.0.0.1", "port": port, "user": router.user}
        hop = PfsenseGateway(kind="pfsense", host="127.0.0.1", port=gateway_host.port, user=gateway_host.user)
        snapshots = read_site(
            Site(name="london", subnets=subnets, gateway=OpenwrtGateway.model_validate(first | settings)),
            str(tmp_path / "network.toml"),
            gateway_host.client_key.read_text,
            now,
            hop=Hop(hop, str(known_hosts), gateway_host.jump_key.read_text),
            connect_limit_s=connect_limit_s,
        )
        return {snapshot.source: snapshot for snapshot in snapshots}

    return read_router


def reason_for_all(snapshots: dict[str, Snapshot]) -> str:
    """Why nothing could be looked at: every source is there, missing, empty, and says the same in one line."""
    assert tuple(snapshots) == SOURCES
    assert not any(one.is_complete or one.content for one in snapshots.values())
    (reason,) = {one.reason for one in snapshots.values()}
    assert reason is not None
    assert "\n" not in reason
    return reason


def reason_for(source: str, snapshots: dict[str, Snapshot]) -> str:
    """Why this source is missing, while the other is complete."""
    assert [name for name in SOURCES if not snapshots[name].is_complete] == [source]
    return snapshots[source].reason or ""


# --- what is read --------------------------------------------------------------------------------------------


def test_one_login_on_each_leg_reads_all_there_is(read: Read, router: Dropbear, gateway_host: Sshd) -> None:
    """Leases and neighbours come whole through the hop, byte by byte, by one login there and one here."""
    leases = FIXTURES / "dnsmasq" / "london" / "dhcp.leases"
    router.lease_file.write_bytes(leases.read_bytes())
    for name, file in (("proc_net_arp", "linux_proc_net_arp.txt"), ("ip_neigh", "busybox_ip_neigh.txt")):
        (router.directory / name).write_bytes((FIXTURES / "arp" / file).read_bytes())
    before = router.login_count(), gateway_host.login_count()
    snapshots = read()
    assert [one.reason for one in snapshots.values()] == [None, None]
    assert (router.login_count(), gateway_host.login_count()) == (before[0] + 1, before[1] + 1)
    assert snapshots["dnsmasq.leases"].content == leases.read_bytes()
    assert len(dnsmasq_leases.parse(snapshots["dnsmasq.leases"]).table) == 14
    assert len(linux_neighbours.parse(snapshots["linux.neighbours"]).table) == 20


def test_ipv6_neighbours_are_asked_for_where_a_subnet_is_tracked(read: Read, router: Dropbear) -> None:
    """`ip -6 neigh` is read behind `ip -4 neigh`; elsewhere it is not run, and where it fails the source is missing."""
    (router.directory / "ip6_neigh").write_text("fd00:8::7 dev br-lan lladdr 94:83:c4:10:00:07 used 0/0/0 REACHABLE\n")
    both = ("192.168.8.0/24", "fd00:8::/64")
    found = linux_neighbours.parse(read(subnets=both)["linux.neighbours"]).table
    assert found[["ip", "state"]].to_numpy().tolist() == [["fd00:8::7", "dynamic"]]
    assert linux_neighbours.parse(read()["linux.neighbours"]).table.empty
    (router.directory / "ip6_neigh").unlink()
    assert "`cat /proc/net/arp; ip -6 neigh` failed" in reason_for("linux.neighbours", read(subnets=both))


@pytest.mark.parametrize(
    "file", ["clock_1970.leases", "crlf_bom.leases", "cut.leases", "empty.leases", "motd_before.leases"]
)
def test_whatever_is_in_the_file_comes_as_it_is(read: Read, router: Dropbear, file: str) -> None:
    """What the file's bytes are worth is not for the transport to judge; only that it brought them all."""
    content = (FIXTURES / "dnsmasq" / "damaged" / file).read_bytes()
    router.lease_file.write_bytes(content)
    assert read()["dnsmasq.leases"].content == content.rstrip(b"\n") + b"\n"


def test_the_routers_clock_is_noted(read: Read, router: Dropbear) -> None:
    """A router that came up without the time says 1970, and with it its leases can be read."""
    router.program("date", "#!/bin/sh\necho 86400\n")
    began = int(time.time())
    offsets = {one.clock_offset_s for one in read().values()}
    assert offsets <= set(range(86399 - int(time.time()), 86401 - began))


@pytest.mark.services("busybox")
def test_busyboxs_shell_runs_the_script(read: Read, router: Dropbear) -> None:
    """The shell of OpenWRT, with its own cat, date and ip, finds the file by network.toml where there is no uci."""
    line = "0 94:83:c4:10:00:00 192.168.8.9 tv *\n"
    router.lease_file.write_text(line)
    router.program("uci", "#!/bin/sh\nexit 1\n")
    router.login_shell(f"{path_of('busybox')} sh")
    router.program("sh", "#!/bin/sh\nexit 1\n")
    assert read(lease_files=("/nonexistent", str(router.lease_file)))["dnsmasq.leases"].content == line.encode()


def test_a_router_without_ip_is_read(read: Read, router: Dropbear) -> None:
    """`ip neigh` is a help, not a need; one that is there and fails is a reason."""
    router.program("ip", "#!/bin/sh\necho 'ip: netlink' >&2\nexit 2\n")
    assert "failed with exit status 2 (ip: netlink)" in reason_for("linux.neighbours", read())
    (router.directory / "programs" / "ip").unlink()
    router.program("command", "#!/bin/sh\nexit 1\n")
    assert all(one.is_complete for one in read().values())


def test_iproute2_is_asked_for_ages(read: Read, router: Dropbear) -> None:
    """An ip that knows -s is asked for the seconds since the kernel heard from each neighbour."""
    router.program("ip", '#!/bin/sh\necho "asked $*"\n')
    assert read()["linux.neighbours"].content.endswith(b"asked -s -4 neigh show\n")


def test_a_router_without_dnsmasq_is_no_empty_router(read: Read, router: Dropbear) -> None:
    """No lease file is a reason, and never "no leases"."""
    router.lease_file.unlink()
    assert "dnsmasq is not running here" in reason_for("dnsmasq.leases", read(lease_files=("/nonexistent",)))


def uci(router: Dropbear, settings: dict[str, object]) -> None:
    """The router's settings under `dhcp`."""
    lines = "".join(f"'-q get dhcp.{name}') echo '{value}';;\n" for name, value in settings.items())
    router.program("uci", f'#!/bin/sh\ncase "$*" in\n{lines}*) exit 1;; esac\n')


def test_odhcpds_leases_are_read_where_there_are_any(read: Read, router: Dropbear) -> None:
    """Its file, by uci, beside dnsmasq's in the same login; a router without one is asked for nothing more."""
    assert tuple(read()) == SOURCES
    state = router.directory / "odhcpd.leases"
    state.write_bytes((FIXTURES / "odhcpd" / "odhcpd.leases").read_bytes())
    uci(router, {"@dnsmasq[0].leasefile": router.lease_file, "odhcpd.leasefile": state})
    before = router.login_count()
    snapshots = read()
    state.unlink()
    assert router.login_count() == before + 1
    assert all(snapshots[source].is_complete for source in (*SOURCES, "odhcpd.leases"))
    assert snapshots["odhcpd.leases"].content == (FIXTURES / "odhcpd" / "odhcpd.leases").read_bytes()
    assert tuple(read()) == SOURCES


def test_where_odhcpd_serves_ipv4_it_has_dnsmasqs_place(read: Read, router: Dropbear) -> None:
    """No file of dnsmasq's is missed there; odhcpd itself is asked while it has none, and its silence is a reason."""
    uci(router, {"odhcpd.maindhcp": 1})
    answer = FIXTURES / "odhcpd" / "ubus_dhcp_ipv4leases.json"
    router.program("ubus", f'#!/bin/sh\n[ "$*" = "call dhcp ipv4leases" ] && exec /bin/cat {answer}\n')
    snapshots = read(lease_files=("/nonexistent",))
    assert set(snapshots) == {"linux.neighbours", "odhcpd.leases"}
    assert list(odhcpd_leases.parse(snapshots["odhcpd.leases"]).table["ip"]) == ["192.168.8.100", "192.168.8.101"]
    router.program("ubus", "#!/bin/sh\necho 'Command failed: Not found' >&2\nexit 4\n")
    mute = read(lease_files=("/nonexistent",))["odhcpd.leases"]
    assert not mute.is_complete
    assert "failed with exit status 4 (Command failed: Not found)" in (mute.reason or "")
    router.program("ubus", "#!/bin/sh\nexit 0\n")
    assert not read(lease_files=("/nonexistent",))["odhcpd.leases"].is_complete


def test_a_file_caught_while_it_is_rewritten_is_read_again(read: Read, router: Dropbear) -> None:
    """It is written in place: a file that grows between two looks is looked at until it stands still, or not had."""
    body = "COUNT=$(/bin/cat {0}/count 2>/dev/null || echo 0); echo $((COUNT + 1)) > {0}/count\n"
    body += 'case "$1" in /proc/*) echo "$1"; exit;; esac\n[ "$COUNT" -ge {1} ] && echo whole || echo "half $COUNT"\n'
    router.program("cat", "#!/bin/sh\n" + body.format(router.directory, 1))
    assert read()["dnsmasq.leases"].content == b"whole\n"
    router.program("cat", "#!/bin/sh\n" + body.format(router.directory, 1000))
    assert "changed at every look" in reason_for("dnsmasq.leases", read())


# --- who is on each leg --------------------------------------------------------------------------------------


def other_key(folder: Path) -> str:
    """A public key nobody here has."""
    subprocess.run([path_of("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "other")], check=True)
    return " ".join((folder / "other.pub").read_text().split()[:2])


@pytest.mark.parametrize("leg", ["hop", "router"])
def test_a_changed_host_key_on_either_leg_is_told(
    read: Read, router: Dropbear, gateway_host: Sshd, tmp_path: Path, leg: str
) -> None:
    """Each leg's host key is ours to check: another one is refused before any login there, with the leg named."""
    lines = {"hop": gateway_host.known_hosts, "router": router.known_hosts}
    lines[leg] = f"{lines[leg].split()[0]} {other_key(tmp_path)}\n"
    (tmp_path / "known_hosts").write_text("".join(lines.values()))
    logins = {"hop": gateway_host.login_count(), "router": router.login_count()}
    reason = reason_for_all(read())
    assert "the host key has changed" in reason
    hop, target = (f"127.0.0.1 port {one.port}" for one in (gateway_host, router))
    assert reason.startswith(f"{hop} (the hop to {target})" if leg == "hop" else f"{target} (by the hop {hop})")
    assert {"hop": gateway_host.login_count(), "router": router.login_count()}[leg] == logins[leg]


def test_an_unknown_router_is_told_with_how_to_look_at_its_key(
    read: Read, router: Dropbear, gateway_host: Sshd, tmp_path: Path
) -> None:
    """Its key can only be fetched from the hop, so that is the command in the remedy."""
    (tmp_path / "known_hosts").write_text(gateway_host.known_hosts)
    reason = reason_for_all(read())
    assert "the host is unknown" in reason
    scan = f"ssh -p {gateway_host.port} {gateway_host.user}@127.0.0.1 ssh-keyscan -p {router.port} 127.0.0.1 >> "
    assert scan in reason


@pytest.mark.parametrize(
    "options", ["restrict", 'restrict,port-forwarding,permitopen="127.0.0.1:9"'], ids=["no forwarding", "another port"]
)
def test_a_hop_that_forbids_is_told_with_the_line_to_write(
    read: Read, router: Dropbear, gateway_host: Sshd, options: str
) -> None:
    """The reason says who forbids what, and the remedy is the line for authorized_keys."""
    gateway_host.let_jump(options)
    reason = reason_for_all(read())
    assert f"does not forward to 127.0.0.1:{router.port} (administratively prohibited)" in reason
    assert f'restrict,port-forwarding,permitopen="127.0.0.1:{router.port}"' in reason


def test_a_jump_key_the_hop_does_not_know_is_told(read: Read, gateway_host: Sshd) -> None:
    """Refused at the hop, the reason names the hop and the user there."""
    gateway_host.restore()
    reason = reason_for_all(read())
    assert "(the hop to " in reason
    assert "was not let in" in reason


def test_a_key_the_router_does_not_know_is_told(read: Read, router: Dropbear, tmp_path: Path) -> None:
    """Refused behind the hop, the reason names the router."""
    other_key(tmp_path)
    router.restore(tmp_path / "other.pub")
    reason = reason_for_all(read())
    assert reason.startswith(f"127.0.0.1 port {router.port} (by the hop ")
    assert "was not let in" in reason


# --- nobody answers, or not to the end -----------------------------------------------------------------------


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port whose queue is full: connecting to it gets no answer, as behind a dead line."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as listener,
        socket.socket() as first,
        socket.socket() as other,
    ):
        for one in (first, other):
            one.setblocking(False)  # noqa: FBT003 - the socket's own signature
            one.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_a_refused_connection_is_told(read: Read, gateway_host: Sshd) -> None:
    """Where nothing listens behind the hop, the hop says so."""
    port = free_port()
    gateway_host.let_jump(permit(port))
    reason = reason_for_all(read(port))
    assert f"it gets no connection to 127.0.0.1:{port} (Connect failed)" in reason


def test_a_router_that_takes_the_connection_and_is_silent(read: Read, gateway_host: Sshd, black_hole: int) -> None:
    """A port that never answers costs the limit, and no more."""
    gateway_host.let_jump(permit(black_hole))
    begun = time.monotonic()
    assert "no SSH session within 1 s" in reason_for_all(read(black_hole, connect_limit_s=1))
    assert time.monotonic() - begun < AT_ONCE_S


def test_a_router_behind_a_dead_line(read: Read, gateway_host: Sshd, deaf: int) -> None:
    """Where the hop itself waits for an answer, we do not wait with it."""
    gateway_host.let_jump(permit(deaf))
    begun = time.monotonic()
    reason = reason_for_all(read(deaf, connect_limit_s=1))
    assert f"it got no connection to 127.0.0.1:{deaf} within 1 s" in reason
    assert time.monotonic() - begun < AT_ONCE_S


def test_a_slow_router_ends_at_its_limit(read: Read, router: Dropbear) -> None:
    """A command that never ends costs the limit, over two legs too, and both connections are closed."""
    router.program("uci", "#!/bin/sh\nexec sleep 60\n")
    begun, threads = time.monotonic(), threading.active_count()
    assert "the command did not end within 1 s" in reason_for_all(read(command_limit_s=1))
    assert time.monotonic() - begun < AT_ONCE_S
    eventually(lambda: threading.active_count() <= threads, "the end of both connections")


def test_an_answer_cut_in_its_middle_is_none(read: Read, router: Dropbear) -> None:
    """When the line breaks before the end mark, nothing that came before is believed."""
    router.lease_file.write_text("0 94:83:c4:10:00:00 192.168.8.9 tv *\n")
    router.program("date", "#!/bin/sh\nkill -9 $PPID\n")
    assert "cut in mid-answer after" in reason_for_all(read())


def test_a_connection_that_breaks_is_told(read: Read, router: Dropbear) -> None:
    """When the router's end of it dies in mid-command, that is a reason, at once."""
    parents = "P=$PPID; for STEP in 1 2 3 4 5; do P=$(ps -o ppid= -p $P | tr -d ' ')"
    router.program("uci", f"#!/bin/sh\n{parents}; [ $(ps -o comm= -p $P) = dropbear ] && kill -9 $P && exit; done\n")
    reason = reason_for_all(read())
    assert "cut in mid-answer" in reason or "the connection broke" in reason
