"""What runs print: kept in memory until they end, and a file only of one that printed anything.

Stock makes two folders and three files for each run, empty unless something went wrong: 60 kB of the file system's
journal, bitmaps, inodes and folders. It also starts two `tail` to print them, and two Pythons to watch these.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TextIO

from dagster import Field, StringSource
from dagster._config import UserConfigSchema
from dagster._core.execution.compute_logs import redirect_stream
from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeIOType
from dagster._core.storage.local_compute_log_manager import IO_TYPE_EXTENSION, LocalComputeLogManager
from dagster._serdes import ConfigurableClassData

from resources.storage.sqlite_storage import resolve_base_dir


class SparingComputeLogs(LocalComputeLogManager):
    """Stock's files in stock's place, written when a run has ended. Of one that was killed there is none."""

    def __init__(self, base_dir: str | None = None, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(str(resolve_base_dir(base_dir) / "storage"), inst_data=inst_data)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """What `config:` in dagster.yaml may say."""
        where = "default: $DAGSTER_HOME, else var/dagster"
        return {"base_dir": Field(StringSource, is_required=False, description=where)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "SparingComputeLogs":
        """The manager that dagster.yaml describes."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:
        """While the block runs, what is printed is held back; then it is printed, and a file where it was anything."""
        with (
            self._kept(log_key, ComputeIOType.STDOUT, sys.stdout),
            self._kept(log_key, ComputeIOType.STDERR, sys.stderr),
        ):
            yield CapturedLogContext(log_key)

    @contextmanager
    def _kept(self, log_key: Sequence[str], kind: ComputeIOType, stream: TextIO) -> Iterator[None]:
        with os.fdopen(os.memfd_create("printed"), "w+b") as memory:
            try:
                with redirect_stream(memory, stream):
                    yield
            finally:
                memory.seek(0)
                self._keep(self.get_captured_local_path(log_key, IO_TYPE_EXTENSION[kind]), memory, stream)

    @staticmethod
    def _keep(place: str, memory: IO[bytes], stream: TextIO) -> None:
        if printed := memory.read():
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            Path(place).write_bytes(printed)
            stream.write(printed.decode(errors="replace"))
            stream.flush()

    def is_capture_complete(self, log_key: Sequence[str]) -> bool:  # noqa: ARG002 - stock's own asks for a file of it
        """Always: what there is to read is there when a run has ended, and nobody need wait for more."""
        return True
