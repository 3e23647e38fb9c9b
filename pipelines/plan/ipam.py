"""What to change in phpIPAM, and what is left as it is although the network says otherwise."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from pipelines import contract, tables
from pipelines.keys import in_order, merged
from pipelines.network import Network
from pipelines.plan.managed import FIRST, OURS, THEIRS, ownership
from pipelines.reconcile.claims import PEOPLE
from pipelines.reconcile.ipam import absolute_names

TARGET = "phpipam"
PINGED_REFRESH = pd.Timedelta(minutes=45)
"""How old `lastSeen` may grow where the UI shows a status dot: an hourly run must always be able to refresh it."""
OTHER_REFRESH = pd.Timedelta(hours=24)
"""How old it may grow elsewhere, where only lists and reports look at it (rule R9)."""
_ROW = ["subnet_id_phpipam", "ip"]
_PLACE = ["cidr", "ip"]
RESERVED_TAG = "Reserved"


def ipam_plan(
    addresses: pd.DataFrame, ipam: pd.DataFrame, applied: pd.DataFrame, *, network: Network
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`tables.IPAM_PLAN`, and the rows of `tables.WITHHELD` that explain what is not in it.

    `ipam` is what phpIPAM holds in the tracked subnets (`reconcile.ipam.tracked_addresses`), `applied` the ledger.
    """
    held = ipam[[*_ROW, "id_phpipam", "hostname", "mac", "mac_read", "tag", "is_gateway", "is_pinged", "last_seen_at"]]
    rows = merged(addresses, held, on=_ROW, how="left", suffixes=("", "_held"), validate="one_to_one")
    is_new = rows["id_phpipam"].isna()
    created = _creates(rows[is_new & rows["kind"].notna()])
    edited, withheld = _edits(rows[~is_new], applied, network)
    touched = _touches(rows[~is_new], network.phpipam.zone_info)
    plan = tables.IPAM_PLAN.concat([created, edited, touched])
    return tables.IPAM_PLAN.frame(in_order(plan, [*_ROW, "field"])), withheld


_BECAUSE = {
    "static": "listed by hand", "reservation": "reserved", "service": "by Kubernetes", "lease": "leased",
    "neighbour": "seen by ARP or NDP", "peer": "by WireGuard",
}  # fmt: skip


def _creates(rows: pd.DataFrame) -> pd.DataFrame:
    """New addresses, one row of the plan per field; one with neither name nor MAC says nothing and is left out."""
    told = rows[rows["hostname"].notna() | rows["mac"].notna()]
    seen = _texts(told["last_seen_at"])
    reason = told["kind"].map(_BECAUSE)
    fields = {"hostname": told["hostname"], "mac": told["mac"], "lastSeen": seen}
    return tables.IPAM_PLAN.concat(
        [_changes(told, "create", name, None, after, reason) for name, after in fields.items()]
    )


def _edits(rows: pd.DataFrame, applied: pd.DataFrame, network: Network) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Changes and adoptions of host names and MACs, and what is kept instead."""
    is_same_name = _same_names(rows, network)
    fields = {
        "hostname": (rows["hostname"], rows["hostname_held"], is_same_name),
        "mac": (rows["mac"], rows["mac_held"], rows["mac"] == rows["mac_read"]),
    }
    plans, kept = [], []
    for field, (wanted, held, is_equal) in fields.items():
        judged = rows.assign(wanted=wanted, held=held, is_equal=is_equal, field=field)[wanted.notna()]
        known = applied[(applied["target"] == TARGET) & (applied["field"] == field)]
        known = known.rename(columns={"scope": "cidr", "subject": "ip"})[[*_PLACE, "value", "intended"]]
        judged = merged(judged, known, on=_PLACE, how="left", validate="one_to_one")
        judged = judged.assign(whose=ownership(judged["held"], judged["value"], judged["intended"], judged["is_equal"]))
        plans.append(_field_changes(judged, field))
        kept.append(_kept(judged, field))
    return tables.IPAM_PLAN.concat(plans), tables.WITHHELD.concat(kept)


def _field_changes(judged: pd.DataFrame, field: str) -> pd.DataFrame:
    is_locked = _is_locked(judged)
    update = judged[judged["whose"].isin({FIRST, OURS}) & ~judged["is_equal"] & ~is_locked]
    source = "named by " + update["named_by"] if field == "hostname" else "seen as " + update["kind"]
    reason = update["held"].isna().map({True: "was empty, ", False: "ours until now, "}) + source.fillna("")
    is_persons = (judged["named_by"] == PEOPLE) & (field == "hostname")
    is_unsettled = judged["value"].isna() | judged["intended"].notna()  # or a run of ours was killed before it could
    adopt = judged[judged["is_equal"] & is_unsettled & ~is_persons]
    return tables.IPAM_PLAN.concat(
        [
            _changes(update, "update", field, update["held"], update["wanted"], reason),
            _changes(adopt, "adopt", field, adopt["held"], adopt["held"], "already right"),
        ]
    )


def _kept(judged: pd.DataFrame, field: str) -> pd.DataFrame:
    """What a person decided, or phpIPAM's own marks protect, although the network says otherwise."""
    differs = judged[~judged["is_equal"]]
    theirs = differs[(differs["whose"] == THEIRS)]
    locked = differs[_is_locked(differs) & (differs["whose"] != THEIRS)]
    removed = theirs["held"].isna()
    why_theirs = removed.map(
        {
            True: "somebody cleared what we wrote; enter it by hand to have it back",
            False: "entered by somebody else; clear the field in phpIPAM to have it filled from the network",
        }
    )
    why_theirs = why_theirs.mask(~removed & theirs["value"].notna(), _OVER_OURS + theirs["value"])
    return tables.WITHHELD.concat(
        [
            _withheld(theirs, field, "kept-edit", why_theirs),
            _withheld(locked, field, "locked", "gateway and reserved rows are changed by people only"),
        ]
    )


_OVER_OURS = "entered over what we wrote; to have it follow the network again, enter what we wrote: "


def _is_locked(rows: pd.DataFrame) -> "pd.Series[bool]":
    return rows["is_gateway"].eq(True) | rows["tag"].eq(RESERVED_TAG)  # noqa: FBT003 - nulls are no gateways


def _same_names(rows: pd.DataFrame, network: Network) -> "pd.Series[bool]":
    """Whether phpIPAM's text means the desired name, however it is written (`NAS`, `nas.example.lan`)."""
    is_same_text = rows["hostname_held"] == rows["hostname"]
    others = rows[~is_same_text & rows["hostname"].notna()]
    is_same = absolute_names(others["site"], others["hostname_held"], network=network) == others["name"]
    return is_same_text | is_same.reindex(rows.index, fill_value=False)


def _touches(rows: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """`lastSeen` where it has grown older than its reader bears; it never moves backwards.

    Nor as text, in phpIPAM's zone: in the hour that autumn repeats, what was seen later may read earlier.
    """
    age = rows["last_seen_at"] - rows["last_seen_at_held"]
    limit = rows["is_pinged"].eq(True).map({True: PINGED_REFRESH, False: OTHER_REFRESH})  # noqa: FBT003 - as in SQL
    reads_later = _in_phpipam(rows["last_seen_at"], zone) > _in_phpipam(rows["last_seen_at_held"], zone)
    is_due = rows["last_seen_at"].notna() & (rows["last_seen_at_held"].isna() | ((age >= limit) & reads_later))
    due = rows[is_due]
    before, after = _texts(due["last_seen_at_held"]), _texts(due["last_seen_at"])
    return _changes(due, "touch", "lastSeen", before, after, "seen again")


def _in_phpipam(instants: "pd.Series[pd.Timestamp]", zone: ZoneInfo) -> "pd.Series[pd.Timestamp]":
    return instants.dt.tz_convert(zone).dt.tz_localize(None)


def _texts(instants: "pd.Series[pd.Timestamp]") -> "pd.Series[str]":
    """Instants to the second, as ISO 8601 in UTC; null for null."""
    seconds = instants.dt.floor("s").dt.tz_localize(None).to_numpy(dtype="datetime64[s]")
    texts = pd.Series(np.datetime_as_string(seconds), instants.index, dtype=contract.TEXT) + "Z"
    return texts.where(instants.notna())


def _changes(  # noqa: PLR0913, PLR0917 - the columns of the plan
    rows: pd.DataFrame, action: str, field: str, before: object, after: object, reason: object
) -> pd.DataFrame:
    changes = rows.assign(action=action, field=field, before=before, after=after, reason=reason)
    return tables.IPAM_PLAN.frame(changes[changes["after"].notna()] if len(changes) else changes)


def _withheld(rows: pd.DataFrame, field: str, rule: str, reason: object) -> pd.DataFrame:
    told = rows.assign(target=TARGET, subject=rows["ip"], field=field, existing=rows["held"], rule=rule, reason=reason)
    return tables.WITHHELD.frame(told)
