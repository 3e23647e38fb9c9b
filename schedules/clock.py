"""After a clock that was ahead: what was noted at times that have not come is unlearned, ours and Dagster's."""

from datetime import UTC, datetime

import dagster as dg
import pandas as pd
from dagster._core.scheduler.instigation import InstigatorState, ScheduleInstigatorData, SensorInstigatorData

from resources.future import Future
from schedules.jobs import LOADS

_EVER = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


@dg.op
def unlearn_the_future(context: dg.OpExecutionContext, future: dg.ResourceParam[Future]) -> None:
    """Our own memories: looks, reads and loads of a later time are forgotten, what is of no time is as of now."""
    context.add_output_metadata(dict(future.forget(pd.Timestamp.now("UTC"))))


@dg.op
def wake_the_schedules(context: dg.OpExecutionContext) -> None:
    """Schedules and sensors whose last tick has not come yet begin anew: Dagster would wait for that time."""
    now = pd.Timestamp.now("UTC").timestamp()
    waiting = [one for one in context.instance.all_instigator_state() if _last_tick(context.instance, one) > now]
    for one in waiting:
        context.instance.purge_ticks(one.instigator_origin_id, one.selector_id, before=_EVER)
        context.instance.update_instigator_state(_begun_anew(one, now))
    context.add_output_metadata({"begun anew": ", ".join(one.instigator_name for one in waiting) or "none"})


def _last_tick(instance: dg.DagsterInstance, state: InstigatorState) -> float:
    """When it last ticked, or looked whether it should."""
    ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
    data = state.instigator_data
    looked = data.last_iteration_timestamp if isinstance(data, ScheduleInstigatorData) else None
    begun = data.last_tick_start_timestamp if isinstance(data, SensorInstigatorData) else None
    return max([0.0, looked or 0.0, begun or 0.0, *(tick.timestamp for tick in ticks)])


def _begun_anew(state: InstigatorState, now: float) -> InstigatorState:
    """The schedule or sensor as if it had been switched on now; a sensor of ours has no cursor to lose."""
    data = state.instigator_data
    if isinstance(data, ScheduleInstigatorData):
        return state.with_data(ScheduleInstigatorData(data.cron_schedule, start_timestamp=now))
    return state.with_data(SensorInstigatorData(sensor_type=getattr(data, "sensor_type", None)))


@dg.job(
    tags=LOADS,  # never beside a run that notes something
    description="Once, after this machine's clock was ahead and is right again: forget what was noted in the future. "
    "Restart Dagster's daemon afterwards.",
)
def clock_was_wrong() -> None:
    """Two steps; neither waits for the other."""
    unlearn_the_future()
    wake_the_schedules()
