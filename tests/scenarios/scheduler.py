"""Dagster's own scheduler over a world, minute by minute, by a clock of the test's."""

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import dagster as dg
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.scheduler import DagsterDaemonScheduler
from dagster._core.test_utils import freeze_time
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._scheduler.scheduler import launch_scheduled_runs

import netcensus
from tests.scenarios.world import ROOT, World

_LOGGER = logging.getLogger("tests.scheduler")


@dataclass(frozen=True)
class Scheduler:
    """The daemon's scheduling of a world whose schedules are on; its runs wait in the queue, for nobody takes them."""

    instance: dg.DagsterInstance
    process: WorkspaceProcessContext

    def look(self, at: datetime) -> list[dg.DagsterRun]:
        """The runs that one look at the clock, which says `at`, has put into the queue."""
        before, settings = {run.run_id for run in self.instance.get_runs()}, self.instance.scheduler
        assert isinstance(settings, DagsterDaemonScheduler)
        most, tries = settings.max_catchup_runs, settings.max_tick_retries
        with freeze_time(at):
            looking = launch_scheduled_runs(
                self.process, _LOGGER, at, {}, max_catchup_runs=most, max_tick_retries=tries
            )
            deque(looking, maxlen=0)
        return [run for run in self.instance.get_runs() if run.run_id not in before]

    def end_all(self) -> None:
        """Let whatever waits be over."""
        for run in self.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])):
            self.instance.report_run_canceled(run)

    def switch_on(self, name: str, at: datetime) -> None:
        """Let a schedule run from now on."""
        location = next(iter(self.process.create_request_context().code_locations))
        (repository,) = location.get_repositories().values()
        with freeze_time(at):
            self.instance.start_schedule(repository.get_schedule(name))


@contextmanager
def scheduling(world: World) -> Iterator[Scheduler]:
    """The scheduler over this world's definitions and its Dagster, until the block ends."""
    with world.entered():
        netcensus.prepare_home(world.home)
        file = world.folder / "of_this_world.py"  # definitions.py itself is loaded once in a process
        file.write_text("from composition import build_defs\n\ndefs = build_defs()\n", encoding="utf-8")
        target = LoadableTargetOrigin(python_file=str(file), working_directory=str(ROOT))
        with dg.DagsterInstance.get() as instance:
            place = InProcessWorkspaceLoadTarget(InProcessCodeLocationOrigin(target))
            with WorkspaceProcessContext(instance, place) as process:
                yield Scheduler(instance, process)
