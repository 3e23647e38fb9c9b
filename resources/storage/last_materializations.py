"""What an asset was last made by, found in the log: stock stores that event a second time, in the asset's row.

A census makes nearly every asset, and the copies were a fifth of the pages that it changed. For a row that has none
stock searches the log too, but reads all events of the asset; here only its newest are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from dagster import AssetKey, DagsterEventType, EventLogEntry, EventLogRecord
from dagster._core.assets import AssetDetails
from dagster._core.storage.event_log.schema import AssetKeyTable, SqlEventLogStorageTable
from dagster._serdes import deserialize_value

_ASSETS, _EVENTS = AssetKeyTable.c, SqlEventLogStorageTable.c
_COLUMN = "last_materialization"


def not_stored(values: dict[str, Any]) -> dict[str, Any]:
    """What an event changes in its asset's row, the event itself left out, and what an older release put there."""
    return values | {_COLUMN: None} if _COLUMN in values else values


def found_in_log(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> dict[AssetKey, EventLogRecord]:
    """What made each asset last, of those whose row does not say; one that was wiped since then is left out."""
    wiped_at = {row["asset_key"]: _wiped_at(row["asset_details"]) for row in rows if row[_COLUMN] is None}
    query = sa.select(_ASSETS.asset_key, _EVENTS.id, _EVENTS.event).join_from(
        AssetKeyTable, SqlEventLogStorageTable, _EVENTS.id == _newest_of_asset()
    )
    stored = connection.execute(query.where(_ASSETS.asset_key.in_(list(wiped_at))))
    found = {key: EventLogRecord(number, deserialize_value(event, EventLogEntry)) for key, number, event in stored}
    keys = {name: AssetKey.from_db_string(name) for name in found}
    return {key: found[name] for name, key in keys.items() if key and found[name].timestamp > wiped_at[name]}


def of_others(rows: Sequence[Mapping[str, Any]], found: Mapping[AssetKey, Any]) -> list[Mapping[str, Any]]:
    """The rows of the assets that were not found."""
    return [row for row in rows if AssetKey.from_db_string(row["asset_key"]) not in found]


def _newest_of_asset() -> "sa.ScalarSelect[int]":
    """The number of an asset's newest materialization: in the index of assets its events lie in order."""
    newest = SqlEventLogStorageTable.alias().c
    is_it = newest.dagster_event_type == DagsterEventType.ASSET_MATERIALIZATION.value
    of_asset = sa.select(newest.id).where(newest.asset_key == _ASSETS.asset_key, is_it)
    return of_asset.order_by(newest.id.desc()).limit(1).correlate(AssetKeyTable).scalar_subquery()


def _wiped_at(details: str | None) -> float:
    """When an asset was wiped, in seconds since 1970; 0 where it never was."""
    told: AssetDetails | None = AssetDetails.from_db_string(details)  # type: ignore[no-untyped-call]  # it has no types
    return (told.last_wipe_timestamp if told else None) or 0.0
