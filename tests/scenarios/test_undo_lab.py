"""Undo from the command line, on the lab: what it says, what it refuses, and what it writes."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

import netcensus
from composition import world as resources_of
from resources.network_file import read_network
from resources.retention import Retention
from tests.scenarios.lab_world import SLEPT_THROUGH, running_lab
from tests.scenarios.world import World


def command(world: World, patch: pytest.MonkeyPatch, *words: str) -> int:
    """The exit status of `netcensus.py undo` with these words."""
    patch.setattr("sys.argv", ["netcensus", "undo", *words])
    with world.entered():
        return netcensus.main()


def grow_old(world: World, run_id: str) -> None:
    """A run's receipts are as old as they may become; a night comes, in which nobody but an undo still needs any."""
    with closing(sqlite3.connect(world.folder / "ledger.sqlite")) as ledger, ledger:
        for table, column in (("receipts", "at"), ("snapshots", "read_at")):
            age = f"UPDATE {table} SET {column} = datetime({column}, '-401 days') || '.000000' WHERE run_id = ?"  # noqa: S608 - our own names
            ledger.execute(age, [run_id])
    with world.entered():
        outside = resources_of(read_network(world.network_toml), world.network_toml)
        retention = outside["retention"]
        assert isinstance(retention, Retention)
        assert retention.prune(pd.Timestamp.now("UTC")).receipts > 0


def test_a_run_is_found_looked_at_refused_let_through_and_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a run the last are told; a rehearsal writes nothing; a refusal gives the command that lets it through."""
    with running_lab(tmp_path / "lab") as lab:
        world = lab.world(tmp_path / "own").judged()
        names = lab.records()
        assert world.run() == []
        lab.wait_for_d2()
        run, written = world.last_that_wrote(), lab.everything()

        assert command(world, monkeypatch) == 1
        assert f"The last that wrote: {run[:8]} of " in capsys.readouterr().err
        assert command(world, monkeypatch, "ffffffff") == 1
        assert "no run 'ffffffff' is known to this ledger" in capsys.readouterr().err

        (owner,) = sorted(lab.records() - names, key=str)[:1]
        assert command(world, monkeypatch, run[:8], "--rehearse", "--subject", owner[0]) == 0
        assert re.search(r"DNS: \d changes? would be made", capsys.readouterr().out)
        assert command(world, monkeypatch, run[:8], "--target", "dns") == 1
        refused = capsys.readouterr().err
        assert f"python netcensus.py undo {run} --target dns --approve " in refused
        assert lab.everything() == written

        approvals = dict.fromkeys(re.findall(r"--approve ([0-9a-f]{12}:[a-z-]+)", refused))
        options = [word for approval in approvals for word in ("--approve", approval)]
        assert command(world, monkeypatch, run, "--target", "dns", *options) == 0
        told = capsys.readouterr().out
        assert f"Undo of run {run}" in told
        assert "no-inverse" in told
        assert names <= lab.records()
        assert {owner for owner, _, _ in lab.records() - names} == SLEPT_THROUGH, "what Kea's D2 was asked for is D2's"
        assert lab.phpipam() == written[0]

        grow_old(world, run)
        assert command(world, monkeypatch, run) == 1
        told = capsys.readouterr().err
        assert f"what run {run} of " in told
        assert "keeps receipts for 400 days" in told
        assert command(world, monkeypatch, world.last_that_wrote(), "--rehearse") == 0
        assert world.command("who", "192.168.1.30").returncode == 0
        assert world.command("why", "192.168.1.30").returncode == 0
