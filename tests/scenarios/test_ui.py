"""What an operator sees in Dagster's UI, looked at with a real browser.

NETCENSUS_WRITE_DOCS=1 keeps the pictures in docs/.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.lab_world import running_lab
from tests.scenarios.world import ROOT, World
from tests.services.web_ui import WebUi, running_web_ui

pytestmark = pytest.mark.services("chromium")
TOO_MANY = "\n[guards.creates]\nfew = 20\nmax_count = 50\n"
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
