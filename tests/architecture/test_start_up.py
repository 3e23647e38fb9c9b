"""What a process imports before it does anything: as little as it can."""

import subprocess
import sys

import pytest

from tests.scenarios.world import ROOT
from tests.services.process import PATIENCE_S


@pytest.mark.parametrize(
    ("module", "left_out"),
    [("netcensus", ("dagster", "paramiko", "requests")), ("definitions", ("great_expectations", "requests"))],
)
def test_nothing_is_imported_that_is_not_needed(module: str, left_out: tuple[str, ...]) -> None:
    """`who` and `why` do without Dagster, and what Dagster loads does without what few runs need."""
    code = f"import sys, {module}; print(*sorted(sys.modules.keys() & set({left_out})))"
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, timeout=PATIENCE_S, check=True)
    assert done.stdout == b"\n"
