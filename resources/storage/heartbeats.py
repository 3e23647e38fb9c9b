"""The daemon's heartbeats, kept in memory where every process of the machine sees them.

Each thread of the daemon says every 30 s that it is alive. In the database that is most of what an idle instance
writes; lost at a reboot, it says just what is true then. Here it is a file in a tmpfs for each kind of daemon.
"""

import hashlib
import logging
import os
import stat
from pathlib import Path
from urllib.parse import quote

from dagster._daemon.types import DaemonHeartbeat
from dagster._serdes import deserialize_value, serialize_value

_log = logging.getLogger(__name__)


class Heartbeats:
    """The heartbeats of the instance at `base_dir`, below `memory_dir` (a tmpfs)."""

    def __init__(self, memory_dir: Path, base_dir: Path) -> None:
        digest = hashlib.sha256(str(base_dir.resolve()).encode()).hexdigest()[:16]
        self._folder = memory_dir / f"netcensus-dagster-{os.geteuid()}-{digest}"

    def add(self, heartbeat: DaemonHeartbeat) -> bool:
        """Keep `heartbeat`; False if there is no place in memory for it that is ours alone."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            if not self._is_ours():
                _log.warning("%s belongs to somebody else; the daemon's heartbeats go to the database", self._folder)
                return False
            _replace(self._folder / quote(heartbeat.daemon_type, safe=""), serialize_value(heartbeat))
        except OSError as error:
            _log.debug("No heartbeat in %s (%s); it goes to the database", self._folder, error)
            return False
        return True

    def all(self) -> list[DaemonHeartbeat]:
        """The latest heartbeat of each kind of daemon."""
        if not self._is_ours():
            return []
        files = [path for path in self._folder.iterdir() if path.suffix != ".new"]
        return [deserialize_value(path.read_text(), DaemonHeartbeat) for path in files]

    def wipe(self) -> None:
        """Forget them."""
        if self._is_ours():
            for path in self._folder.iterdir():
                path.unlink(missing_ok=True)

    def _is_ours(self) -> bool:
        """Whether the folder is there and only we can write it: /dev/shm is everybody's, the name can be guessed."""
        try:
            found = self._folder.lstat()
        except OSError:
            return False
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _replace(path: Path, text: str) -> None:
    """Write `text` so that a reader finds the old or the new, never half (the name of a daemon has no dot)."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)
