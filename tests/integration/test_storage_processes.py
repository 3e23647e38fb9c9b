"""The event log's order when each step is a process of its own, as with the multiprocess executor."""

import os
import subprocess
import sys
from pathlib import Path

from tests.integration.storage_story import REPOSITORY, events, home, instance_at
from tests.services.process import PATIENCE_S

PROGRAM = """
import dagster as dg
@dg.asset
def first() -> None: ...
@dg.asset(deps=[first])
def second() -> None: ...
executor = dg.multiprocess_executor.configured({"max_concurrent": 1, "start_method": {"forkserver": {}}})
job = dg.define_asset_job("steps", dg.AssetSelection.all())
defs = dg.Definitions(assets=[first, second], jobs=[job], executor=executor)
"""


def test_steps_in_processes_of_their_own_keep_their_order(tmp_path: Path) -> None:
    """Each step is announced by its parent, begun, and ended by its own process, in this order in the log."""
    folder = home(tmp_path / "home", (REPOSITORY / "dagster.yaml").read_text())
    (folder / "program.py").write_text(PROGRAM)
    dagster = str(Path(sys.executable).with_name("dagster"))
    environment = {**os.environ, "DAGSTER_HOME": str(folder), "PYTHONPATH": str(REPOSITORY)}
    argv = [dagster, "job", "execute", "-f", str(folder / "program.py"), "-j", "steps"]
    subprocess.run(argv, env=environment, cwd=folder, check=True, capture_output=True, timeout=PATIENCE_S)
    with instance_at(folder) as instance:
        told = events(instance, instance.get_runs(limit=1)[0].run_id)
    milestones = (
        *("STEP_WORKER_STARTING", "STEP_WORKER_STARTED", "STEP_START"),
        *("STEP_OUTPUT", "ASSET_MATERIALIZATION", "STEP_SUCCESS"),  # the first: for steps that look what others yielded
    )
    for step in ("first", "second"):
        assert [kind for kind, step_key, _asset in told if step_key == step and kind in milestones] == list(milestones)
    assert [kind for kind, _step, _asset in told].count("PIPELINE_SUCCESS") == 1
