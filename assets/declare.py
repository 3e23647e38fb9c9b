"""How an asset of ours is declared: its contract, its column schema and its group, from one place."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg

from pipelines.contract import Column, Table
from pipelines.errors import NetcensusError
from pipelines.expectations import RULES, in_words
from pipelines.predicates import NOT_NULL
from resources.preview import sentences
from resources.table_store import CONTRACT


def contract(table: Table) -> dict[str, object]:
    """Definition metadata that binds an asset to its table's contract, and shows the columns in the UI."""
    return {CONTRACT: table.name, "dagster/column_schema": column_schema(table), "grain": table.grain}


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
        "description": description or _sentence(table.grain),
        "metadata": contract(table),
        "kinds": {"pandas"},
    }


def _sentence(grain: str) -> str:
    """A grain as a sentence of its own; one that asks something has its mark already."""
    return f"{grain[0].upper()}{grain[1:]}" + ("" if grain.endswith("?") else ".")


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
