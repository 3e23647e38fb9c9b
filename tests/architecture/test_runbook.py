"""Whoever looks at the UI or comes from an alert finds what a thing means: there, and in the runbook."""

import re
from itertools import chain
from pathlib import Path

import composition

ROOT = Path(__file__).parents[2]


def test_every_check_has_its_line_in_the_runbook() -> None:
    """Whatever turns red, somebody wrote down what to do."""
    graph = composition.build_defs(ROOT / "network.toml").resolve_asset_graph()
    checks = {key.name for key in graph.asset_check_keys}
    assert "every_source_answered" in checks
    headings = set(re.findall(r"^## (.+)$", (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert headings == checks | {"a-run-failed", "a-census-wrote-something-wrong"}


def test_everything_in_the_ui_says_what_it_is() -> None:
    """No asset, check, job, sensor or schedule is left without a description."""
    defs = composition.build_defs(ROOT / "network.toml")
    graph = defs.resolve_asset_graph()
    told: dict[object, str | None] = {key: graph.get(key).description for key in graph.get_all_asset_keys()}
    told |= {key: graph.get_check_spec(key).description for key in graph.asset_check_keys}
    told |= {one.name: one.description for one in chain(defs.jobs or [], defs.sensors or [], defs.schedules or [])}
    assert [name for name, text in told.items() if not text] == []
