"""The asset checks on conflicts, and the report's section of them."""

import dagster as dg

from assets.conflict_checks import CHECKS, results
from pipelines import tables
from pipelines.reconcile.conflicts.rows import FAMILIES
from pipelines.report import report
from tests.networks import AT

HOSTILE = "phpIPAM says '<img src=x onerror=alert(1)>' [x](javascript:1) \x1b[2J"


def a_conflict(subject: str = "10.0.1.5", **more: str) -> tuple[object, ...]:
    """A row of `tables.CONFLICTS`."""
    plain = {"site": "home", "family": "addresses", "kind": "two-macs", "subject": subject, "severity": "warning"}
    row = {**plain, "evidence": "both answer", "advice": "Part them", "seen_at": AT, **more}
    return tuple(row[name] for name in tables.CONFLICTS.names)


def judged(*rows: tuple[object, ...]) -> dict[str, dg.AssetCheckResult]:
    """The results by check."""
    return {str(one.check_name): one for one in results(tables.CONFLICTS.rows(list(rows)))}


def told(*rows: tuple[object, ...]) -> str:
    """The report of a census with these conflicts and nothing else."""
    every = {one.name: one.empty() for one in tables.ALL}
    return report(every | {"conflicts": tables.CONFLICTS.rows(list(rows))})


def test_every_family_has_one_check_and_none_stops_a_census() -> None:
    """Five results however much is wrong; none is an ERROR, which would end `make census` with status 1."""
    assert sorted(CHECKS.values()) == sorted(FAMILIES)
    worst = [a_conflict(family=family, kind=family, severity="error") for family in FAMILIES]
    found = judged(*worst)
    assert {one.passed for one in found.values()} == {False}
    assert {one.severity for one in found.values()} == {dg.AssetCheckSeverity.WARN}


def test_only_the_family_that_has_a_conflict_is_amber() -> None:
    """The text says how many, the first of each kind, and what to do."""
    found = judged(a_conflict(), a_conflict("10.0.1.6", severity="error"))
    assert [name for name, one in found.items() if not one.passed] == ["addresses_are_unambiguous"]
    text = str(found["addresses_are_unambiguous"].description)
    assert text.startswith("2 conflicts, 1 of them urgent; all are in the table.")
    assert "10.0.1.5 (two-macs): both answer. Part them." in text


def test_a_notice_turns_no_check_amber() -> None:
    """What may well be meant is told in the table alone."""
    assert all(one.passed for one in judged(a_conflict(severity="notice")).values())
    assert "and 1 notice, in the table conflicts" in told(a_conflict(severity="notice"))


def test_what_the_network_calls_itself_cannot_act_in_the_check_nor_in_the_report() -> None:
    """No HTML, no link, no control character comes through (rule R11)."""
    (text,) = (one.description for one in judged(a_conflict(evidence=HOSTILE)).values() if one.description)
    assert not set("<[\x1b") & set(text)
    assert "javascript:" not in text
    assert told(a_conflict(evidence=HOSTILE)).replace("\n", "").isprintable()


def test_the_report_shows_a_few_of_each_kind_and_counts_the_rest() -> None:
    """A hundred conflicts do not bury what was changed."""
    lines = told(*[a_conflict(f"10.0.1.{last}") for last in range(1, 101)]).splitlines()
    at = lines.index("Conflicts")
    assert lines[at + 1] == "  addresses two-macs: 100"
    assert lines[at + 6 : at + 8] == ["      ... and 96 more", "      Part them"]
    assert "Conflicts: none" in told()
