"""The composition root for the daemon's test: the sensor is switched on and asks every second instead of every 900."""

import dagster as dg

from composition import build_defs
from schedules.dns_sync import dns_sync_when_changed
from schedules.jobs import census, dns_sync

_slow = dns_sync_when_changed(900)
_quick = dg.sensor(
    job=dns_sync,
    name=_slow.name,
    minimum_interval_seconds=1,
    default_status=dg.DefaultSensorStatus.RUNNING,
)(_slow._raw_fn)  # noqa: SLF001 - the function under its decorator: Dagster has no other way to it


def _definitions() -> dg.Definitions:
    """In a function: Dagster takes every Definitions at a module's top for the one it is to load."""
    whole = build_defs()
    return dg.Definitions(
        assets=whole.assets,
        sensors=[_quick],
        jobs=[census, dns_sync],
        resources=whole.resources,
        executor=whole.executor,
    )


defs = _definitions()
