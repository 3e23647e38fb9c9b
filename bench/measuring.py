"""What one command took: CPU, wall time, memory, and the bytes it wrote."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.launch import GUARD

ROOT = Path(__file__).parents[1]
LIMIT_S = 1800
_OFF_THE_DISK = os.environ.get("TMPDIR", "/tmp")  # noqa: S108 - the system's own: not the disk whose bytes are counted


class CommandFailed(RuntimeError):
    """What was measured did not do its work; the text ends with what it printed last."""


@dataclass(frozen=True)
class Spent:
    """What a command and the children it waited for took.

    `peak_mb` is the largest resident set of any one of them. `written` are the bytes given to write(2), whatever became
    of them: files, pipes, not sockets. `written_to_disk` are the pages the kernel means to write for it, in bytes.
    """

    status: int
    cpu_s: float
    wall_s: float
    peak_mb: int
    written: int
    written_to_disk: int
    output: str


def python(module: str, *arguments: str) -> list[str]:
    """The command of a module of ours, run by this Python."""
    return [sys.executable, "-m", module, *arguments]


def spend(
    argv: Sequence[str], environment: Mapping[str, str], *, statuses: Sequence[int] = (0,), text: str | None = None
) -> Spent:
    """Run a command from the project's folder, `text` on its stdin. `CommandFailed` for any other exit status."""
    with TemporaryDirectory(dir=_OFF_THE_DISK) as folder:
        report = Path(folder) / "report.json"
        launch = [*GUARD, sys.executable, "-S", str(Path(__file__).with_name("launch.py")), str(report)]
        done = subprocess.run(
            [*launch, *argv], cwd=ROOT, env=dict(environment), input=text, capture_output=True, text=True,
            timeout=LIMIT_S, check=False,
        )  # fmt: skip
        if done.returncode not in statuses:
            said = (done.stdout + done.stderr)[-3000:]
            raise CommandFailed(f"{' '.join(argv)[:200]} ended with status {done.returncode}: {said}")
        found = json.loads(report.read_text(encoding="utf-8"))
    return Spent(**found, output=done.stdout)
