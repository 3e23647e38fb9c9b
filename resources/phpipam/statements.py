"""The SQL that changes phpIPAM: each statement names its columns and says what it replaces (rule R6).

Text is compared as bytes: phpIPAM's collation takes 'nas', 'Nas' and 'nas ' for one. '' and NULL are one to phpIPAM
and to us. An address is compared as text, which is what the unique key holds.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    LargeBinary,
    Select,
    String,
    Update,
    and_,
    case,
    cast,
    func,
    insert,
    join,
    literal,
    null,
    or_,
    select,
    update,
)

from pipelines.parse.phpipam import NEVER, local_text
from resources.phpipam import schema
from resources.phpipam.changes import TAG, TEXTS, Row
from resources.phpipam.conventions import USED
from resources.phpipam.sink import seen_at

_ADDRESSES = schema.ADDRESSES
_COLUMNS = _ADDRESSES.c
_AT_ONCE = 1000  # addresses a query

Tags = Mapping[str, int]
"""ipTags.id by the tag's name."""


def insert_address() -> Insert:
    """A new address; `values_of_new` gives its values."""
    return insert(_ADDRESSES)


def values_of_new(row: Row, subnet_id: int, tags: Tags, zone: ZoneInfo) -> dict[str, Any]:
    """The columns of a new address. editDate is left to phpIPAM's own default, NULL, as its pages leave it."""
    after = row.after
    seen = local_text(seen_at(after["lastSeen"]), zone) if after.get("lastSeen") else NEVER
    tag_id = tags[after.get(TAG) or USED]
    texts = {name: after.get(name) for name in TEXTS}
    return {"subnetId": subnet_id, "ip_addr": row.decimal, **texts, "state": tag_id, "lastSeen": seen}


def update_addresses(rows: Sequence[Row], subnet_id: int, tags: Tags) -> Update:
    """Rows that change the same columns, each only while it still holds what the plan replaces. No gateway's tag."""
    after = {name: _by_id({row.id: row.after[name] for row in rows}) for name in rows[0].after if name != TAG}
    if TAG in rows[0].after:
        after["state"] = case({row.id: tags[str(row.after[TAG])] for row in rows}, value=_COLUMNS.id)
    edited = {"editDate": func.current_timestamp()}
    return update(_ADDRESSES).where(or_(*(_still(row, subnet_id, tags) for row in rows))).values({**after, **edited})


def touch_addresses(rows: Sequence[Row], subnet_id: int, zone: ZoneInfo) -> Update:
    """Newer `lastSeen` of rows, never an older one. editDate stays: nobody edited anything."""
    seen = _by_id({row.id: local_text(seen_at(row.after["lastSeen"]), zone) for row in rows})
    is_older = _COLUMNS.lastSeen.is_(None) | (cast(_COLUMNS.lastSeen, String) < seen)
    chosen = and_(_chosen(rows, subnet_id), _COLUMNS.id.in_([row.id for row in rows]))
    return update(_ADDRESSES).where(chosen, is_older).values(lastSeen=seen, editDate=_COLUMNS.editDate)


def select_addresses(rows: Sequence[Row], subnet_id: int) -> Select[Any]:
    """What the database holds for the addresses of these rows."""
    texts = [_COLUMNS[name] for name in TEXTS]
    seen = cast(_COLUMNS.lastSeen, String).label("lastSeen")
    tag = schema.TAGS.c.type.label(TAG)
    joined = join(_ADDRESSES, schema.TAGS, schema.TAGS.c.id == _COLUMNS.state, isouter=True)
    wanted = select(_COLUMNS.id, _COLUMNS.ip_addr, *texts, tag, seen)
    return wanted.select_from(joined).where(_chosen(rows, subnet_id))


def wait_for(rows: Sequence[Row], subnet_id: int) -> Update:
    """Changes nothing, but returns only when no other transaction holds these rows: a lost one may still commit."""
    return update(_ADDRESSES).where(_chosen(rows, subnet_id)).values(editDate=_COLUMNS.editDate)


def insert_changelog(
    connection: Connection, at_local: str, user_id: int, entries: Sequence[tuple[int, str, str]]
) -> None:
    """Rows of phpIPAM's changelog, from (`ipaddresses.id`, 'add', 'edit' or 'delete', text)."""
    common = {"ctype": "ip_addr", "cuser": user_id, "cresult": "success", "cdate": at_local}
    values = [{**common, "coid": identity, "caction": action, "cdiff": text} for identity, action, text in entries]
    if values:
        connection.execute(insert(schema.CHANGELOG), values)


def ids(connection: Connection, rows: Sequence[Row], subnet_id: int) -> dict[str, int]:
    """The ids of the rows that hold these addresses, by `ip_addr`."""
    found: dict[str, int] = {}
    for at in range(0, len(rows), _AT_ONCE):
        query = select(_COLUMNS.ip_addr, _COLUMNS.id).where(_chosen(rows[at : at + _AT_ONCE], subnet_id))
        found |= {row.ip_addr: row.id for row in connection.execute(query)}
    return found


def _chosen(rows: Sequence[Row], subnet_id: int) -> ColumnElement[bool]:
    return and_(_COLUMNS.subnetId == subnet_id, _COLUMNS.ip_addr.in_([row.decimal for row in rows]))


def _still(row: Row, subnet_id: int, tags: Tags) -> ColumnElement[bool]:
    texts = {name: old for name, old in row.before.items() if name != TAG}
    same = [is_same_text(_COLUMNS[name], old) for name, old in texts.items()]
    if TAG in row.before:
        is_gateway = func.coalesce(_COLUMNS.is_gateway, 0) != 0
        same += [_COLUMNS.state == tags[str(row.before[TAG])], ~is_gateway]
    return and_(_COLUMNS.id == row.id, _COLUMNS.subnetId == subnet_id, _COLUMNS.ip_addr == row.decimal, *same)


def is_same_text(column: ColumnElement[Any], text: str | None) -> ColumnElement[bool]:
    """Whether a column holds this text, byte for byte; None is NULL or empty."""
    held = func.nullif(cast(column, LargeBinary), _bytes(""))
    return held.is_not_distinct_from(_bytes(text))


def _bytes(text: str | None) -> ColumnElement[Any]:
    return cast(null() if text is None else literal(text, String), LargeBinary)


def _by_id(values: Mapping[int | None, str | None]) -> ColumnElement[Any]:
    """The value of each row by its id: one statement sets them all."""
    return case({identity: _or_null(value) for identity, value in values.items()}, value=_COLUMNS.id)


def _or_null(value: str | None) -> ColumnElement[Any]:
    return null() if value is None else literal(value, String)
