"""What a process imports before it does anything: as little as it can."""

import subprocess
import sys

import pytest

from tests.scenarios.world import ROOT


@pytest.mark.parametrize(
    ("module", "left_out"),
    [("netcensus", ("dagster", "paramiko", "requests")), ("definitions", ("great_expectations", "requests"))],
)
def test_nothing_is_imported_that_is_not_needed(module: str, left_out: tuple[str, ...]) -> None:
    """`who` and `why` do without Dagster, and what Dagster loads does without what few runs need."""
    code = f"import sys, {module}; print(*sorted(sys.modules.keys() & set({left_out})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, timeout=60, check=True)
    assert done.stdout == b"\n"
