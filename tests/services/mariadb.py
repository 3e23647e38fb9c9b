"""MariaDB with phpIPAM's tables, MySQL 8.4's sql_mode, and users who may do only what they are granted."""

import getpass
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from subprocess import run
from typing import Any

import pymysql
from pymysql.constants import CLIENT
from pymysql.cursors import DictCursor

from tests.services.ports import free_port
from tests.services.process import HOST, PATIENCE_S, Process, ServiceFailed, private_directory, socket_path, start
from tests.services.programs import path_of

_HERE = Path(__file__).parent
SCHEMA = _HERE / "phpipam_schema.sql"
SEED = _HERE / "phpipam_seed.sql"
_STATEMENT = re.compile(r"^(?:CREATE TABLE|INSERT INTO) (\w+) .*?;$", re.MULTILINE | re.DOTALL)

# MySQL 8.4's default (its reference manual, "Server SQL Modes").
SQL_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION"
)
_SMALL = ("--innodb-buffer-pool-size=16M", "--innodb-log-file-size=16M")
_COUNTERS = (
    "Com_delete",
    "Com_insert",
    "Com_replace",
    "Com_select",
    "Com_update",
    "Handler_delete",  # rows, not statements; internal temporary tables are counted elsewhere
    "Handler_update",
    "Handler_write",
    "Innodb_os_log_written",  # bytes of redo log; InnoDB's own clean-up adds some a little later
)


@dataclass(frozen=True)
class Database:
    """One database of a running MariaDB, as its root sees it."""

    name: str
    port: int
    _socket: str
    host: str = HOST
    _first: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    """What each table looked like when `restore` had made it."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of one statement, committed."""
        with self._connection() as connection, connection.cursor(DictCursor) as cursor:
            cursor.execute(sql, values or None)
            return list(cursor.fetchall())

    def script(self, text: str) -> None:
        """Run any number of statements; the first that fails raises."""
        with self._connection() as connection, connection.cursor() as cursor:
            cursor.execute(text)
            while cursor.nextset():
                pass

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Until the block ends, whoever writes to a table waits; it can be read."""
        with self._connection() as connection, connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLES `{table}` READ")
            yield

    def create_user(self, name: str, password: str, grants: str = "") -> None:
        """A user with this password and the rights `grants` (any SQL text) gives him, and no other."""
        self.drop_user(name)
        if not re.search(r"\bcreate\s+user\b", grants, re.IGNORECASE):
            self.execute("CREATE USER %s@'%%'", [name])
        if grants.strip():
            self.script(grants)
        for host in self._hosts(name):
            self.execute("ALTER USER %s@%s IDENTIFIED BY %s", [name, host, password])

    def drop_user(self, name: str) -> None:
        """The user is gone, from whatever hosts he came."""
        for host in self._hosts(name):
            self.execute("DROP USER %s@%s", [name, host])

    def _hosts(self, user: str) -> list[str]:
        return [row["Host"] for row in self.execute("SELECT Host FROM mysql.user WHERE User = %s", [user])]

    def connect(self, user: str, password: str) -> "pymysql.Connection[Any]":
        """A connection over TCP, as a production client opens it."""
        return pymysql.connect(
            host=self.host, port=self.port, user=user, password=password, database=self.name, charset="utf8mb4"
        )

    def counters(self) -> dict[str, int]:
        """The server's own counts since its start (SHOW GLOBAL STATUS): take the difference of two."""
        rows = self.execute("SHOW GLOBAL STATUS")
        return {row["Variable_name"]: int(row["Value"]) for row in rows if row["Variable_name"] in _COUNTERS}

    def table_names(self) -> list[str]:
        """The database's tables, sorted."""
        sql = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = %s"
        return sorted(row["name"] for row in self.execute(sql, [self.name]))

    def truncate(self, *tables: str) -> None:
        """Empty these tables (all, if none is named), their ids counting from 1 again."""
        emptied = "".join(f"TRUNCATE TABLE `{table}`;" for table in tables or self.table_names())
        self.script(f"SET foreign_key_checks = 0; {emptied}")

    def restore(self) -> None:
        """The rows of phpipam_seed.sql and no other, custom columns dropped."""
        # A table that is made waits for the disk: those that are as they were made are left alone.
        looks = self._looks()
        stale = {table for table in looks.keys() | _tables() if looks.get(table, "") != self._first.get(table)}
        if not stale:
            return
        dropped = "".join(f"DROP TABLE IF EXISTS `{table}`;" for table in stale)
        made = "\n".join(text for table, texts in _tables().items() if table in stale for text in texts)
        self.script(f"SET foreign_key_checks = 0; {dropped} {made}")
        self._first.clear()
        self._first.update(self._looks())

    def _looks(self) -> dict[str, str]:
        """Each table's columns, next id, triggers and checksum of rows."""
        with self._connection() as connection, connection.cursor() as cursor:
            cursor.execute("SHOW TABLES")
            looks: dict[str, str] = {}
            for (table,) in cursor.fetchall():
                for asked in ("SHOW CREATE TABLE `{}`", "SHOW TRIGGERS LIKE '{}'", "CHECKSUM TABLE `{}`"):
                    cursor.execute(asked.format(table))
                    looks[table] = f"{looks.get(table, '')} {cursor.fetchall()}"
        return looks

    def _connection(self) -> "pymysql.Connection[Any]":
        return pymysql.connect(
            unix_socket=self._socket,
            user="root",
            charset="utf8mb4",
            database=self.name,
            autocommit=True,
            connect_timeout=PATIENCE_S,
            client_flag=CLIENT.MULTI_STATEMENTS,
        )


@cache
def _tables() -> dict[str, list[str]]:
    """The statements that make each table of phpIPAM's and its first rows."""
    found: dict[str, list[str]] = {}
    for statement in _STATEMENT.finditer(SCHEMA.read_text() + SEED.read_text()):
        found.setdefault(statement[1], []).append(statement[0])
    return found


@dataclass(frozen=True)
class MariaDB:
    """A running server."""

    port: int
    socket: str
    process: Process
    host: str = HOST
    _databases: dict[str, Database] = field(default_factory=dict, repr=False, compare=False)

    def database(self, name: str = "phpipam") -> Database:
        """A database of this name, made if it is not there, with phpIPAM's tables and first rows."""
        with pymysql.connect(unix_socket=self.socket, user="root", autocommit=True) as connection:
            connection.cursor().execute(f"CREATE DATABASE IF NOT EXISTS `{name}`")
        database = self._databases.setdefault(name, Database(name, self.port, self.socket))
        database.restore()
        return database


def _user_option() -> list[str]:
    # mariadbd refuses to run as root unless told so by name.
    return [f"--user={getpass.getuser()}"]


def _install(directory: Path) -> None:
    """The system tables, in half a second."""
    # In /tmp two that start at once take each other's temporary tables away.
    options = [
        f"--tmpdir={directory}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
        "--force",
    ]
    argv = [path_of("mariadb-install-db"), "--no-defaults", f"--datadir={directory / 'data'}", *_user_option()]
    result = run([*argv, *options, *_SMALL], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ServiceFailed(f"mariadb-install-db in {directory}: {result.stdout[-2000:]}{result.stderr[-2000:]}")


def _argv(directory: Path, socket: str, port: int) -> list[str]:
    return [
        path_of("mariadbd"),
        "--no-defaults",
        *_user_option(),
        *_SMALL,
        f"--datadir={directory / 'data'}",
        f"--tmpdir={directory}",
        f"--pid-file={directory / 'pid'}",
        f"--socket={socket}",
        f"--port={port}",
        f"--bind-address={HOST}",
        f"--sql-mode={SQL_MODE}",
        "--character-set-server=utf8mb4",
        "--collation-server=utf8mb4_unicode_ci",
        "--default-time-zone=+00:00",
        "--max-connections=80",
        "--skip-log-bin",
        "--skip-name-resolve",
    ]


def _is_answering(socket: str) -> bool:
    try:
        pymysql.connect(unix_socket=socket, user="root").close()
    except pymysql.err.OperationalError:
        return False
    return True


def _keep_only_local_root(socket: str) -> None:
    """Root without a password comes by the private socket alone; nobody anonymous comes at all."""
    with pymysql.connect(unix_socket=socket, user="root", autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT User, Host FROM mysql.user WHERE User IN ('', 'root') AND Host <> 'localhost'")
        for user, host in cursor.fetchall():
            cursor.execute("DROP USER %s@%s", (user, host))


@contextmanager
def running_mariadb(*options: str) -> Iterator[MariaDB]:
    """A new, empty server, until the block ends. `options` are mariadbd's own, behind those of ours."""
    with private_directory() as directory:
        socket, port = socket_path(directory, "mariadb.sock"), free_port()
        _install(directory)
        process = start("mariadbd", [*_argv(directory, socket, port), *options], log=directory / "mariadbd.log")
        try:
            process.wait_until(lambda: _is_answering(socket), "its socket")
            _keep_only_local_root(socket)
            yield MariaDB(port, socket, process)
        finally:
            process.stop()
