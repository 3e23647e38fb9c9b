"""An ARP cache by columns: against the reading entry by entry, of which it may say less, and nothing else."""

import json
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.parse import arp
from pipelines.parse.arp_columns import LONGEST_S, in_columns
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ENTRY: dict[str, Any] = {
    "ip-address": "10.0.0.5", "mac-address": "52:54:00:00:00:0a", "interface": "em0", "expires": 1100
}  # fmt: skip
ODD: dict[str, list[Any]] = {
    "ip-address": ["010.0.0.5", "10.0.0.6,10.0.0.7", "::1", "", None, 5],
    "mac-address": ["52:54:00:00:00:0A", "1:2:3:4:5:6", "52:54:00:00:00:0a,", "", None, 5],
    "interface": ["vtnet1.20", "", "a b", "x" * 65, None, 5],
    "expires": [0, 1200, 1201, LONGEST_S, LONGEST_S + 1, -1, 2**70, 1.5, True, "5", None],
    "incomplete": [True, False, 1], "permanent": [True, "true"], "published": [True], "expired": [True, None],
}  # fmt: skip
_changes = st.sampled_from([(key, value) for key, values in ODD.items() for value in values])
_lacking = st.sampled_from(sorted(ENTRY)).map(lambda key: (key, ...))


def entry(changes: list[tuple[str, Any]]) -> dict[str, Any]:
    """An entry with other values or none (`...`) under these keys."""
    return {key: value for key, value in (ENTRY | dict(changes)).items() if value is not ...}


def read(rows: list[Any]) -> tuple[pd.DataFrame | None, Parsed]:
    """What the columns say, and what the reading entry by entry does: one that is no entry is put before them."""
    text = json.dumps({"arp": {"arp-cache": [None, *rows]}})
    snapshot = Snapshot("home", "arp", AT, text.encode())
    return in_columns(snapshot, rows), arp.parse(snapshot)


@settings(max_examples=150)
@given(st.lists(st.lists(_changes | _lacking, max_size=3), max_size=3))
def test_columns_say_what_entries_say_or_nothing(changes: list[list[tuple[str, Any]]]) -> None:
    """Whatever stands in a field, and whatever flags meet: where an entry is rejected, the columns say nothing."""
    found, one_by_one = read([entry(one) for one in changes])
    if found is not None:
        assert len(one_by_one.rejects) == 1
        pd.testing.assert_frame_equal(found, one_by_one.table)


@pytest.mark.parametrize(
    "changes",
    [
        [], [("expires", 1201)], [("expires", ...)], [("incomplete", True), ("mac-address", ...)],
        [("permanent", True), ("expires", ...)], [("published", True)], [("expired", True), ("expires", ...)],
    ],
)  # fmt: skip
def test_the_usual_ones_are_read_by_columns(changes: list[tuple[str, Any]]) -> None:
    """Entries of every state, one that never expires and one of a cache that keeps them longer."""
    found, one_by_one = read([entry([]), entry(changes)])
    assert found is not None
    pd.testing.assert_frame_equal(found, one_by_one.table)
