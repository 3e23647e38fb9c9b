"""The census, every hour."""

import dagster as dg

from schedules.jobs import UNDER_WAY, census


@dg.schedule(job=census, cron_schedule="7 * * * *", description="At minute 7: everybody else's jobs start at :00.")
def hourly_census(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run, unless the last one is still under way: never two at once, and no queue of stale hours."""
    under_way = context.instance.get_runs(dg.RunsFilter(job_name=census.name, statuses=UNDER_WAY), limit=1)
    if under_way:
        return dg.SkipReason(f"The census {under_way[0].run_id} is still under way")
    return dg.RunRequest()
