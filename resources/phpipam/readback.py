"""What the database holds after a write, against what was meant (rule R7)."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from pipelines.parse.phpipam import decimal_of, local_text
from resources.phpipam import statements
from resources.phpipam.changes import APPLIED, Change, Outcome, Outcomes, Row, chunks, rows
from resources.phpipam.sink import seen_at

_AT_ONCE = 1000  # addresses a query

Live = dict[str, Mapping[str, Any]]
Look = Callable[[Connection, Outcomes, ZoneInfo], Outcomes]

_NEWER = Outcome("lost race", "phpIPAM has seen it later than that already")
_GONE = Outcome("lost race", "somebody else has moved or deleted this row")
_NOT_COMMITTED = Outcome("lost race", "the connection was lost before the commit took effect; nothing was written")


def verified(connection: Connection, outcomes: Outcomes, zone: ZoneInfo) -> Outcomes:
    """The outcomes, those thought applied made `unknown` where the database does not say the same."""
    applied = [change for change, outcome in outcomes.items() if outcome == APPLIED]
    live = read(connection, applied)
    return outcomes | {change: _verdict(change, live, zone) for change in applied}


def settled(connection: Connection, outcomes: Outcomes, zone: ZoneInfo) -> Outcomes:
    """The outcomes of a transaction whose commit was not answered: what stands was committed, the rest was not."""
    applied = [change for change, outcome in outcomes.items() if outcome == APPLIED]
    for some in _rows(applied):
        connection.execute(statements.wait_for(some, some[0].changes[0].subnet_id_phpipam))
    live = read(connection, applied)
    verdicts = {change: _verdict(change, live, zone) for change in applied}
    return outcomes | {change: _NOT_COMMITTED if one != APPLIED else one for change, one in verdicts.items()}


def read(connection: Connection, changes: list[Change]) -> Live:
    """What the database holds for the addresses of these changes, which are all of one subnet."""
    live: Live = {}
    for some in _rows(changes):
        query = statements.select_addresses(some, some[0].changes[0].subnet_id_phpipam)
        live |= {row["ip_addr"]: row for row in connection.execute(query).mappings()}
    return live


def _rows(changes: list[Change]) -> list[list[Row]]:
    found = [row for action in ("create", "update", "touch", "delete") for row in rows(changes, action)]
    return chunks(found, _AT_ONCE)


def _verdict(change: Change, live: Live, zone: ZoneInfo) -> Outcome:
    row = live.get(decimal_of(change.ip))
    if change.action == "delete":
        is_gone = row is None or row["id"] != change.id_phpipam
        return APPLIED if is_gone else Outcome("unknown", "deleted, but the row is still there")
    if change.action == "touch" and (row is None or row["id"] != change.id_phpipam):
        return _GONE
    if row is None:
        return Outcome("unknown", "written, but no such row is there now")
    holds = row[change.field] or None
    wanted = change.after
    if change.field == "lastSeen":
        wanted = local_text(seen_at(change.after), zone)
        if change.action == "touch" and holds is not None and holds > wanted:
            return _NEWER
    if holds == wanted:
        return APPLIED
    return Outcome("unknown", f"written, but it reads {holds!a:.80} now")
