"""Dagster keeps every run and event for ever: the old ones are removed once a day."""

from datetime import UTC, datetime, timedelta

import dagster as dg

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_AT_ONCE = 100


class Keep(dg.Config):
    """How long runs are kept. What the census itself did stays in the ledger and the archive."""

    days: int = 30


@dg.op
def delete_old_runs(context: dg.OpExecutionContext, config: Keep) -> int:
    """The number of finished runs older than `days` that were deleted, with their events."""
    oldest = datetime.now(UTC) - timedelta(days=config.days)
    finished = dg.RunsFilter(statuses=_FINISHED, created_before=oldest)
    deleted = 0
    while records := context.instance.get_run_records(finished, limit=_AT_ONCE):
        for record in records:
            context.instance.delete_run(record.dagster_run.run_id)
        deleted += len(records)
    return deleted


@dg.job(description="Delete finished runs older than 30 days, with their events.")
def prune() -> None:
    """One step."""
    delete_old_runs()


daily_prune = dg.ScheduleDefinition(
    name="daily_prune", job=prune, cron_schedule="37 3 * * *", description="At night: what is 30 days old goes."
)
