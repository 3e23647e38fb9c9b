"""Undo in DNS: RRset by RRset, each while data and TTL are what the run made them."""

from collections.abc import Mapping

import pandas as pd

from pipelines import contract, tables
from pipelines.network import Network
from pipelines.plan.bookkeeping import KEY as LEDGER_KEY
from pipelines.plan.bookkeeping import NAMES
from pipelines.plan.dns import KEY, rrsets
from pipelines.plan.managed import is_same
from pipelines.plan.taken_back import ALREADY, TakenBack, refused
from pipelines.reconcile.dns import DHCID, owners_with_dhcid
from pipelines.reconcile.never import MANAGED_TYPES, objections
from pipelines.reconcile.trust import unread_zones

_INVERSE = {"create": "delete", "update": "update", "delete": "create"}


def undo_dns(
    rows: pd.DataFrame, parsed: Mapping[str, pd.DataFrame], applied: pd.DataFrame, *, network: Network
) -> TakenBack:
    """What takes back these changes of one run (`tables.WRITTEN` with `objection`, as `rule: reason`)."""
    rows = _beside_what_is(rows, parsed["zone_records"], applied)
    rows = rows.assign(objection=_objections(rows, parsed, applied, network))
    rows = rows.assign(objection=_with_their_marks(rows))
    back = rows[rows["objection"].isna()]
    is_change = ~(
        is_same(back["before"], back["after"]) & (back["before_ttl_s"] == back["after_ttl_s"]).fillna(value=False)
    )
    back = back[is_change]
    plan = back.rename(columns={name: column for column, name in NAMES["dns"].items()}).assign(
        action=back["action"].map(_INVERSE),
        before=back["after"],
        before_ttl_s=back["live_ttl_s"],
        after=back["before"],
        after_ttl_s=back["before_ttl_s"].where(back["before"].notna()),
        is_name_free=~back["subject"].isin(set(parsed["zone_records"]["owner"])),
        reason=("undo of a " + back["action"] + ", run " + back["run_id"]),
    )
    return TakenBack(tables.DNS_PLAN.frame(plan), back, refused(rows))


def _beside_what_is(rows: pd.DataFrame, zone_records: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    """The changes with the RRset that stands there now, and what the ledger says of it."""
    names = NAMES["dns"]
    live = rrsets(zone_records, extra={}).rename(columns={**names, "rdata": "live", "ttl_s": "live_ttl_s"})
    rows = rows.merge(live, on=[names[name] for name in KEY], how="left", validate="one_to_one")
    return rows.merge(applied[[*LEDGER_KEY, "value", "intended"]], on=LEDGER_KEY, how="left", validate="one_to_one")


def _objections(
    rows: pd.DataFrame, parsed: Mapping[str, pd.DataFrame], applied: pd.DataFrame, network: Network
) -> "pd.Series[str]":
    """Why each is not taken back, the last word first: not ours at all, done already, ours no more, edited since."""
    is_data, is_ttl = (
        is_same(rows["live"], rows["after"]),
        (rows["live_ttl_s"] == rows["after_ttl_s"]).fillna(value=True),
    )
    text = pd.Series(None, index=rows.index, dtype=contract.TEXT)
    text = text.mask(is_data & ~is_ttl, "changed-since: somebody gave it another TTL; set it back, or leave it so")
    text = text.mask(~is_data, "changed-since: it reads otherwise by now; what somebody else put there stays")
    is_ours = rows["after"].isna() | (rows["value"] == rows["after"]) | (rows["intended"] == rows["after"])
    text = text.mask(~is_ours, "changed-since: the ledger calls it ours no more; Kea's D2 or somebody else has it")
    text = text.mask(rows["objection"].notna(), rows["objection"])
    is_before = is_same(rows["live"], rows["before"]) & (rows["live_ttl_s"] == rows["before_ttl_s"]).fillna(value=True)
    text = text.mask(is_before & ~(is_data & is_ttl), ALREADY)
    records = parsed["zone_records"]
    foreign = rows["subject"].isin(owners_with_dhcid(records, applied))
    text = text.mask(foreign, "kea-name: a DHCID of Kea's stands there, so Kea looks after it by now")
    named = rows.rename(columns={"scope": "zone", "subject": "owner"})
    never = objections(named, records, network.dns.zones)
    text = text.mask(never.notna(), never).mask(~rows["field"].isin(MANAGED_TYPES), "never: a type that is not ours")
    unread = unread_zones(parsed["sources"])
    text = text.mask(rows["scope"].isin(unread), "unread-zone: the zone could not be read whole")
    return text.mask(~rows["scope"].isin(network.dns.zones), "not-managed: network.toml lists its zone no more")


def _with_their_marks(rows: pd.DataFrame) -> "pd.Series[str]":
    """A DHCID and what it marks are taken back together, or not at all."""
    marked = rows["subject"].isin(set(rows.loc[rows["field"] == DHCID, "subject"]))
    refusing = rows[marked & rows["objection"].notna()].drop_duplicates("subject").set_index("subject")
    is_beside = rows["objection"].isna() & rows["subject"].isin(refusing.index)
    staying = rows["subject"].map(refusing["field"]).astype(contract.TEXT)
    why = "beside: the " + staying + " at this name stays, and a DHCID goes with what it marks or not at all"
    return rows["objection"].mask(is_beside, why)
