"""One read of one source at one instant: the bytes, the time, and whether they are the whole answer (rule R1)."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from pipelines import tables

EVERYWHERE = "*"  # the site of a source that belongs to none: phpIPAM, the DNS zones
ZONE = "zone/"  # source of one zone: "zone/example.lan", apex without its final dot


@dataclass(frozen=True)
class Snapshot:
    """What a source answered. Unless `is_complete`, `reason` says what was missing.

    Then there is no `content`, or it is stale: what the source last wrote, read in its place. That is evidence of what
    was, and nothing follows from what is not in it.

    `version` is the source's own word for its state, where it has one (a zone's SOA serial).
    `clock_offset_s` is how far the source's clock is ahead of ours, in seconds; 0 where it cannot be known.
    """

    site: str
    source: str
    read_at: datetime
    content: bytes = field(repr=False)
    is_complete: bool = True
    reason: str | None = None
    version: str | None = None
    clock_offset_s: int = 0

    @property
    def is_readable(self) -> bool:
        """Whether there is something to parse: the whole answer, or a stale one."""
        return self.is_complete or bool(self.content)

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hex: its address in the archive."""
        return hashlib.sha256(self.content).hexdigest()


def missing(site: str, source: str, read_at: datetime, reason: str) -> Snapshot:
    """The snapshot of a source that could not be looked at."""
    return Snapshot(site, source, read_at, b"", is_complete=False, reason=reason)


def as_table(snapshots: list[Snapshot]) -> pd.DataFrame:
    """Snapshots as rows of `tables.SNAPSHOTS`: everything but the bytes, which the archive holds by `digest`."""
    names = [column.name for column in tables.SNAPSHOTS.columns if column.name not in {"digest", "bytes"}]
    columns: dict[str, list[object]] = {name: [getattr(one, name) for one in snapshots] for name in names}
    columns["digest"] = [one.digest for one in snapshots]
    columns["bytes"] = [len(one.content) for one in snapshots]
    return tables.SNAPSHOTS.frame(columns)


def from_table(frame: pd.DataFrame, contents: dict[str, bytes]) -> list[Snapshot]:
    """Rows of `tables.SNAPSHOTS` with their bytes, looked up by digest in `contents`."""
    return [
        Snapshot(
            site=row.site,
            source=row.source,
            read_at=row.read_at.to_pydatetime(),
            content=contents[row.digest],
            is_complete=bool(row.is_complete),
            reason=None if pd.isna(row.reason) else row.reason,
            version=None if pd.isna(row.version) else row.version,
            clock_offset_s=int(row.clock_offset_s),
        )
        for row in frame.itertuples(index=False)
    ]
