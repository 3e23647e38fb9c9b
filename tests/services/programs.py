"""Which programs each server under test needs, and the Debian packages that bring them."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

PACKAGES_FILE = Path(__file__).with_name("packages.txt")

PACKAGE_OF = {
    "kea-dhcp4": "kea-dhcp4-server",
    "kea-dhcp6": "kea-dhcp6-server",
    "kea-dhcp-ddns": "kea-dhcp-ddns-server",
    "libdhcp_lease_cmds.so": "kea-common",
    "named": "bind9",
    "nsupdate": "bind9-dnsutils",
    "mariadbd": "mariadb-server-core",  # without mariadb-server no system-wide server is started
    "mariadb-install-db": "mariadb-server-core",
    "my_print_defaults": "mariadb-client-core",  # mariadb-install-db calls it
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "nc": "netcat-openbsd",
    "tcsh": "tcsh",
    "dropbear": "dropbear-bin",
    "dropbearkey": "dropbear-bin",
    "libnss_wrapper.so": "libnss-wrapper",
    "busybox": "busybox-static",
    "chromium": "chromium",
    "gcc": "gcc",
}

# The keys are the names of the session fixtures, and the words `@pytest.mark.services(...)` takes.
NEEDED_BY = {
    "bind": ("named",),
    "nsupdate": ("nsupdate",),
    "kea": ("kea-dhcp4", "kea-dhcp-ddns", "libdhcp_lease_cmds.so", "named"),
    "kea6": ("kea-dhcp6", "libdhcp_lease_cmds.so"),
    "mariadb": ("mariadbd", "mariadb-install-db", "my_print_defaults"),
    "sshd": ("sshd", "ssh", "ssh-keygen", "nc"),
    "tcsh": ("tcsh",),
    "dropbear": ("dropbear", "dropbearkey", "libnss_wrapper.so"),
    "busybox": ("busybox",),
    "chromium": ("chromium",),
    "clock": ("gcc",),
}

# Debian keeps servers in sbin, which is not on an ordinary user's PATH.
_SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/sbin"])
_LIBRARIES = ("*/kea/hooks", "*")


def find(program: str) -> str | None:
    """The program's full path, or None where it is not installed."""
    if program.endswith(".so"):
        libraries = sorted(path for folder in _LIBRARIES for path in Path("/usr/lib").glob(f"{folder}/{program}"))
        return str(libraries[0]) if libraries else None
    return shutil.which(program, path=_SEARCH_PATH)


def path_of(program: str) -> str:
    """The program's full path; FileNotFoundError names the package that has it."""
    found = find(program)
    if found is None:
        raise FileNotFoundError(f"{program} is not installed: apt-get install {PACKAGE_OF[program]}")
    return found


def missing_packages(services: Iterable[str]) -> list[str]:
    """The Debian packages these services lack here, sorted; empty when all can run."""
    programs = {program for service in services for program in NEEDED_BY[service]}
    return sorted({PACKAGE_OF[program] for program in programs if find(program) is None})
