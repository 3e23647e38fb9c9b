"""A file system of its own on a loop device, and the bytes that reach it: nobody else's are counted."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.disk import running_disk

_SECTOR = 512  # bytes: the unit of Documentation/block/stat.rst, whatever the disk's own
_MEGABYTES = 1024


@dataclass(frozen=True)
class Written:
    """Bytes that reached the device, the file system's journal included, and how often it had to flush its cache."""

    bytes: int
    flushes: int

    def __sub__(self, earlier: "Written") -> "Written":
        """What was written since."""
        return Written(self.bytes - earlier.bytes, self.flushes - earlier.flushes)

    def __str__(self) -> str:
        """For the table."""
        return f"{self.bytes / 1000:9,.0f} kB  {self.flushes:4} flushes"


@dataclass(frozen=True)
class Disk:
    """The mounted file system."""

    folder: Path
    device: str

    def now(self) -> Written:
        """What was written so far. What the kernel still holds back is not."""
        fields = Path(f"/sys/block/{self.device}/stat").read_text(encoding="ascii").split()
        return Written(int(fields[6]) * _SECTOR, int(fields[15]))

    def settled(self) -> Written:
        """What was written once all that the kernel held back is."""
        subprocess.run(["sync", "-f", str(self.folder)], check=True)
        return self.now()


@dataclass
class Peak:
    """The most that reached the disk in any one second."""

    disk: Disk
    most: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Look once a second until the block of `peak` ends."""
        last = self.disk.now().bytes
        while not self._ended.wait(1):
            now = self.disk.now().bytes
            self.most, last = max(self.most, now - last), now

    def end(self) -> None:
        """Look no more."""
        self._ended.set()


@contextmanager
def private_disk() -> Iterator[Disk]:
    """An ext4 of its own, unmounted at the end. Needs root."""
    with running_disk(_MEGABYTES) as disk:
        yield Disk(disk.mount, disk.loop)


@contextmanager
def peak(disk: Disk) -> Iterator[Peak]:
    """The busiest second while the block runs."""
    found = Peak(disk)
    thread = threading.Thread(target=found.watch, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.end()
        thread.join()
