"""docs/tables.md, written from the contracts: `python -m pipelines.documentation > docs/tables.md`."""

import sys

from pipelines import tables
from pipelines.contract import Column, Table
from pipelines.expectations import RULES, Rule, in_words

_INTRODUCTION = """\
# Tables

Written from `pipelines/tables` by `python -m pipelines.documentation`; do not edit. Every table is checked against
its contract before anything rests on it (the check `contract`). `_at` is a UTC instant, `_s` seconds, `is_` a flag;
text is never empty.
"""


def tables_as_markdown() -> str:
    """The contracts of all tables as one Markdown page, in the order of the flow."""
    return "\n".join([_INTRODUCTION, *map(_section, tables.ALL)])


def _section(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key) or "none: rows may repeat"
    head = [f"## {table.name}", "", f"One row: {table.grain}. Key: {key}.", "", "| column | type | null | meaning |"]
    return "\n".join([*head, "|---|---|---|---|", *map(_row, table.columns), "", *_promises(table)])


def _promises(table: Table) -> list[str]:
    """What holds beside the columns' own: references, and rules; nothing where there is none."""
    lines = [f"- {_plain(in_words(one))}" for one in table.references]
    lines += [_rule(rule) for rule in RULES if rule.table.name == table.name]
    return ["Beside this:", "", *lines, ""] if lines else []


def _rule(rule: Rule) -> str:
    return f"- {_plain(rule.expectation.says)}{'' if rule.is_error else ' (only a warning)'}"


def _row(column: Column) -> str:
    choices = f" (one of: {', '.join(column.choices)})" if column.choices else ""
    meaning = _plain(column.meaning + choices).replace("|", "\\|")
    return f"| `{column.name}` | {column.dtype} | {'yes' if column.is_nullable else ''} | {meaning} |"


def _plain(text: str) -> str:
    return text.replace("*", "\\*")


if __name__ == "__main__":
    sys.stdout.write(tables_as_markdown())
