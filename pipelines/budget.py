"""The write budget (rule R9): what one run wrote, held against what its changes are worth."""

from dataclasses import dataclass

import pandas as pd

from pipelines.counted import counted
from pipelines.network.policies import Budget

OFTEN = 2
"""So many earlier runs of a day that wrote the same value: one may be a device that came back."""
_KEY = ["target", "scope", "subject", "field", "after"]
_SHOWN = 3


@dataclass(frozen=True)
class Spent:
    """What one run wrote: rows of phpIPAM and RRsets that are others now, steps of zones' serials, bytes to our disk.

    `touched` are rows whose `lastSeen` alone was refreshed. `serial_steps` are those from before our first message to
    after our last, by whomever. `disk_bytes` is null where the system does not count them. `again` are the changes that
    earlier runs made already, each once.
    """

    rows: int
    touched: int
    rrsets: int
    serial_steps: int
    disk_bytes: int | None
    again: tuple[str, ...] = ()

    @property
    def changes(self) -> int:
        """What the targets hold now that they did not."""
        return self.rows + self.rrsets


def written(ipam: pd.DataFrame, dns: pd.DataFrame) -> tuple[int, int, int]:
    """Of two `tables.RECEIPT`: how many rows of phpIPAM were changed, how many touched, how many RRsets changed."""
    done = ipam[(ipam["outcome"] == "applied") & (ipam["action"] != "adopt")]
    is_touch = done["action"] == "touch"
    rows, touched = (len(some[["scope", "subject"]].drop_duplicates()) for some in (done[~is_touch], done[is_touch]))
    return rows, touched, int(((dns["outcome"] == "applied") & (dns["action"] != "adopt")).sum())


def again(now: pd.DataFrame, earlier: pd.DataFrame) -> tuple[str, ...]:
    """The changes of a `tables.RECEIPT` that `OFTEN` earlier runs made already (`run_id` tells them apart).

    A value that has to be written again and again is undone by somebody, or never was what it should be.
    """
    made = now[(now["outcome"] == "applied") & ~now["action"].isin(["touch", "adopt"])]
    times = earlier.groupby(_KEY, dropna=False)["run_id"].nunique().rename("times").reset_index()
    found = made.merge(times[times["times"] >= OFTEN], on=_KEY, how="inner", validate="many_to_one")
    return tuple(found["subject"] + " " + found["field"])


def over(spent: Spent, budget: Budget, *, is_first: bool) -> list[str]:
    """What went beyond the budget, one sentence each; nothing where it was kept.

    The first census of a ledger makes every table and file, and is not held to the bytes.
    """
    said = []
    limit = 1000 * (budget.quiet_kb + budget.change_kb * spent.changes)
    if spent.disk_bytes is not None and spent.disk_bytes > limit and not is_first:
        said.append(
            f"{spent.disk_bytes // 1000} kB were written to this machine's disks for "
            f"{counted(spent.changes, 'change')}; [budget] in network.toml allows {limit // 1000} kB. "
            "See which of the numbers grew, and since which run"
        )
    if spent.again:
        shown = ", ".join(spent.again[:_SHOWN]) + (
            f" and {len(spent.again) - _SHOWN} more" * (len(spent.again) > _SHOWN)
        )
        said.append(
            f"{counted(len(spent.again), 'change')} made by {OFTEN} or more runs of the last day already: {shown}."
            " Somebody undoes them: see what else writes there"
        )
    return said
