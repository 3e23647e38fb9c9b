"""OpenSSH's server behaving as pfSense's: its menu, and a stand-in `arp`; sh, nc and Kea's socket are real."""

import getpass
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import run

from tests.services.ports import free_port
from tests.services.process import HOST, Process, ServiceFailed, is_listening, private_directory, start
from tests.services.programs import path_of

# Run for every login, as pfSense runs /etc/rc.initial for `admin`: a command goes to the shell, no command gets a menu.
_LOGIN = """#!/bin/sh
PATH={programs}:/usr/bin:/bin; export PATH
[ -n "$SSH_ORIGINAL_COMMAND" ] || {{ printf '\\n 0) Logout (SSH only)\\n 8) Shell\\n\\nEnter an option: '; exit 0; }}
exec {shell} -c "$SSH_ORIGINAL_COMMAND"
"""

# FreeBSD's arp(8) as far as a gateway is asked: the two forms below, and its words for an option it does not know.
_ARP = """#!/bin/sh
case "$*" in
  '--libxo json -an') answer={directory}/arp.json ;;
  '-an') answer={directory}/arp.txt ;;
  *) echo "the stand-in arp was asked: arp $*" >&2; exit 64 ;;
esac
[ -f "$answer" ] || {{ printf 'arp: illegal option -- -\\nusage: arp [-n] [-i interface] -a\\n' >&2; exit 1; }}
cat "$answer"
exit {status}
"""

_CONFIG = """Port {port}
ListenAddress {host}
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/authorized_keys
{login}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding yes
PrintMotd no
MaxStartups 100
LogLevel INFO
"""


@dataclass(frozen=True)
class Sshd:
    """A running SSH server and what a test may make of it."""

    port: int
    directory: Path
    process: Process
    host: str = HOST

    @property
    def user(self) -> str:
        """Who may log in: whoever runs the tests."""
        return getpass.getuser()

    @property
    def client_key(self) -> Path:
        """The private key that is let in (ed25519, no passphrase)."""
        return self.directory / "client_key"

    @property
    def jump_key(self) -> Path:
        """The private key that is let in after `let_jump`."""
        return self.directory / "jump_key"

    @property
    def host_key(self) -> str:
        """The server's public key: its type and its base64."""
        return " ".join((self.directory / "host_key.pub").read_text().split()[:2])

    @property
    def known_hosts(self) -> str:
        """The line a known_hosts file needs."""
        return f"[{self.host}]:{self.port} {self.host_key}\n"

    def program(self, name: str, script: str) -> None:
        """Put a stand-in program (a whole script, with its #! line) before all others on the login's PATH."""
        write_script(self.directory / "programs" / name, script)

    def arp_table(self, json_text: str = "", *, text: str = "", has_libxo: bool = True, exit_status: int = 0) -> None:
        """What `arp --libxo json -an` prints, and `arp -an`; without libxo the first form is an error."""
        (self.directory / "arp.txt").write_text(text)
        (self.directory / "arp.json").unlink(missing_ok=True)
        if has_libxo:
            (self.directory / "arp.json").write_text(json_text)
        self.program("arp", _ARP.format(directory=self.directory, status=exit_status))

    def login_shell(self, shell: str = "/bin/sh") -> None:
        """The shell that gets the client's command: `admin` has /bin/sh behind its menu, other users tcsh."""
        script = _LOGIN.format(programs=self.directory / "programs", shell=shlex.quote(shell))
        write_script(self.directory / "login", script)

    def let_jump(self, options: str) -> None:
        """Let the jump key in as well, with these options before it in authorized_keys."""
        lines = [(self.directory / "client_key.pub").read_text(), f"{options} "]
        text = "".join([*lines, (self.directory / "jump_key.pub").read_text()])
        write_script(self.directory / "authorized_keys", text, mode=0o600)

    def let_only(self, *lines: str) -> None:
        """Let in by these lines of authorized_keys alone; `{client}` and `{jump}` in them stand for the public keys."""
        keys = {one: (self.directory / f"{one}_key.pub").read_text().rsplit(" ", 1)[0] for one in ("client", "jump")}
        text = "".join(f"{line.format(**keys)}\n" for line in lines)
        write_script(self.directory / "authorized_keys", text, mode=0o600)

    def login_count(self) -> int:
        """How many logins there have been."""
        return self.process.log_text().count("Accepted publickey for ")

    def restore(self) -> None:
        """The first state: an empty ARP table, no other stand-ins, /bin/sh, the client's key alone."""
        for program in (self.directory / "programs").iterdir():
            program.unlink()
        write_script(self.directory / "authorized_keys", (self.directory / "client_key.pub").read_text(), mode=0o600)
        self.login_shell()
        self.arp_table('{"__version": "1", "arp": {"arp-cache": []}}\n')


def write_script(file: Path, script: str, mode: int = 0o755) -> None:
    """Put a script at `file`."""
    # A new file takes the old one's place: a login that is running the old one is not disturbed ("Text file busy").
    new = file.with_name(f"{file.name}.new")
    new.write_text(script)
    new.chmod(mode)
    new.replace(file)


def _make_keys(directory: Path) -> None:
    for name in ("host_key", "client_key", "jump_key"):
        argv = [path_of("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(directory / name)]
        run(argv, check=True, capture_output=True)


def _make_separation_directory() -> None:
    """The directory a root sshd locks its unprivileged half into; Debian's unit makes it, here no unit runs."""
    if os.getuid() != 0:
        return
    try:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    except OSError as error:
        raise ServiceFailed("sshd as root needs the directory /run/sshd: mkdir -p /run/sshd") from error


@contextmanager
def running_sshd(*, has_menu: bool = True) -> Iterator[Sshd]:
    """An SSH server only this user's new key opens, until the block ends.

    Without pfSense's menu authorized_keys alone says what runs: sshd's own ForceCommand would outrank its `command`.
    """
    with private_directory() as directory:
        (directory / "programs").mkdir()
        _make_keys(directory)
        _make_separation_directory()
        port = free_port()
        login = f"ForceCommand {directory}/login" if has_menu else ""
        (directory / "sshd_config").write_text(_CONFIG.format(port=port, host=HOST, directory=directory, login=login))
        argv = [path_of("sshd"), "-D", "-e", "-f", str(directory / "sshd_config")]
        process = start("sshd", argv, log=directory / "sshd.log")
        try:
            process.wait_until(lambda: is_listening(port), f"port {port}")
            sshd = Sshd(port, directory, process)
            sshd.restore()
            yield sshd
        finally:
            process.stop()
