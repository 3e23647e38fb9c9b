"""phpIPAM's database on SQLite: its tables and sample data from data/phpipam.sql, the network's rows from a CSV."""

import csv
import ipaddress
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lab.folder import DATA, Folder

PHP_ZONE = ZoneInfo("Europe/Sofia")  # lastSeen, cdate and lastActivity are written by PHP in its own zone
NEVER = "1970-01-01 00:00:01"
ADMIN_USER_ID = 1

INSERT = """
    INSERT INTO ipaddresses
      (subnetId, ip_addr, hostname, description, mac, state, is_gateway, owner, note, lastSeen, editDate)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def lay_out(folder: Folder, now: float) -> None:
    """Make the database, unless it is there from an earlier start; half a database is never left behind."""
    if folder.database.exists():
        return
    fresh = folder.database.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh)) as database:
        database.executescript((DATA / "phpipam.sql").read_text(encoding="utf-8"))
        _add_addresses(database, datetime.fromtimestamp(now, UTC))
        _add_session(database, datetime.fromtimestamp(now, UTC))
        database.commit()
    fresh.rename(folder.database)


def _add_addresses(database: sqlite3.Connection, now: datetime) -> None:
    with (DATA / "ipam-addresses.csv").open(encoding="utf-8", newline="") as file:
        database.executemany(INSERT, [_values(row, now) for row in csv.DictReader(file)])


def _values(row: dict[str, str], now: datetime) -> list[str | int | None]:
    seen = php_time(now - timedelta(days=int(row["seen_days"]))) if row["seen_days"] else NEVER
    edited = now - timedelta(days=int(row["edited_days"]))
    texts: list[str | int | None] = [row[column] or None for column in ("hostname", "description", "mac")]
    numbers: list[str | int | None] = [int(row["state"]), int(row["is_gateway"])]
    identity: list[str | int | None] = [int(row["subnet_id"]), _decimal(row["address"])]
    # editDate is a TIMESTAMP, kept in UTC while the rest is in PHP's zone
    return [*identity, *texts, *numbers, row["owner"] or None, row["note"] or None, seen, f"{edited:%Y-%m-%d %H:%M:%S}"]


def _decimal(address: str) -> str:
    """The address in phpIPAM's decimal text; what is no address stays as somebody wrote it."""
    try:
        return str(int(ipaddress.ip_address(address)))
    except ValueError:
        return address


def php_time(instant: datetime) -> str:
    """The instant as PHP's date() writes it."""
    return f"{instant.astimezone(PHP_ZONE):%Y-%m-%d %H:%M:%S}"


def _add_session(database: sqlite3.Connection, now: datetime) -> None:
    """Somebody logged in: epoch and local text of one instant, by which PHP's time zone can be checked."""
    session = ("lab0session", int(now.timestamp()), "", "192.168.1.36")
    database.execute("INSERT INTO php_sessions (id, access, data, remote_ip) VALUES (?, ?, ?, ?)", session)
    database.execute("UPDATE users SET lastActivity = ? WHERE id = ?", (php_time(now), ADMIN_USER_ID))
