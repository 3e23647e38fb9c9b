"""The asset checks on `conflicts`: one per family, so that a census costs five results however much is wrong.

None stops anything, and none is an ERROR: those are for what a census could not do (docs/decisions/0013-conflicts.md).
"""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from pipelines.counted import counted
from pipelines.reconcile.conflicts.rows import ADDRESSES, DNS, ERROR, IPAM, NAMES, NOTICE, POOLS
from resources.preview import inert

ASSET = "conflicts"
CHECKS = {
    "addresses_are_unambiguous": ADDRESSES,
    "names_are_unambiguous": NAMES,
    "dns_agrees_with_itself": DNS,
    "phpipam_agrees_with_the_network": IPAM,
    "pools_have_room": POOLS,
}
"""Each check's name, and the family of conflicts it tells."""
_FEW = 3
_WIDEST = 200


def checks() -> list[dg.AssetCheckSpec]:
    """One check per family; what is only a notice passes."""
    return [
        dg.AssetCheckSpec(name, asset=ASSET, description=f"Amber: see the rows of the family {family} in the table.")
        for name, family in CHECKS.items()
    ]


def results(conflicts: pd.DataFrame) -> Iterator[dg.AssetCheckResult]:
    """The checks' results from `tables.CONFLICTS`: how many, the first few, and what to do about them."""
    for name, family in CHECKS.items():
        told = conflicts[(conflicts["family"] == family) & (conflicts["severity"] != NOTICE)]
        yield dg.AssetCheckResult(
            asset_key=ASSET,
            check_name=name,
            passed=told.empty,
            severity=dg.AssetCheckSeverity.WARN,
            description=_described(told) if len(told) else None,
        )


def _described(told: pd.DataFrame) -> str:
    urgent = int((told["severity"] == ERROR).sum())
    head = counted(len(told), "conflict") + (f", {urgent} of them urgent" if urgent else "") + "; all are in the table."
    lines = [
        f"- {inert(row.subject)} ({row.kind}): {inert(row.evidence, _WIDEST)}. {inert(row.advice, _WIDEST)}."
        for row in told.drop_duplicates("kind").head(_FEW).itertuples(index=False)
    ]
    return "\n".join([head, *lines])
