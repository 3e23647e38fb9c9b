"""The class that dagster.yaml names: where the three stores lie, and how they come to be."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from dagster import DagsterInstance, Field, StringSource
from dagster._config import UserConfigSchema
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.sqlite import create_db_conn_string
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from resources.storage.database import Database
from resources.storage.event_log import PooledEventLog
from resources.storage.heartbeats import Heartbeats
from resources.storage.runs_and_schedules import PooledRuns, PooledSchedules

Store = TypeVar("Store", PooledRuns, PooledSchedules)

REPOSITORY: Final = Path(__file__).resolve().parents[2]
SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108 (a folder of our own, 0700, is made and checked in it)


class PooledSqliteStorage(DagsterStorage[DagsterInstance], ConfigurableClass):
    """Runs, events and schedules below `base_dir`, in stock's files; the daemon's heartbeats below `heartbeat_dir`."""

    def __init__(
        self,
        base_dir: str | None = None,
        heartbeat_dir: str = SHARED_MEMORY,
        inst_data: ConfigurableClassData | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Dagster gives it no types
        self._inst_data = inst_data
        self.base_dir = resolve_base_dir(base_dir)
        history = self.base_dir / "history"
        history.mkdir(parents=True, exist_ok=True)
        with _alone(self.base_dir):
            self._runs = _set_up(PooledRuns, history, "runs")
            self._schedules = _set_up(PooledSchedules, self.base_dir / "schedules", "schedules")
            self._event_log = PooledEventLog(history)
        self._runs.heartbeats = Heartbeats(Path(heartbeat_dir), self.base_dir)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """What `config:` in dagster.yaml may say."""
        return {
            "base_dir": Field(StringSource, is_required=False, description="default: $DAGSTER_HOME, else var/dagster"),
            "heartbeat_dir": Field(StringSource, is_required=False, description=f"a tmpfs; default: {SHARED_MEMORY}"),
        }

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledSqliteStorage":
        """The storage that dagster.yaml describes."""
        return cls(inst_data=inst_data, **config_value)

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """How this was configured, for Dagster to hand on to its other processes."""
        return self._inst_data

    @property
    def run_storage(self) -> PooledRuns:
        """Runs, their tags and snapshots."""
        return self._runs

    @property
    def event_log_storage(self) -> PooledEventLog:
        """Events, and the asset and check tables that follow from them."""
        return self._event_log

    @property
    def schedule_storage(self) -> PooledSchedules:
        """Schedules, sensors and their ticks."""
        return self._schedules

    def dispose(self) -> None:
        """Commit what waits."""
        self._event_log.dispose()


def resolve_base_dir(configured: str | None) -> Path:
    """The folder `configured` names, the same for every process wherever it was started.

    Dagster tells a custom storage nothing of its instance, so the default is the environment's DAGSTER_HOME (every
    process of an instance inherits it), else var/dagster in this repository. A relative folder is relative to the
    repository, not to where the process happens to be.
    """
    folder = Path(configured or os.environ.get("DAGSTER_HOME") or "var/dagster").expanduser()
    return (REPOSITORY / folder).resolve()


def _set_up(store: type[Store], folder: Path, name: str) -> Store:
    """The store in `folder`, its tables made if need be, by Dagster's own set-up with connections of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    database = Database.at(create_db_conn_string(str(folder), name))
    database.hold()  # ... none of which is then the last to close
    return store.from_local(str(folder))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others out: two processes that first meet an empty folder would both make the tables, and one would fail."""
    with (folder / ".setup.lock").open("a") as lock:  # unlike "w", writes nothing to a file that is there
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
