"""Receipts: what both targets answered to a load, told as tables, checks, and what now holds something new."""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg
import pandas as pd

from assets.checks import judge, specs
from assets.declare import checked, described
from assets.external import target
from pipelines import tables
from pipelines.counted import counted
from resources.suites import Suites
from resources.targets import Answers

TOOK_EFFECT = "every_change_took_effect"
_SAYS = "Red: the target refused a change, somebody else was faster, or it is not known what became of it."
Told = Mapping[str, dg.MetadataValue]
Event = dg.Output[pd.DataFrame] | dg.AssetCheckResult | dg.AssetMaterialization


def outs(group: str, descriptions: Mapping[str, str]) -> dict[str, dg.AssetOut]:
    """The assets that hold receipts, by their descriptions."""
    return {name: dg.AssetOut(**described(tables.RECEIPT, group, text)) for name, text in descriptions.items()}


def checks(names: Sequence[str]) -> list[dg.AssetCheckSpec]:
    """The checks of these receipts."""
    took_effect = [dg.AssetCheckSpec(TOOK_EFFECT, asset=name, description=_SAYS) for name in names]
    return [*took_effect, *specs(dict.fromkeys(names, tables.RECEIPT))]


def by_target(answers: Answers, *others: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The receipt of phpIPAM and that of DNS, each with what a person let through; `others` answered beside DNS."""
    is_of_ipam = answers.let_through["scope"].str.startswith("phpipam ")
    of_ipam, of_dns = answers.let_through[is_of_ipam], answers.let_through[~is_of_ipam]
    return tables.RECEIPT.concat([of_ipam, answers.ipam]), tables.RECEIPT.concat([of_dns, answers.dns, *others])


def told_receipts(receipts: Mapping[str, pd.DataFrame], more: Mapping[str, Told], suites: Suites) -> Iterator[Event]:
    """The receipts by asset, with their checks; `more` is what else is to be shown with one."""
    judgement = judge({name: (tables.RECEIPT, rows) for name, rows in receipts.items()}, {}, suites)
    if judgement.errors:
        yield from judgement.refused()
    for name, rows in receipts.items():
        yield from _told(name, rows, more.get(name, {}))
    yield from judgement.results()


def _told(name: str, receipt: pd.DataFrame, more: Told) -> Iterator[Event]:
    counts = {f"count {outcome}": int(count) for outcome, count in receipt["outcome"].value_counts().items()}
    yield dg.Output(receipt, output_name=name, metadata={**counts, **more})
    failed = receipt[receipt["outcome"] != "applied"]
    first = "; ".join(
        (failed["subject"] + " " + failed["field"] + ": " + failed["detail"].fillna(failed["outcome"])).head(5)
    )
    yield checked(
        name, TOOK_EFFECT, [f"{len(failed)} of {counted(len(receipt), 'change')} did not. {first}"][: len(failed)]
    )


def newly_written(answers: Answers) -> Iterator[dg.AssetMaterialization]:
    """A materialization for every target that holds something new, so that the lineage ends where the change went."""
    done = answers.ipam[answers.ipam["outcome"] == "applied"]
    if len(done):
        yield dg.AssetMaterialization(target("phpipam"), metadata={"fields written": len(done)})
    for zone, rows in answers.dns[answers.dns["outcome"] == "applied"].groupby("scope"):
        yield dg.AssetMaterialization(target("zone", str(zone)), metadata={"RRsets written": len(rows)})
