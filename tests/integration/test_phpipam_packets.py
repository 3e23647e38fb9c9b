"""How long a statement the database takes: too little is told before anything is written, its least is kept to."""

from collections.abc import Iterator

import pytest

from pipelines.errors import PreflightFailed
from pipelines.parse.phpipam import decimal_of
from tests.integration.phpipam_case import AT, MGMT, Case, on_mariadb, plan
from tests.services.mariadb import Database

pytestmark = pytest.mark.services("mariadb")

MANY = 4000  # rows whose changelog is longer than one statement may be


@pytest.fixture
def case(phpipam_database: Database) -> Iterator[Case]:
    """PhpIPAM on the real server, whose limit is its own again afterwards."""
    (before,) = phpipam_database.execute("SELECT @@GLOBAL.max_allowed_packet AS bytes")
    yield on_mariadb(phpipam_database)
    allow(phpipam_database, before["bytes"])


def allow(database: Database, limit: int) -> None:
    """Let the server take statements of so many bytes, from the next connection on."""
    database.execute("SET GLOBAL max_allowed_packet = %s", [limit])


def test_a_server_that_takes_short_statements_only_is_told_before_anything_is_sent(
    case: Case, phpipam_database: Database
) -> None:
    """It would hang up in the middle of a subnet, each hour anew, and say nothing but that it has gone away."""
    allow(phpipam_database, 65536)
    with pytest.raises(PreflightFailed) as caught:
        case.phpipam.preflight(AT)
    for words in ("phpIPAM at 127.0.0.1:", "max_allowed_packet is 65536", "max_allowed_packet = 16M under [mysqld]"):
        assert words in str(caught.value)


def test_thousands_of_rows_go_through_a_server_that_takes_the_least(case: Case, phpipam_database: Database) -> None:
    """A /16 is entered in one transaction of many statements; each row and its changelog entry is there."""
    case.root.execute("UPDATE subnets SET subnet = %s, mask = 16 WHERE id = %s", [decimal_of("10.10.0.0"), MGMT])
    allow(phpipam_database, 1 << 20)
    case.phpipam.preflight(AT)
    ips = [f"10.10.{number >> 8}.{number & 255}" for number in range(1, MANY + 1)]
    name = "a-name-that-takes-room-in-the-changelog." * 5
    rows = [("sofia", MGMT, "10.10.0.0/16", ip, None, "create", "hostname", None, f"{name}lan", "new") for ip in ips]
    assert case.phpipam.apply(plan(*rows), AT)["outcome"].value_counts().to_dict() == {"applied": MANY}
    (logged,) = case.root.execute("SELECT COUNT(*) AS entries, SUM(LENGTH(cdiff)) AS bytes FROM changelog")
    assert logged["entries"] == MANY
    assert logged["bytes"] > 1 << 20, "else they fit one statement, and nothing is proved"
