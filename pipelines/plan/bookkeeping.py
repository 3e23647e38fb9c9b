"""What the ledger should remember of a plan: before it is sent, and after the target answered (rule R4)."""

import pandas as pd

from pipelines import tables
from pipelines.contract import TEXT
from pipelines.keys import merged
from pipelines.plan.managed import GONE
from pipelines.tables.load import WHOSE

KEY = list(tables.APPLIED.key)
_LIFE = ["named_by", "missing_since_at"]
_KNOWN = {name: f"known_{name}" for name in ("value", "intended", "ttl_s", "is_adopted", *_LIFE)}
_KEPT = [name for name in tables.WRITTEN.names if name not in {"run_id", "at", "undoes"}]
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
    kept = named[named["field"] != SIGHTING]
    kept = kept.assign(target=pd.Series(target, kept.index, dtype=TEXT))
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
    nor is what was ours before we meant to change it, and did not; nor what Kea's D2 left when it was switched off
    (`inherit`): there we stand in for it.
    """
    rows = changes[changes["action"].isin({"adopt", "inherit"})]
    rows = merged(rows, applied[[*KEY, "value", "intended", "is_adopted"]], on=KEY, how="left", validate="one_to_one")
    was_ours = (rows["value"] == rows["after"]) & rows["is_adopted"].eq(False)  # noqa: FBT003 - unknown to the ledger is not ours
    is_adopted = ~was_ours & (rows["intended"] != rows["after"]) & (rows["action"] == "adopt")
    return tables.APPLIED.frame(rows.assign(value=rows["after"], intended=None, is_adopted=is_adopted, at=at))


def forgotten(changes: pd.DataFrame, *, at: pd.Timestamp) -> pd.DataFrame:
    """`tables.APPLIED` rows for what is no longer ours to change or delete: a row without a value is dropped."""
    rows = changes[changes["action"] == "forget"]
    return tables.APPLIED.frame(rows.assign(value=None, intended=None, is_adopted=False, at=at))


def sent(changes: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    """The `entries` that are sent, beside what the ledger knew of each (null where it knew nothing).

    Columns, beside theirs: known_value, known_intended, known_ttl_s, known_is_adopted, known_named_by,
    known_missing_since_at.
    """
    known = applied[[*KEY, *_KNOWN]].rename(columns=_KNOWN)
    return merged(work(changes), known, on=KEY, how="left", validate="one_to_one")


def intended(rows: pd.DataFrame, *, at: pd.Timestamp) -> pd.DataFrame:
    """`tables.APPLIED` rows for what is about to be `sent`: the old value stays until the target was read back.

    The old value is what the plan read: it was ours, be it by the ledger's value or by an intention that came true
    unnoticed.
    """
    is_adopted = rows["known_is_adopted"].eq(True)  # noqa: FBT003 - unknown to the ledger is not adopted
    aim = {"value": rows["before"], "intended": _aim(rows), "ttl_s": rows["known_ttl_s"]}
    return tables.APPLIED.frame(rows.assign(**aim, is_adopted=is_adopted, at=at))


def answered(rows: pd.DataFrame, receipt: pd.DataFrame) -> pd.DataFrame:
    """A receipt beside what was `sent` and known before; of what only the receipt tells (`lastSeen`, new ids) nulls."""
    asked = rows.drop(columns=["site", "action", "before", "after"])
    return merged(receipt, asked, on=KEY, how="left", validate="one_to_one")


def settled(rows: pd.DataFrame, *, at: pd.Timestamp) -> pd.DataFrame:
    """`tables.APPLIED` rows after the answers (`answered`), those of the rows of phpIPAM that were made among them.

    Applied: the new value is ours, and of what was deleted nothing is left to remember. Lost or refused: the old one,
    which the plan read, stands, unless the ledger says by now what we were about to, of a deletion nothing at all:
    another run of ours was faster, and what it wrote stays ours. (An older value that no longer stands there does not:
    Kea's D2 may have been faster.)
    Unknown: the intention stands, so that the next run recognises its own work if it did take effect.
    """
    rows = rows[rows["field"] != SIGHTING]
    is_done, is_open = rows["outcome"] == "applied", rows["outcome"] == "unknown"
    is_same = (rows["known_value"] == rows["after"]) | (rows["after"].isna() & rows["known_is_adopted"].isna())
    is_there = is_done | (~is_open & is_same)
    return tables.APPLIED.frame(
        rows.assign(
            value=rows["before"].mask(is_there, rows["after"]),
            intended=_aim(rows).where(is_open, None),
            ttl_s=rows["ttl_s"].where(is_done, rows["known_ttl_s"]),
            is_adopted=rows["known_is_adopted"].eq(True) & ~is_done,  # noqa: FBT003 - as above
            at=at,
        )
    )


def invertible(rows: pd.DataFrame) -> pd.DataFrame:
    """The answers (`answered`) with what it takes to undo them: `tables.WRITTEN` without the run.

    A `touch` is left out: nobody takes back that somebody was seen.
    """
    rows = rows[rows["action"] != "touch"]
    whose = rows["known_is_adopted"].map({True: ADOPTED, False: OURS}).astype(TEXT).fillna(NOBODY)
    before = {name: rows[f"known_{name}"] for name in _LIFE}
    return rows.assign(after_ttl_s=rows["ttl_s"], before_whose=whose, **before)[_KEPT]


def announced(rows: pd.DataFrame) -> pd.DataFrame:
    """Receipts as of `invertible` for what is `sent` in a moment: unknown, until the target was read back.

    They stay so where the run ends before that, and what it wrote can be undone all the same.
    """
    return invertible(rows.assign(outcome="unknown", detail=None))


def restored(settled_rows: pd.DataFrame, undone: pd.DataFrame) -> pd.DataFrame:
    """The rows of `settled` after an undo: what was only adopted before is no more than that again."""
    if undone.empty:
        return settled_rows
    again = undone.loc[undone["restored_whose"] == ADOPTED, [*KEY, "restored"]]
    rows = merged(settled_rows, again, on=KEY, how="left", validate="one_to_one")
    is_again = rows["restored"].notna() & (rows["restored"] == rows["value"])
    return tables.APPLIED.frame(rows.assign(is_adopted=rows["is_adopted"] | is_again))


def _aim(rows: pd.DataFrame) -> "pd.Series[str]":
    """What the ledger notes as intended: the new value, or that there shall be none."""
    return rows["after"].fillna(GONE)
