"""One phpIPAM to test against: MariaDB with exactly the rights of deploy/mysql-grants.sql, or the lab's SQLite."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from pipelines import network, tables
from pipelines.parse.phpipam import decimal_of, parse_addresses
from resources.phpipam import Phpipam
from tests.services.mariadb import Database

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 1, 15, 12, 0, 30, tzinfo=UTC)  # 14:00:30 in Sofia
MGMT, CIDR = 7, "10.0.10.0/24"
PASSWORD = 'pass; "wörd" %s'
SEEN = "2026-01-15T11:00:00+00:00"

Row = tuple[object, ...]


class Root(Protocol):
    """The database as its owner sees it."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of one statement, committed."""


@dataclass(frozen=True)
class SqliteRoot:
    """The lab's database file."""

    path: Path

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of one statement, committed; its placeholders are MySQL's."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql.replace("%s", "?"), tuple(values))]


@dataclass(frozen=True)
class Case:
    """A phpIPAM with its sample rows: ours to read and write through `phpipam`, anybody's through `root`."""

    root: Root
    settings: network.Phpipam
    network_file: str = "network.toml"

    @property
    def phpipam(self) -> Phpipam:
        """What is tested."""
        return Phpipam(self.settings, lambda: PASSWORD, self.network_file)

    def apply(self, *rows: Row) -> pd.DataFrame:
        """The receipt of a plan of these rows."""
        return self.phpipam.apply(plan(*rows), AT)

    def add(self, ip: str, **columns: Any) -> int:
        """The id of a new address in the management subnet, made by a person."""
        values = {"subnetId": MGMT, "ip_addr": decimal_of(ip), **columns}
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        self.root.execute(f"INSERT INTO ipaddresses ({names}) VALUES ({marks})", list(values.values()))  # noqa: S608 - the test's own names
        return int(self.address(ip)["id"])

    def address(self, ip: str) -> dict[str, Any]:
        """The row that holds an address of the management subnet, times as text."""
        sql = (
            "SELECT id, hostname, mac, description, state, CAST(lastSeen AS CHAR(19)) AS lastSeen, editDate, note"
            " FROM ipaddresses WHERE subnetId = %s AND ip_addr = %s"
        )
        return self.root.execute(sql, [MGMT, decimal_of(ip)])[0]

    def changelog(self) -> list[tuple[int, str, str]]:
        """Who did what, and the text, in order."""
        rows = self.root.execute("SELECT cuser, caction, cdiff FROM changelog ORDER BY cid")
        return [(row["cuser"], row["caction"], row["cdiff"]) for row in rows]

    def everything(self) -> list[list[dict[str, Any]]]:
        """All rows a load could have changed, editDate included."""
        return [
            self.root.execute("SELECT * FROM ipaddresses ORDER BY id"),
            self.root.execute("SELECT * FROM changelog ORDER BY cid"),
            self.root.execute("SELECT * FROM subnets ORDER BY id"),
        ]

    def parsed(self) -> pd.DataFrame:
        """The management subnet's addresses as the parse stage gives them."""
        table = parse_addresses(self.phpipam.read(AT)[1], self.settings.zone_info).table
        return table[table["subnet_id_phpipam"] == MGMT]


def grants(password: str = PASSWORD) -> str:
    """The file a user of netcensus runs, with a password in it."""
    quoted = password.replace("'", "''")
    return (ROOT / "deploy/mysql-grants.sql").read_text(encoding="utf-8").replace("PUT-A-PASSWORD-HERE", quoted)


def on_mariadb(database: Database, rights: str | None = None) -> Case:
    """A case on the real server, entered with `rights` (all of the file's, if none are named)."""
    database.drop_user("netcensus")
    database.script(rights or grants())
    return Case(database, mysql_settings(database.port))


def mysql_settings(port: int, **changes: Any) -> network.Phpipam:
    """Settings for a server on loopback."""
    usual = {"host": "127.0.0.1", "port": port, "database": "phpipam", "user": "netcensus"}
    return network.Phpipam(**{**usual, "time_zone": "Europe/Sofia", "changelog_user": "netcensus", **changes})


def on_sqlite(folder: Path) -> Case:
    """A case on a file beside a network.toml, with the lab's tables and sample rows."""
    path = folder / "phpipam & co.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((ROOT / "lab/data/phpipam.sql").read_text(encoding="utf-8"))
    settings = network.Phpipam(
        driver="sqlite", database=path.name, time_zone="Europe/Sofia", changelog_user="netcensus"
    )
    return Case(SqliteRoot(path), settings, str(folder / "network.toml"))


def plan(*rows: Row) -> pd.DataFrame:
    """A plan of these rows."""
    return tables.IPAM_PLAN.rows(rows)


def change(  # noqa: PLR0913, PLR0917 - a row of a plan has that many columns
    action: str, ip: str, field: str, before: str | None, after: str | None, identity: int | None = None
) -> Row:
    """One row of a plan for the management subnet."""
    return ("sofia", MGMT, CIDR, ip, identity, action, field, before, after, "the test says so")


def create(ip: str, **fields: str) -> list[Row]:
    """The plan's rows for a new address."""
    return [change("create", ip, field, None, after) for field, after in fields.items()]


def outcomes(receipt: pd.DataFrame) -> list[str]:
    """The outcomes of a receipt, in its order."""
    return list(receipt["outcome"])
