"""What is wrong with the configuration or the world is said in one clear line, and nothing is written anywhere."""

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
import pytest

import netcensus
from tests.scenarios.lab_world import Lab, firewall_alone, running_lab
from tests.scenarios.world import World

OTHER_SECRET = "bm90IHRoZSBzZWNyZXQgb2YgdGhpcyBzZXJ2ZXIhISE="
EXTRA_ZONE = 'zones = [\n  "99.168.192.in-addr.arpa",'


@dataclass(frozen=True)
class Told:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Case:
    """One thing that is wrong, and what must be said about it. `{own}` and `{lab}` stand for the two folders."""

    says: tuple[str, ...]
    edit: tuple[str, str] = ("", "")
    variables: dict[str, str | None] = field(default_factory=dict)
    faults: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[Lab, Path], object] = lambda *_: None
    status: int = 1


def changed_key(lab: Lab, own: Path) -> None:
    """A known_hosts that names another host key for the lab's gateway."""
    host, kind, *_ = (lab.folder / "known_hosts").read_text(encoding="utf-8").split()
    key = paramiko.RSAKey.generate(2048) if kind == "ssh-rsa" else _ed25519(own / "other_host_key")
    (own / "hosts").write_text(f"{host} {key.get_name()} {key.get_base64()}\n", encoding="utf-8")


def no_key(_: Lab, own: Path) -> None:
    """A known_hosts that knows nobody."""
    (own / "hosts").write_text("", encoding="utf-8")


def stranger(_: Lab, own: Path) -> None:
    """A private key the gateway does not know."""
    _ed25519(own / "stranger")


def _ed25519(file: Path) -> paramiko.PKey:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - these three lines only
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - as above

    form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    file.write_bytes(Ed25519PrivateKey.generate().private_bytes(*form))
    return paramiko.Ed25519Key(filename=str(file))


def newer_phpipam(lab: Lab, own: Path) -> None:
    """A copy of phpIPAM's database that says it is of a version nobody knows."""
    shutil.copy(lab.database, own / "newer.sqlite")
    with closing(sqlite3.connect(own / "newer.sqlite")) as database, database:
        database.execute("UPDATE settings SET version = '1.99', dbversion = 99")


KNOWN_HOSTS = ('known_hosts = "{lab}/known_hosts"', 'known_hosts = "{own}/hosts"')
CASES = {
    # the network file
    "a-missing-key": Case(
        ("{own}/network.toml", "phpipam.time_zone is missing", "Compare with the shipped network.toml"),
        edit=('time_zone = "Europe/Sofia"\n', ""),
        status=2,
    ),
    "a-misspelt-key": Case(
        ("{own}/network.toml", "dns.ttl.statik is no key netcensus knows"), edit=("static =", "statik ="), status=2
    ),
    "an-impossible-value": Case(
        ("{own}/network.toml", "sofia", "10.0.10.0/33", "write a subnet such as 10.0.10.0/24"),
        edit=('"10.0.10.0/24"', '"10.0.10.0/33"'),
        status=2,
    ),
    "no-toml": Case(("{own}/network.toml", "is not TOML", "line"), edit=("[phpipam]", "[phpipam"), status=2),
    "no-network-file": Case(
        ("{own}/elsewhere.toml", "No such file", "NETCENSUS_NETWORK"),
        variables={"NETCENSUS_NETWORK": "{own}/elsewhere.toml"},
        status=2,
    ),
    # secrets
    "no-ssh-key": Case(
        ("NETCENSUS_SSH_KEY is not set", "NETCENSUS_SSH_KEY_FILE"), variables={"NETCENSUS_SSH_KEY_FILE": None}
    ),
    "ssh-key-file-missing": Case(
        ("{own}/nowhere", "NETCENSUS_SSH_KEY_FILE names it", "Check the path"),
        variables={"NETCENSUS_SSH_KEY_FILE": "{own}/nowhere"},
    ),
    "no-tsig-secret": Case(
        ("NETCENSUS_TSIG_SECRET is not set", "NETCENSUS_TSIG_SECRET_FILE"),
        variables={"NETCENSUS_TSIG_SECRET_FILE": None},
    ),
    "tsig-secret-is-no-base64": Case(
        ("NETCENSUS_TSIG_SECRET", "TSIG key netcensus", "not base64"),
        variables={"NETCENSUS_TSIG_SECRET_FILE": None, "NETCENSUS_TSIG_SECRET": "hunter2-hunter2!"},
    ),
    "wrong-tsig-secret": Case(
        ("127.0.0.1", "key netcensus has another secret", "NETCENSUS_TSIG_SECRET"),
        variables={"NETCENSUS_TSIG_SECRET_FILE": None, "NETCENSUS_TSIG_SECRET": OTHER_SECRET},
    ),
    # the gateway
    "unknown-host-key": Case(
        ("127.0.0.1", "the host is unknown", "{own}/hosts", "ssh-keyscan"), edit=KNOWN_HOSTS, prepare=no_key
    ),
    "changed-host-key": Case(
        ("127.0.0.1", "host key has changed", "{own}/hosts", "ssh-keygen -R"), edit=KNOWN_HOSTS, prepare=changed_key
    ),
    "wrong-ssh-key": Case(
        ("127.0.0.1", "'admin'", "authorized keys"),
        variables={"NETCENSUS_SSH_KEY_FILE": "{own}/stranger"},
        prepare=stranger,
    ),
    "kea-error": Case(("kea4.leases of 127.0.0.1", "result 1", "log"), faults={"kea": "error"}),
    "kea-hook-missing": Case(
        ("kea4.leases of 127.0.0.1", "lease_cmds", "hooks-libraries"), faults={"kea": "hook-missing"}
    ),
    "kea-cut": Case(("kea4.leases of 127.0.0.1", "cut or damaged"), faults={"kea": "stalled-cut"}),
    "arp-fails": Case(("arp of 127.0.0.1", "exit status", "arp -an"), faults={"arp": "fail"}),
    # the targets
    "zone-not-hosted": Case(
        ("127.0.0.1", "99.168.192.in-addr.arpa", "not hosted", "stands on this very server"),
        edit=("zones = [", EXTRA_ZONE),
    ),
    "zone-refuses-transfer": Case(
        ("127.0.0.1", "2.3.10.in-addr.arpa", "REFUSED", "netcensus"),
        faults={"dns": {"2.3.10.in-addr.arpa": "refuse-axfr"}},
    ),
    "zone-refuses-update": Case(
        ("127.0.0.1", "2.3.10.in-addr.arpa", "REFUSED", "netcensus"),
        faults={"dns": {"2.3.10.in-addr.arpa": "refuse-update"}},
    ),
    "unknown-phpipam": Case(
        ("{own}/newer.sqlite", "1.99", "known are 1.5 to 1.8"),
        edit=("{lab}/phpipam.sqlite", "{own}/newer.sqlite"),
        prepare=newer_phpipam,
    ),
    "no-phpipam": Case(
        ("{own}/none.sqlite", "unable to open", "Check"), edit=("{lab}/phpipam.sqlite", "{own}/none.sqlite")
    ),
    "unknown-changelog-user": Case(
        ("phpIPAM in {lab}/phpipam.sqlite", "nobody-here", "changelog_user"),
        edit=('changelog_user = "netcensus"', 'changelog_user = "nobody-here"'),
    ),
    "wrong-time-zone": Case(
        ("phpIPAM in {lab}/phpipam.sqlite", "America/New_York", "phpipam.time_zone"),
        edit=("Europe/Sofia", "America/New_York"),
    ),
}
IN_A_PROCESS_OF_ITS_OWN = ["a-missing-key", "wrong-ssh-key", "wrong-tsig-secret"]
HERE = [name for name in CASES if name not in IN_A_PROCESS_OF_ITS_OWN]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab of which no census has been taken: there is much to write."""
    with running_lab(tmp_path_factory.mktemp("bad") / "lab") as running:
        yield running


def broken_world(case: Case, lab: Lab, own: Path) -> World:
    """The case's world, with what is wrong in it."""

    def real(text: str) -> str:
        return text.replace("{own}", str(own)).replace("{lab}", str(lab.folder))

    def edited(text: str) -> str:
        text = firewall_alone(text)
        old, new = map(real, case.edit)
        assert old in text, "the case changes nothing"
        return text.replace(old, new) if old else text

    world = lab.world(own, edited).judged()
    case.prepare(lab, own)
    given = {name: real(value) for name, value in case.variables.items() if value is not None}
    kept = {name: value for name, value in world.variables.items() if name not in case.variables}
    return World(own, kept | given)


def run_here(world: World, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Told:
    """The command, run in this process: what its main function prints and returns."""
    monkeypatch.setattr(sys, "argv", ["netcensus.py", "census"])
    capfd.readouterr()
    with world.entered():
        status = netcensus.main()
    out, err = capfd.readouterr()
    return Told(status, out, err)


def written(lab: Lab) -> tuple[object, ...]:
    """All a census could have changed. UPDATE messages that changed nothing are how writing is tried beforehand."""
    phpipam, dns, records = lab.everything()
    return phpipam, {**dns, "updates": 0}, records


def check(told: Told, case: Case, lab: Lab, world: World) -> None:
    """It ended as it should and said what it should, in lines of ours, with no secret and no stack."""
    expected = [part.replace("{own}", str(world.folder)).replace("{lab}", str(lab.folder)) for part in case.says]
    assert told.status == case.status, told
    assert told.out == ""
    lines = told.err.splitlines()
    assert 1 <= len(lines) <= 3, told.err
    assert all(line.startswith("netcensus: ") for line in lines), told.err
    assert any(all(part in line for part in expected) for line in lines), told.err
    assert "Traceback" not in told.err
    for secret in (*lab.secrets(), OTHER_SECRET, "hunter2"):
        assert secret not in told.err + told.out
        assert world.files_holding(secret) == []


@pytest.mark.parametrize("name", HERE)
def test_what_is_wrong_is_said_and_nothing_is_written(
    name: str, lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The exit status is not 0, one line of stderr names thing, place and remedy, and phpIPAM and DNS are as before."""
    case, before = CASES[name], written(lab)
    world = broken_world(case, lab, tmp_path)
    lab.break_down(case.faults)
    try:
        told = run_here(world, monkeypatch, capfd)
    finally:
        lab.break_down({})
    assert written(lab) == before
    check(told, case, lab, world)


@pytest.mark.parametrize("name", IN_A_PROCESS_OF_ITS_OWN)
def test_so_it_is_in_a_process_of_its_own(name: str, lab: Lab, tmp_path: Path) -> None:
    """The command itself says it, with nothing before or after: no warning, no log line, no stack of a thread."""
    case, before = CASES[name], written(lab)
    world = broken_world(case, lab, tmp_path)
    done = world.command()
    assert written(lab) == before
    check(Told(done.returncode, done.stdout, done.stderr), case, lab, world)
