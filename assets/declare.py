"""How an asset of ours is declared: its contract, its column schema and its group, from one place."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg

from pipelines import tables
from pipelines.contract import Column, Table
from pipelines.errors import NetcensusError
from pipelines.expectations import RULES, in_words
from pipelines.predicates import NOT_NULL
from resources.preview import MOST_CHARACTERS, MOST_ROWS, sentences
from resources.table_store import CONTRACT, SHOWN, WIDEST

_DECISIONS = (
    tables.IPAM_PLAN,
    tables.DNS_PLAN,
    tables.WITHHELD,
    tables.RECEIPT,
    tables.REJECTS,
    tables.SOURCES,
    tables.CONFLICTS,
)
_FEW_ROWS = 5
_WIDE = {tables.CONFLICTS: 200}  # characters: a conflict is its evidence


def contract(table: Table) -> dict[str, object]:
    """Definition metadata that binds an asset to its table's contract, and shows the columns in the UI."""
    shown = MOST_ROWS if table in _DECISIONS else _FEW_ROWS
    widest = _WIDE.get(table, MOST_CHARACTERS)
    schema = column_schema(table)
    return {CONTRACT: table.name, SHOWN: shown, WIDEST: widest, "dagster/column_schema": schema, "grain": table.grain}


def column_schema(table: Table) -> dg.TableSchema:
    """The contract as Dagster's UI shows it."""
    key = [f"no two rows share {' and '.join(table.key)}"] if table.key else []
    beside = [rule.expectation.says for rule in RULES if rule.table.name == table.name]
    constraints = dg.TableConstraints(other=[*key, *map(in_words, table.references), *beside])
    return dg.TableSchema(columns=[_column(column) for column in table.columns], constraints=constraints)


def _column(column: Column) -> dg.TableColumn:
    other = [one.says for one in column.expectations if one.kind != NOT_NULL]
    constraints = dg.TableColumnConstraints(nullable=column.is_nullable, other=other)
    return dg.TableColumn(column.name, column.dtype, description=column.meaning, constraints=constraints)


def described(table: Table, group: str, description: str | None = None) -> dict[str, Any]:
    """What every asset that holds `table` says of itself; without a description, the table's grain."""
    return {
        "group_name": group,
        "description": description or f"{table.grain[0].upper()}{table.grain[1:]}.",
        "metadata": contract(table),
        "kinds": {"pandas"},
    }


def checked(  # noqa: PLR0913 - a result in Dagster's words
    asset: str | dg.AssetKey | None,
    check: str,
    faults: Sequence[str],
    *,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    otherwise: str | None = None,
    metadata: Mapping[str, dg.MetadataValue] | None = None,
) -> dg.AssetCheckResult:
    """A check's result: passed where there are no faults; `otherwise` is what it says then.

    Without `asset` it is of the step's own one. The only place that makes results: servers' words and hosts' names
    stand in faults, and Dagster renders Markdown (rule R11).
    """
    said = faults or ([otherwise] if otherwise else [])
    return dg.AssetCheckResult(
        asset_key=asset, check_name=check, passed=not faults, severity=severity, description=sentences(said),
        metadata=metadata or {},
    )  # fmt: skip


@contextmanager
def told() -> Iterator[None]:
    """Our own errors as one line in the UI and the log, without a stack: they say what to do themselves."""
    try:
        yield
    except NetcensusError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
