"""A gateway's shell: a real /bin/sh in which some programs are the lab's; in the firewall's, `nc` and `arp`.

The lab does not interpret shell scripts; it runs them, with two small programs first on the PATH. The machine's own
nc and arp are not asked: they may be missing, and arp would show the machine's neighbours.
"""

import shlex
import subprocess
import sys
from pathlib import Path

from lab.folder import Folder, write_whole

HERE = Path(__file__).parent
SYSTEM_PATH = "/usr/bin:/bin"  # for date, cat, sed and the like


def lay_out(folder: Folder) -> None:
    """Write the stand-in programs; again at every start, for the interpreter's path may have changed."""
    folder.programs.mkdir(exist_ok=True)
    write_program(folder.programs / "nc", HERE / "stand_in_nc.py")
    write_program(folder.programs / "arp", HERE / "stand_in_arp.py", str(folder.neighbours), str(folder.faults))


def write_program(path: Path, script: Path, *arguments: str) -> None:
    """Write a program that runs a stand-in with these first arguments."""
    # -I: neither the environment nor the script's folder decides what `import socket` finds; -S: no site packages.
    words = [sys.executable, "-I", "-S", str(script), *arguments]
    write_whole(path, f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', mode=0o755)


def start(root: Path, programs: Path, user: str, command: str) -> subprocess.Popen[bytes]:
    """The running command, as pfSense's /etc/rc.initial starts it for `admin`: `/bin/sh -c COMMAND`, no terminal.

    `programs` come first on its PATH, `root` is its home and where it starts.
    """
    return subprocess.Popen(  # noqa: S603 (running what the authenticated client sends is what a gateway does)
        ["/bin/sh", "-c", command],
        cwd=root,
        env={"PATH": f"{programs}:{SYSTEM_PATH}", "HOME": str(root), "USER": user, "LC_ALL": "C"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
