"""Dagster's own history stays bounded."""

from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.test_utils import freeze_time  # Dagster's own clock for its own run records

from schedules.prune import prune


@dg.job
def _idle() -> None:
    pass


def test_runs_older_than_thirty_days_go_and_younger_ones_stay() -> None:
    """The nightly job deletes finished runs that are 31 days old, with their events, and no others."""
    with dg.instance_for_test() as instance:
        with freeze_time(datetime.now(UTC) - timedelta(days=31)):
            old = _idle.execute_in_process(instance=instance).run_id
        young = _idle.execute_in_process(instance=instance).run_id
        result = prune.execute_in_process(instance=instance)
        assert result.output_for_node("delete_old_runs") == 1
        assert instance.get_run_by_id(old) is None
        assert instance.all_logs(old) == []
        assert instance.get_run_by_id(young) is not None
