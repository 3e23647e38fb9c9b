"""The contracts: what they let through, and what they find."""

import pandas as pd
import pytest

from pipelines import tables
from pipelines.contract import TEXT, Table
from tests.networks import ALICE, AT, frame, in_ipam, lease

BY_NAME = pytest.mark.parametrize("table", tables.ALL, ids=[table.name for table in tables.ALL])
GOOD = frame(tables.LEASES, [lease("10.0.0.5", ALICE, "nas"), lease("10.0.0.6", None)])


@BY_NAME
def test_an_empty_table_keeps_its_contract(table: Table) -> None:
    """Empty is a normal case: right columns, right dtypes, and so after joining nothing to nothing."""
    assert table.violations(table.empty()) == []
    assert table.violations(table.concat([])) == []
    assert table.violations(table.concat([table.empty(), table.empty()])) == []


@BY_NAME
def test_a_key_is_made_of_columns_that_are_there(table: Table) -> None:
    """A contract does not contradict itself."""
    assert set(table.key) <= set(table.names)
    assert len(set(table.names)) == len(table.names)
    assert all(column.meaning for column in table.columns)


def test_names_are_unique() -> None:
    """An asset finds its contract by name."""
    assert len({table.name for table in tables.ALL}) == len(tables.ALL)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ip": "10.0.0.5"}, "no two rows share site and ip: not so in 2 of 2 rows"),
        ({"state": "asleep"}, "state is one of assigned, declined, reclaimed, released, registered: not so"),
        ({"mac": "00-11-22-33-44-55"}, "leases: mac reads as"),
        ({"hostname": ""}, "leases: hostname is no empty text"),
        ({"site": None}, "leases: site is not null: not so in 2 of 2 rows"),
    ],
)
def test_a_broken_contract_is_told(change: dict[str, object], says: str) -> None:
    """A repeated key, a foreign word, another form, an empty text and a missing value are each found and named."""
    (violation, *_) = tables.LEASES.violations(tables.LEASES.frame(GOOD.assign(**change)))
    assert says in violation


def test_another_dtype_and_another_column_are_told() -> None:
    """What pandas made of a column on the way does not slip through."""
    assert "dtype is object" in tables.LEASES.violations(GOOD.assign(ip=GOOD["ip"].astype("object")))[0]
    assert "the contract says" in tables.LEASES.violations(GOOD.rename(columns={"ip": "address"}))[0]


def test_a_missing_flag_is_an_error_and_never_true() -> None:
    """What pandas would read as true is refused by the contract."""
    with pytest.raises(ValueError, match="is_gateway is missing"):
        frame(tables.IPAM_ADDRESSES, [in_ipam("10.0.0.5", is_gateway=None)])


def test_a_missing_column_is_an_error() -> None:
    """A frame is never filled up in silence."""
    with pytest.raises(KeyError, match="hostname"):
        tables.LEASES.frame(GOOD.drop(columns="hostname"))


def test_rows_keep_their_order_and_their_instants() -> None:
    """What was put in comes out, to the microsecond, in UTC."""
    at = AT + pd.Timedelta(microseconds=1)
    both = frame(tables.IPAM_ADDRESSES, [in_ipam("10.0.0.9", last_seen_at=at), in_ipam("10.0.0.1", last_seen_at=None)])
    assert list(both["ip"]) == ["10.0.0.9", "10.0.0.1"]
    assert both["last_seen_at"][0] == at
    assert both["last_seen_at"].isna().tolist() == [False, True]


def test_a_header_is_plain_whatever_it_came_from() -> None:
    """Two frames of a table have equal headers, also where columns were named by texts of the vocabulary."""
    turned = GOOD.set_axis(pd.Index(GOOD.columns, dtype=TEXT), axis="columns")
    assert tables.LEASES.frame(turned).equals(tables.LEASES.frame(GOOD))
