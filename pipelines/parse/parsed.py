"""What every parser returns: the table it read, and the rows it could not read, each with its reason."""

from dataclasses import dataclass, field

import pandas as pd

from pipelines import tables
from pipelines.snapshots import Snapshot

_EXCERPT = 200  # characters: enough to find the row in the archive, too little to fill a log


@dataclass(frozen=True)
class Parsed:
    """A table by its contract, and `tables.REJECTS` for the rows that did not make it."""

    table: pd.DataFrame
    rejects: pd.DataFrame


def origin(snapshot: Snapshot, rows: int) -> dict[str, list[str]]:
    """The columns `site` and `source` of so many rows that were read from one snapshot."""
    return {"site": [snapshot.site] * rows, "source": [snapshot.source] * rows}


@dataclass
class Rejects:
    """Collects the unreadable rows of one snapshot. A bad row is never silence, and never the end of the good ones."""

    snapshot: Snapshot
    _rows: list[tuple[str, str, int, str, str]] = field(default_factory=list)

    def add(self, line: int, reason: object, text: object) -> None:
        """Note that the row at position `line` (from 1) was rejected for `reason`; `text` is the row itself."""
        excerpt = ascii(text)[:_EXCERPT]
        self._rows.append((self.snapshot.site, self.snapshot.source, line, str(reason), excerpt))

    def table(self) -> pd.DataFrame:
        """The rows of `tables.REJECTS` collected so far."""
        return tables.REJECTS.rows(self._rows) if self._rows else tables.REJECTS.empty()
