"""How an asset of ours is declared: its contract, its column schema and its group, from one place."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dagster as dg

from pipelines.errors import NetcensusError
from pipelines.tables import Column, Table
from resources.table_store import CONTRACT


def contract(table: Table) -> dict[str, object]:
    """Definition metadata that binds an asset to its table's contract, and shows the columns in the UI."""
    return {CONTRACT: table.name, "dagster/column_schema": column_schema(table), "grain": table.grain}


def column_schema(table: Table) -> dg.TableSchema:
    """The contract as Dagster's UI shows it."""
    return dg.TableSchema(columns=[_column(column) for column in table.columns])


def _column(column: Column) -> dg.TableColumn:
    other = [f"one of {', '.join(column.choices)}"] if column.choices else []
    constraints = dg.TableColumnConstraints(nullable=column.is_nullable, other=other)
    return dg.TableColumn(column.name, column.dtype, description=column.meaning, constraints=constraints)


def output(
    table: Table, group: str, description: str | None = None, *, deps: Sequence[dg.AssetKey] = (), name: str | None = None
) -> dg.AssetSpec:
    """The spec of an asset that holds `table`; its name is the table's unless another is given."""
    return dg.AssetSpec(
        name or table.name,
        group_name=group,
        description=description or f"{table.grain[0].upper()}{table.grain[1:]}.",
        metadata=contract(table),
        kinds={"pandas"},
        deps=list(deps),
    )


@contextmanager
def told() -> Iterator[None]:
    """Our own errors as one line in the UI and the log, without a stack: they say what to do themselves."""
    try:
        yield
    except NetcensusError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
