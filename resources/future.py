"""What our memories hold of a time that has not come: a clock was ahead when it was noted, and it is unlearned.

Left there, it would be news until that time: the newest look, the last load, a grace that has not begun to run.
"""

from collections.abc import Iterator

import pandas as pd
import sqlalchemy as sa

from resources.own_database import naive, open_database

ROWS = {
    "snapshots": "read_at", "births": "at", "reads": "read_at", "resent": "at", "left_behind": "at",
    "serials": "since_at", "told": "told_at",
}  # fmt: skip
"""Tables whose rows are about an instant: those of a later one go. What is true is noted anew by the next load."""
INSTANTS = {
    "applied": ("at", "missing_since_at"), "applied_before": ("at", "missing_since_at", "until_at"), "holds": ("at",),
    "receipts": ("at", "missing_since_at"), "receipts_gone": ("until_at",),
    "device_ids": ("first_seen_at", "last_seen_at"),
}  # fmt: skip
"""Tables whose rows are about something else: it stays, as of now."""


class Future:
    """All memories in the ledger's database, as far as they are ahead of the clock."""

    def __init__(self, url: str) -> None:
        self._url = url

    def forget(self, now: pd.Timestamp) -> dict[str, int]:
        """How many rows of each table were of a later time than `now`; they are not any more. One transaction."""
        engine = open_database(self._url)
        there = set(sa.inspect(engine).get_table_names())
        found: dict[str, int] = {}
        with engine.begin() as connection:
            for table, statement in _statements(now):
                if table in there:
                    found[table] = found.get(table, 0) + connection.execute(statement).rowcount
        engine.dispose()
        return {table: count for table, count in found.items() if count}


def _statements(now: pd.Timestamp) -> Iterator[tuple[str, sa.Delete | sa.Update]]:
    """Each table with what is done to it."""
    second, day = int(now.timestamp()), f"{now:%Y-%m-%d}"
    for table, column in ROWS.items():
        yield table, _deleted(table, column, naive(now))
    for table, columns in INSTANTS.items():
        for column in columns:
            yield table, _changed(table, column, naive(now), naive(now))
    yield "pool_use", _deleted("pool_use", "day", day)
    yield "looks", _deleted("looks", "at", second)
    yield "binding_history", _deleted("binding_history", "from_at", second)
    yield "binding_history", _changed("binding_history", "to_at", second, None)  # whoever held it then, holds it


def _deleted(table: str, column: str, after: object) -> sa.Delete:
    return sa.delete(sa.table(table, sa.column(column))).where(sa.column(column) > after)


def _changed(table: str, column: str, after: object, value: object) -> sa.Update:
    return sa.update(sa.table(table, sa.column(column))).where(sa.column(column) > after).values({column: value})
