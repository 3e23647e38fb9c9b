"""A small graph with every kind of ending, run on several storages by test_storage.py, here and in other processes."""

import sys
import time
from collections.abc import Iterator

import dagster as dg

ENOUGH_ROWS = dg.AssetCheckSpec("enough_rows", asset="table", blocking=True)


class Ending(dg.Config):
    """How the run ends."""

    how: str = "well"


@dg.multi_asset(specs=[dg.AssetSpec("leases"), dg.AssetSpec("neighbours", tags={"kind": "raw"})])
def extract() -> Iterator["dg.MaterializeResult[None]"]:
    """Two assets of one step, with metadata and tags."""
    for key in ("leases", "neighbours"):
        yield dg.MaterializeResult(asset_key=key, metadata={"rows": 3, "sample": dg.MetadataValue.md("| a | b |")})


@dg.asset(deps=["leases", "neighbours"])
def table(context: dg.AssetExecutionContext, config: Ending) -> "dg.MaterializeResult[None]":
    """The step that fails, exits or waits if it is asked to."""
    context.log.warning("the table begins")
    if config.how == "raise":
        raise dg.Failure("no such table", metadata={"row": 1}, allow_retries=False)
    if config.how == "exit":
        sys.exit(3)
    if config.how == "wait":
        time.sleep(120)
    return dg.MaterializeResult(metadata={"rows": 0 if config.how == "empty" else 3})


@dg.asset_check(asset=table, name="enough_rows", blocking=True)
def enough_rows(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Blocks what follows an empty table."""
    event = context.instance.get_latest_materialization_event(dg.AssetKey("table"))
    materialization = event.asset_materialization if event else None
    rows = materialization.metadata["rows"].value if materialization else None
    return dg.AssetCheckResult(passed=bool(rows), metadata={"rows": str(rows)})


@dg.asset(deps=[table])
def loaded() -> None:
    """Runs only behind the check."""


def ending(how: str) -> dict[str, object]:
    """The run config for `how`: well, empty, raise, exit or wait."""
    return {"ops": {"table": {"config": {"how": how}}}}


defs = dg.Definitions(
    assets=[extract, table, loaded],
    asset_checks=[enough_rows],
    jobs=[
        dg.define_asset_job("census", dg.AssetSelection.all()),
        dg.define_asset_job("waiting", dg.AssetSelection.all(), config=ending("wait")),
    ],
    executor=dg.in_process_executor,
)
