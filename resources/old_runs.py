"""Dagster's finished runs deleted whole: deleting one by Dagster's own means leaves most behind, and empties squares.

What 1.13 leaves: the results of its asset checks (half of what a census stores), in SQLite its tags, and its folder of
compute logs. A year of censuses would be 430,000 rows and 9,000 folders. SQLite gives a deleted row's room to the next
ones, so files stay as large as their fullest day; there is no need for VACUUM, which would write them anew.

What it takes: the squares of partitions. That an hour was looked at is true for good, so its materializations stay,
0.3 kB each, of a run that Dagster no longer knows.
"""

from collections.abc import Sequence

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as Checks
from dagster._core.storage.event_log.schema import AssetEventTagsTable as EventTags
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.runs.schema import RunsTable, RunTagsTable
from dagster._core.storage.runs.sql_run_storage import SqlRunStorage

_MADE = dg.DagsterEventType.ASSET_MATERIALIZATION.value


def delete_runs(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> None:
    """Delete these runs with all that is stored of them but squares, and each asset's and each check's latest word.

    One transaction for each database: what is deleted together shares most of the pages that change.
    """
    events, runs = instance.event_log_storage, instance.run_storage
    if isinstance(events, SqlEventLogStorage):
        with events.index_connection() as connection:
            for statement in _deletions(run_ids):
                connection.execute(statement)
    if isinstance(runs, SqlRunStorage):
        with runs.connect() as connection:
            for table in (RunTagsTable, RunsTable):
                connection.execute(sa.delete(table).where(table.c.run_id.in_(run_ids)))
    for run_id in run_ids:
        instance.compute_log_manager.delete_logs(prefix=[run_id])


def _deletions(run_ids: Sequence[str]) -> list[sa.Delete]:
    """What deletes the events of these runs but for squares and last materializations, their tags, checks' results."""
    going = _apart(sa.select(Events.c.id).where(Events.c.run_id.in_(run_ids), _is_over()))
    tags = sa.delete(EventTags).where(EventTags.c.event_id.in_(going))
    outlived = sa.delete(Checks).where(Checks.c.id.in_(_apart(_outlived(run_ids))))
    return [tags, sa.delete(Events).where(Events.c.id.in_(going)), outlived]


def _is_over() -> sa.ColumnElement[bool]:
    """Whether an event is no square, nor what its asset was last made by: our own storage has that nowhere else."""
    later = Events.alias()
    is_same = later.c.asset_key == Events.c.asset_key, later.c.dagster_event_type == _MADE
    was_made_since = sa.exists().where(*is_same, later.c.id > Events.c.id)
    is_else = Events.c.dagster_event_type.is_distinct_from(_MADE)  # a user's own line has no type
    return is_else | (Events.c.partition.is_(None) & was_made_since)


def _outlived(run_ids: Sequence[str]) -> "sa.Select[tuple[int]]":
    """The checks' results of these runs, where a check has a later one."""
    later = Checks.alias()
    is_same = later.c.asset_key == Checks.c.asset_key, later.c.check_name == Checks.c.check_name
    has_later = sa.exists().where(*is_same, later.c.id > Checks.c.id)
    return sa.select(Checks.c.id).where(Checks.c.run_id.in_(run_ids), has_later)


def _apart(ids: "sa.Select[tuple[int]]") -> "sa.Select[tuple[int]]":
    """The same, in a subquery kept apart by DISTINCT: MySQL deletes from no table it reads in the same breath."""
    return sa.select(ids.distinct().subquery().c.id)
