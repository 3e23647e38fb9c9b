"""What the measurements were made on: a figure without it says little."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.pushing import peers

_SERVERS = {
    "BIND": ["named", "-V"], "MariaDB": ["mariadbd", "--version"], "Kea": ["kea-dhcp4", "-v"], "OpenSSH": ["ssh", "-V"]
}  # fmt: skip
_OURS = ("dagster", "pandas", "dnspython", "paramiko", "SQLAlchemy")
_THEIRS = ("octodns", "octodns-bind", "diffsync")
_ASK = """
import sys
from importlib.metadata import version
print(", ".join(f"{name} {version(name)}" for name in sys.argv[1:]))
"""
_PATH = "/usr/sbin:/sbin"


def machine() -> dict[str, str]:
    """What a reader must know, by what it is called."""
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": f"{os.cpu_count()} cores, {_model()}",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load when it began": f"{os.getloadavg()[0]:.1f}",
        "servers": ", ".join(f"{name} {_said(argv)}" for name, argv in _SERVERS.items()),
        "libraries": ", ".join(f"{name} {version(name)}" for name in _OURS),
        "peers": _peers(),
    }


def _model() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    found = next((line for line in lines if line.startswith("model name")), ": unknown")
    return found.partition(":")[2].strip()


def _said(argv: list[str]) -> str:
    """The version in a program's own words: the first that has a digit."""
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{_PATH}"}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    words = (done.stdout + done.stderr).split()
    return next((word.strip(",") for word in words if any(char.isdigit() for char in word)), "unknown")


def _peers() -> str:
    python = peers()
    if python is None:
        return "not installed, so not measured"
    return subprocess.run([python, "-c", _ASK, *_THEIRS], capture_output=True, text=True, check=True).stdout.strip()
