"""dns_sync, every quarter of an hour, and only when phpIPAM's names or a zone moved without our doing."""

import hashlib
import json

import dagster as dg
import pandas as pd

from pipelines.counted import counted
from pipelines.errors import NetcensusError
from pipelines.plan.last_load import moved
from resources.last_load import Left
from resources.standing import Standing
from schedules.jobs import LOADS, UNDER_WAY, dns_sync

_RUN_KEY = "dagster/run_key"
_SHOWN = 3


def dns_sync_when_changed(every_s: int) -> dg.SensorDefinition:
    """The sensor that looks every so many seconds. All memory is the ledger's: there is no cursor to lose."""

    @dg.sensor(
        job=dns_sync,
        minimum_interval_seconds=every_s,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Looks at each zone's serial and phpIPAM's names; most ticks start nothing and say why.",
    )
    def dns_sync_when_changed(
        context: dg.SensorEvaluationContext, standing: dg.ResourceParam[Standing]
    ) -> dg.RunRequest | dg.SkipReason:
        return _looked(context, standing)

    return dns_sync_when_changed


def _looked(context: dg.SensorEvaluationContext, standing: Standing) -> dg.RunRequest | dg.SkipReason:
    """One run for what moved since the last load, by whomever but us."""
    under_way = context.instance.get_runs(dg.RunsFilter(tags=LOADS, statuses=UNDER_WAY), limit=1)
    if under_way:
        return dg.SkipReason(f"{under_way[0].job_name} {under_way[0].run_id} is under way")
    try:
        left = standing.last_load.left()
        if not left:
            return dg.SkipReason("No load has been noted yet: run the job census first")
        now, names = standing.now()
    except NetcensusError as error:
        return dg.SkipReason(f"Could not look, so nothing is started: {error}")
    return _decided(context.instance, left, now, names)


def _decided(
    instance: dg.DagsterInstance, left: dict[str, Left], now: dict[str, str], names: int
) -> dg.RunRequest | dg.SkipReason:
    since = max(one.at for one in left.values())
    changed = moved({source: one.version for source, one in left.items()}, now)
    if not changed:
        held = f"{counted(len(now) - 1, 'serial')}, {counted(names, 'name')}"
        return dg.SkipReason(f"Nothing moved since {_clock(since)}: {held}")
    key = run_key(left, now)
    earlier = instance.get_runs(dg.RunsFilter(tags={_RUN_KEY: key}), limit=1)
    if earlier:
        what = f"{_listed(changed)} moved since {_clock(since)}"
        return dg.SkipReason(
            f"{what}, but run {earlier[0].run_id} for it ended as {earlier[0].status.value}; see there"
        )
    return dg.RunRequest(run_key=key, tags={"netcensus/moved": _listed(changed)})


def run_key(left: dict[str, Left], now: dict[str, str]) -> str:
    """A key for this change beside this last load: a run that failed for it is not started again and again."""
    loads = sorted({one.run_id for one in left.values()})
    text = json.dumps([loads, sorted(now.items())])
    return f"dns_sync-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _listed(changed: list[str]) -> str:
    more = len(changed) - _SHOWN
    return ", ".join(changed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _clock(at: pd.Timestamp) -> str:
    return f"{at:%H:%M} UTC"
