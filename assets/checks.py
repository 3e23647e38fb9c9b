"""The checks named `contract`: one for every table from parse on, red with the rows that break it and what to do."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import dagster as dg
import pandas as pd

from assets.declare import checked
from pipelines.breaches import Breach, breaches, ill_sites
from pipelines.contract import Table
from pipelines.counted import counted
from pipelines.expectations import REPORT, Frames
from resources.preview import MOST_BYTES, inert, markdown
from resources.suites import Seen, Suites, complaints

CONTRACT = "contract"
_MOST_BREACHES = 5  # shown with their rows
_SAYS = "Red: a site's rows broke the table's contract and were left out, or the table is bad and the run ends here."


def specs(contracts: Mapping[str, Table]) -> list[dg.AssetCheckSpec]:
    """The checks of these assets. Those of tables that are no site's own block what is downstream in the same run."""
    return [
        dg.AssetCheckSpec(CONTRACT, asset=asset, description=_SAYS, blocking="site" not in table.names)
        for asset, table in contracts.items()
    ]


@dataclass(frozen=True)
class Verdict:
    """What was found in one asset's table, by plain pandas and, where it was asked, by Great Expectations."""

    asset: str
    rows: int
    found: list[Breach]
    objections: list[str]
    seen: Seen | None
    met: int | None
    """How many expectations Great Expectations looked at just now; None where it was not asked."""

    @property
    def is_news(self) -> bool:
        """Whether there is something to remember: the table passed just now, or was empty for the first time."""
        return (self.met is not None and not self.found) or (not self.rows and self.seen is None)

    @property
    def result(self) -> dg.AssetCheckResult:
        """The check in Dagster's words: red for errors, yellow for warnings."""
        is_error = any(breach.is_error for breach in self.found)
        severity = dg.AssetCheckSeverity.ERROR if is_error or not self.found else dg.AssetCheckSeverity.WARN
        said = [breach.sentence for breach in self.found]
        return checked(self.asset, CONTRACT, said, severity=severity, otherwise=self._passed(), metadata=self.evidence)

    @property
    def evidence(self) -> dict[str, dg.MetadataValue]:
        """The rows that break something, escaped and capped, and what Great Expectations says; nothing of good rows."""
        if not self.found:
            return {}
        said = dg.MetadataValue.text("\n".join(self.objections) or "was not asked")
        return {"failing rows": dg.MetadataValue.md(_rows(self.found)), "Great Expectations": said}

    def _passed(self) -> str:
        if not self.rows:
            return "No rows"
        met = f"{counted(self.rows, 'row')} met"
        if self.seen is None:
            return f"{met} every expectation, by plain pandas and by Great Expectations just now"
        if not self.seen.rows:
            return f"{met} every expectation. Great Expectations is asked with the day's other tables"
        last = f"Great Expectations last found so at {self.seen.at}, in {counted(self.seen.rows, 'row')}"
        return f"{met} {counted(self.seen.expectations, 'expectation')}. {last}"


@dataclass(frozen=True)
class Judgement:
    """The verdicts on all tables of a step."""

    verdicts: tuple[Verdict, ...]

    @property
    def breaches(self) -> list[Breach]:
        """Everything that was found, in the order of the tables."""
        return [breach for verdict in self.verdicts for breach in verdict.found]

    @property
    def errors(self) -> list[str]:
        """What stops something, one sentence each."""
        return [breach.sentence for breach in self.breaches if breach.is_error]

    @property
    def is_whole(self) -> bool:
        """Whether a table is bad as a whole, so that nothing may rest on it."""
        return any(breach.is_whole for breach in self.breaches)

    @property
    def ill(self) -> dict[str, str]:
        """The sites whose rows broke something, and why: they are left out, the others go on."""
        return ill_sites(self.breaches)

    def results(self) -> Iterator[dg.AssetCheckResult]:
        """The checks' results."""
        for verdict in self.verdicts:
            yield verdict.result

    def refused(self) -> Iterator[dg.AssetCheckResult]:
        """The checks' results, and then `Failure`: nothing of the step is stored, nothing downstream runs."""
        yield from self.results()
        raise dg.Failure("\n".join(self.errors), allow_retries=False)


def judge(made: Mapping[str, tuple[Table, pd.DataFrame]], others: Frames, suites: Suites) -> Judgement:
    """The verdict on each asset's table. Great Expectations is asked where something broke, or its word is too old."""
    seen = suites.seen({asset: table for asset, (table, _) in made.items()})
    verdicts = tuple(_verdict(asset, table, frame, others, seen[asset]) for asset, (table, frame) in made.items())
    for verdict in verdicts:
        if not verdict.found:
            suites.vouch_for(made[verdict.asset][1])
    suites.note({one.asset: (*made[one.asset], one.met or 0) for one in verdicts if one.is_news})
    return Judgement(verdicts)


def _verdict(asset: str, table: Table, frame: pd.DataFrame, others: Frames, seen: Seen | None) -> Verdict:
    found, objections, met = breaches(table, frame, others), list[str](), None
    if len(frame) and not table.malformed(frame) and (found or seen is None):
        objections, met = complaints(table, frame, others)
        found = found or _disagreement(table, frame, objections)
    return Verdict(asset, len(frame), found, objections, seen, met)


def _disagreement(table: Table, frame: pd.DataFrame, objections: list[str]) -> list[Breach]:
    """Great Expectations objects to what plain pandas let through: one of the two is wrong, and nobody knows which."""
    says = f"Great Expectations objects: {'; '.join(objections)}"
    return [Breach(table.name, says, REPORT, is_error=True, rows=frame.head(0))] if objections else []


def _rows(found: Iterable[Breach]) -> str:
    """The rows of the first breaches, escaped and capped, each under what they break."""
    shown = [breach for breach in found if len(breach.rows)][:_MOST_BREACHES]
    parts = [f"{inert(breach.says)}\n\n{markdown(breach.rows)}" for breach in shown]
    text = "\n\n".join(parts) or "no row's fault"
    return text if len(text.encode()) <= MOST_BYTES else parts[0]
