"""A short day in the ordinary run of the tests; `make day` is the long one, with tables of every hour."""

import os
import sys
from subprocess import run

import pytest

from tests.scenarios.world import ROOT
from tests.services.clock import running_clock


@pytest.mark.services("bind", "kea", "mariadb", "sshd", "dropbear", "clock")
def test_six_hours_of_a_living_network_are_told_as_they_were() -> None:
    """Over an outage and the end of summer time every row, record and look is as the truth has it, hour by hour."""
    with running_clock() as variables:
        argv = [sys.executable, "-m", "tests.soak.day", "--short", "--seeds", "1"]
        day = run(argv, env={**os.environ, **variables}, cwd=ROOT, capture_output=True, text=True, check=False)
    assert day.returncode == 0, day.stdout + day.stderr
    hours = [line for line in day.stdout.splitlines() if line.startswith("|")]
    assert len(hours) == 6
    assert "EEST" in hours[2]
    assert "London is cut off" in hours[2]
    assert "03:08 EET" in hours[3]
    assert "nothing has changed" in hours[5]
