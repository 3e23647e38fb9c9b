"""The connection to phpIPAM's database: MySQL or MariaDB, or SQLite in the lab. Its errors, told in our words.

One engine for the length of one operation, one pooled connection, limits on everything. The password is fetched at
each connect, because it rotates, and stands in no URL and no message.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

import pymysql
from pymysql.constants import CLIENT
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from pipelines.errors import AccessDenied, ConfigError, NetcensusError, SourceUnavailable, TargetError
from pipelines.network import Phpipam, beside
from pipelines.plan.evidence import A_RUN
from resources.phpipam import faults

GRANTS = "deploy/mysql-grants.sql"

_FOR_REMOVING = (
    f"Grant what {GRANTS} lists, its last, optional part included: remove_rows_after_days under [withdraw] in "
    "network.toml needs it; 0 there removes no rows"
)
_CONNECT_LIMIT_S = 10
_ANSWER_LIMIT_S = 30  # for one packet of an answer: waiting for a lock is given up long before
_LOCK_WAIT_LIMIT_S = 5
_IDLE_LIMIT_S = int(A_RUN.total_seconds())
"""No server hangs up on the load's lock before that, nor keeps the lock longer when our machine is gone."""
_LOAD_LOCK = "netcensus.load"
_LOADING = "SELECT host, time AS held_s FROM information_schema.processlist WHERE id = IS_USED_LOCK(%s)"
_READS = "is_reading"

_SESSION = (
    f"SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = {_LOCK_WAIT_LIMIT_S}, "
    f"wait_timeout = {_IDLE_LIMIT_S}, sql_mode = "
    "'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
)


class Database:
    """Where phpIPAM's database is and how to enter it."""

    def __init__(
        self, settings: Phpipam, password: Callable[[], str], network_file: str, *, removes_rows: bool = False
    ) -> None:
        self.is_sqlite = settings.driver == "sqlite"
        self._settings = settings
        self._password = password
        self._granted = _FOR_REMOVING if removes_rows else f"Grant what {GRANTS} lists"
        self._network_file = network_file
        self._file = beside(network_file, settings.database)

    @property
    def place(self) -> str:
        """What errors call it."""
        if self.is_sqlite:
            return f"phpIPAM in {self._file}"
        return f"phpIPAM at {self._settings.host}:{self._settings.port}/{self._settings.database}"

    @contextmanager
    def engine(self, limit_s: int = _ANSWER_LIMIT_S) -> Iterator[Engine]:
        """An engine whose connections are closed at the end, and waited for `limit_s` at most."""
        engine = self._sqlite() if self.is_sqlite else self._mysql(limit_s)
        try:
            yield engine
        finally:
            engine.dispose()

    @contextmanager
    def reading(self, engine: Engine) -> Iterator[Connection]:
        """A transaction that sees one state of the database from its first query to its last.

        Raises `SourceUnavailable` or `AccessDenied`.
        """
        one_state = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self.told(SourceUnavailable), engine.connect() as plain:
            connection = plain.execution_options(**{_READS: True}, **one_state)
            with connection.begin():
                yield connection

    @contextmanager
    def impatient(self, engine: Engine) -> Iterator[Connection]:
        """A connection of its own that waits a second at most for a row somebody else holds: it may hold many itself.

        In SQLite it has locked the whole file before it writes anything.
        """
        with engine.connect() as connection:
            if not self.is_sqlite:
                connection.detach()  # and so closed at the end: no other transaction is to give up as soon
                connection.exec_driver_sql("SET SESSION innodb_lock_wait_timeout = 1")  # seconds: MySQL knows no less
            yield connection

    @contextmanager
    def load_lock(self) -> Iterator[None]:
        """Hold the lock of whoever loads, on a connection of its own. Raises `TargetError` when another run holds it.

        SQLite needs none: every transaction of ours that writes begins by locking the file.
        """
        if self.is_sqlite:
            yield
            return
        with self.engine() as engine:
            connection = self._locked(engine)
            try:
                yield
            finally:
                with suppress(DBAPIError):  # a lost connection has released it
                    connection.exec_driver_sql("SELECT RELEASE_LOCK(%s)", (_LOAD_LOCK,))
                connection.close()

    def _locked(self, engine: Engine) -> Connection:
        with self.told(TargetError):
            connection = engine.connect()
            if connection.exec_driver_sql("SELECT GET_LOCK(%s, 0)", (_LOAD_LOCK,)).scalar() == 1:
                return connection
            holder = connection.exec_driver_sql(_LOADING, (_LOAD_LOCK,)).first()
        connection.close()
        who = "" if holder is None else f", from {holder.host}, for {holder.held_s} s"
        remedy = f"Wait for it to end; SELECT IS_USED_LOCK('{_LOAD_LOCK}') says whose connection holds the lock"
        raise TargetError(self.place, f"another run is loading{who}", remedy)

    @contextmanager
    def told(self, kind: type[NetcensusError], meaning: str = "") -> Iterator[None]:
        """What the driver raises inside, as `AccessDenied` or `kind`, with what it means; no SQL, no value."""
        try:
            yield
        except DBAPIError as error:
            raise self._ours(error, kind, meaning) from None
        except pymysql.MySQLError as error:  # raw, where SQLAlchemy resets a connection that it puts back
            raise self._ours(DBAPIError(None, None, error), kind, meaning) from None

    def _ours(self, error: DBAPIError, kind: type[NetcensusError], meaning: str) -> NetcensusError:
        said = f"{meaning}the database says: {faults.words(error)}"
        if faults.is_login_refused(error):
            remedy = f"Check phpipam.user and NETCENSUS_PHPIPAM_PASSWORD_FILE; {GRANTS} makes the user"
            return AccessDenied(self.place, said, remedy)
        if faults.is_right_missing(error):
            return AccessDenied(self.place, said, self._granted)
        if faults.is_not_there(error):
            return kind(self.place, said, "Check phpipam.database: is it phpIPAM's, version 1.5 to 1.8?")
        return kind(self.place, said, "Check that the database runs and can be reached from here, then run again")

    def _mysql(self, limit_s: int) -> Engine:
        settings = self._settings
        url = URL.create(
            settings.driver,
            settings.user,
            None,
            settings.host,
            settings.port,
            settings.database,
            {"charset": "utf8mb4"},
        )
        limits = {
            "connect_timeout": min(_CONNECT_LIMIT_S, limit_s),
            "read_timeout": limit_s,
            "write_timeout": limit_s,
        }
        options = {**limits, "client_flag": CLIENT.FOUND_ROWS, "init_command": _SESSION, "program_name": "netcensus"}
        options |= {"ssl": self._authority()} if settings.ca else {}  # else TLS where the server offers it, unverified
        engine = self._pooled(url, connect_args=options, isolation_level="READ COMMITTED")
        event.listen(engine, "do_connect", self._give_password)
        return engine

    def _authority(self) -> ssl.SSLContext:
        """What the server's certificate is held against: phpipam.ca, and no other authority."""
        file = beside(self._network_file, str(self._settings.ca))
        try:
            return ssl.create_default_context(cafile=file)
        except (OSError, ValueError) as error:
            what = f"cannot be used for {self.place} ({type(error).__name__})"
            raise ConfigError(file, what, "Put there the authority that signed the database's certificate") from None

    def _give_password(self, _dialect: object, _record: object, _args: object, parameters: dict[str, Any]) -> None:
        parameters["password"] = self._password().encode()  # PyMySQL would encode text as Latin-1

    def _sqlite(self) -> Engine:
        url = URL.create("sqlite", database=f"file:{quote(self._file)}", query={"mode": "rw", "uri": "true"})
        engine = self._pooled(url, connect_args={"timeout": _LOCK_WAIT_LIMIT_S})
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin)
        return engine

    def _pooled(self, url: URL, **options: Any) -> Engine:
        return create_engine(url, pool_size=1, max_overflow=0, pool_timeout=1, hide_parameters=True, **options)


def _leave_transactions_to_us(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # sqlite3 would begin late, and never for SAVEPOINT


def _begin(connection: Connection) -> None:
    """SQLite's counterpart of row locks: who means to write locks the file first, and cannot deadlock later."""
    is_reading = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
