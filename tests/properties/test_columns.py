"""Laws of what is done to whole columns at once: it gives what the plain, slow way gives, row by row."""

import ipaddress
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.errors import MergeError
from pandas.testing import assert_frame_equal

from pipelines.contract import TEXT
from pipelines.keys import How, Validate, in_order, merged
from pipelines.subnets import locate, ordinals, site_of

Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network
Row = tuple[object, ...]
DTYPES = {"text": TEXT, "number": "Int64", "at": "datetime64[us, UTC]"}
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "", "a\0", "é", None]),
        st.sampled_from([1, 2**60, 2**60 + 1, None]),
        st.sampled_from([pd.Timestamp(0, tz="UTC"), pd.Timestamp(1, unit="us", tz="UTC"), None]),
    ),
    max_size=6,
)
KEYS = st.lists(st.sampled_from(list(DTYPES)), min_size=1, unique=True)
NARROW = st.integers(0, 2**4)
ADDRESSES = st.one_of(
    NARROW.map(lambda low: str(IPv4Address((10 << 24) + low))),
    NARROW.map(lambda low: str(IPv6Address((0xFD << 120) + low))),
)
SUBNETS = st.lists(
    st.one_of(
        st.tuples(NARROW, st.sampled_from([0, 8, 28, 30, 31, 32])).map(
            lambda one: ipaddress.ip_network(((10 << 24) + one[0], one[1]), strict=False)
        ),
        st.tuples(NARROW, st.sampled_from([8, 126, 127, 128])).map(
            lambda one: ipaddress.ip_network(((0xFD << 120) + one[0], one[1]), strict=False)
        ),
    ),
    unique=True,
)


def table(rows: list[Row], own: str) -> pd.DataFrame:
    """The rows as columns, and a column `own` that tells each of them."""
    columns = zip(*rows, strict=True) if rows else ([] for _ in DTYPES)
    typed = {name: pd.Series(list(one), dtype=DTYPES[name]) for name, one in zip(DTYPES, columns, strict=True)}
    return pd.DataFrame({**typed, own: range(len(rows))})


def in_str(rows: pd.DataFrame) -> pd.DataFrame:
    """The same rows, their texts as pandas has them."""
    return rows.astype({name: "str" for name in rows if rows[name].dtype == TEXT})


@given(ROWS, ROWS, KEYS, st.sampled_from(["left", "inner", "outer"]), st.sampled_from([None, "1:1", "many_to_one"]))
def test_rows_meet_as_pandas_has_them_meet(
    left: list[Row], right: list[Row], keys: list[str], how: How, validate: Validate | None
) -> None:
    """`merged` gives what `merge` gives, and refuses the repeated keys that `merge` refuses."""
    here, there = table(left, "here"), table(right, "there")[[*keys, "there"]]
    try:
        wanted = in_str(here).merge(in_str(there), on=keys, how=how, validate=validate)
        if how == "outer":  # where pandas has nulls last in one dtype and first in another
            wanted = wanted.sort_values(keys, kind="stable", ignore_index=True)
    except MergeError:
        with pytest.raises(MergeError):
            merged(here, there, on=keys, how=how, validate=validate)
    else:
        assert_frame_equal(in_str(merged(here, there, on=keys, how=how, validate=validate)), wanted)


@given(ROWS, ROWS, KEYS)
def test_rows_that_meet_nothing_are_those_pandas_leaves(left: list[Row], right: list[Row], keys: list[str]) -> None:
    """`merged` with `left_anti` gives the left rows whose keys the right has not, nulls being keys as well."""
    here, there = table(left, "here"), table(right, "there")[keys]
    wanted = in_str(here).merge(in_str(there), on=keys, how="left_anti").reset_index(drop=True)
    assert_frame_equal(in_str(merged(here, there, on=keys, how="left_anti")), wanted)


@given(ROWS, KEYS, st.sampled_from(["first", "last"]))
def test_rows_are_ordered_as_pandas_orders_them(
    rows: list[Row], keys: list[str], na_position: Literal["first", "last"]
) -> None:
    """`in_order` gives what a stable `sort_values` gives, for text of every kind, numbers and instants."""
    every = table(rows, "own")
    wanted = in_str(every).sort_values(keys, kind="stable", na_position=na_position)
    assert_frame_equal(in_str(in_order(every, keys, na_position=na_position)), wanted)


def subnet_of(text: str, subnets: list[Subnet]) -> Subnet | None:
    """The longest subnet an address is a host address in, told the slow way."""
    address = ipaddress.ip_address(text)
    holding = [one for one in subnets if one.version == address.version and address in one]
    longest = max(holding, key=lambda one: one.prefixlen, default=None)
    is_edge = longest is not None and longest.version == 4 and longest.prefixlen < 31  # RFC 3021
    return None if longest is None or (is_edge and address in {longest[0], longest[-1]}) else longest


@settings(max_examples=200)
@given(st.lists(ADDRESSES), SUBNETS)
def test_an_address_is_in_the_longest_subnet_it_is_a_host_of(addresses: list[str], subnets: list[Subnet]) -> None:
    """`locate` and `site_of` find for whole columns what `ipaddress` finds address by address."""
    wanted, ips = [subnet_of(text, subnets) for text in addresses], pd.Series(addresses, dtype=TEXT)
    sites = {one: f"site {place}" for place, one in enumerate(subnets)}
    for found, names in ((locate(ips, subnets), {one: str(one) for one in subnets}), (site_of(ips, sites), sites)):
        told = [None if pd.isna(one) else one for one in found]
        assert told == [None if one is None else names[one] for one in wanted]


@given(st.lists(ADDRESSES))
def test_addresses_sort_by_their_numbers(addresses: list[str]) -> None:
    """`ordinals` sorts addresses as numbers do, IPv4 before IPv6."""
    numbers = [(one.version, int(one)) for one in map(ipaddress.ip_address, addresses)]
    found = ordinals(pd.Series(addresses, dtype=TEXT)).tolist()
    assert [numbers.index(one) for one in sorted(numbers)] == [found.index(one) for one in sorted(found)]
