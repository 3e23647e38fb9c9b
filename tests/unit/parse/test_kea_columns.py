"""Kea's leases by columns: against the reading lease by lease, of which they may say less, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.parse.kea_columns import in_columns
from pipelines.parse.kea_lease import FOR_EVER, lease4
from pipelines.parse.kea_leases import collected
from pipelines.snapshots import Snapshot

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SNAPSHOT = Snapshot("home", "kea4.leases", AT, b"", clock_offset_s=7)
NOW = int(AT.timestamp())
LEASE: dict[str, Any] = {
    "ip-address": "10.0.0.5", "hw-address": "52:54:00:00:00:0a", "client-id": "01:52:54:00:00:00:0a",
    "hostname": "NAS", "state": 0, "cltt": NOW - 600, "valid-lft": 7200, "fqdn-fwd": True, "fqdn-rev": False,
    "subnet-id": 1,
}  # fmt: skip
ODD: dict[str, list[Any]] = {
    "ip-address": ["010.0.0.5", "10.0.0.256", "10.0.0.6,10.0.0.7", "", "::1", None, 5],
    "hw-address": ["52:54:00:00:00:0A", "52-54-00-00-00-0a", "01:02", "52:54:00:00:00:0a,", " ", None, 5],
    "client-id": ["0102", "'abc'", "1:2", "01:0", "01,02", "0x01", "FF:01", "zz", None],
    "hostname": ["caf\u00c3\u00a9", "\u00ff", "", "a,b", "<script>", None, 5],
    "state": [4, 5, -1, True, None, 2**70],
    "cltt": [0, 2**33, 2**33 + 1, NOW + 999, -1, 1.5, 2**70, True],
    "valid-lft": [0, FOR_EVER, FOR_EVER + 1, -1, "7200", 2**70],
    "fqdn-fwd": [False, 0, None, "true"],
    "fqdn-rev": [True, 1],
}
_changes = st.sampled_from([(key, value) for key, values in ODD.items() for value in values])
_lacking = st.sampled_from(sorted(LEASE)).map(lambda key: (key, ...))


def read(rows: list[object]) -> tuple[pd.DataFrame | None, pd.DataFrame, int]:
    """What the columns say, what the reading lease by lease does, and how many it rejects."""
    one_by_one = collected(SNAPSHOT, rows, lease4)
    return in_columns(SNAPSHOT, rows), one_by_one.table, len(one_by_one.rejects)


def lease(number: int, changes: list[tuple[str, Any]]) -> dict[str, Any]:
    """The lease of an address of its own, with other values or none (`...`) under these keys."""
    row = LEASE | {"ip-address": f"10.0.0.{number}"} | dict(changes)
    return {key: value for key, value in row.items() if value is not ...}


@settings(max_examples=150)
@given(st.lists(st.lists(_changes | _lacking, max_size=1), max_size=3))
def test_columns_say_what_leases_say_or_nothing(changes: list[list[tuple[str, Any]]]) -> None:
    """Whatever stands in a field: where a lease is rejected, or of two one counts, the columns say nothing."""
    found, wanted, rejected = read([lease(number, one) for number, one in enumerate(changes)])
    if found is not None:
        assert rejected == 0
        pd.testing.assert_frame_equal(found, wanted)


USUAL: list[list[tuple[str, Any]]] = [
    [], [("hw-address", "")], [("client-id", ...)], [("client-id", "")], [("hostname", "")], [("state", 4)],
    [("hostname", "caf\u00c3\u00a9")], [("valid-lft", FOR_EVER)], [("cltt", NOW + 999)], [("cltt", 2**33)],
]  # fmt: skip


def test_the_usual_ones_are_read_by_columns() -> None:
    """Of every state, for ever or not, without a name, an identifier or a hardware address, and of a clock ahead."""
    found, wanted, rejected = read([lease(number, one) for number, one in enumerate(USUAL)])
    assert found is not None
    assert rejected == 0
    pd.testing.assert_frame_equal(found, wanted)
    assert found["cltt_at"].max() == AT
    assert found["expires_at"][0] == AT + timedelta(seconds=7200 - 600 - 7)


@pytest.mark.parametrize("rows", [[], [5], [LEASE, LEASE], [LEASE, None]])
def test_what_is_no_list_of_leases_with_addresses_of_their_own_is_left_to_the_reading_one_by_one(
    rows: list[object],
) -> None:
    """There is nothing to make columns of, or a choice to make."""
    assert in_columns(SNAPSHOT, rows) is None
