"""Dagster's runs and schedules in their stock SQLite files, each over one kept connection."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Final

import sqlalchemy
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorTick, TickData, TickStatus
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import create_db_conn_string
from dagster._daemon.types import DaemonHeartbeat
from dagster._serdes import ConfigurableClassData

from resources.storage.database import Database, alone
from resources.storage.heartbeats import Heartbeats

_LONGEST_LOOK_S: Final = 3.0  # after so long a tick is committed although its sensor still looks: others wait to write


class PooledRuns(SqliteRunStorage):
    """Stock's run storage over one kept connection, heartbeats in memory."""

    heartbeats: Heartbeats | None = None

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._database = Database.at(conn_string)
        super().__init__(conn_string, inst_data)

    @classmethod
    def in_folder(cls, folder: Path) -> "PooledRuns":
        """The runs in `folder`, their tables made if need be, by Dagster's own set-up with connections of its own."""
        database = Database.at(create_db_conn_string(str(folder), "runs"))
        database.hold()  # ... none of which is then the last to close
        return cls.from_local(str(folder))

    @contextmanager
    def connect(self) -> Iterator[sqlalchemy.Connection]:
        """The connection for every statement of stock's."""
        with self._database.connect() as connection:
            yield connection

    def add_daemon_heartbeat(self, daemon_heartbeat: DaemonHeartbeat) -> None:
        """Keep the heartbeat in memory, or in the database where there is no memory to share."""
        if self.heartbeats is None or not self.heartbeats.add(daemon_heartbeat):
            super().add_daemon_heartbeat(daemon_heartbeat)

    def get_daemon_heartbeats(self) -> Mapping[str, DaemonHeartbeat]:
        """The latest heartbeat of each kind of daemon, from wherever it is."""
        latest = dict(super().get_daemon_heartbeats())
        for heartbeat in self.heartbeats.all() if self.heartbeats else []:
            stored = latest.get(heartbeat.daemon_type)
            if stored is None or stored.timestamp <= heartbeat.timestamp:
                latest[heartbeat.daemon_type] = heartbeat
        return latest

    def wipe_daemon_heartbeats(self) -> None:
        """Forget all heartbeats."""
        if self.heartbeats:
            self.heartbeats.wipe()
        super().wipe_daemon_heartbeats()


class PooledSchedules(SqliteScheduleStorage):
    """Stock's schedule storage over one kept connection, opened at first use: a run never asks for it.

    To open a database that nobody else has open is to write the index of its log anew. And a sensor's look that starts
    nothing is one commit: its tick, what it found, and the sensor's state, where stock has three.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        super().__init__(create_db_conn_string(str(folder), "schedules"))

    @cached_property
    def _database(self) -> Database:
        """The database, its tables made if need be, by stock's own set-up."""
        self._folder.mkdir(parents=True, exist_ok=True)
        database = Database.at(self._conn_string)
        with alone(self._folder):
            database.hold()
            SqliteScheduleStorage.from_local(str(self._folder))
        return database

    @contextmanager
    def connect(self) -> Iterator[sqlalchemy.Connection]:
        """The connection for every statement of stock's."""
        with self._database.connect() as connection:
            yield connection

    def create_tick(self, tick_data: TickData) -> InstigatorTick:
        """Store a tick that begins; a sensor's is seen by this process alone until it ends, or for some seconds."""
        if tick_data.instigator_type != InstigatorType.SENSOR:
            return super().create_tick(tick_data)  # what keeps a schedule from launching its run twice
        with self._database.gather_for(_LONGEST_LOOK_S):
            return super().create_tick(tick_data)

    def update_tick(self, tick: InstigatorTick) -> InstigatorTick:
        """Store what became of a tick; that it started nothing is committed with the sensor's state, which follows."""
        if tick.status != TickStatus.SKIPPED:
            return super().update_tick(tick)
        with self._database.gather_for(_LONGEST_LOOK_S):
            return super().update_tick(tick)
