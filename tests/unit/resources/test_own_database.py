"""The database of our own state: what its memories share, and what they must not."""

import importlib
import pkgutil

import sqlalchemy as sa

import resources
from resources.future import INSTANTS, ROWS
from resources.own_database import OwnTables


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
