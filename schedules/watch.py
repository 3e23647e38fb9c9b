"""The watch: what is red or did not happen is said to whom network.toml names, once, and again when it is over."""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg
import pandas as pd
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord

from assets import undo
from assets.freshness import CHECK, REMEDY, evaluations, looked_at
from pipelines.alerts import Now, Trouble
from pipelines.counted import counted
from pipelines.freshness import Freshness
from pipelines.network import Network
from resources.alerting import Alerting, Sent
from resources.last_load import LastLoad
from resources.ledger import Ledger
from resources.preview import spoken
from schedules.jobs import census, dns_sync
from schedules.prune import prune

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_LOOK = "Open it in Dagster's UI: the check says what is wrong, where, and what to do."
_LOOK_AT_RUN = "Open the run in Dagster's UI: the first red step says what happened."


def watch_sensor(network: Network) -> dg.SensorDefinition:
    """The sensor for this network: it starts no run, and writes only when something begins or ends to be wrong."""

    @dg.sensor(
        name="watch",
        minimum_interval_seconds=network.alerts.every_minutes * 60,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Tells [alerts] of red checks, failed runs, and of sites and targets nobody refreshed.",
    )
    def watch(
        context: dg.SensorEvaluationContext,
        ledger: dg.ResourceParam[Ledger],
        last_load: dg.ResourceParam[LastLoad],
        alerting: dg.ResourceParam[Alerting],
    ) -> dg.SensorResult:
        now = pd.Timestamp.now("UTC")
        fresh, checks = looked_at(ledger, last_load, network, now), _latest_checks(context)
        troubles = [*_stale(fresh, now), *_red(checks), *_failed_runs(context.instance)]
        unknown = frozenset(key.to_user_string() for key, one in checks.items() if one.evaluation is None)
        sent = alerting.send(Now(troubles, unknown), {one.subject: one.at for one in fresh}, now)
        return dg.SensorResult(
            asset_events=[one for one in evaluations(fresh, network) if _is_news(one, checks)],
            skip_reason=_reason(sent, len(troubles)),
        )

    return watch


_Checks = Mapping[dg.AssetCheckKey, AssetCheckExecutionRecord]


def _latest_checks(context: dg.SensorEvaluationContext) -> _Checks:
    """The last record of every check of ours that has one; it has no result while its run is under way, or died.

    Not of an undo's: a person who starts one sees how it ends, and it would stay red until the next.
    """
    assert context.repository_def is not None  # noqa: S101 - for the type checker: a sensor of definitions has one
    own = {dg.AssetKey(name) for name in (*undo.PLANNED, *undo.RECEIPTS)}
    keys = [key for key in context.repository_def.asset_graph.asset_check_keys if key.asset_key not in own]
    return context.instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)


def _is_news(now: dg.AssetCheckEvaluation, before: _Checks) -> bool:
    record = before.get(now.asset_check_key)
    return record is None or record.evaluation is None or record.evaluation.passed != now.passed


def _stale(found: Sequence[Freshness], now: pd.Timestamp) -> Iterator[Trouble]:
    for one in found:
        if not one.is_fresh:
            yield Trouble(f"{CHECK} {one.subject}", f"{one.reason}.", REMEDY, CHECK, one.at or now)


def _red(checks: _Checks) -> Iterator[Trouble]:
    """The red checks but for the freshness, which is asked afresh."""
    for key, record in sorted(checks.items(), key=lambda one: one[0].to_user_string()):
        result = record.evaluation
        if result is None or result.passed or key.name == CHECK or result.severity != dg.AssetCheckSeverity.ERROR:
            continue
        what = next(iter(spoken(result.description)), "it did not pass")
        since_at = pd.Timestamp(record.create_timestamp, unit="s", tz="UTC")
        yield Trouble(key.to_user_string(), what, _LOOK, key.name, since_at)


def _failed_runs(instance: dg.DagsterInstance) -> Iterator[Trouble]:
    """The jobs whose last run did not end well. A check may be red beside it, and say more."""
    for job in (census.name, dns_sync.name, prune.name):
        of_job = dg.RunsFilter(job_name=job, statuses=_FINISHED)
        for record in instance.get_run_records(of_job, limit=1):
            run = record.dagster_run
            if run.status != dg.DagsterRunStatus.SUCCESS:
                at = pd.Timestamp(record.end_time or record.create_timestamp.timestamp(), unit="s", tz="UTC")
                what = f"run {run.run_id} ended as {run.status.value}."
                yield Trouble(f"run of {job}", what, _LOOK_AT_RUN, "a-run-failed", at)


def _reason(sent: Sent, troubles: int) -> str:
    said = f"{troubles} wrong, {counted(sent.messages, 'message')} sent"
    return f"{said}. NOT TOLD: {'; '.join(sent.faults)}" if sent.faults else said
