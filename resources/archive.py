"""The archive: what the sources answered, by content, so that any hour can be looked up and replayed (rule R12).

`<root>/<first two hex digits>/<SHA-256>.gz`. The same answer is stored once; a damaged file is found by its digest.
"""

import gzip
import hashlib
import os
import zlib
from pathlib import Path
from uuid import uuid4

from pipelines.errors import ParseError


class Archive:
    """A folder of compressed answers. Nothing is written for an answer that is already there."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def put(self, content: bytes) -> str:
        """Store an answer and return its digest, its address from now on."""
        digest = hashlib.sha256(content).hexdigest()
        place = self._place(digest)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            replace_file(place, gzip.compress(content, compresslevel=6, mtime=0))
        return digest

    def get(self, digest: str) -> bytes:
        """The answer with this digest. Raises `ParseError` when it is missing, cut or altered."""
        place = self._place(digest)
        try:
            content = gzip.decompress(place.read_bytes())
        except FileNotFoundError:
            raise ParseError(str(place), "is not in the archive", "Run the census again; the past is lost") from None
        except (OSError, EOFError, zlib.error) as error:
            raise ParseError(
                str(place), f"cannot be read ({error})", "Remove the file; the next census renews it"
            ) from None
        if hashlib.sha256(content).hexdigest() != digest:
            raise ParseError(str(place), "does not hold what its name says", "Remove it; the next census renews it")
        return content

    def holds(self, digest: str) -> bool:
        """Whether an answer with this digest is stored (unread, so perhaps damaged)."""
        return self._place(digest).exists()

    def _place(self, digest: str) -> Path:
        return self.root / digest[:2] / f"{digest}.gz"


def replace_file(place: Path, content: bytes, *, is_kept: bool = True) -> None:
    """Write a file whole or not at all: no reader sees half of it, nor, when it `is_kept`, does a power cut.

    What can be made again need not be kept: each flush costs a real disk ten milliseconds.
    """
    draft = place.with_name(f".{place.name}.{uuid4().hex}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            if is_kept:
                file.flush()
                os.fsync(file.fileno())  # else a power cut may keep the new name and lose the bytes
        os.replace(draft, place)  # noqa: PTH105 - the function whose atomicity POSIX promises
    finally:
        draft.unlink(missing_ok=True)
