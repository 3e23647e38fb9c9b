"""The event log's indexes: as few as Dagster's statements need, each with its new entries close together.

What a run writes is mostly index pages: an entry of 60 bytes costs a page of 1 kB wherever no other entry of the run
lies beside it. Stock has nine indexes on three tables, and an entry for each asset, check and step somewhere else in
most of them. tests/integration/test_storage_queries.py asks Dagster's own questions and has SQLite explain each.
"""

from typing import Final

import sqlalchemy

WITHOUT: Final = {
    "idx_step_key": "who asks by step asks by run",
    "idx_event_type": "who asks by type alone asks for what is new, which is at the table's end",
    "idx_events_by_asset": "(asset, type, id): an asset's events lie in two places; ours, in one",
    "idx_events_by_asset_partition": "who asks by partition asks by asset",
    "idx_asset_check_executions": "(asset, check, materialization, partition): written anew by each evaluation",
    "idx_asset_check_executions_unique": "(asset, check, run, partition): a run's entries lie apart; ours, together",
    "idx_asset_event_tags": "who asks by tag asks by event, or, of a partitioned asset, reads them all: 10 ms a month",
}
"""Stock's indexes that are not kept, and why each is not needed."""
OURS: Final = {
    "netcensus_events_by_asset": "INDEX {} ON event_logs (asset_key) WHERE asset_key IS NOT NULL",
    "netcensus_checks_by_run": "UNIQUE INDEX {} ON asset_check_executions (run_id, asset_key, check_name, partition)",
    "netcensus_checks_by_check": "INDEX {} ON asset_check_executions (asset_key, check_name)",
}
"""What is there in their place. In SQLite each ends with the row's id: new entries come at the end of their range."""


def settle_indexes(connection: sqlalchemy.Connection) -> None:
    """Make the event log's indexes these, whatever they are; where they are, nothing is written."""
    for name, rest in OURS.items():
        connection.exec_driver_sql("CREATE " + rest.format(f"IF NOT EXISTS {name}"))
    for name in WITHOUT:
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {name}")
