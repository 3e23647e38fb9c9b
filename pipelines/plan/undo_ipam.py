"""Undo in phpIPAM: field by field where a row was edited; a row that was made, or deleted, as a whole.

A row that was made goes where rows may be deleted (`remove_rows_after_days`), and is emptied and set Offline elsewhere.
"""

from collections.abc import Mapping

import pandas as pd

from pipelines import contract, tables
from pipelines.network import Network
from pipelines.plan.bookkeeping import KEY, NOBODY, ROW, SIGHTING
from pipelines.plan.ipam import RESERVED_TAG
from pipelines.plan.managed import is_same
from pipelines.plan.offline import OFFLINE, USED
from pipelines.plan.taken_back import ALREADY, TakenBack, refused
from pipelines.reconcile.ipam import tracked_addresses, tracked_subnets

_PLACE = ["scope", "subject"]
_TEXTS = ("hostname", "mac", "description")
_HELD = ["id_now", *_TEXTS, "tag", "is_gateway", "last_seen_at", "is_bare"]


def undo_ipam(
    rows: pd.DataFrame, parsed: Mapping[str, pd.DataFrame], applied: pd.DataFrame, *, network: Network
) -> TakenBack:
    """What takes back these changes of one run (`tables.WRITTEN` with `objection`, as `rule: reason`)."""
    removes_rows = network.withdraw.remove_rows_after_days > 0
    rows = _beside_what_is(rows, parsed, applied, network)
    rows = rows.assign(objection=_objections(rows, removes_rows=removes_rows))
    back = rows[rows["objection"].isna()]
    edited, made, gone = (back[back["action"] == action] for action in ("update", "create", "delete"))
    gone = gone[gone["field"] != ROW].assign(id_now=pd.NA)
    parts = [
        _planned(edited, "update", edited["after"], edited["before"]),
        _planned(gone, "create", None, gone["before"]),
    ]
    if removes_rows:
        parts += _removed(made.drop_duplicates(_PLACE))
    else:
        parts += _emptied(made.drop_duplicates(_PLACE))
        back = pd.concat([back.drop(made.index[made["field"] == "tag"]), _offline(made.drop_duplicates(_PLACE))])
    is_told = (rows["action"] == "update") | ~rows.duplicated([*_PLACE, "action"])
    return TakenBack(tables.IPAM_PLAN.concat(parts), back[back["field"] != SIGHTING], refused(rows[is_told]))


def _beside_what_is(
    rows: pd.DataFrame, parsed: Mapping[str, pd.DataFrame], applied: pd.DataFrame, network: Network
) -> pd.DataFrame:
    """The changes with the row of phpIPAM that is there now, what its field reads (`live`), and the ledger's word."""
    subnets, _ = tracked_subnets(parsed["ipam_subnets"], network=network)
    held = tracked_addresses(parsed["ipam_addresses"], subnets)
    held = held.rename(columns={"cidr": "scope", "ip": "subject", "id_phpipam": "id_now"})[[*_PLACE, *_HELD]]
    ids = subnets.rename(columns={"cidr": "scope", "id_phpipam": "subnet_id_phpipam"})
    rows = rows.merge(ids[["scope", "subnet_id_phpipam"]], on="scope", how="left", validate="many_to_one")
    rows = rows.merge(held, on=_PLACE, how="left", validate="many_to_one")
    rows = rows.merge(applied[[*KEY, "value", "intended"]], on=KEY, how="left", validate="one_to_one")
    live = rows["id_now"].astype(contract.TEXT).where(rows["field"] == ROW)
    for name in (*_TEXTS, "tag"):
        live = live.mask(rows["field"] == name, rows[name])
    return rows.assign(live=live)


def _objections(rows: pd.DataFrame, *, removes_rows: bool) -> "pd.Series[str]":
    """Why each is not taken back; of a row that was made or deleted, one reason for all of it."""
    is_update, is_made = rows["action"] == "update", rows["action"] == "create"
    is_here = rows["id_now"].notna()
    is_other = is_here & (rows["id_now"] != rows["id_phpipam"]).fillna(value=True) & is_update
    text = pd.Series(None, index=rows.index, dtype=contract.TEXT)
    is_edited = ~is_same(rows["live"], rows["after"]) & (rows["field"] != SIGHTING) & (is_update | is_made)
    text = text.mask(is_edited | (is_made & _is_more_there(rows, removes_rows=removes_rows)), _EDITED)
    text = text.mask(is_made & ~is_edited & ~_has(rows, ROW), _UNTOLD)
    is_ours = rows["after"].isna() | (rows["value"] == rows["after"]) | (rows["intended"] == rows["after"])
    text = text.mask(is_update & ~is_ours, "changed-since: the ledger calls it ours no more")
    text = text.mask(is_update & ~is_edited & is_other, _ANOTHER).mask(is_update & ~is_here, _ANOTHER)
    text = text.mask(is_update & is_edited & is_same(rows["live"], rows["before"]) & is_here & ~is_other, ALREADY)
    text = text.mask(is_made & ~is_here, ALREADY).mask((rows["action"] == "delete") & is_here, _AGAIN)
    is_locked = rows["is_gateway"].eq(True) | (rows["tag"] == RESERVED_TAG)  # noqa: FBT003 - nulls are no gateways
    text = text.mask(is_locked, "locked: gateway and reserved rows are changed by people only")
    text = text.mask(rows["objection"].notna(), rows["objection"])
    text = text.mask(rows["subnet_id_phpipam"].isna(), "not-managed: network.toml, or phpIPAM, has its subnet no more")
    return text.where(is_update, _of_all(rows.assign(text=text, is_memory=rows["objection"].notna())))


_EDITED = "changed-since: it reads otherwise by now; what somebody else entered stays"
_ANOTHER = "changed-since: the row is gone, or another stands in its place"
_AGAIN = "changed-since: somebody has made a row for the address again"
_UNTOLD = "unconfirmed: the run ended before it knew the id of its row; see who made this one, and empty it by hand"


def _is_more_there(rows: pd.DataFrame, *, removes_rows: bool) -> "pd.Series[bool]":
    """Whether a row that we made holds more than we entered, or its tag is another."""
    is_more = (rows["tag"] != USED) & ~_has(rows, "tag")
    for name in _TEXTS:
        is_more |= rows[name].notna() & ~_has(rows, name)
    return is_more | (rows["is_bare"].eq(False) & removes_rows)  # noqa: FBT003 - where it was not asked it tells nothing


def _has(rows: pd.DataFrame, field: str) -> "pd.Series[bool]":
    """Whether the run wrote this field of each row's address."""
    return (rows["field"] == field).groupby([rows[name] for name in _PLACE]).transform("any")


def _of_all(rows: pd.DataFrame) -> "pd.Series[str]":
    """The first objection to a place for all its fields; our own memory's, where it has one."""
    ordered = rows.sort_values("is_memory", ascending=False, kind="stable")
    return ordered.groupby([*_PLACE, "action"])["text"].transform("first").reindex(rows.index)


def _removed(made: pd.DataFrame) -> list[pd.DataFrame]:
    """The deletion of rows, told by their fields: the receipt must hold what was there."""
    seen = made["last_seen_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {
        ROW: made["id_now"].astype(contract.TEXT),
        SIGHTING: seen,
        **{name: made[name] for name in ("tag", *_TEXTS)},
    }
    rows = [made.assign(field=name, before=before)[before.notna()] for name, before in fields.items()]
    return [_planned(one, "delete", one["before"], None) for one in rows]


def _emptied(made: pd.DataFrame) -> list[pd.DataFrame]:
    """The fields of a row that may not be deleted, cleared, and its tag set to Offline."""
    rows = {name: made[made[name].notna()].assign(field=name) for name in ("hostname", "mac")}
    texts = [_planned(held, "update", held[name], None) for name, held in rows.items()]
    return [*texts, _planned(made[made["tag"] == USED].assign(field="tag"), "update", USED, OFFLINE)]


def _offline(made: pd.DataFrame) -> pd.DataFrame:
    """The tag that an emptied row gets, in the words of a change that is taken back: it was made Used with the row."""
    return made.assign(field="tag", before=OFFLINE, after=USED, before_whose=NOBODY)


def _planned(rows: pd.DataFrame, action: str, before: object, after: object) -> pd.DataFrame:
    named = rows.drop(columns=["id_phpipam"]).rename(columns={"scope": "cidr", "subject": "ip", "id_now": "id_phpipam"})
    reason = "undo of a " + rows["action"] + ", run " + rows["run_id"]
    return tables.IPAM_PLAN.frame(named.assign(action=action, before=before, after=after, reason=reason))
