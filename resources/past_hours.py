"""What is left of the past: which answers were archived when, their bytes, and what the ledger said then. Read only."""

import pandas as pd

from pipelines.counted import counted
from pipelines.errors import HourLost, ParseError
from pipelines.network import Network
from pipelines.replay import Hour, Read, reach, reads_by_hour, why_lost
from pipelines.snapshots import Snapshot, from_table
from resources.archive import Archive
from resources.ledger import Ledger

_LONGEST_RUN = pd.Timedelta(hours=1)


class PastHours:
    """The archive, and the ledger's index of it. Nothing here can write, and nothing asks the network."""

    def __init__(self, archive: Archive, ledger: Ledger) -> None:
        self._archive = archive
        self._ledger = ledger

    def reads(self, first: Hour, last: Hour, network: Network) -> dict[Hour, list[Read]]:
        """The runs that asked gateways in these hours, and what each rested on; hours without any are not in it."""
        index = self._ledger.index.between(first.start - reach(network), last.end + _LONGEST_RUN)
        return reads_by_hour(index, network)

    def why_none(self, hour: Hour, *, has_begun: bool) -> HourLost:
        """Why there is no whole run in an hour."""
        around = self._ledger.index.asked_around(hour.start, hour.end)
        return why_lost(hour, pd.Timestamp.now("UTC"), around, has_begun=has_begun)

    def snapshots(self, read: Read, hour: Hour) -> list[Snapshot]:
        """The answers that a run rested on. Raises `HourLost` where any is damaged or was let go."""
        contents, lost = {}, []
        for digest, size in read.rows[["digest", "bytes"]].drop_duplicates("digest").itertuples(index=False):
            try:
                contents[digest] = self._archive.get(digest) if size else b""
            except ParseError as error:
                lost.append(error)
        if lost:
            what = f"{len(lost)} of the {counted(len(read.rows), 'answer')} read {hour} cannot be had"
            raise HourLost(hour.key, f"{what}: {lost[0].place} {lost[0].fault}", lost[0].remedy)
        return from_table(read.rows, contents)

    def applied(self, at: pd.Timestamp) -> pd.DataFrame:
        """`tables.APPLIED` as it stood then."""
        return self._ledger.applied(at)

    def displaced(self, at: pd.Timestamp) -> pd.DataFrame:
        """The MACs that had been replaced lately then (`Ledger.displaced`)."""
        return self._ledger.displaced(at)
