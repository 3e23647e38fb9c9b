"""What is left of the past: which answers were archived when, their bytes, and what the ledger said then. Read only."""

import pandas as pd

from pipelines.errors import HourLost, ParseError
from pipelines.replay import Hour, is_whole, runs_in, why_lost
from pipelines.snapshots import Snapshot, from_table
from resources.archive import Archive
from resources.ledger import Ledger

_LONGEST_RUN = pd.Timedelta(hours=1)


class PastHours:
    """The archive, and the ledger's index of it. Nothing here can write, and nothing asks the network."""

    def __init__(self, archive: Archive, ledger: Ledger) -> None:
        self._archive = archive
        self._ledger = ledger

    def index(self, first: Hour, last: Hour) -> pd.DataFrame:
        """`tables.SNAPSHOTS` with their `run_id`: all of the runs that asked something in these hours."""
        return self._ledger.index(first.start - _LONGEST_RUN, last.end + _LONGEST_RUN)

    def reads(self, index: pd.DataFrame, hour: Hour) -> dict[str, pd.DataFrame]:
        """The runs of an hour that read every kind of source, in order; at least one. Raises `HourLost`."""
        runs = runs_in(index, hour)
        whole = {run_id: rows for run_id, rows in runs.items() if is_whole(rows)}
        if not whole:
            around = self._ledger.asked_around(hour.start, hour.end)
            raise why_lost(hour, pd.Timestamp.now("UTC"), around, has_begun=bool(runs))
        return whole

    def snapshots(self, rows: pd.DataFrame, hour: Hour) -> list[Snapshot]:
        """The answers of rows of the index. Raises `HourLost` where any is damaged or was let go."""
        contents, lost = {}, []
        for digest, size in rows[["digest", "bytes"]].drop_duplicates("digest").itertuples(index=False):
            try:
                contents[digest] = self._archive.get(digest) if size else b""
            except ParseError as error:
                lost.append(error)
        if lost:
            fault = f"{len(lost)} of the {len(rows)} answers read {hour} cannot be had: {lost[0].place} {lost[0].fault}"
            raise HourLost(hour.key, fault, lost[0].remedy)
        return from_table(rows, contents)

    def applied(self, at: pd.Timestamp) -> pd.DataFrame:
        """`tables.APPLIED` as it stood then."""
        return self._ledger.applied(at)
