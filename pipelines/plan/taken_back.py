"""What undo makes of one target: the plan, which changes of the run it takes back, and which it leaves and why."""

from typing import NamedTuple

import pandas as pd

from pipelines import tables

ALREADY = "already: it is as it was before"


class TakenBack(NamedTuple):
    """The plan for one target; the rows of `tables.WRITTEN` it takes back; `tables.WITHHELD` of the others."""

    plan: pd.DataFrame
    taken: pd.DataFrame
    withheld: pd.DataFrame


def refused(rows: pd.DataFrame) -> pd.DataFrame:
    """`tables.WITHHELD` of those rows of a run with an `objection` (`rule: reason`); `live` is what is there now."""
    kept = rows[rows["objection"].notna()]
    parts = kept["objection"].str.split(": ", n=1)
    return tables.WITHHELD.frame(
        kept.assign(wanted=kept["before"], existing=kept["live"], rule=parts.str[0], reason=parts.str[1])
    )
