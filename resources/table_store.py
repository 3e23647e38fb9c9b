"""How tables go from step to step: in memory inside a run, and in a file each, so that any asset can be run by itself.

A table is checked against its contract before anything rests on it. Row counts and a preview go to the UI from here,
so that no asset has to.
"""

import dagster as dg
import pandas as pd

from pipelines import tables
from pipelines.contract import Table
from pipelines.errors import ParseError, StateError
from resources.preview import MOST_CHARACTERS, MOST_ROWS, markdown
from resources.stored_tables import StoredTables
from resources.suites import Suites

CONTRACT = "netcensus_table"
"""The metadata key under which an asset's definition names its table's contract."""
_DECISIONS = (
    tables.IPAM_PLAN, tables.DNS_PLAN, tables.WITHHELD, tables.RECEIPT, tables.REJECTS, tables.SOURCES,
    tables.CONFLICTS,
)  # fmt: skip
"""What a person reads row by row; of the others a few rows show what they look like, for each run stores them."""
_FEW_ROWS = 5
_WIDE = {tables.CONFLICTS: 200}  # characters of a cell: a conflict is its evidence


class TableStore(dg.IOManager):
    """Tables by asset, each under the contract its definition names."""

    def __init__(self, stored: StoredTables, contracts: dict[str, Table], suites: Suites) -> None:
        self._stored, self._contracts, self._suites = stored, contracts, suites
        self._in_run: dict[tuple[str, str], pd.DataFrame] = {}

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame) -> None:
        """Check, keep and describe a table. A broken contract fails the step, and so stops what is downstream."""
        table = self._contract(context.definition_metadata)
        violations = table.malformed(obj) if self._suites.is_sound(obj) else table.violations(obj)
        if violations:
            raise dg.Failure("; ".join(violations), allow_retries=False)
        name = context.asset_key.to_python_identifier()
        self._in_run = {key: frame for key, frame in self._in_run.items() if key[0] == context.run_id}
        self._in_run[context.run_id, name] = obj
        try:
            version = self._stored.write(name, table, obj)
        except StateError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        # Dagster's own version would be another in every run, and 64 digits in each event of what rests on the table.
        context.step_context.set_data_version(context.asset_key, dg.DataVersion(version))
        preview = _preview(table, obj)
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
        if not self._stored.has(name):
            raise dg.Failure(f"{name}: never materialized. Run the job census first", allow_retries=False)
        try:
            return self._stored.read(name, self._contract(upstream.definition_metadata))
        except ParseError as error:
            raise dg.Failure(str(error), allow_retries=False) from None

    def _contract(self, metadata: "dg.ArbitraryMetadataMapping | None") -> Table:
        return self._contracts[str((metadata or {})[CONTRACT])]


def _preview(table: Table, rows: pd.DataFrame) -> str:
    """The first rows of a table for the UI."""
    shown = MOST_ROWS if table in _DECISIONS else _FEW_ROWS
    return markdown(rows, shown, _WIDE.get(table, MOST_CHARACTERS))
