"""A file system of its own on a loop device, so that nothing else on the machine is counted: as root, on Linux."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_SECTOR = 512
_SETTLED_S = 1.0
_BUSY_LIMIT_S = 30


@dataclass(frozen=True)
class Disk:
    """A mounted ext4. All that is made below `mount` is on it, and nothing else is."""

    mount: Path
    loop: str

    def written(self) -> int:
        """Bytes written to the device so far, its own journal included, once nothing is left to write.

        The seventh field of /sys/block/<device>/stat counts sectors (Documentation/block/stat.rst).
        """
        subprocess.run(["sync", "-f", str(self.mount)], check=True)
        time.sleep(_SETTLED_S)
        subprocess.run(["sync", "-f", str(self.mount)], check=True)
        return int(Path(f"/sys/block/{self.loop}/stat").read_text(encoding="ascii").split()[6]) * _SECTOR


def is_possible() -> bool:
    """Whether this user may mount."""
    return os.geteuid() == 0 and Path("/dev/loop-control").exists()


@contextmanager
def running_disk(size_mb: int = 2048) -> Iterator[Disk]:
    """A disk on which every temporary directory of this process is made while the block runs."""
    with TemporaryDirectory(prefix="netcensus-disk-") as folder:
        image, mount = Path(folder) / "disk.img", Path(folder) / "d"
        mount.mkdir()
        with image.open("wb") as file:
            file.truncate(size_mb * 1024 * 1024)
        subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image)], check=True)
        subprocess.run(["mount", "-o", "loop,noatime", str(image), str(mount)], check=True)
        try:
            listed = subprocess.run(["losetup", "-j", str(image)], check=True, capture_output=True, text=True)
            with _temporary_files_in(mount):
                yield Disk(mount, Path(listed.stdout.partition(":")[0]).name)
        finally:
            _unmount(mount)


def _unmount(mount: Path) -> None:
    """Take the disk away. A server that was told to end may take some seconds to let go of it."""
    end = time.monotonic() + _BUSY_LIMIT_S
    while subprocess.run(["umount", str(mount)], check=False, capture_output=True).returncode:
        if time.monotonic() > end:
            subprocess.run(["umount", "--lazy", str(mount)], check=True)  # gone when its last user is
            return
        time.sleep(_SETTLED_S)


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
