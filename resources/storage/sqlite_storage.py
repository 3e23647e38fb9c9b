"""The class that dagster.yaml names: where the three stores lie, and how they come to be."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dagster import DagsterInstance, Field, StringSource
from dagster._config import UserConfigSchema
from dagster._core.storage.base_storage import DagsterStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from resources.storage.database import alone
from resources.storage.event_log import PooledEventLog
from resources.storage.heartbeats import Heartbeats
from resources.storage.runs_and_schedules import PooledRuns, PooledSchedules

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
        with alone(self.base_dir):
            self._runs = PooledRuns.in_folder(history)
            self._event_log = PooledEventLog(history)
        self._schedules = PooledSchedules(self.base_dir / "schedules")
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
