"""The census, by the clock: when [cadence] says so, without the gateways whose own turn has not come."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from assets.extract import snapshots_of
from pipelines import tables
from pipelines.counted import counted
from pipelines.due import not_due
from pipelines.errors import ParseError
from pipelines.network import Network
from resources.archive import Archive
from resources.stored_tables import StoredTables
from schedules.jobs import UNDER_WAY, census

NAME = "regular_census"
NOT_ASKED = "netcensus/not_asked"
"""The tag of a run that says which gateways it did not ask; their last answers stand."""


def regular_census(network: Network) -> dg.ScheduleDefinition:
    """The schedule for this network. A run that a person starts asks every gateway; only these leave some out."""

    @dg.schedule(
        name=NAME,
        job=census,
        cron_schedule=network.census_cron,
        execution_timezone="UTC",  # which has no hour twice, and misses none
        description=_told(network),
    )
    def regular_census(
        context: dg.ScheduleEvaluationContext,
        stored_tables: dg.ResourceParam[StoredTables],
        archive: dg.ResourceParam[Archive],
    ) -> dg.RunRequest | dg.SkipReason:
        """One run, unless the last one is still under way: never two at once, and no queue of stale hours."""
        under_way = context.instance.get_runs(dg.RunsFilter(job_name=census.name, statuses=UNDER_WAY), limit=1)
        if under_way:
            return dg.SkipReason(f"The census {under_way[0].run_id} is still under way")
        now = pd.Timestamp(context.scheduled_execution_time)
        left_out = not_due(_stored(network, stored_tables, archive), network=network, now=now)
        if not left_out:
            return dg.RunRequest()
        return dg.RunRequest(
            asset_selection=_without(context, left_out), tags={NOT_ASKED: "; ".join(left_out.values())}
        )

    return regular_census


def _stored(network: Network, stored: StoredTables, archive: Archive) -> dict[str, pd.DataFrame]:
    """The last answers of each site with an interval of its own, where they can still be used."""
    found = {}
    for site in (name for name, one in network.sites.items() if one.every_hours is not None):
        try:
            answers = stored.read(snapshots_of(site), tables.SNAPSHOTS)
        except (FileNotFoundError, ParseError):  # never asked, or damaged: asked now
            continue
        if all(map(archive.holds, answers["digest"])):
            found[site] = answers
    return found


def _without(context: dg.ScheduleEvaluationContext, sites: Mapping[str, str]) -> list[dg.AssetKey]:
    """All of the census but the steps of these sites: downstream finds what they stored last."""
    assert context.repository_def is not None  # noqa: S101 - for the type checker: the daemon's context has one
    every = census.selection.resolve(context.repository_def.asset_graph)
    return sorted(every - {dg.AssetKey(snapshots_of(site)) for site in sites})


def _told(network: Network) -> str:
    cadence = network.cadence
    share = network.jitter_minutes
    moved = (
        f", {share} of at most {counted(cadence.jitter_minutes, 'minute')} of jitter included"
        if cadence.jitter_minutes
        else ""
    )
    rare = [f"{name} every {site.every_hours} h" for name, site in network.sites.items() if site.every_hours]
    apart = f" Asked less often: {', '.join(rare)}." if rare else ""
    return f"Every {cadence.census_every_minutes} minutes by UTC ({network.census_cron}){moved}.{apart}"
