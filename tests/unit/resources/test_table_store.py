"""Tables from step to step: a file a power cut damaged is told, not believed."""

import gzip
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from assets.checks import judge
from pipelines import codec, tables
from pipelines.errors import ParseError
from resources.stored_tables import StoredTables
from resources.suites import Suites
from resources.table_store import CONTRACT, TableStore
from tests.networks import ALICE, frame, lease

LEASES = frame(tables.LEASES, [lease("10.0.0.5", ALICE)])


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08\x00half", b"no gzip at all"])
def test_a_damaged_table_is_told_with_the_remedy(tmp_path: Path, content: bytes) -> None:
    """A cut or foreign file names itself and the job that makes it anew."""
    (tmp_path / "leases.json.gz").write_bytes(content)
    store = StoredTables(tmp_path)
    with pytest.raises(ParseError, match=r"leases\.json\.gz: is damaged\. Run the job census"):
        store.read("leases", tables.LEASES)


def test_an_empty_table_file_is_told_as_well(tmp_path: Path) -> None:
    """What a power cut leaves of a file that was not flushed is often nothing at all."""
    (tmp_path / "leases.json.gz").write_bytes(b"")
    with pytest.raises(ParseError, match="leases"):
        StoredTables(tmp_path).read("leases", tables.LEASES)


def made(root: Path, rows: pd.DataFrame, suites: Suites | None = None) -> str:
    """Dagster's version of the table after a run has handed on these leases."""

    @dg.asset(metadata={CONTRACT: "leases"})
    def leases() -> pd.DataFrame:
        return rows

    store = TableStore(StoredTables(root), {"leases": tables.LEASES}, suites or Suites(root))
    (made,) = dg.materialize([leases], resources={"io_manager": store}).asset_materializations_for_node("leases")
    return (made.tags or {})["dagster/data_version"]


def kept(root: Path, rows: pd.DataFrame, suites: Suites | None = None) -> tuple[bytes, int]:
    """The bytes of the file after a run has handed on these leases, and when it was written."""
    made(root, rows, suites)
    return (root / "leases.json.gz").read_bytes(), (root / "leases.json.gz").stat().st_mtime_ns


def test_the_same_table_is_the_same_version_of_it(tmp_path: Path) -> None:
    """Dagster's own version would be another in every run, and all that rests on the table out of date."""
    first = made(tmp_path, LEASES)
    assert made(tmp_path, LEASES) == first
    assert made(tmp_path, LEASES.head(0)) != first


def test_a_table_that_is_there_is_not_written_again(tmp_path: Path) -> None:
    """Nor is it when another release, or another zlib, packed the same rows into other bytes (rule R9)."""
    first = kept(tmp_path, LEASES)
    assert kept(tmp_path, LEASES) == first
    other = gzip.compress(codec.encode(tables.LEASES, LEASES), compresslevel=1, mtime=7)
    assert other != first[0]
    (tmp_path / "leases.json.gz").write_bytes(other)
    assert kept(tmp_path, LEASES)[0] == other


@pytest.mark.parametrize("there", [b"", b"no gzip at all", gzip.compress(b"{}", mtime=0)])
def test_a_table_that_is_not_there_whole_is_written(tmp_path: Path, there: bytes) -> None:
    """Of a damaged file, or one with other rows, nothing stays."""
    (tmp_path / "leases.json.gz").write_bytes(there)
    kept(tmp_path, LEASES)
    read = StoredTables(tmp_path).read("leases", tables.LEASES)
    pd.testing.assert_frame_equal(read, LEASES)


def test_a_table_that_nobody_judged_is_judged_before_it_is_kept(tmp_path: Path) -> None:
    """A good frame vouches for itself alone: not for one made from it, nor for one of another form."""
    suites, twice = Suites(tmp_path), tables.LEASES.concat([LEASES, LEASES])
    judge({"leases": (tables.LEASES, LEASES), "twice": (tables.LEASES, twice)}, {}, suites)
    assert suites.is_sound(LEASES)
    assert not suites.is_sound(LEASES.copy())
    nonsense = tables.LEASES.frame(LEASES.assign(mac="nonsense"))
    for bad, says in ((twice, "no two rows share"), (nonsense, "mac reads as")):
        with pytest.raises(dg.Failure, match=says):
            kept(tmp_path, bad, suites)
    suites.vouch_for(short := LEASES.drop(columns="mac"))
    with pytest.raises(dg.Failure, match="columns are"):
        kept(tmp_path, short, suites)
    assert not (tmp_path / "leases.json.gz").exists()
