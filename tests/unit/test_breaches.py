"""Breaches: every kind of them, in every table, is found by plain pandas and by Great Expectations, row by row."""

import re
from collections.abc import Iterator

import pandas as pd
import pytest

from pipelines import tables
from pipelines.breaches import Breach, breaches, ill_sites, left_out, listed, unread, without
from pipelines.contract import FLAG, INSTANT, INTEGER, NUMBER, TEXT, Column, Reference, Table
from pipelines.expectations import RULES, Rule, in_words
from pipelines.predicates import (
    AT_LEAST,
    BETWEEN,
    EQUAL,
    NEVER_READS_AS,
    NO_REPEAT,
    NOT_NULL,
    NULL,
    ONE_OF,
    READS_AS,
    Expectation,
)
from resources.suites import complaints
from tests.networks import (
    ALICE,
    AT,
    BOB,
    NETWORK,
    census,
    handed_to_d2,
    hour,
    in_ipam,
    in_zone,
    lease,
    neighbour,
    reservation,
)

BY_NAME = [pytest.param(table, id=table.name) for table in tables.ALL]
HOUR = hour(
    leases=[lease("10.0.1.5", ALICE, "nas"), handed_to_d2("10.0.0.6", BOB, "tv"), lease("10.9.0.7", BOB, "cam")],
    reservations=[reservation("10.0.0.9", ALICE, "printer")],
    neighbours=[neighbour("10.0.0.6", BOB)],
    ipam_addresses=[in_ipam("10.0.0.9", "printer"), in_ipam("10.9.0.7", "old")],
    zone_records=[in_zone("web.example.lan.", "A", "10.0.0.80")],
)
MADE = {**HOUR, **census(HOUR)}
OTHERS = {**MADE, **listed(NETWORK)}
SAMPLES = {TEXT: "x", INTEGER: 7, NUMBER: 0.5, FLAG: True, INSTANT: AT}
TEXTS = (
    "x",
    "aa",
    "10.0.0.5",
    "10.0.0.0/24",
    "52:54:00:00:00:0a",
    "example.lan.",
    "2026-01-01",
    "a" * 64,
    "0" * 12,
    "d-",
)
KEY_OF_A_PEER = "A" * 43 + "="


def good(table: Table, rows: int = 3) -> pd.DataFrame:
    """Rows that keep the table's contract, each other than the others where the key says so."""
    columns = {column.name: [_value(column, at) for at in range(rows)] for column in table.columns}
    return table.frame(columns)


def _value(column: Column, at: int) -> object:
    if column.choices:
        return column.choices[0]
    if column.pattern is not None:
        tried = [text for each in (*TEXTS, KEY_OF_A_PEER) for text in (f"{each}{at}", each)]
        fitting = next((text for text in tried if re.fullmatch(str(column.pattern), text)), None)
        assert fitting is not None, f"give TEXTS one that reads as {column.pattern}"
        return fitting
    if column.dtype == TEXT:
        return f"x{at}"
    return at + 1 if column.dtype == INTEGER else SAMPLES[column.dtype]


def broken(table: Table) -> Iterator[tuple[Expectation, pd.DataFrame]]:
    """For every expectation of the contract, a frame whose second row alone fails it (a repeat: two rows)."""
    for expected in table.expectations:
        if expected.kind == NO_REPEAT:
            twin = good(table)
            yield expected, table.frame(pd.concat([twin.iloc[[0, 1]], twin.iloc[[1]]]))
            continue
        value = {NOT_NULL: None, READS_AS: "<b>\n", ONE_OF: "none of them", NEVER_READS_AS: ""}[expected.kind]
        bad = good(table)
        bad.loc[1, expected.columns[0]] = value
        yield expected, table.frame(bad)


def of(found: list[Breach], says: str) -> Breach:
    """The breach of one expectation."""
    return next(one for one in found if one.says == says)


@pytest.mark.parametrize("table", BY_NAME)
def test_every_breach_of_a_contract_is_found_and_its_row_named(table: Table) -> None:
    """A null, another form, another word, an empty text, a repeated key: each names its expectation and its rows."""
    for expected, bad in broken(table):
        found = of(breaches(table, bad, {}), expected.says)
        rows = [1] if expected.kind != NO_REPEAT else [1, 2]
        assert set(rows) <= set(found.rows.index), expected
        assert found.is_error


@pytest.mark.parametrize("table", BY_NAME)
def test_great_expectations_finds_the_same(table: Table) -> None:
    """Of good rows neither judge complains; of all breaches together both complain of each expectation."""
    by_suite, _ = complaints(table, good(table), {})
    assert by_suite == [one.says for one in breaches(table, good(table), {})]
    assert not {one.says for one in table.expectations} & set(by_suite)
    bad = table.frame(pd.concat([rows for _, rows in broken(table)]))
    by_suite, _ = complaints(table, bad, {})
    assert by_suite == [one.says for one in breaches(table, bad, {})]
    assert {one.says for one in table.expectations} <= set(by_suite)


@pytest.mark.parametrize("table", BY_NAME)
def test_another_dtype_or_column_is_the_whole_tables_breach(table: Table) -> None:
    """What pandas made of a column, or a column that is not there, is no row's fault: nothing may rest on the table."""
    name = table.columns[0].name
    for bad in (good(table).astype({name: "object"}), good(table).rename(columns={name: "another"})):
        found = breaches(table, bad, {})
        assert [one.is_whole for one in found] == [True]
        assert name in found[0].says


def test_a_real_hour_breaks_nothing() -> None:
    """The tables of an hour, from parse to plan, meet every expectation, reference and rule, by both judges."""
    by_name = {table.name: table for table in tables.ALL}
    assert MADE["records"].shape[0] > 3
    for name, rows in MADE.items():
        assert breaches(by_name[name], rows, OTHERS) == [], name
    assert complaints(tables.RECORDS, MADE["records"], OTHERS)[0] == []


REFERENCES = [
    pytest.param(table, reference, id=f"{table.name}-{reference.to}")
    for table in tables.ALL
    for reference in table.references
]


@pytest.mark.parametrize(("table", "reference"), REFERENCES)
def test_a_row_that_points_nowhere_is_found(table: Table, reference: Reference) -> None:
    """Of every reference: with nothing to point to, each row with a value is named, by both judges; else none."""
    rows = good(table)
    pairs = dict(zip(reference.at, reference.columns, strict=True))
    there = pd.DataFrame({at: rows[column] for at, column in pairs.items()}).assign(read_at=AT)
    found = of(breaches(table, rows, {reference.to: there.head(0)}), in_words(reference))
    assert len(found.rows) == len(rows)
    assert found.says in complaints(table, rows, {reference.to: there.head(0)})[0]
    assert found.says not in [one.says for one in breaches(table, rows, {reference.to: there})]


@pytest.mark.parametrize("table", [tables.RECORDS, tables.IPAM_PLAN])
def test_of_a_long_list_great_expectations_overlooks_nothing(table: Table) -> None:
    """A thousand rows to point to, and a value that is in none of them: what it is asked instead finds it, too."""
    rows = good(table)
    for reference in [one for one in table.references if not one.to.startswith("network.")]:
        same = pd.DataFrame({at: rows[name] for at, name in zip(reference.at, reference.columns, strict=True)})
        others = pd.DataFrame({at: pd.array(range(1000, 2000), "Int64").astype(same[at].dtype) for at in reference.at})
        whole, says = pd.concat([others, same]), in_words(reference)
        assert says in complaints(table, rows, {reference.to: others})[0]
        assert says not in complaints(table, rows, {reference.to: whole})[0]


def test_of_a_long_list_a_null_points_nowhere() -> None:
    """A row without an id meets the reference of the others', however many they are."""
    rows = good(tables.IPAM_PLAN, 2)
    rows = tables.IPAM_PLAN.frame(rows.assign(id_phpipam=pd.array([None, 1000], "Int64")))
    there = tables.IPAM_ADDRESSES.frame(good(tables.IPAM_ADDRESSES, 1000).assign(id_phpipam=range(1000, 2000)))
    told = complaints(tables.IPAM_PLAN, rows, {"ipam_addresses": there})[0]
    assert not [says for says in told if "ipam_addresses" in says]


def breaking(rule: Rule) -> pd.DataFrame:
    """A frame of the rule's table of which at least one row fails it."""
    rows, expected = good(rule.table, 2), rule.expectation
    first = expected.columns[0]
    if expected.where is not None:
        rows = rows.assign(**{expected.where[0]: expected.where[1]})
    if expected.kind == EQUAL and rule.derived is not None:
        other = {"ttl_s": [1, 2], "owner": ["a.notexample.lan."] * 2, "zone": ["example.lan."] * 2, "type": ["A", "A"]}
        return rule.table.frame(rows.assign(**{key: value for key, value in other.items() if key in rows}))
    values = {
        NULL: 5 if first.startswith("id_") else "x",
        NOT_NULL: None,
        BETWEEN: -1,
        NEVER_READS_AS: "01:00:5e:00:00:01",
        EQUAL: "10.9.9.9",
    }
    if expected.kind == AT_LEAST:
        early = {"expires_at": AT - pd.Timedelta(days=9), expected.columns[1]: AT + pd.Timedelta(days=9)}
        return rule.table.frame(rows.assign(**{key: value for key, value in early.items() if key in rows}))
    if expected.kind == NO_REPEAT:
        return rule.table.frame(rows.assign(**dict.fromkeys(expected.columns, "10.0.0.5")))
    return rule.table.frame(rows.assign(**{first: values[expected.kind]}))


@pytest.mark.parametrize("rule", RULES, ids=[f"{rule.table.name}: {rule.expectation.says}" for rule in RULES])
def test_every_rule_can_fail(rule: Rule) -> None:
    """A frame that breaks a rule is named by it, by both judges, with something to do about it."""
    bad = breaking(rule)
    asked = tables.SOURCES.frame(
        good(tables.SOURCES, 2).assign(**{key: bad[key] for key in ("site", "source") if key in bad})
    )
    others = {"sources": asked}
    found = of(breaches(rule.table, bad, others), rule.expectation.says)
    assert len(found.rows)
    assert found.is_error == rule.is_error
    assert found.remedy
    assert rule.expectation.says in complaints(rule.table, bad, others)[0]


def test_a_breach_of_one_site_is_that_sites_alone() -> None:
    """Its rows are taken out everywhere, its sources are unread for the reason, and the other site's stay."""
    bad = HOUR["leases"].assign(mac=["00-00", *HOUR["leases"]["mac"][1:]])
    found = breaches(tables.LEASES, tables.LEASES.frame(bad), OTHERS)
    ill = ill_sites(found)
    assert list(ill) == ["home"]
    kept = without({**HOUR, "leases": bad}, ill)
    assert set(kept["leases"]["site"]) == {"cabin"}
    assert set(kept["dhcp_subnets"]["site"]) == {"cabin"}
    sources = unread(HOUR["sources"], ill)
    assert set(sources.loc[~sources["is_complete"], "site"]) == {"home"}
    assert set(sources["reason"].dropna()) == {ill["home"]}
    assert breaches(tables.WITHHELD, left_out(ill), {}) == []


def test_a_breach_without_a_site_is_the_whole_tables() -> None:
    """A row of a zone, or a row that does not say of which site it is, makes the table useless."""
    zone = tables.ZONE_RECORDS.frame(HOUR["zone_records"].assign(owner="no final dot"))
    assert all(one.is_whole for one in breaches(tables.ZONE_RECORDS, zone, OTHERS) if one.is_error)
    nobody = tables.LEASES.frame(HOUR["leases"].assign(site=None))
    assert of(breaches(tables.LEASES, nobody, {}), "site is not null").is_whole
