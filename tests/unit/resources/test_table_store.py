"""Tables from step to step: a file a power cut damaged is told, not believed."""

from pathlib import Path

import pytest

from pipelines import tables
from pipelines.errors import ParseError
from resources.table_store import TableStore


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08\x00half", b"no gzip at all"])
def test_a_damaged_table_is_told_with_the_remedy(tmp_path: Path, content: bytes) -> None:
    """A cut or foreign file names itself and the job that makes it anew."""
    (tmp_path / "leases.json.gz").write_bytes(content)
    store = TableStore(tmp_path, {"leases": tables.LEASES})
    with pytest.raises(ParseError, match=r"leases\.json\.gz: is damaged\. Run the job census"):
        store.read("leases", tables.LEASES)


def test_an_empty_table_file_is_told_as_well(tmp_path: Path) -> None:
    """What a power cut leaves of a file that was not flushed is often nothing at all."""
    (tmp_path / "leases.json.gz").write_bytes(b"")
    with pytest.raises(ParseError, match="leases"):
        TableStore(tmp_path, {"leases": tables.LEASES}).read("leases", tables.LEASES)
