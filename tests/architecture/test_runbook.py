"""The runbook has a line for everything that can be red: an alert ends in a link to it."""

import re
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
