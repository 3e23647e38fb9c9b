"""What an operator sees in Dagster's UI, looked at with a real browser.

NETCENSUS_WRITE_DOCS=1 keeps the pictures in docs/.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import netcensus
from composition import build_defs
from pipelines.replay import Hour
from resources.ledger import Ledger
from tests.archived import Archived
from tests.networks import ALICE, NETWORK_TOML
from tests.scenarios.lab_world import running_lab
from tests.scenarios.world import ROOT, World
from tests.services.web_ui import WebUi, running_web_ui

pytestmark = pytest.mark.services("chromium")
TOO_MANY = "\n[guards.creates]\nfew = 20\nmax_count = 50\n"
HOURS = 24 if os.environ.get("NETCENSUS_WRITE_DOCS") == "1" else 8
MISSED, FROZEN = 3, 5
PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, WebUi, Path]]:
    """A lab whose first census would create more than its limits allow, and the UI over it."""
    folder = tmp_path_factory.mktemp("ui")
    with running_lab(folder / "lab") as lab:
        world = lab.world(folder / "own", edit=lambda text: text + TOO_MANY)
        assert any("refused" in fault for fault in world.run())
        with running_web_ui(world, folder) as ui:
            yield world, ui, folder


def kept(ui: WebUi, path: str, folder: Path, name: str, size: str = "1600,860") -> Path:
    """A picture of a page, in docs/ where those are being written."""
    place = (ROOT / "docs" if os.environ.get("NETCENSUS_WRITE_DOCS") == "1" else folder) / name
    ui.picture(path, place, size)
    return place


def test_a_refused_plan_is_red_and_says_how_to_let_it_through(refused: tuple[World, WebUi, Path]) -> None:
    """The check's page names the number that was met, the limit, and the command with the plan's digest."""
    world, ui, folder = refused
    plan = str(world.table("guards")[0]["plan"])
    page = "/assets/dns_plan?view=checks&checkDetail=within_the_guards"
    text = ui.text_of(page)
    assert "within_the_guards" in text
    assert plan in text
    assert "--approve" in text
    assert kept(ui, page, folder, "refused-plan.png").read_bytes().startswith(PNG)


def test_the_lineage_shows_every_stage(refused: tuple[World, WebUi, Path]) -> None:
    """The groups of the README, from the systems that are read to those that are written."""
    _, ui, folder = refused
    text = ui.text_of("/asset-groups")
    for stage in ("sources", "extract", "parse", "reconcile", "plan", "load", "targets"):
        assert stage in text, stage
    assert kept(ui, "/asset-groups", folder, "lineage.png", "1600,640").read_bytes().startswith(PNG)


@pytest.fixture
def a_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> World:
    """The archive and ledger of the last hours, in one of which nobody took a census, and all of them replayed."""
    since = pd.Timestamp.now("UTC").floor("h") - pd.Timedelta(hours=HOURS - 1, minutes=53)
    state = f"[state]\narchive = 'archive'\nledger = 'sqlite:///ledger.sqlite'\nfirst_day = {since.date()}\n"
    (tmp_path / "network.toml").write_text(f"{NETWORK_TOML}\n{state}", encoding="utf-8")
    hours = Archived(tmp_path, since)
    for hour in set(range(HOURS)) - {MISSED}:
        hours.census(hour, {"10.0.1.5": (ALICE, "nas")}, unread="cabin" if hour == FROZEN else None)
    home = {"NETCENSUS_NETWORK": str(tmp_path / "network.toml"), "DAGSTER_HOME": str(tmp_path / "dagster")}
    world = World(tmp_path, home)
    last = since + pd.Timedelta(hours=HOURS - 1)
    ends = argparse.Namespace(since=since.isoformat(), until=last.isoformat(), anew=False)
    with world.entered():
        netcensus.prepare_home(world.home)
        assert netcensus.replay(build_defs(), ends) == 1
    assert f"1 of {HOURS} hours could not be made again" in capsys.readouterr().err
    return world


def test_the_hours_are_squares_and_the_missing_one_is_red(a_day: World) -> None:
    """After a backfill: all hours are made but one, one with a site frozen, and the one without an archive failed."""
    index = Ledger(f"sqlite:///{a_day.folder}/ledger.sqlite").index.between(
        pd.Timestamp(0, tz="UTC"), pd.Timestamp.now("UTC")
    )
    frozen = Hour.of(index.loc[index["run_id"] == f"run-{FROZEN}", "read_at"].iloc[0])
    with running_web_ui(a_day, a_day.folder) as ui:
        page = f"/assets/hours?view=partitions&partition={frozen.key}"
        text = ui.text_of(page)
        assert kept(ui, page, a_day.folder, "hours.png", "1600,1000").read_bytes().startswith(PNG)
    for shown in ("Failed (1)", f"Materialized ({HOURS - 1})", "cabin: no answer", "1 look in 1 census"):
        assert shown in text, shown
