"""PostgreSQL on loopback with one user and his password, for what may live in any SQL database."""

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import run

from tests.services.ports import free_port
from tests.services.process import HOST, ServiceFailed, is_listening, private_directory, start

PACKAGE = "postgresql"
# It refuses to run as root; with root at hand it runs as this user, whom every system has.
_UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class PostgreSQL:
    """A running server, its only user, and its only database."""

    port: int
    password: str
    user: str = "dagster"
    database: str = "postgres"
    host: str = HOST


def programs() -> Path | None:
    """The directory of the newest installed server's programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _as_ordinary_user(argv: Sequence[str]) -> list[str]:
    """`argv`, preceded by what gives up root, and then asks to end with the tests (a change of user forgets that)."""
    if os.geteuid() != 0:
        return list(argv)
    drop = ["setpriv", f"--reuid={_UNPRIVILEGED}", "--regid=nogroup", "--clear-groups", "--"]
    return [*drop, "setpriv", "--pdeathsig", "INT", "--", *argv]


def _install(directory: Path, bin_: Path, password: str) -> None:
    """A cluster in `directory` whose superuser may come by password only."""
    (directory / "password").write_text(password)
    if os.geteuid() == 0:
        for path in (directory, directory / "password"):
            shutil.chown(path, _UNPRIVILEGED)
    options = [f"--pgdata={directory / 'data'}", "--username=dagster", f"--pwfile={directory / 'password'}"]
    argv = [str(bin_ / "initdb"), *options, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    result = run(_as_ordinary_user(argv), cwd=directory, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ServiceFailed(f"initdb in {directory}: {result.stdout[-1000:]}{result.stderr[-2000:]}")


@contextmanager
def running_postgresql(bin_: Path) -> Iterator[PostgreSQL]:
    """A new, empty server of the programs in `bin_`, until the block ends."""
    with private_directory() as directory:
        password, port = secrets.token_urlsafe(16), free_port()
        _install(directory, bin_, password)
        argv = [str(bin_ / "postgres"), "-D", str(directory / "data"), "-p", str(port)]
        settings = ["-c", f"listen_addresses={HOST}", "-c", f"unix_socket_directories={directory}"]
        process = start("postgres", _as_ordinary_user([*argv, *settings]), log=directory / "postgres.log")
        try:
            process.wait_until(lambda: is_listening(port) and "ready to accept" in process.log_text(), "its port")
            yield PostgreSQL(port, password)
        finally:
            process.stop()
