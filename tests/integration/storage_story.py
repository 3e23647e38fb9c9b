"""What is known after a run of storage_job.py, as text that two storages can be compared by."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from tests.integration import storage_job

REPOSITORY = Path(__file__).resolve().parents[2]
_PRINTED = "class: SparingComputeLogs"
CHECK = storage_job.ENOUGH_ROWS.key


def home(folder: Path, text: str) -> Path:
    """`folder` as a DAGSTER_HOME with this dagster.yaml, its heartbeats and what its runs print in it too."""
    folder.mkdir()
    named = f"config: {{base_dir: {folder}, heartbeat_dir: {folder}}}"
    printed = f"{_PRINTED}\n  config: {{base_dir: {folder}}}"
    (folder / "dagster.yaml").write_text(text.replace("config: {}", named).replace(_PRINTED, printed))
    return folder


@contextmanager
def instance_at(folder: Path) -> Iterator[dg.DagsterInstance]:
    """The instance of this DAGSTER_HOME."""
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(folder))) as instance:
        yield instance


def run_job(instance: dg.DagsterInstance, how: str) -> str:
    """The id of a run in this process that ended so."""
    job = storage_job.defs.resolve_job_def("census")
    with suppress(SystemExit):
        job.execute_in_process(instance=instance, run_config=storage_job.ending(how), raise_on_error=False)
    return instance.get_runs(limit=1)[0].run_id


LEFT_OUT = {"STEP_INPUT", "LOADED_INPUT", "HANDLED_OUTPUT", "STEP_OUTPUT", "ASSET_CHECK_EVALUATION_PLANNED"}
"""What our storage does not keep: nothing but a run's log ever shows these."""


def events(instance: dg.DagsterInstance, run_id: str) -> list[tuple[str | None, ...]]:
    """What happened, in the order of the log: type, step, asset, and what a user's own line says."""
    logged = instance.all_logs(run_id)
    return [
        (
            entry.dagster_event_type.value if entry.dagster_event_type else entry.user_message,
            entry.step_key,
            str(entry.dagster_event.asset_key) if entry.dagster_event else None,
        )
        for entry in logged
    ]


def story(instance: dg.DagsterInstance, run_id: str) -> dict[str, Any]:
    """All that is known after a run, but for ids and times."""
    run = instance.get_run_by_id(run_id)
    checks = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=5)
    return {
        "status": run and run.status,
        "events": events(instance, run_id),
        "assets": sorted(asset_story(instance, record) for record in instance.get_asset_records()),
        "checks": [check_story(instance, record) for record in checks],
        "steps": sorted((s.step_key, str(s.status)) for s in instance.get_run_step_stats(run_id)),
    }


def without_left_out(told: dict[str, Any]) -> dict[str, Any]:
    """A story of another storage, as ours tells it."""
    return told | {"events": [event for event in told["events"] if event[0] not in LEFT_OUT]}


def asset_story(instance: dg.DagsterInstance, record: Any) -> tuple[Any, ...]:
    """An asset's record: its key, what was last materialised, and whether the log has that under the id it names."""
    entry = record.asset_entry
    logged = instance.fetch_materializations(entry.asset_key, limit=1).records
    last = entry.last_materialization_record
    values = last and sorted(last.event_log_entry.asset_materialization.metadata)
    return (
        entry.asset_key.to_string(),
        values,
        [row.storage_id for row in logged] == [last.storage_id] if last else not logged,
    )


def check_story(instance: dg.DagsterInstance, record: Any) -> tuple[Any, ...]:
    """A check's record: its status, its verdict, and the type of the row of the log it was about."""
    evaluation = record.event and record.event.dagster_event.event_specific_data
    about = evaluation and getattr(evaluation, "target_materialization_data", None)
    latest = instance.get_latest_materialization_event(CHECK.asset_key)
    return record.status, getattr(evaluation, "passed", None), about and latest and about.timestamp == latest.timestamp
