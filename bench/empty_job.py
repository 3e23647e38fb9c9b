"""Dagster's own start: a job that does nothing, in this process, on the storage that a census has."""

import os
from pathlib import Path

import dagster as dg

import netcensus


@dg.op
def nothing() -> None:
    """Do nothing."""


@dg.job(executor_def=dg.in_process_executor)
def empty() -> None:
    """One step."""
    nothing()


if __name__ == "__main__":
    netcensus.prepare_home(Path(os.environ["DAGSTER_HOME"]))
    with dg.DagsterInstance.get() as instance:
        empty.execute_in_process(
            instance=instance, run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        )
