"""How tables go from step to step: in memory inside a run, and in a file each, so that any asset can be run by itself.

A table is checked against its contract before anything rests on it, and written only when its bytes differ from what
is there (rule R9). Row counts and a preview go to the UI from here, so that no asset has to.
"""

import gzip
import zlib
from pathlib import Path

import dagster as dg
import pandas as pd

from pipelines import codec
from pipelines.contract import Table
from pipelines.errors import ParseError, StateError
from resources.archive import replace_file, writing
from resources.preview import markdown

CONTRACT = "netcensus_table"
"""The metadata key under which an asset's definition names its table's contract."""
SHOWN = "netcensus_rows_shown"
"""The metadata key under which it says how many rows the UI shows: Dagster stores each preview three times."""
WIDEST = "netcensus_characters_shown"
"""And how many characters of a cell."""


class TableStore(dg.IOManager):
    """Tables by asset, each under the contract its definition names."""

    def __init__(self, root: str | Path, contracts: dict[str, Table]) -> None:
        self.root = Path(root)
        self._contracts = contracts
        self._in_run: dict[tuple[str, str], pd.DataFrame] = {}

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame) -> None:
        """Check, keep and describe a table. A broken contract fails the step, and so stops what is downstream."""
        table = self._contract(context.definition_metadata)
        violations = table.violations(obj)
        if violations:
            raise dg.Failure("; ".join(violations), allow_retries=False)
        name = context.asset_key.to_python_identifier()
        self._in_run = {key: frame for key, frame in self._in_run.items() if key[0] == context.run_id}
        self._in_run[context.run_id, name] = obj
        try:
            self._write(self._place(name), codec.encode(table, obj))
        except StateError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        shown, widest = (int(str(context.definition_metadata[key])) for key in (SHOWN, WIDEST))
        preview = markdown(obj, shown, widest)
        context.add_output_metadata({"dagster/row_count": len(obj), "preview": dg.MetadataValue.md(preview)})

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        """The table of this run, else the one stored last. Raises `Failure` naming the asset when there is none."""
        name = context.asset_key.to_python_identifier()
        held = self._in_run.get((context.step_context.run_id, name))
        if held is not None:
            return held
        upstream = context.upstream_output
        if upstream is None:
            raise dg.Failure(f"{name}: its definition is not part of this run", allow_retries=False)
        if not self._place(name).exists():
            raise dg.Failure(f"{name}: never materialized. Run the job census first", allow_retries=False)
        try:
            return self.read(name, self._contract(upstream.definition_metadata))
        except ParseError as error:
            raise dg.Failure(str(error), allow_retries=False) from None

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

    def _contract(self, metadata: "dg.ArbitraryMetadataMapping | None") -> Table:
        return self._contracts[str((metadata or {})[CONTRACT])]

    def _place(self, name: str) -> Path:
        return self.root / f"{name}.json.gz"

    def _write(self, place: Path, content: bytes) -> None:
        if place.exists() and _content(place) == content:  # to unpack costs an eighth of what to pack does
            return
        with writing(self.root):
            place.parent.mkdir(parents=True, exist_ok=True)
            replace_file(place, gzip.compress(content, compresslevel=6, mtime=0))


def _content(place: Path) -> bytes | None:
    """What a table's file holds; None when it is damaged. Raises `FileNotFoundError`."""
    packed = place.read_bytes()
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return None
