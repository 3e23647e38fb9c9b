"""The archive: what the sources answered, by content, so that any hour can be looked up and replayed (rule R12).

`<root>/<first two hex digits>/<SHA-256>.gz`. The same answer is stored once; a damaged file is found by its digest, and
set aside as `<SHA-256>.gz.damaged`.

Nothing is flushed: of each hour's answers, every one flushed was a commit of the file system's journal, most of what an
hour wrote. A power cut may take the last half minute, as it does of the ledger; what it leaves is an empty file, which
counts as none.
"""

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pandas as pd

from pipelines.contract import TEXT
from pipelines.errors import ParseError, StateError
from pipelines.snapshots import Snapshot, from_table

_DIGEST = re.compile(r"[0-9a-f]{64}")
_FOLDERS = 256
_BLOCK = 512  # bytes: the unit of st_blocks on Linux and the BSDs, stat(2)


class Archive:
    """A folder of compressed answers. Nothing is written for an answer that is already there."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def put(self, content: bytes) -> str:
        """Store an answer and return its digest, its address from now on. Raises `StateError` when it cannot."""
        digest = hashlib.sha256(content).hexdigest()
        place = self._place(digest)
        if not self.holds(digest):
            with writing(self.root):
                place.parent.mkdir(parents=True, exist_ok=True)
                replace_file(place, gzip.compress(content, compresslevel=6, mtime=0))
        return digest

    def get(self, digest: str) -> bytes:
        """The answer with this digest. Raises `ParseError` when it is missing, cut or altered."""
        place = self._place(digest)
        try:
            content = _unpacked(digest, place.read_bytes())
        except FileNotFoundError:
            raise ParseError(
                str(place),
                "is not in the archive",
                "That hour is lost, or was let go ([state] archive_days, archive_max_mb in network.toml)",
            ) from None
        except OSError as error:
            raise ParseError(str(place), f"cannot be read ({error})", "See the disk, and whose the file is") from None
        if content is None:
            raise ParseError(str(place), "is damaged", "Remove the file; the next census renews it")
        return content

    def snapshots(self, index: pd.DataFrame) -> list[Snapshot]:
        """The answers of rows of `tables.SNAPSHOTS`, each unpacked once. Raises what `get` raises."""
        return from_table(index, {digest: self.get(digest) for digest in index["digest"].unique()})

    def holds(self, digest: str) -> bool:
        """Whether an answer with this digest is stored (unread, so perhaps damaged, but not empty)."""
        try:
            return self._place(digest).stat().st_size > 0
        except (FileNotFoundError, NotADirectoryError):
            return False

    def files(self) -> pd.DataFrame:
        """Every answer that is stored: digest, bytes on the disk, written_at. What is none of ours is left out."""
        found = [(place.name.removesuffix(".gz"), place.stat()) for place in self.root.glob("[0-9a-f][0-9a-f]/*.gz")]
        stored = [(digest, status) for digest, status in found if _DIGEST.fullmatch(digest)]
        columns = {
            "digest": pd.Series([digest for digest, _ in stored], dtype=TEXT),
            "bytes": pd.Series([status.st_blocks * _BLOCK for _, status in stored], dtype="int64"),
            "written_at": pd.to_datetime([status.st_mtime_ns for _, status in stored], unit="ns", utc=True),
        }
        return pd.DataFrame(columns)

    def remove(self, digest: str) -> None:
        """Let an answer go."""
        self._place(digest).unlink(missing_ok=True)

    def remove_drafts(self, before: pd.Timestamp) -> None:
        """Remove what writes that a crash ended have left, where they began before this time."""
        for draft in self.root.glob("[0-9a-f][0-9a-f]/.*.gz.*"):
            if draft.stat().st_mtime < before.timestamp():
                draft.unlink(missing_ok=True)

    def set_aside_damaged(self, part: int, parts: int) -> list[str]:
        """The damaged files in one of so many equal parts of the archive, and what became of each, for a person.

        They are renamed, so that the next census stores the answer again. One that cannot be read is only told.
        """
        folders = (f"{one:02x}" for one in range(part, _FOLDERS, parts))
        places = [place for folder in folders for place in sorted((self.root / folder).glob("*.gz"))]
        told = [_judged(place) for place in places if _DIGEST.fullmatch(place.name.removesuffix(".gz"))]
        return [one for one in told if one is not None]

    def _place(self, digest: str) -> Path:
        return self.root / digest[:2] / f"{digest}.gz"


def _judged(place: Path) -> str | None:
    """What is wrong with a stored answer; None when nothing is."""
    try:
        if _unpacked(place.name.removesuffix(".gz"), place.read_bytes()) is not None:
            return None
        aside = place.rename(place.with_name(f"{place.name}.damaged"))
    except FileNotFoundError:  # gone since it was listed
        return None
    except OSError as error:
        return f"{place}: cannot be read or renamed ({error}). See the disk, and whose the file is"
    return (
        f"{place}: is damaged, and was renamed to {aside.name}. See whether the disk fails; a backup may have it whole"
    )


def _unpacked(digest: str, packed: bytes) -> bytes | None:
    """The answer in a file's bytes; None when they are not the answer with this digest."""
    try:
        content = gzip.decompress(packed)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return None
    return content if hashlib.sha256(content).hexdigest() == digest else None


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """What the disk refuses inside, told as `StateError`."""
    try:
        yield
    except OSError as error:
        remedy = "Make room on that disk and let this user write there, then run again"
        raise StateError(str(folder), f"cannot be written ({error.strerror})", remedy) from None


def replace_file(place: Path, content: bytes) -> None:
    """Write a file whole or not at all: no reader sees half of it. A power cut soon after may leave it empty."""
    draft = place.with_name(f".{place.name}.{uuid4().hex}")
    try:
        draft.write_bytes(content)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
