"""The check `write_budget`: what a run wrote, as numbers that Dagster plots over the runs; amber beyond [budget]."""

import dagster as dg
import pandas as pd

from assets.declare import checked
from pipelines import tables
from pipelines.budget import Spent, again, over, written
from pipelines.counted import counted
from pipelines.network import Network
from resources.disk_use import DiskUse
from resources.ledger import Ledger
from resources.targets import Answers

ASSET = "dns_receipt"
CHECK = "write_budget"
_SINCE = pd.Timedelta(days=1)


def spec() -> dg.AssetCheckSpec:
    """The check; it stops nothing."""
    return dg.AssetCheckSpec(CHECK, asset=ASSET, description="Amber: more was written than the changes are worth.")


def result(
    run: dg.DagsterRun, answers: Answers, disk_use: DiskUse, ledger: Ledger, network: Network
) -> dg.AssetCheckResult:
    """The check's result for a run that has done all but to end."""
    spent = _spent(run.run_id, answers, disk_use.bytes, ledger)
    is_first = ledger.index.is_first(run.run_id)
    said = over(spent, network.budget, is_first=is_first)
    changed = f"{counted(spent.changes, 'change')}, {counted(spent.serial_steps, 'step')} of serials"
    kept = f"{changed}, {_kb(spent.disk_bytes)} to our disks"
    severity = dg.AssetCheckSeverity.WARN
    return checked(ASSET, CHECK, said, severity=severity, otherwise=kept, metadata=_numbers(spent, disk_use.parts()))


def _spent(run_id: str, answers: Answers, disk_bytes: int | None, ledger: Ledger) -> Spent:
    rows, touched, rrsets = written(answers.ipam, answers.dns)
    made_again: tuple[str, ...] = ()
    if rows + rrsets:
        told, since = tables.RECEIPT.concat([answers.ipam, answers.dns]), pd.Timestamp.now("UTC") - _SINCE
        made_again = again(told, ledger.receipts.of_others(run_id, since, told["subject"].unique().tolist()))
    return Spent(rows, touched, rrsets, answers.stand.steps, disk_bytes, made_again)


def _numbers(spent: Spent, parts: dict[str, int]) -> dict[str, dg.MetadataValue]:
    """Each as a number: Dagster draws a curve of it."""
    counted = {
        "phpIPAM rows": spent.rows,
        "phpIPAM rows whose lastSeen alone": spent.touched,
        "RRsets": spent.rrsets,
        "serial steps": spent.serial_steps,
        "made again": len(spent.again),
        **{f"bytes: {name}": size for name, size in parts.items()},
    }
    whole = {} if spent.disk_bytes is None else {"bytes: all of this run": spent.disk_bytes}
    return {name: dg.MetadataValue.int(value) for name, value in (counted | whole).items()}


def _kb(size: int | None) -> str:
    return "an unknown number of bytes" if size is None else f"{size // 1000} kB"
