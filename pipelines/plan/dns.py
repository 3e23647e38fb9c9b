"""What to change in DNS, RRset by RRset, and what is left alone although it differs."""

from collections.abc import Iterable

import pandas as pd

from pipelines import tables
from pipelines.network import Network, Subnet
from pipelines.plan.managed import FIRST, OURS, THEIRS, ownership
from pipelines.plan.never import objections
from pipelines.reconcile.dns import DHCID, FORWARD_TYPES, owners_with_dhcid
from pipelines.subnets import locate
from pipelines.values import OwnerName

TARGET = "dns"
KEY = ["zone", "owner", "type"]


def dns_plan(  # noqa: PLR0913 - three tables and three parameters, each by name
    records: pd.DataFrame,
    zone_records: pd.DataFrame,
    applied: pd.DataFrame,
    *,
    network: Network,
    unread: dict[OwnerName, str],
    concluded: Iterable[Subnet],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`tables.DNS_PLAN`, and the rows of `tables.WITHHELD` that explain what is not in it.

    Only A, AAAA, PTR and DHCID RRsets; nothing is ever deleted. `unread` are the zones that could not be read,
    `concluded` the subnets about which something could be concluded this hour. A DHCID of ours beside a changed RRset
    is listed as `keep`: the sender then knows that the name is not Kea's.
    """
    rows = _compare(records, zone_records, applied)
    rows = rows.assign(objection=_unknown_holders(rows, concluded))
    rows = rows.assign(objection=_objections(rows, zone_records, applied, network, unread))
    open_rows = rows[rows["objection"].isna()]
    change = open_rows[open_rows["whose"].isin({FIRST, OURS}) & _differs(open_rows)]
    change = change.assign(action=change["before"].isna().map({True: "create", False: "update"}))
    same = open_rows[open_rows["is_equal"]].drop(change.index, errors="ignore")
    is_unsettled = same["value"].isna() | same["intended"].notna()
    adopt = same[is_unsettled].assign(action="adopt")
    plan = tables.DNS_PLAN.concat([tables.DNS_PLAN.frame(change), tables.DNS_PLAN.frame(adopt)])
    plan = tables.DNS_PLAN.concat([plan, _marks_beside(plan, zone_records)])
    return tables.DNS_PLAN.frame(plan.sort_values(KEY)), _withheld(rows)


def _marks_beside(plan: pd.DataFrame, zone_records: pd.DataFrame) -> pd.DataFrame:
    """The unlisted DHCIDs beside RRsets to change. They are ours: else the change would not be there."""
    marks = _rrsets(zone_records[zone_records["type"] == DHCID], extra={})
    changed = plan[plan["action"] != "adopt"].drop_duplicates(["zone", "owner"])[["zone", "owner", "site"]]
    beside = marks.merge(changed, on=["zone", "owner"], validate="one_to_one")
    beside = beside.merge(plan[KEY], on=KEY, how="left_anti", validate="one_to_one")
    beside = beside.assign(before=beside["rdata"], before_ttl_s=beside["ttl_s"], after=beside["rdata"])
    kept = beside.assign(after_ttl_s=beside["ttl_s"], action="keep", is_name_free=False, reason="ours, beside a change")
    return tables.DNS_PLAN.frame(kept)


def _compare(records: pd.DataFrame, zone_records: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    """Desired RRsets beside the existing ones and the ledger's, with whose each is."""
    desired = _rrsets(records, extra={"site": "first", "writer": "min", "reason": "first"})
    desired = desired.rename(columns={"rdata": "after", "ttl_s": "after_ttl_s"})
    existing = _rrsets(zone_records, extra={}).rename(columns={"rdata": "before", "ttl_s": "before_ttl_s"})
    ledger = applied[applied["target"] == TARGET].rename(
        columns={"scope": "zone", "subject": "owner", "field": "type", "ttl_s": "ledger_ttl_s"}
    )
    rows = desired.merge(existing, on=KEY, how="left", validate="one_to_one")
    rows = rows.merge(ledger[[*KEY, "value", "intended", "ledger_ttl_s"]], on=KEY, how="left", validate="one_to_one")
    is_equal = rows["before"] == rows["after"]
    whose = ownership(rows["before"], rows["value"], rows["intended"], is_equal)
    return rows.assign(is_equal=is_equal, whose=whose, is_name_free=~rows["owner"].isin(zone_records["owner"]))


def _rrsets(frame: pd.DataFrame, extra: dict[str, str]) -> pd.DataFrame:
    """One row per RRset: its data sorted, one a line, and the smallest TTL (RFC 2181 section 5.2 wants one)."""
    ordered = frame.sort_values([*KEY, "rdata"])
    return ordered.groupby(KEY, as_index=False).agg({"rdata": "\n".join, "ttl_s": "min", **extra})


def _differs(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Other data, or data of ours with a TTL that is ours as well and should be another."""
    is_our_ttl = (rows["before_ttl_s"] == rows["ledger_ttl_s"]).fillna(value=False)
    other_ttl = (rows["before_ttl_s"] != rows["after_ttl_s"]).fillna(value=False)
    return ~rows["is_equal"] | (is_our_ttl & other_ttl)


def _objections(
    rows: pd.DataFrame,
    zone_records: pd.DataFrame,
    applied: pd.DataFrame,
    network: Network,
    unread: dict[OwnerName, str],
) -> "pd.Series[str]":
    """Why an RRset is not ours to change, as `rule: reason`; null where nothing speaks against it."""
    text = rows["objection"].astype("object")
    text = text.mask(rows["whose"] == THEIRS, rows["before"].isna().map({True: _REMOVED, False: _EDITED}))
    text = text.mask(rows["writer"] == "kea", _KEA)
    text = text.mask(rows["owner"].isin(owners_with_dhcid(zone_records, applied)), _MARKED)
    never = objections(rows, zone_records, network.dns.zones)
    text = text.mask(never.notna(), never)
    text = text.mask(rows["zone"].isin(unread), "unread-zone: " + rows["zone"].map(unread).astype("object"))
    return _with_its_address(rows, text)


def _with_its_address(rows: pd.DataFrame, objection: "pd.Series[str]") -> "pd.Series[str]":
    """A DHCID is left out with the record it marks: beside somebody else's it would give their name to a client."""
    is_mark = rows["type"] == DHCID
    beside = dict(zip(rows.loc[~is_mark, "owner"], objection[~is_mark], strict=True))
    return objection.mask(is_mark & objection.isna(), rows["owner"].map(beside).astype("object"))


def _unknown_holders(rows: pd.DataFrame, concluded: Iterable[Subnet]) -> "pd.Series[str]":
    """Why an RRset is left alone that holds an address nothing is known about this hour: its host may well be there."""
    held = rows.loc[rows["type"].isin(FORWARD_TYPES), "before"].dropna().str.split("\n").explode().astype(tables.TEXT)
    unknown = held[locate(held, concluded).isna()].groupby(level=0).first()
    return ("frozen: it holds " + unknown + ", of which nothing can be concluded this hour").reindex(rows.index)


_REMOVED = "kept-edit: somebody removed what we wrote; clear the name in phpIPAM too, or add the record again by hand"
_EDITED = "kept-edit: made by somebody else; remove the record to have it written from phpIPAM"
_MARKED = "kea-name: a DHCID stands there, so Kea looks after it and put there what it has"
_KEA = "kea-missing: Kea's D2 should have registered it and DNS says otherwise; see lease4-resend-ddns"


def _withheld(rows: pd.DataFrame) -> pd.DataFrame:
    """The RRsets that differ and were left alone. What is already as it should be is not worth a line."""
    kept = rows[rows["objection"].notna() & ~rows["is_equal"]]
    parts = kept["objection"].str.split(": ", n=1)
    told = kept.assign(
        target=TARGET,
        subject=kept["owner"],
        field=kept["type"],
        wanted=kept["after"],
        existing=kept["before"],
        rule=parts.str[0],
        reason=parts.str[1],
    )
    return tables.WITHHELD.frame(told)
