"""netcensus from the command line: `census` writes, `rehearse` only says what it would write, `undo` takes a run back.

`replay` makes hours of the past again from the archive, and asks nobody. The jobs are those of Dagster's UI, run in
this process; the run appears there too. Exit status 0 when everything was read and every change took effect, 1 when
something was not, 2 when the configuration is at fault. `why NAME` (or an address, or a MAC) answers from the tables
the last run left behind, `who` from the history of all runs; neither reads anything else.
"""

import argparse
import getpass
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from answers import answer_who, answer_why, fail, read
from arguments import asked_for, parsed
from pipelines import tables
from pipelines.contract import Table
from pipelines.errors import ConfigError
from pipelines.plan.approval import asked
from pipelines.report import report, report_of_undo
from resources.garbage import to_the_end
from resources.network_file import network_path, read_network
from resources.preview import spoken

if TYPE_CHECKING:  # Dagster takes seconds to import, and `who` and `why` do without it
    import dagster as dg

HERE = Path(__file__).parent
_RECEIPTS = {"ipam_receipt": tables.RECEIPT, "dns_receipt": tables.RECEIPT}
_PLANNED = {
    "sources": tables.SOURCES,
    "conflicts": tables.CONFLICTS,
    "ipam_plan": tables.IPAM_PLAN,
    "dns_plan": tables.DNS_PLAN,
    "heal_plan": tables.HEAL_PLAN,
    "withheld": tables.WITHHELD,
    "guards": tables.GUARDS,
}
_UNDO = {
    "undo_ipam_plan": tables.IPAM_PLAN,
    "undo_dns_plan": tables.DNS_PLAN,
    "undone": tables.UNDONE,
    "undo_withheld": tables.WITHHELD,
    "undo_guards": tables.GUARDS,
}
_PLANNED_BY = {"undo": _UNDO, "rehearse_undo": _UNDO}
REPORTED = {
    "census": {**_PLANNED, **_RECEIPTS},
    "dns_sync": {**_PLANNED, **_RECEIPTS},
    "rehearse": _PLANNED,
    "undo": {**_UNDO, **{f"undo_{name}": table for name, table in _RECEIPTS.items()}},
    "rehearse_undo": _UNDO,
}
"""What each job's report is made from."""


def main() -> int:
    """Run the job that is asked for and print its report, or answer the question."""
    arguments = parsed(str(__doc__))
    if arguments.command == "who":
        return answer_who(arguments)
    if arguments.command == "why":
        return answer_why(arguments.subject)
    prepare_home(Path(os.environ.get("DAGSTER_HOME") or HERE / "var" / "dagster"))
    try:
        with to_the_end():
            from composition import build_defs  # noqa: PLC0415 - imports Dagster, after DAGSTER_HOME is set

            definitions = build_defs()
        asked(arguments.approve)
    except ConfigError as error:
        return fail([str(error)], 2)
    if arguments.command == "replay":
        return replay(definitions, arguments)
    ended = run(definitions, *asked_for(arguments))
    if ended.reported:
        made = {name.removeprefix("undo_"): rows for name, rows in read(ended.reported).items()}
        print(report_of_undo(made) if "undone" in made else report(made))  # noqa: T201 - the report is the command's output
    return fail(ended.faults, 1) if ended.faults else 0


def replay(definitions: "dg.Definitions", arguments: argparse.Namespace) -> int:
    """Make the hours of a range again, and print what became of each."""
    import pandas as pd  # noqa: PLC0415 - as Dagster: `who` does without all this

    from pipelines.replay import hours_asked  # noqa: PLC0415 - as above

    try:
        first_day = read_network(network_path()).state.first_day
        first, last = hours_asked(arguments.since, arguments.until, first_day, pd.Timestamp.now("UTC"))
    except ConfigError as error:
        return fail([str(error)], 2)
    ends = {"start": first.key, "end": last.key}
    tags = {f"dagster/asset_partition_range_{end}": key for end, key in ends.items()}
    result = _executed(definitions, "replay", {"hours": {"config": {"anew": arguments.anew}}}, tags)
    for made in result.get_asset_materialization_events():
        said = made.step_materialization_data.materialization.metadata["history"].value
        print(f"{made.partition}  {said}")  # noqa: T201 - the command's output
    faults = _faults(result)
    return fail(faults, 1) if faults else 0


def prepare_home(home: Path) -> None:
    """Make DAGSTER_HOME a folder that holds our dagster.yaml, unless the operator keeps one of their own there."""
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        (home / "dagster.yaml").symlink_to(HERE / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home.absolute())


@dataclass(frozen=True)
class Ended:
    """What went wrong in a run, one sentence each, and the tables of its report; none where it did not come so far."""

    faults: list[str]
    reported: Mapping[str, Table]


def run(
    definitions: "dg.Definitions", job: str, approve: Sequence[str] = (), told: Mapping[str, str] | None = None
) -> Ended:
    """Run a job in this process and say how it ended.

    `approve` is what a person lets through (`plan.approval`), `told` what else the plan is told: which run to undo.
    """
    from assets.plan import APPROVED_BY, WITHIN  # noqa: PLC0415 - imports Dagster

    planning = dict(told or {}) | ({"approve": list(approve)} if approve else {})
    ops = {"undo_plan" if job in _PLANNED_BY else "plan": {"config": planning}} if planning else {}
    result = _executed(definitions, job, ops, {APPROVED_BY: user()} if approve else {})
    events = result.get_asset_materialization_events()
    made = {str(event.asset_key.to_user_string()) for event in events if event.asset_key}
    is_refused = any(one.check_name == WITHIN for one in _red(result))
    reported = _PLANNED_BY.get(job, _PLANNED) if is_refused else REPORTED[job]
    return Ended(_faults(result), reported if made >= reported.keys() else {})


def _executed(
    definitions: "dg.Definitions", job: str, ops: Mapping[str, object], tags: Mapping[str, str]
) -> "dg.ExecuteInProcessResult":
    import dagster as dg  # noqa: PLC0415 - as above: `who` does without it

    config = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}, "ops": ops}
    with dg.DagsterInstance.get() as instance:
        return definitions.resolve_job_def(job).execute_in_process(
            instance=instance, raise_on_error=False, run_config=config, tags=tags
        )


def _red(result: "dg.ExecuteInProcessResult") -> "list[dg.AssetCheckEvaluation]":
    return [one for one in result.get_asset_check_evaluations() if not one.passed and one.severity.value == "ERROR"]


def _faults(result: "dg.ExecuteInProcessResult") -> list[str]:
    """What the red checks and the failed steps of a run say, each line once."""
    told = [line for one in _red(result) for line in spoken(one.description) or [one.check_name]]
    failed = [event for event in result.get_step_failure_events() if not _is_of_check(event)]
    return list(dict.fromkeys([*told, *(line for event in failed for line in _sentence(event).splitlines())]))


def user() -> str:
    """Who runs this command, as the system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user, as in many containers
        return f"user {os.getuid()}"


def _is_of_check(event: "dg.DagsterEvent") -> bool:
    """Whether the step failed by a blocking check alone, whose own words say it better."""
    error = event.step_failure_data.error
    return error is not None and error.cls_name == "DagsterAssetCheckFailedError"


def _sentence(event: "dg.DagsterEvent") -> str:
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


if __name__ == "__main__":
    sys.exit(main())
