"""The database of our own state: what its memories share, and what they must not."""

import importlib
import pkgutil

import resources
from resources.own_database import OwnTables


def _kinds(of: type[OwnTables]) -> set[type[OwnTables]]:
    direct = set(of.__subclasses__())
    return direct | {one for kind in direct for one in _kinds(kind)}


def test_no_two_memories_have_a_table_of_one_name() -> None:
    """They stand in one database: the second would find the first one's, with other columns."""
    for module in pkgutil.walk_packages(resources.__path__, "resources."):
        importlib.import_module(module.name)
    schemas = {id(kind._schema): kind._schema for kind in _kinds(OwnTables)}  # noqa: SLF001 - what each of them makes
    names = sorted(name for schema in schemas.values() for name in schema.tables)
    assert {"applied", "looks", "told"} <= set(names)
    assert len(names) == len(set(names)), names
