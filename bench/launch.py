"""Run a command and say what it took: `python -S -m bench.launch REPORT COMMAND ...`, the report as JSON.

A process of its own, for the memory a child is said to have had at most counts what its parent had when it was forked.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

# setpriv(1) ends what is measured when the benchmark is killed, as it does its servers.
GUARD = ("setpriv", "--pdeathsig", "KILL", "--") if shutil.which("setpriv") else ()


def main(report: str, *argv: str) -> int:
    """Write the report and return the command's exit status."""
    began = time.monotonic()
    child = subprocess.Popen([*GUARD, *argv])
    # The process stays until it is waited for once more, and with it the kernel's account of what it wrote.
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    wall_s, io = time.monotonic() - began, _io(child.pid)
    _, status, used = os.wait4(child.pid, 0)
    found = {
        "status": os.waitstatus_to_exitcode(status),
        "wall_s": round(wall_s, 3),
        "cpu_s": round(used.ru_utime + used.ru_stime, 3),
        "peak_mb": used.ru_maxrss // 1024,
        "written": io["wchar"],
        "written_to_disk": io["write_bytes"] - io["cancelled_write_bytes"],
    }
    Path(report).write_text(json.dumps(found), encoding="utf-8")
    return int(found["status"])


def _io(pid: int) -> dict[str, int]:
    """proc(5), /proc/pid/io; of children, too, that were waited for."""
    lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    return {name: int(value) for name, value in (line.split(": ") for line in lines)}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
