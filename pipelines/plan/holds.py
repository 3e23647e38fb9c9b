"""What a person undid is not done again: a census leaves it until it would make something else of it (rule R4).

Held is one change, of just this to just that. Where the network wants something else, or a person has edited the target
since, it is another change, and the usual rules decide. docs/decisions/0016-undo.md.
"""

import pandas as pd

from pipelines import tables
from pipelines.keys import merged, stand_in
from pipelines.plan.bookkeeping import KEY, NAMES, ROW, SIGHTING, WRITES, work
from pipelines.plan.dns import KEY as DNS_KEY
from pipelines.plan.dns import rrsets
from pipelines.plan.managed import is_same
from pipelines.plan.offline import USED
from pipelines.reconcile.dns import DHCID, FORWARD_TYPES

RULE, RELEASE = "undone", "release"
_PLACE = ["scope", "subject"]
_KEY = [*_PLACE, "field"]


def without_undone(plan: pd.DataFrame, holds: pd.DataFrame, target: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A plan for `target` without the changes that a person undid, and the rows of `tables.WITHHELD` that say so."""
    ours = holds.loc[holds["target"] == target, [*_KEY, "restored", "undone", "run_id", "by_run_id"]]
    if ours.empty or plan.empty:
        return plan, tables.WITHHELD.empty()
    rows = plan.rename(columns=NAMES[target]).assign(target=target)
    rows = merged(rows, ours, on=_KEY, how="left", validate="one_to_one")
    is_that = is_same(rows["before"], rows["restored"]) & is_same(rows["after"], rows["undone"])
    is_held = rows["run_id"].notna() & rows["action"].isin(WRITES) & is_that
    is_held = _with_marks(rows, is_held) if target == "dns" else _row_by_row(rows, is_held, ours)
    return plan[~is_held.to_numpy()].reset_index(drop=True), _withheld(rows[is_held], ours)


def released_in_ipam(
    plan: pd.DataFrame, holds: pd.DataFrame, addresses: pd.DataFrame, ipam: pd.DataFrame
) -> pd.DataFrame:
    """A plan for phpIPAM, and as `release` the holds that are over: the network says what the undo put back.

    `addresses` is what phpIPAM should show, `ipam` what it holds (`reconcile.ipam`).
    """
    ours = holds[(holds["target"] == "phpipam") & holds["restored"].notna()]
    if ours.empty:
        return plan
    ids = ipam[["subnet_id_phpipam", "ip", "id_phpipam"]]
    rows = merged(addresses, ids, on=["subnet_id_phpipam", "ip"], validate="one_to_one")
    ours = ours.rename(columns={"scope": "cidr", "subject": "ip"})
    rows = merged(rows, ours, on=["cidr", "ip"], validate="one_to_many")
    says = rows["hostname"].where(rows["field"] == "hostname", rows["mac"].where(rows["field"] == "mac"))
    over = tables.IPAM_PLAN.frame(_released(rows[says == rows["restored"]]))
    return tables.IPAM_PLAN.concat([plan, _beside(over, plan, list(tables.IPAM_PLAN.key))])


def released_in_dns(plan: pd.DataFrame, holds: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """A plan for DNS, and as `release` the holds that are over; `records` is what DNS should hold."""
    ours = holds[(holds["target"] == "dns") & holds["restored"].notna()]
    if ours.empty:
        return plan
    wanted = rrsets(records[records["owner"].isin(set(ours["subject"]))], {"site": "first", "named_by": "first"})
    names = {name: column for column, name in NAMES["dns"].items()}
    rows = merged(wanted, ours.rename(columns=names), on=DNS_KEY, validate="one_to_one")
    rows = rows[rows["rdata"] == rows["restored"]].assign(is_name_free=False, missing_since_at=None)
    over = tables.DNS_PLAN.frame(_released(rows.assign(before_ttl_s=rows["ttl_s"], after_ttl_s=rows["ttl_s"])))
    return tables.DNS_PLAN.concat([plan, _beside(over, plan, DNS_KEY)])


def _released(rows: pd.DataFrame) -> pd.DataFrame:
    reason = "as run " + rows["by_run_id"] + " put it back: its undoing of run " + rows["run_id"] + " is settled"
    return rows.assign(action=RELEASE, before=rows["restored"], after=rows["restored"], reason=reason)


def _beside(over: pd.DataFrame, plan: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Those of which the plan says nothing else; the others' turn is the next census's."""
    return merged(over, plan[key], on=key, how="left_anti", validate="one_to_one")


def overtaken(holds: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Those of the holds that are over with these changes (`bookkeeping.entries`): with a row's, the row's own."""
    sent = work(changes)
    of_row = [sent.loc[sent["target"] == "phpipam", KEY].assign(field=field) for field in (ROW, "tag")]
    keys = pd.concat([sent[KEY], *of_row, changes.loc[changes["action"] == RELEASE, KEY]]).drop_duplicates()
    return merged(holds, keys, on=KEY, validate="one_to_one")


def _with_marks(rows: pd.DataFrame, is_held: "pd.Series[bool]") -> "pd.Series[bool]":
    """A DHCID is held with the address it marks: alone it would keep every other device from the name."""
    owners = set(rows.loc[is_held & rows["field"].isin(FORWARD_TYPES), "subject"])
    return is_held | ((rows["field"] == DHCID) & rows["subject"].isin(owners))


def _row_by_row(rows: pd.DataFrame, is_held: "pd.Series[bool]", holds: pd.DataFrame) -> "pd.Series[bool]":
    """A row of phpIPAM is made and deleted as a whole, so it is held as a whole, or not.

    One that was made and undone but still stands, empty and Offline, is no more seen than one that went: until it gets
    another name or MAC.
    """
    speaks = rows["field"].isin({"hostname", "mac"}) & rows["action"].isin(WRITES)
    place = [rows[name] for name in _PLACE]
    is_other = (speaks & ~is_held).groupby(place).transform("any")
    is_silent = (speaks & is_held).groupby(place).transform("any") & ~is_other
    of_rows = holds[holds["field"] == ROW]
    is_made, is_deleted = (_is_at(rows, of_rows[of_rows["undone"].notna() == was]) for was in (True, False))
    is_back = is_made & ((rows["action"] == "touch") | ((rows["field"] == "tag") & (rows["after"] == USED)))
    is_whole = (rows["action"] == "create") | is_back
    return is_held.where(~is_whole, is_silent) | ((rows["action"] == "delete") & is_deleted)


def _is_at(rows: pd.DataFrame, places: pd.DataFrame) -> "pd.Series[bool]":
    return stand_in(rows, places[_PLACE])


def _withheld(held: pd.DataFrame, holds: pd.DataFrame) -> pd.DataFrame:
    """One row for each change that is not made again, which names both runs and the way back."""
    told = held[held["field"] != SIGHTING]
    by_place = holds.drop_duplicates(_PLACE)[[*_PLACE, "run_id", "by_run_id"]]
    told = merged(told.drop(columns=["run_id", "by_run_id"]), by_place, on=_PLACE, validate="many_to_one")
    reason = (
        "run " + told["run_id"] + " made it so and run " + told["by_run_id"] + " undid it; left so until the network "
        "says something else here. To have it after all: python netcensus.py undo " + told["by_run_id"] + " --subject "
        + told["subject"].str.rstrip(".")
    )  # fmt: skip
    return tables.WITHHELD.frame(told.assign(wanted=told["after"], existing=told["before"], rule=RULE, reason=reason))
