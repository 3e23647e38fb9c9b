"""A real dropbear as an OpenWRT router's: its own host key, files and programs of OpenWRT, busybox's shell or /bin/sh.

dropbear takes the authorized keys from the home directory in the password file, and nothing changes that; nss_wrapper
(cwrap.org) shows it a password file of ours, so that no real account's keys are touched.
"""

import getpass
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import run

from tests.services.openssh import write_script
from tests.services.ports import free_port
from tests.services.process import HOST, Process, is_listening, private_directory, start
from tests.services.programs import path_of

HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"

_LOGIN = """#!/bin/sh
PATH={programs}:/usr/bin:/bin:/usr/sbin:/sbin; export PATH
exec {shell} -c "$SSH_ORIGINAL_COMMAND"
"""
_CAT = '#!/bin/sh\ncase "$1" in /proc/net/arp) set -- {directory}/proc_net_arp;; esac\nexec /bin/cat "$@"\n'
_UCI = '#!/bin/sh\n[ "$*" = "-q get dhcp.@dnsmasq[0].leasefile" ] && echo {directory}/dhcp.leases\n'
# busybox's ip: no -s, and the table is a file.
_IP = """#!/bin/sh
case "$*" in
  '-4 neigh show') exec /bin/cat {directory}/ip_neigh ;;
  '-6 neigh show') exec /bin/cat {directory}/ip6_neigh ;;
  *) echo "ip: invalid argument '$1' to 'ip'" >&2; exit 1 ;;
esac
"""


@dataclass(frozen=True)
class Dropbear:
    """A running dropbear and what a test may make of it."""

    port: int
    directory: Path
    process: Process
    host: str = HOST

    @property
    def user(self) -> str:
        """Who may log in: whoever runs the tests."""
        return getpass.getuser()

    @property
    def known_hosts(self) -> str:
        """The line a known_hosts file needs."""
        argv = [path_of("dropbearkey"), "-y", "-f", str(self.directory / "host_key")]
        printed = run(argv, check=True, capture_output=True, text=True).stdout
        key = next(line for line in printed.splitlines() if line.startswith("ssh-ed25519 "))
        return f"[{self.host}]:{self.port} {' '.join(key.split()[:2])}\n"

    @property
    def lease_file(self) -> Path:
        """The file of dnsmasq."""
        return self.directory / "dhcp.leases"

    def program(self, name: str, script: str) -> None:
        """Put a stand-in program (a whole script, with its #! line) before all others on the login's PATH."""
        write_script(self.directory / "programs" / name, script)

    def login_shell(self, shell: str = "/bin/sh") -> None:
        """The shell (one or more words) that gets the client's command."""
        programs = shlex.quote(str(self.directory / "programs"))
        write_script(self.directory / "login", _LOGIN.format(programs=programs, shell=shell))

    def login_count(self) -> int:
        """How many logins there have been."""
        return self.process.log_text().count("Pubkey auth succeeded")

    def restore(self, authorized: Path) -> None:
        """The first state: this public key is let in, no leases, no neighbours, /bin/sh."""
        write_script(self.directory / ".ssh" / "authorized_keys", authorized.read_text(), mode=0o600)
        for program in (self.directory / "programs").iterdir():
            program.unlink()
        for name, script in (("cat", _CAT), ("uci", _UCI), ("ip", _IP)):
            self.program(name, script.format(directory=shlex.quote(str(self.directory))))
        self.login_shell()
        self.lease_file.write_text("")
        (self.directory / "proc_net_arp").write_text(HEAD)
        (self.directory / "ip_neigh").write_text("")
        (self.directory / "ip6_neigh").write_text("")


def _environment(directory: Path) -> dict[str, str]:
    """A password file in which the home of whoever runs the tests is this directory."""
    user, number, group = getpass.getuser(), os.getuid(), os.getgid()
    (directory / "passwd").write_text(f"{user}:x:{number}:{group}::{directory}:/bin/sh\n")
    (directory / "group").write_text(f"{user}:x:{group}:\n")
    wrapped = {"NSS_WRAPPER_PASSWD": str(directory / "passwd"), "NSS_WRAPPER_GROUP": str(directory / "group")}
    return {"PATH": os.environ.get("PATH", ""), "LD_PRELOAD": path_of("libnss_wrapper.so"), **wrapped}


@contextmanager
def running_dropbear() -> Iterator[Dropbear]:
    """A dropbear that lets in whoever `restore` names, until the block ends."""
    with private_directory() as directory:
        for name in ("programs", ".ssh"):
            (directory / name).mkdir(mode=0o700)
        key = [path_of("dropbearkey"), "-t", "ed25519", "-f", str(directory / "host_key")]
        run(key, check=True, capture_output=True)
        port = free_port()
        argv = [path_of("dropbear"), "-F", "-E", "-s", "-m", "-r", str(directory / "host_key"), "-p", f"{HOST}:{port}"]
        argv += ["-P", str(directory / "pid"), "-c", str(directory / "login")]
        process = start("dropbear", argv, log=directory / "dropbear.log", environment=_environment(directory))
        try:
            process.wait_until(lambda: is_listening(port), f"port {port}")
            yield Dropbear(port, directory, process)
        finally:
            process.stop()
