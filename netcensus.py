"""netcensus from the command line: `census` writes, `rehearse` only says what it would write.

The same jobs as in Dagster's UI, in this process; the run appears there too. Exit status 0 when everything was read
and every change took effect, 1 when something was not, 2 when the configuration is at fault.
"""

import argparse
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from pipelines import tables
from pipelines.errors import ConfigError
from pipelines.report import report
from resources.table_store import TableStore

HERE = Path(__file__).parent
_RECEIPTS = {"ipam_receipt": tables.RECEIPT, "dns_receipt": tables.RECEIPT}
_PLANNED = {
    "sources": tables.SOURCES,
    "ipam_plan": tables.IPAM_PLAN,
    "dns_plan": tables.DNS_PLAN,
    "heal_plan": tables.HEAL_PLAN,
    "withheld": tables.WITHHELD,
}
REPORTED = {
    "census": {**_PLANNED, **_RECEIPTS},
    "dns_sync": {**_PLANNED, **_RECEIPTS},
    "rehearse": _PLANNED,
}
"""What each job's report is made from."""


def main() -> int:
    """Run the job that is asked for and print its report."""
    parser = argparse.ArgumentParser(prog="netcensus", description=__doc__)
    parser.add_argument("job", choices=sorted(REPORTED))
    job = parser.parse_args().job
    prepare_home(Path(os.environ.get("DAGSTER_HOME") or HERE / "var" / "dagster"))
    try:
        from definitions import build_defs  # noqa: PLC0415 - after the environment is set: it is read there

        definitions = build_defs()
    except ConfigError as error:
        return _fail([str(error)], 2)
    ended = run(definitions, job)
    if ended.has_report:
        print(report(read(definitions, job)))  # noqa: T201 - the report is the command's output
    return _fail(ended.faults, 1) if ended.faults else 0


def prepare_home(home: Path) -> None:
    """Make DAGSTER_HOME a folder that holds our dagster.yaml, unless the operator keeps one of their own there."""
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        (home / "dagster.yaml").symlink_to(HERE / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home.absolute())


@dataclass(frozen=True)
class Ended:
    """What went wrong in a run, one sentence each, and whether it came far enough for a report."""

    faults: list[str]
    has_report: bool


def run(definitions: dg.Definitions, job: str) -> Ended:
    """Run a job in this process and say how it ended."""
    with dg.DagsterInstance.get() as instance:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    checks = [one for one in result.get_asset_check_evaluations() if not one.passed and one.severity.value == "ERROR"]
    told = [line for one in checks for line in (one.description or one.check_name).splitlines()]
    failures = [_sentence(event) for event in result.get_step_failure_events() if not _is_of_check(event)]
    made = {
        str(event.asset_key.to_user_string()) for event in result.get_asset_materialization_events() if event.asset_key
    }
    return Ended(list(dict.fromkeys([*told, *failures])), has_report=made >= REPORTED[job].keys())


def _is_of_check(event: dg.DagsterEvent) -> bool:
    """Whether the step failed by a blocking check alone, whose own words say it better."""
    error = event.step_failure_data.error
    return error is not None and error.cls_name == "DagsterAssetCheckFailedError"


def _sentence(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data is not None:
        return str(data.user_failure_data.description)
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    said = " ".join(error.message.split()) if error is not None else "it failed"
    return (
        f"step {event.step_key}: {said}. This should not happen: please report it, with what Dagster's UI shows of it"
    )


def read(definitions: dg.Definitions, job: str) -> dict[str, object]:
    """The tables of a job's report, as its run left them."""
    store = (definitions.resources or {}).get("io_manager")
    assert isinstance(store, TableStore)  # noqa: S101 - for the type checker: build_defs puts it there
    return {name: store.read(name, table) for name, table in REPORTED[job].items()}


def _fail(faults: list[str], status: int) -> int:
    for fault in faults:
        print(f"netcensus: {inert(fault)}", file=sys.stderr)  # noqa: T201 - the command's own error output
    return status


def inert(text: str) -> str:
    """A text that no terminal obeys: what is not printable ASCII, as its escape (rule R11)."""
    return re.sub(r"[^ -~]", lambda found: ascii(found[0])[1:-1], text)


if __name__ == "__main__":
    sys.exit(main())
