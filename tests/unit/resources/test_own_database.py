"""The database of our own state: what its memories share, and what they must not."""

import importlib
import itertools
import pkgutil
import re
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

import resources
from pipelines.contract import TEXT
from pipelines.errors import StateError
from resources.future import INSTANTS, ROWS
from resources.own_database import OwnTables, execute_rows, open_database, plain_rows, rows_of


def _kinds(of: type[OwnTables]) -> set[type[OwnTables]]:
    direct = set(of.__subclasses__())
    return direct | {one for kind in direct for one in _kinds(kind)}


def _tables() -> list[sa.Table]:
    """Every table of our own state."""
    for module in pkgutil.walk_packages(resources.__path__, "resources."):
        importlib.import_module(module.name)
    schemas = {id(kind._schema): kind._schema for kind in _kinds(OwnTables)}  # noqa: SLF001 - what each of them makes
    return [table for schema in schemas.values() for table in schema.sorted_tables]


def test_no_two_memories_have_a_table_of_one_name() -> None:
    """They stand in one database: the second would find the first one's, with other columns."""
    names = sorted(table.name for table in _tables())
    assert {"applied", "looks", "told"} <= set(names)
    assert len(names) == len(set(names)), names


def test_every_instant_that_is_remembered_can_be_unlearned() -> None:
    """A column that the job clock_was_wrong passes over would be news until its time has come."""
    for table in _tables():
        instants = {column.name for column in table.columns if isinstance(column.type, sa.DateTime)}
        assert table.name in ROWS or instants <= set(INSTANTS.get(table.name, ())), table.name


def test_many_rows_are_stored_as_sqlalchemy_stores_one(tmp_path: Path) -> None:
    """By the driver or by SQLAlchemy the file holds the same: instants with their fractions, flags, nulls."""
    instants = pd.to_datetime(["2026-01-01T00:00:00Z", None, "2026-01-01T00:00:00.000001Z"], format="ISO8601").as_unit(
        "us"
    )
    columns = {"number": pd.array([1, None, 3], "Int64"), "text": pd.array(["a", None, "ü"], TEXT), "is_so": [True] * 3}
    rows = pd.DataFrame({**columns, "at": instants})
    kinds = {"number": sa.Integer, "text": sa.Text, "is_so": sa.Boolean, "at": sa.DateTime}
    table = sa.Table("some", sa.MetaData(), *(sa.Column(name, kind) for name, kind in kinds.items()))
    held = []
    for name in ("driver", "sqlalchemy"):
        with open_database(f"sqlite:///{tmp_path}/{name}.sqlite").begin() as connection:
            table.create(connection)
            if name == "driver":
                execute_rows(connection, sa.insert(table), rows)
            else:
                connection.execute(sa.insert(table), plain_rows(rows))
            quoted = ", ".join(f"typeof({column}), quote({column})" for column in kinds)
            held.append(rows_of(connection, sa.text(f"SELECT {quoted} FROM some")))  # noqa: S608 - our own words
    assert held[0] == held[1]
    assert len(held[0]) == 3


_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n"


def test_what_breaks_off_while_rows_are_read_is_told_as_what_breaks_before(tmp_path: Path) -> None:
    """The driver's own error names no file and no remedy; it may come with the last row as well as with the query."""
    file = tmp_path / "ledger.sqlite"
    steps = itertools.count()
    with open_database(f"sqlite:///{file}").connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        assert len(rows_of(connection, sa.select(sa.text(f"* FROM ({_NUMBERS})")))) == 100_000
        driver.set_progress_handler(lambda: next(steps) > 10, 1000)
        with pytest.raises(StateError, match=rf"{re.escape(str(file))}: .* says: interrupted\. Check that it is there"):
            rows_of(connection, sa.select(sa.text(f"* FROM ({_NUMBERS})")))
    assert next(steps) > 10
