"""Dagster keeps every run, the archive every answer, the ledger every receipt: the old ones are removed once a day."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pandas as pd
from pydantic import Field

from pipelines.network import Network
from resources.old_runs import delete_runs
from resources.retention import Retention
from schedules.jobs import LOADS, RESTS_ON_THE_ARCHIVE

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_AT_ONCE = 10  # runs in a transaction, 0.3 s and 0.7 MB of the log: others wait to write
_A_NIGHT = 250  # runs, more than a day brings: a backlog is worked off night by night, and not in one burst


class Keep(dg.Config):
    """How long runs are kept. What a census did stays longer, in the ledger, and what it read, in the archive."""

    days: int = Field(default=30, ge=1, description="Finished runs older than this go, with all that is stored of them")


@dg.op
def delete_old_runs(context: dg.OpExecutionContext, config: Keep) -> None:
    """Finished runs older than `days` go, the oldest first, with all of theirs; how many is the step's metadata."""
    oldest = datetime.now(UTC) - timedelta(days=config.days)
    finished = dg.RunsFilter(statuses=_FINISHED, created_before=oldest)
    deleted = 0
    while deleted < _A_NIGHT:
        records = context.instance.get_run_records(finished, limit=_AT_ONCE, ascending=True)
        if not records:
            break
        delete_runs(context.instance, [record.dagster_run.run_id for record in records])
        deleted += len(records)
    context.add_output_metadata({"runs deleted": deleted})


@dg.op
def prune_archive(context: dg.OpExecutionContext, retention: dg.ResourceParam[Retention]) -> None:
    """The archive within `[state]` archive_days and archive_max_mb, receipts within receipts_days.

    A damaged file is told once, as a failure.
    """
    done = retention.prune(pd.Timestamp.now("UTC"))
    counts = {
        "files removed": done.removed,
        "bytes removed": done.removed_bytes,
        "files kept": done.kept,
        "bytes kept": done.kept_bytes,
        "receipts removed": done.receipts,
    }
    if done.damaged:
        raise dg.Failure("\n".join(done.damaged), metadata=counts, allow_retries=False)
    context.add_output_metadata(counts)


@dg.job(
    tags={**LOADS, **RESTS_ON_THE_ARCHIVE},  # never beside a census or a replay, which rest on what may be removed
    description="Delete finished runs older than 30 days, and answers and receipts as [state] in network.toml says.",
)
def prune() -> None:
    """Two steps; neither waits for the other."""
    delete_old_runs()
    prune_archive()


def daily_prune(network: Network) -> dg.ScheduleDefinition:
    """The schedule for this network. The night is the local one; a day on which the clocks change has one, too."""
    at, zone = network.cadence.prune_at, network.night_zone
    return dg.ScheduleDefinition(
        name="daily_prune",
        job=prune,
        cron_schedule=network.cadence.prune_cron(),
        execution_timezone=zone,
        description=f"At night, {at} in {zone}: what is old goes.",
    )
