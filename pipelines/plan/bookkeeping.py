"""What the ledger should remember of a plan: before it is sent, and after the target answered (rule R4)."""

import pandas as pd

from pipelines import tables
from pipelines.keys import merged
from pipelines.plan.managed import GONE
from pipelines.tables.load import WHOSE

KEY = list(tables.APPLIED.key)
_LIFE = ["named_by", "missing_since_at"]
_SAID = ["value", "intended", "ttl_s", "is_adopted"]
WRITES = frozenset({"create", "update", "delete", "touch"})
NAMES = {
    "dns": {"zone": "scope", "owner": "subject", "type": "field"},
    "phpipam": {"cidr": "scope", "ip": "subject"},
}
"""The columns of each target's plan that make the ledger's key."""
NOBODY, ADOPTED, OURS = WHOSE
ROW = "row"  # the field that stands for a row of phpIPAM itself: its value is the id of a row we made
SIGHTING = "lastSeen"  # not remembered: it is nobody's edit, and changes by the hour


def work(plan: pd.DataFrame) -> pd.DataFrame:
    """The rows of a plan that write something to its target."""
    return plan[plan["action"].isin(WRITES)].reset_index(drop=True)


def entries(plan: pd.DataFrame, target: str) -> pd.DataFrame:
    """The changes of an `ipam_plan` or `dns_plan` under the ledger's key, with what they make of what.

    Columns: site, action, before, after, before_ttl_s, ttl_s, id_phpipam, named_by, missing_since_at.
    """
    if target == "dns":
        named = plan.rename(columns={**NAMES[target], "after_ttl_s": "ttl_s"}).assign(id_phpipam=pd.NA)
    else:
        named = plan.rename(columns=NAMES[target]).assign(ttl_s=pd.NA, before_ttl_s=pd.NA)
        named = named.assign(named_by=None, missing_since_at=None)
    kept = named[named["field"] != SIGHTING].assign(target=target)
    return kept[[*KEY, "site", "action", "before", "after", "before_ttl_s", "ttl_s", "id_phpipam", *_LIFE]]


def noted(changes: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    """`tables.APPLIED` rows of what stays as it is, but is of another class now, missed, found again, or forgotten.

    To keep what is not there is to forget it: a deletion of ours came true unnoticed.
    """
    kept = changes.loc[changes["action"] == "keep", [*KEY, "after", *_LIFE]]
    rows = merged(kept, applied.drop(columns=_LIFE), on=KEY, validate="one_to_one")
    is_gone = rows["after"].isna()
    rows = rows.assign(value=rows["value"].mask(is_gone), intended=rows["intended"].mask(is_gone))
    before = applied.rename(columns={name: f"old_{name}" for name in _LIFE})
    rows = merged(rows, before[[*KEY, *(f"old_{name}" for name in _LIFE)]], on=KEY, validate="one_to_one")
    is_new = is_gone
    for name in _LIFE:
        is_new |= (rows[name] != rows[f"old_{name}"]) & ~(rows[name].isna() & rows[f"old_{name}"].isna())
    return tables.APPLIED.frame(rows[is_new])


def adopted(changes: pd.DataFrame, applied: pd.DataFrame, *, at: pd.Timestamp) -> pd.DataFrame:
    """`tables.APPLIED` rows for what is already right: from now on ours to change, never ours to delete.

    What reads as we intended, but were interrupted before we could tell, was written by us and is not called adopted;
    nor is what Kea's D2 left when it was switched off (`inherit`): there we stand in for it.
    """
    rows = changes[changes["action"].isin({"adopt", "inherit"})]
    rows = merged(rows, applied[[*KEY, "intended", "is_adopted"]], on=KEY, how="left", validate="one_to_one")
    is_adopted = (rows["intended"].isna() | (rows["intended"] != rows["after"])) & (rows["action"] == "adopt")
    return tables.APPLIED.frame(rows.assign(value=rows["after"], intended=None, is_adopted=is_adopted, at=at))


def forgotten(changes: pd.DataFrame, *, at: pd.Timestamp) -> pd.DataFrame:
    """`tables.APPLIED` rows for what is no longer ours to change or delete: a row without a value is dropped."""
    rows = changes[changes["action"] == "forget"]
    return tables.APPLIED.frame(rows.assign(value=None, intended=None, is_adopted=False, at=at))


def intended(changes: pd.DataFrame, applied: pd.DataFrame, *, at: pd.Timestamp) -> pd.DataFrame:
    """`tables.APPLIED` rows for what is about to be sent: the old value stays until the target was read back.

    The old value is what the plan read: it was ours, be it by the ledger's value or by an intention that came true
    unnoticed.
    """
    rows = work(changes).drop(columns="ttl_s")
    rows = merged(rows, applied[[*KEY, "ttl_s", "is_adopted"]], on=KEY, how="left", validate="one_to_one")
    is_adopted = rows["is_adopted"].eq(True)  # noqa: FBT003 - unknown to the ledger is not adopted
    rows = rows.assign(value=rows["before"], intended=_aim(rows), is_adopted=is_adopted, at=at)
    return tables.APPLIED.frame(rows)


def settled(changes: pd.DataFrame, receipt: pd.DataFrame, applied: pd.DataFrame, *, at: pd.Timestamp) -> pd.DataFrame:
    """`tables.APPLIED` rows after the answers. `applied` is the ledger as it was before the intentions.

    Applied: the new value is ours, and of what was deleted nothing is left to remember. Lost or refused: what the
    ledger said stands, which may be news to the plan: another run was faster, and what it wrote stays ours. Unknown:
    the intention stands, so that the next run recognises its own work if it did take effect.
    """
    rows = merged(work(changes), receipt[[*KEY, "outcome"]], on=KEY, validate="one_to_one")
    known = applied[[*KEY, *_SAID]].rename(columns={name: f"old_{name}" for name in _SAID})
    rows = merged(rows, known, on=KEY, how="left", validate="one_to_one")
    is_done, is_open = rows["outcome"] == "applied", rows["outcome"] == "unknown"
    return tables.APPLIED.frame(
        rows.assign(
            value=rows["old_value"].mask(is_done, rows["after"]).mask(is_open, rows["before"]),
            intended=rows["old_intended"].mask(is_done).mask(is_open, _aim(rows)),
            ttl_s=rows["ttl_s"].where(is_done, rows["old_ttl_s"]),
            is_adopted=rows["old_is_adopted"].eq(True) & ~is_done,  # noqa: FBT003 - as above
            at=at,
        )
    )


def invertible(changes: pd.DataFrame, receipt: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    """A receipt with what it takes to undo it (`tables.WRITTEN` without the run): TTLs, id, whose it was, who named it.

    `applied` is the ledger as it was before. A `touch` is left out: nobody takes back that somebody was seen.
    """
    rows = receipt[receipt["action"] != "touch"]
    sent = changes[[*KEY, "id_phpipam", "before_ttl_s", "ttl_s"]].rename(columns={"ttl_s": "after_ttl_s"})
    rows = rows.merge(sent, on=KEY, how="left", validate="many_to_one")
    rows = rows.merge(applied[[*KEY, "is_adopted", *_LIFE]], on=KEY, how="left", validate="many_to_one")
    is_adopted = rows["is_adopted"]
    whose = is_adopted.map({True: ADOPTED, False: OURS}).astype("str").fillna(NOBODY)
    return rows.drop(columns="is_adopted").assign(before_whose=whose)


def announced(changes: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    """Receipts as of `invertible` for what is about to be sent: unknown, until the target was read back.

    They stay so where the run ends before that, and what it wrote can be undone all the same. `applied` is the ledger
    as it was before.
    """
    sent = work(changes).assign(outcome="unknown", detail=_UNHEARD)
    return invertible(changes, tables.RECEIPT.frame(sent), applied)


_UNHEARD = "the run ended before it was known what became of it"


def restored(settled_rows: pd.DataFrame, undone: pd.DataFrame) -> pd.DataFrame:
    """The rows of `settled` after an undo: what was only adopted before is no more than that again."""
    again = undone.loc[undone["restored_whose"] == ADOPTED, [*KEY, "restored"]]
    rows = settled_rows.merge(again, on=KEY, how="left", validate="one_to_one")
    is_again = rows["restored"].notna() & (rows["restored"] == rows["value"])
    return tables.APPLIED.frame(rows.assign(is_adopted=rows["is_adopted"] | is_again))


def made(receipt: pd.DataFrame, *, at: pd.Timestamp) -> pd.DataFrame:
    """`tables.APPLIED` rows for the rows of phpIPAM that a receipt tells the new ids of."""
    rows = receipt[(receipt["field"] == ROW) & (receipt["action"] == "create") & (receipt["outcome"] == "applied")]
    blank = {"ttl_s": pd.NA, "intended": None, "named_by": None, "missing_since_at": None}
    return tables.APPLIED.frame(rows.assign(value=rows["after"], is_adopted=False, at=at, **blank))


def _aim(rows: pd.DataFrame) -> "pd.Series[str]":
    """What the ledger notes as intended: the new value, or that there shall be none."""
    return rows["after"].fillna(GONE)
