"""One server's process: started in the foreground, waited for, read by its log, stopped by its own process id."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

HOST = "127.0.0.1"
_POLL_S = 0.01
PATIENCE_S = 120
"""How long a test waits for what should come at once: on a loaded machine that is late, and nothing is proved by it."""
AT_ONCE_S = 30
"""What took longer was not given up at its limit of a second or so, however slow the machine; what hangs is longer."""
_UNIX_PATH_LIMIT = 107  # sun_path of unix(7), less its final NUL


class ServiceFailed(RuntimeError):
    """A server did not start or did not answer; the text ends with the tail of its log."""


@dataclass(frozen=True)
class Process:
    """A running server. `stop` it, or use `running`."""

    name: str
    child: subprocess.Popen[bytes]
    log: Path

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self.child.poll() is None

    def log_text(self) -> str:
        """All the server has printed."""
        return self.log.read_text(errors="replace")

    def failure(self, what: str) -> ServiceFailed:
        """The error to raise: what went wrong, where, and the log's last lines."""
        tail = "\n".join(self.log_text().splitlines()[-15:])
        state = "running" if self.is_running else f"ended with status {self.child.returncode}"
        return ServiceFailed(f"{self.name} ({state}): {what}; the end of {self.log}:\n{tail}")

    def wait_until(
        self, is_ready: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S, poll_s: float = _POLL_S
    ) -> None:
        """Return once `is_ready`; ServiceFailed if the server dies or the time is up."""
        end = time.monotonic() + timeout_s
        while not is_ready():
            if not self.is_running or time.monotonic() > end:
                raise self.failure(f"waited for {what} (at most {timeout_s} s)")
            time.sleep(poll_s)

    def stop(self, limit_s: float = 20) -> None:
        """Ask the process to end; kill it if it has not after so many seconds."""
        if not self.is_running:
            return
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def start(name: str, argv: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> Process:
    """The started server, printing to `log`."""
    # setpriv(1) ends the server even when pytest is killed outright: nothing is left running.
    guard = ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []
    with log.open("ab") as output:
        child = subprocess.Popen(
            [*guard, *argv], stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=log.parent
        )
    return Process(name, child, log)


@contextmanager
def private_directory() -> Iterator[Path]:
    """A new directory only this user may enter, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="netcensus-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def is_listening(port: int) -> bool:
    """Whether something accepts TCP connections on this port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def socket_path(directory: Path, name: str) -> str:
    """The path of a unix socket in `directory`; ServiceFailed if the kernel would not take it."""
    path = str(directory / name)
    if len(path.encode()) > _UNIX_PATH_LIMIT:
        raise ServiceFailed(f"{path} is longer than {_UNIX_PATH_LIMIT} bytes: set TMPDIR to a shorter directory")
    return path


def eventually(read: Callable[[], T], what: str, timeout_s: float = PATIENCE_S) -> T:
    """The first true value `read` gives; AssertionError names `what` if none comes in time."""
    end = time.monotonic() + timeout_s
    while not (value := read()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come within {timeout_s} s; last read: {value!r}")
        time.sleep(_POLL_S)
    return value
