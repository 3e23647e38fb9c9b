"""What a run writes to this machine's disks, as far as its own process can tell.

Not seen: what the run writes after it was asked (its last events), what Dagster's daemon and web server write, the file
system's own journal, and the disks of phpIPAM and the name server.
"""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

_IO = Path("/proc/self/io")
_COARSE_S = 0.1  # a file's time is that of the kernel's last tick


class DiskUse:
    """The bytes this process has written, and the sizes of our files, since this was made: at a run's beginning."""

    def __init__(self, folders: Mapping[str, Path], databases: Mapping[str, Path]) -> None:
        """`folders` hold files that are written whole, `databases` are SQLite files, which need not be there."""
        self._folders = folders
        self._databases = databases
        self._began = time.time() - _COARSE_S
        self._bytes = process_bytes()
        self._sizes = {name: _size(file) for name, file in databases.items()}

    @property
    def bytes(self) -> int | None:
        """Everything this process has had written since: pages of 4 kB. None where the system does not count them."""
        now = process_bytes()
        return None if now is None or self._bytes is None else now - self._bytes

    def parts(self) -> dict[str, int]:
        """Bytes of the files that were written anew in each folder, and by how much each database grew."""
        files = {name: _new_bytes(folder, self._began) for name, folder in self._folders.items()}
        return files | {name: _size(file) - self._sizes[name] for name, file in self._databases.items()}


def process_bytes() -> int | None:
    """What the kernel has written, or means to, for this process (proc(5)); None without Linux's /proc."""
    try:
        counts = dict(line.split(": ") for line in _IO.read_text(encoding="ascii").splitlines())
    except OSError:
        return None
    return int(counts["write_bytes"]) - int(counts["cancelled_write_bytes"])


def _new_bytes(folder: Path, since: float) -> int:
    found = (file.stat() for file in _files(folder, since))
    return sum(status.st_size for status in found if status.st_mtime >= since)


def _files(folder: Path, since: float) -> Iterable[Path]:
    """The files of a folder and of those of its folders that something was added to: the archive has thousands."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.is_file():
            yield entry
        elif entry.is_dir() and entry.stat().st_mtime >= since:
            yield from (file for file in entry.iterdir() if file.is_file())


def _size(file: Path) -> int:
    """An SQLite file's size, that of the log beside it included."""
    places = (file, file.with_name(f"{file.name}-wal"))
    return sum(place.stat().st_size for place in places if place.is_file())
