"""docs/tables.md, written from the contracts: `python -m pipelines.documentation > docs/tables.md`."""

import sys

from pipelines import tables
from pipelines.contract import Column, Table

_INTRODUCTION = """\
# Tables

Written from `pipelines/tables` by `python -m pipelines.documentation`; do not edit. Every table is checked against
its contract before anything rests on it. `_at` is a UTC instant, `_s` seconds, `is_` a flag; text is never empty.
"""


def tables_as_markdown() -> str:
    """The contracts of all tables as one Markdown page, in the order of the flow."""
    return "\n".join([_INTRODUCTION, *map(_section, tables.ALL)])


def _section(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key) or "none: rows may repeat"
    head = [f"## {table.name}", "", f"One row: {table.grain}. Key: {key}.", "", "| column | type | null | meaning |"]
    return "\n".join([*head, "|---|---|---|---|", *map(_row, table.columns), ""])


def _row(column: Column) -> str:
    choices = f" (one of: {', '.join(column.choices)})" if column.choices else ""
    meaning = (column.meaning + choices).replace("|", "\\|").replace("*", "\\*")
    return f"| `{column.name}` | {column.dtype} | {'yes' if column.is_nullable else ''} | {meaning} |"


if __name__ == "__main__":
    sys.stdout.write(tables_as_markdown())
