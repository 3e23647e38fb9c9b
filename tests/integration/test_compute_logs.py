"""What runs print: kept where it was anything, and no file where it was nothing."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from resources.storage.compute_logs import SparingComputeLogs
from tests.integration.storage_story import REPOSITORY

RUN = "8f2b6c1e-0000-4000-8000-000000000001"
KEY = [RUN, "compute_logs", "abcdefgh"]
_FAILING = f"""
import os, sys
from resources.storage.compute_logs import SparingComputeLogs
with SparingComputeLogs(sys.argv[1]).capture_logs({KEY}):
    print("to look at", file=sys.stderr)
    os.system("echo by a program")
    raise SystemExit("it fails")
"""


def files(folder: Path) -> list[str]:
    """The names of all files below a folder."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("error", [None, RuntimeError()])
def test_a_run_that_prints_nothing_makes_no_file(tmp_path: Path, error: Exception | None) -> None:
    """Neither does one that failed without a word; the UI waits for nothing, and no descriptor stays open."""
    logs, open_before = SparingComputeLogs(str(tmp_path)), files(Path("/proc/self/fd"))
    with suppress(RuntimeError), logs.capture_logs(KEY):
        if error:
            raise error
    assert files(tmp_path) == []
    assert logs.get_log_data(KEY).stderr is None
    assert logs.is_capture_complete(KEY)
    assert files(Path("/proc/self/fd")) == open_before


def test_what_a_run_and_its_programs_print_is_kept_and_printed(tmp_path: Path) -> None:
    """Although it fails; the UI shows it, and pruning deletes it."""
    ended = subprocess.run(
        [sys.executable, "-c", _FAILING, str(tmp_path)], cwd=REPOSITORY, capture_output=True, check=False
    )
    assert (ended.stdout, ended.stderr) == (b"by a program\n", b"to look at\nit fails\n")
    logs = SparingComputeLogs(str(tmp_path))
    shown = logs.get_log_data(KEY)
    assert (shown.stdout, shown.stderr) == (b"by a program\n", b"to look at\n")
    logs.delete_logs(prefix=[RUN])
    assert files(tmp_path) == []
