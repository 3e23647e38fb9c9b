"""The tables as files: what each asset held when it was last made. Imports no Dagster: `why` answers at once."""

import gzip
import hashlib
import zlib
from pathlib import Path

import pandas as pd

from pipelines import codec
from pipelines.contract import Table
from pipelines.errors import ParseError
from resources.archive import replace_file, writing

_TOLD_APART_BY = 12
"""Hexadecimal digits: enough for the versions of one table, and Dagster stores them again for each table made of it."""
_PIECE = 2**20  # bytes


class StoredTables:
    """One file for each table, written only when the table is another than what is there (rule R9)."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def has(self, name: str) -> bool:
        """Whether the asset of this name was ever materialized."""
        return self._place(name).exists()

    def read(self, name: str, table: Table) -> pd.DataFrame:
        """The table an asset holds since it was last materialized.

        Raises `FileNotFoundError` when it never was, and `ParseError` when its file is damaged: it is not flushed to
        the disk, for a census makes every table anew.
        """
        place = self._place(name)
        content = _content(place)
        if content is None:
            raise ParseError(str(place), "is damaged", "Run the job census: it makes it anew")
        return codec.decode(table, content)

    def write(self, name: str, table: Table, frame: pd.DataFrame) -> str:
        """Keep a table, and return what tells it from others. Raises `StateError` when the disk does not take it."""
        place, content = self._place(name), codec.encode(table, frame)
        if not (place.exists() and _holds(place, content)):  # to unpack costs an eighth of what to pack does
            with writing(self.root):
                place.parent.mkdir(parents=True, exist_ok=True)
                replace_file(place, gzip.compress(content, compresslevel=6, mtime=0))
        return hashlib.sha256(content).hexdigest()[:_TOLD_APART_BY]

    def _place(self, name: str) -> Path:
        return self.root / f"{name}.json.gz"


def _holds(place: Path, content: bytes) -> bool:
    """Whether a table's file holds this, read piece by piece: a large table need not be there twice."""
    rest = memoryview(content)
    with place.open("rb") as packed, gzip.open(packed) as file:
        try:
            while piece := file.read(_PIECE):
                if piece != rest[: len(piece)]:
                    return False
                rest = rest[len(piece) :]
        except (OSError, EOFError, zlib.error):  # damaged
            return False
    return not rest


def _content(place: Path) -> bytes | None:
    """What a table's file holds; None when it is damaged. Raises `FileNotFoundError`."""
    packed = place.read_bytes()
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return None
