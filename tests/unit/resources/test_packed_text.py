"""Long texts are stored packed, whoever writes the statement, and come back as they were."""

import hashlib
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from resources.storage import packed_text
from resources.storage.packed_text import PACKED_FROM, pack, pack_texts, unpack

_table = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.Text))


@given(st.text(max_size=1000))
def test_what_is_packed_comes_back(text: str) -> None:
    """Any text comes back as it was, and equal texts are stored equally."""
    assert unpack(pack(text)) == text
    assert pack(text) == pack(text)


def test_the_frames_are_those_that_old_rows_were_stored_with() -> None:
    """The file that the compressor knows beforehand has not changed: with another, no stored event could be read."""
    frames = Path(packed_text.__file__).with_name("event_frames.txt").read_bytes()
    assert hashlib.sha256(frames).hexdigest() == "2031504bd7e6ae176ee48e35eab2960c8ba7178f0f8d7ac1e5f4c6f7d024dd84"


def test_statements_know_nothing_of_it(tmp_path: Path) -> None:
    """A long value is stored as bytes, a short one as text; both are read as text, and so is what stock stored."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'db'}")
    pack_texts(engine)
    _table.metadata.create_all(engine)
    long, short = "x" * PACKED_FROM, "y" * (PACKED_FROM - 1)
    with engine.begin() as connection:
        connection.execute(sa.insert(_table), [{"text": long}, {"text": short}, {"text": None}])
        connection.exec_driver_sql("INSERT INTO t (text) VALUES (?)", (long,))
        kinds = connection.exec_driver_sql("SELECT typeof(text) FROM t ORDER BY id").scalars().all()
        texts = connection.scalars(sa.select(_table.c.text).order_by(_table.c.id)).all()
        found = connection.scalars(sa.select(_table.c.id).where(_table.c.text == short)).all()
    assert kinds == ["blob", "text", "null", "text"]
    assert texts == [long, short, None, long]
    assert found == [2]


def test_another_engine_is_left_as_it_is() -> None:
    """Only the engine that is told packs: the other databases of the process stay readable to stock Dagster."""
    one, other = sa.create_engine("sqlite://"), sa.create_engine("sqlite://")
    pack_texts(one)
    _table.metadata.create_all(other)
    with other.begin() as connection:
        connection.execute(sa.insert(_table), {"text": "x" * PACKED_FROM})
        assert connection.exec_driver_sql("SELECT typeof(text) FROM t").scalar() == "text"


@pytest.mark.parametrize("stored", [b"\x02abc", b"\x01\xff\xff", pack("a text " * 99)[:-3]])
def test_what_cannot_be_read_is_told(stored: bytes) -> None:
    """A form of a newer release, or a damaged value, is an error that says so, never half a text."""
    with pytest.raises(ValueError, match=r"stored|storage"):
        unpack(stored)
