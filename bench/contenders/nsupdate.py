"""nsupdate(1) told exactly what to change: the floor for whoever has first to find that out."""

import pandas as pd

from bench.records import TTL_S
from tests.services.bind import Bind
from tests.services.programs import path_of

_AT_ONCE = 400  # records to a message: it does not compress names, and 64 kB is all there is


def argv(bind: Bind) -> list[str]:
    """One process, one connection."""
    return [path_of("nsupdate"), "-v", "-y", f"hmac-sha256:netcensus:{bind.secrets['netcensus']}"]


def script(records: pd.DataFrame, bind: Bind, gone: pd.DataFrame | None = None) -> str:
    """Its commands: what is gone is deleted, the rest added, four hundred changes a message."""
    lines = [f"server {bind.host} {bind.port}"]
    for zone, rows in _changes(records, gone).groupby("zone"):
        for start in range(0, len(rows), _AT_ONCE):
            lines += [f"zone {zone}", *rows["line"].iloc[start : start + _AT_ONCE], "send"]
    return "\n".join([*lines, ""])


def _changes(records: pd.DataFrame, gone: pd.DataFrame | None) -> pd.DataFrame:
    added = records.assign(
        line="update add " + records["owner"] + f" {TTL_S} " + records["type"] + " " + records["rdata"]
    )
    if gone is None:
        return added
    lines = "update delete " + gone["owner"] + " " + gone["type"] + " " + gone["rdata"]
    return pd.concat([gone.assign(line=lines), added], ignore_index=True)
