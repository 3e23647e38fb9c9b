"""The archive and the receipts kept in bounds, night by night: what is old goes, and what is damaged is found."""

from dataclasses import dataclass

import pandas as pd
import sqlalchemy as sa

from pipelines.contract import TEXT
from pipelines.retention import YOUNG, Keep, counted_from, removable
from resources.archive import Archive
from resources.archive_index import SNAPSHOTS
from resources.ledger import Ledger
from resources.own_database import open_database

NIGHTS = 32
"""Over so many nights every stored answer is read once, and compared with its digest."""


@dataclass(frozen=True)
class Pruned:
    """What a night has done to the archive, and how many receipts went."""

    removed: int
    removed_bytes: int
    kept: int
    kept_bytes: int
    damaged: list[str]
    receipts: int


class Retention:
    """The archive, its index in the ledger's database, and what `[state]` says of both.

    Rows of the index stay when their files go: that an hour was read, how and when, is known for good.
    """

    def __init__(self, archive: Archive, url: str, keep: Keep) -> None:
        self._archive = archive
        self._url = url
        self._keep = keep

    def prune(self, now: pd.Timestamp) -> Pruned:
        """Remove what is too old or too much, then look through this night's part of what is left."""
        files, reads = self._archive.files(), self._reads()
        gone = removable(files, reads, keep=self._keep, now=now)
        for digest in gone["digest"]:
            self._archive.remove(digest)
        self._archive.remove_drafts(now - YOUNG)
        receipts = Ledger(self._url).forget(  # what the ledger said is of use as long as the answers of then are there
            now - pd.Timedelta(days=self._keep.days),
            counted_from(reads, now) - pd.Timedelta(days=self._keep.receipts_days),
        )
        damaged = self._archive.set_aside_damaged(now.toordinal() % NIGHTS, NIGHTS)
        kept = int(files["bytes"].sum() - gone["bytes"].sum())
        return Pruned(len(gone), int(gone["bytes"].sum()), len(files) - len(gone), kept, damaged, receipts)

    def _reads(self) -> pd.DataFrame:
        """Of each digest in the index: when it was last read, and whether it is the newest answer of a source."""
        engine = open_database(self._url)
        SNAPSHOTS.metadata.create_all(engine)
        by_source = sa.select(sa.func.max(SNAPSHOTS.c.id)).group_by(SNAPSHOTS.c.site, SNAPSHOTS.c.source)
        whole, is_versioned = SNAPSHOTS.c.is_complete, SNAPSHOTS.c.version.is_not(None)
        newest = sa.union(by_source, by_source.where(whole), by_source.where(whole, is_versioned))
        is_needed = sa.func.max(sa.case((SNAPSHOTS.c.id.in_(newest), 1), else_=0))
        columns = SNAPSHOTS.c.digest, sa.func.max(SNAPSHOTS.c.read_at), is_needed
        with engine.connect() as connection:
            rows = connection.execute(sa.select(*columns).group_by(SNAPSHOTS.c.digest)).all()
        engine.dispose()
        digests, times, needed = zip(*rows, strict=True) if rows else ((), (), ())
        read_at = pd.to_datetime(pd.Series(times, dtype="object"), utc=True)
        return pd.DataFrame(
            {
                "digest": pd.Series(digests, dtype=TEXT),
                "read_at": read_at,
                "is_needed": pd.Series(needed, dtype="bool"),
            }
        )
