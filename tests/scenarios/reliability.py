"""docs/reliability.md, whose tables are made by the tests: NETCENSUS_WRITE_DOCS=1 writes them anew."""

import os
from collections.abc import Sequence

from tests.scenarios.world import ROOT

DOCUMENT = ROOT / "docs" / "reliability.md"


def agree(name: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """The document's table of this name is the one the tests found, or becomes it. AssertionError otherwise."""
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    found = "\n".join([*head, *(f"| {' | '.join(map(str, row))} |" for row in rows)])
    text = DOCUMENT.read_text(encoding="utf-8")
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    before, rest = text.split(begin)
    held, after = rest.split(end)
    if os.environ.get("NETCENSUS_WRITE_DOCS") == "1":
        DOCUMENT.write_text(f"{before}{begin}{found}{end}{after}", encoding="utf-8")
    else:
        assert held == found, f"{DOCUMENT}, table {name}: NETCENSUS_WRITE_DOCS=1 writes what the tests found"
