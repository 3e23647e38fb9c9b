"""PhpIPAM on the real server, and the way to it, for the tests that ask for no other."""

from collections.abc import Iterator

import pytest

from tests.integration.phpipam_case import Case, on_mariadb
from tests.integration.phpipam_wire import Wire, wire_to
from tests.services.mariadb import Database


@pytest.fixture
def case(phpipam_database: Database) -> Case:
    """PhpIPAM on the real server."""
    return on_mariadb(phpipam_database)


@pytest.fixture
def wire(case: Case) -> Iterator[Wire]:
    """The way to the server of `case`."""
    with wire_to(case.settings.port) as wire:
        yield wire
