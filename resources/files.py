"""A file that is a source: its content, or why it is not to be had; and what any source under [sources] answers."""

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.counted import counted
from pipelines.errors import SourceUnavailable
from pipelines.network import beside
from pipelines.network.listed import File

LIMIT_BYTES = 16 * 2**20
"""What no file of ours comes near: 100,000 hosts."""


@dataclass(frozen=True)
class Answer:
    """What a source said, and why it is not good for now; None where it is."""

    content: bytes
    fault: str | None = None


def read_file(settings: File, name: str, network_file: str) -> Answer:
    """The content of a source's file. Raises `SourceUnavailable` when it is none, too long, or cannot be read.

    A file that was not written anew for longer than `max_age_minutes` is stale: its content is evidence, no more.
    """
    path = beside(network_file, settings.path)
    place = f"sources.{name}: {path}"
    try:
        # Without O_NONBLOCK, opening a pipe that nobody writes to would hang (R10).
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SourceUnavailable(place, "is no regular file", _MEND)
            content = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise SourceUnavailable(place, f"cannot be read ({error.strerror})", _MEND) from None
    if len(content) > LIMIT_BYTES:
        raise SourceUnavailable(place, f"is longer than {LIMIT_BYTES >> 20} MiB", _MEND)
    return Answer(content, _stale(place, settings.max_age_minutes, status.st_mtime))


_MEND = "Check the path in network.toml, and who may read the file"


def _stale(place: str, limit_minutes: int | None, written_s: float) -> str | None:
    minutes = int((datetime.now(UTC).timestamp() - written_s) // 60)
    if limit_minutes is None or minutes <= limit_minutes:
        return None
    ago = counted(minutes, "minute")
    return f"{place}: was last written {ago} ago, and max_age_minutes is {limit_minutes}. See what writes it"
