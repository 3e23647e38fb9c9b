"""The table of the stage extract: what was read, and whether it is whole."""

from pipelines.contract import INTEGER, Column, Table
from pipelines.tables.columns import IS_COMPLETE, READ_AT, REASON_MISSING, SITE, SOURCE, optional, text

SNAPSHOTS = Table(
    "snapshots",
    "one read of one source",
    (
        SITE,
        SOURCE,
        READ_AT,
        IS_COMPLETE,
        REASON_MISSING,
        optional("version", "the source's own word for its state: a zone's SOA serial"),
        Column("clock_offset_s", INTEGER, "how far the source's clock is ahead of ours"),
        text("digest", "SHA-256 of the bytes: their place in the archive", pattern=r"[0-9a-f]{64}"),
        Column("bytes", INTEGER, "the answer's length"),
    ),
    key=("site", "source"),
)
