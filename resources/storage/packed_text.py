"""Long texts stored compressed: an event is JSON of 1.5 kB of which hardly 200 bytes are its own."""

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import sqlalchemy

PACKED_FROM: Final = 200
"""Characters. What is shorter may be asked for in SQL (a key, a type) and is left as it is; so is what stock stored."""
_FORM: Final = b"\x01"
_FRAMES: Final = (Path(__file__).parent / "event_frames.txt").read_bytes()
"""What events have in common: the compressor knows it before it begins. It must never change, or what was stored with
it is lost; another one takes another file, and another first byte."""


def pack(text: str) -> bytes:
    """A text in the form it is stored in. Equal texts have equal forms."""
    packer = zlib.compressobj(level=9, wbits=-zlib.MAX_WBITS, zdict=_FRAMES)
    return _FORM + packer.compress(text.encode()) + packer.flush()


def unpack(stored: str | bytes) -> str:
    """The text that was stored, packed or not. Raises `ValueError` for what is neither."""
    if isinstance(stored, str):
        return stored
    if stored[:1] != _FORM:
        raise ValueError(f"a text stored in the form {stored[:1]!r}: was it written by a newer release?")
    unpacker = zlib.decompressobj(wbits=-zlib.MAX_WBITS, zdict=_FRAMES)
    try:
        text = unpacker.decompress(stored[1:]).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"a damaged text in Dagster's storage: {error}") from None
    if not unpacker.eof:
        raise ValueError("a text in Dagster's storage is cut off")
    return text


class _PackedText(sqlalchemy.Text):
    """SQL's TEXT, packed on its way in and unpacked on its way out."""

    def bind_processor(self, _dialect: Any) -> Callable[[str | None], str | bytes | None]:
        """What a value becomes in a statement."""
        return lambda text: pack(text) if text is not None and len(text) >= PACKED_FROM else text

    def result_processor(self, _dialect: Any, _kind: Any) -> Callable[[str | bytes | None], str | None]:
        """What a value becomes in a row."""
        return lambda stored: None if stored is None else unpack(stored)


def pack_texts(engine: sqlalchemy.Engine) -> None:
    """Have every statement of `engine` store long values of TEXT columns packed, whoever wrote the statement."""
    engine.dialect.colspecs = {**engine.dialect.colspecs, sqlalchemy.Text: _PackedText}
