"""What to change in DNS, RRset by RRset, and what is left alone although it differs."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

import pandas as pd

from pipelines import contract, tables
from pipelines.keys import in_order, merged
from pipelines.network import Network, Subnet
from pipelines.plan.managed import FIRST, OURS, THEIRS, ownership
from pipelines.reconcile.claims import LEASES, PEOPLE, RESERVATION
from pipelines.reconcile.dns import DHCID, FORWARD_TYPES, owners_with_dhcid
from pipelines.reconcile.never import objections
from pipelines.subnets import locate
from pipelines.values import OwnerName

TARGET = "dns"
KEY = ["zone", "owner", "type"]
_PATIENCE = [PEOPLE, *sorted(LEASES), RESERVATION]


def dns_plan(  # noqa: PLR0913 - three tables and three parameters, each by name
    records: pd.DataFrame,
    zone_records: pd.DataFrame,
    applied: pd.DataFrame,
    *,
    network: Network,
    unread: dict[OwnerName, str],
    concluded: Iterable[Subnet],
    inherited: AbstractSet[str] = frozenset(),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`tables.DNS_PLAN`, and the rows of `tables.WITHHELD` that explain what is not in it.

    Only A, AAAA, PTR and DHCID RRsets; nothing is deleted here, see plan/withdraw.py. `unread` are the zones that
    could not be read, `concluded` the subnets about which something could be concluded this hour, `inherited` the owner
    names that a D2 which is off by now left behind (plan/handover.py).
    """
    rows = _to_judge(_compare(records, zone_records, applied))
    rows = rows.assign(objection=_unknown_holders(rows, concluded))
    rows = rows.assign(objection=_objections(rows, zone_records, applied, network, unread, inherited))
    open_rows = rows[rows["objection"].isna()]
    change = open_rows[open_rows["whose"].isin({FIRST, OURS}) & _differs(open_rows)]
    change = change.assign(action=change["before"].isna().map({True: "create", False: "update"}))
    same = open_rows[open_rows["is_equal"]].drop(change.index, errors="ignore")
    is_unsettled = same["value"].isna() | same["intended"].notna()
    adopt = same[is_unsettled].assign(action="adopt")
    adopt = adopt.assign(action=adopt["action"].mask(adopt["owner"].isin(inherited), "inherit"))
    is_its_ttl = _arrived(adopt) | (adopt["action"] == "inherit")
    adopt = adopt.assign(after_ttl_s=adopt["before_ttl_s"].where(is_its_ttl, adopt["class_ttl_s"]))
    found = [tables.DNS_PLAN.frame(rows.assign(missing_since_at=None)) for rows in (change, adopt)]
    return tables.DNS_PLAN.concat(found), _withheld(rows)


def marks_beside(plan: pd.DataFrame, zone_records: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    """The unlisted DHCIDs beside RRsets to change, as `keep`. They are ours: else the change would not be there.

    By them the sender knows that the name is not Kea's.
    """
    is_changed = ~plan["action"].isin({"adopt", "inherit", "keep"})
    changed = plan.loc[is_changed, ["zone", "owner", "site"]].drop_duplicates(["zone", "owner"])
    is_mark = (zone_records["type"] == DHCID) & zone_records["owner"].isin(changed["owner"])
    marks = rrsets(zone_records[is_mark], extra={})
    beside = merged(marks, changed, on=["zone", "owner"], validate="one_to_one")
    beside = merged(beside, plan[KEY], on=KEY, how="left_anti", validate="one_to_one")
    beside = merged(beside, known(applied)[[*KEY, "named_by", "missing_since_at"]], on=KEY, how="left", validate="1:1")
    beside = beside.assign(before=beside["rdata"], before_ttl_s=beside["ttl_s"], after=beside["rdata"])
    kept = beside.assign(after_ttl_s=beside["ttl_s"], action="keep", is_name_free=False, reason="ours, beside a change")
    return tables.DNS_PLAN.frame(kept)


def _compare(records: pd.DataFrame, zone_records: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    """Desired RRsets beside the existing ones and the ledger's, with whose each is."""
    extra = {"site": "first", "writer": "min", "reason": "first", "named_by": most_patient, "longest_ttl_s": "min"}
    desired = _with_ttls(rrsets(records, extra).rename(columns={"rdata": "after"}), zone_records)
    existing = rrsets(zone_records, extra={}).rename(columns={"rdata": "before", "ttl_s": "before_ttl_s"})
    ledger = known(applied)
    rows = merged(desired, existing, on=KEY, how="left", validate="one_to_one")
    rows = merged(rows, ledger[[*KEY, "value", "intended", "ledger_ttl_s"]], on=KEY, how="left", validate="one_to_one")
    is_equal = rows["before"] == rows["after"]
    whose = ownership(rows["before"], rows["value"], rows["intended"], is_equal)
    return rows.assign(is_equal=is_equal, whose=whose, is_name_free=~rows["owner"].isin(zone_records["owner"]))


def _to_judge(rows: pd.DataFrame) -> pd.DataFrame:
    """The RRsets of names about which there is anything to say, in order: of nearly all there is nothing."""
    is_as_known = rows["is_equal"] & rows["value"].notna() & rows["intended"].isna() & ~_differs(rows)
    return in_order(rows[rows["owner"].isin(rows.loc[~is_as_known, "owner"])], KEY).reset_index(drop=True)


def _with_ttls(desired: pd.DataFrame, zone_records: pd.DataFrame) -> pd.DataFrame:
    """The TTL each RRset's class gives it in its zone, and the one it would be written with now.

    Technitium takes no TTL above the SOA's expire.
    """
    soas = zone_records[(zone_records["type"] == "SOA") & (zone_records["owner"] == zone_records["zone"])]
    expire_s = dict(zip(soas["zone"], soas["rdata"].str.split().str[5].astype(contract.INTEGER), strict=True))
    longest = desired["zone"].map(expire_s).astype(contract.INTEGER)
    by_class = desired["ttl_s"].mask((longest < desired["ttl_s"]).fillna(value=False), longest)
    is_cut = (desired["longest_ttl_s"] < by_class).fillna(value=False)
    return desired.assign(class_ttl_s=by_class, after_ttl_s=by_class.mask(is_cut, desired["longest_ttl_s"]))


def known(applied: pd.DataFrame) -> pd.DataFrame:
    """The ledger's rows for DNS in the words of `tables.DNS_PLAN`, their TTL as `ledger_ttl_s`."""
    return applied[applied["target"] == TARGET].rename(
        columns={"scope": "zone", "subject": "owner", "field": "type", "ttl_s": "ledger_ttl_s"}
    )


def most_patient(sources: "pd.Series[str]") -> str:
    """Of the sources that name an RRset's addresses, the one whose names are withdrawn last."""
    return str(max(sources, key=lambda one: _PATIENCE.index(one) if one in _PATIENCE else len(_PATIENCE)))


def rrsets(frame: pd.DataFrame, extra: Mapping[str, object]) -> pd.DataFrame:
    """One row per RRset: its data sorted, one a line, and the smallest TTL (RFC 2181 section 5.2 wants one)."""
    columns = [*KEY, "rdata", "ttl_s", *extra]
    shared = frame.duplicated(KEY, keep=False)
    ordered = in_order(frame[shared], [*KEY, "rdata"])
    joined = ordered.groupby(KEY, as_index=False).agg({"rdata": "\n".join, "ttl_s": "min", **extra})
    lone = frame.loc[~shared, columns]  # nearly all: calling Python for each of ten thousand takes a second
    both = [lone] if joined.empty else [lone, joined[columns].astype(lone.dtypes.to_dict())]
    return pd.concat(both, ignore_index=True)


def _differs(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Other data, or data of ours with a TTL that is ours as well and should be another.

    A TTL below its class's was cut to the lease's rest when it was written. It stays while the rest shrinks (rule R9),
    and is raised once the lease bears the whole. Of a write nobody heard the end of, the TTL is ours as the data is.
    """
    is_our_ttl = (rows["before_ttl_s"] == rows["ledger_ttl_s"]).fillna(value=False) | _arrived(rows)
    is_too_long = rows["before_ttl_s"] > rows["class_ttl_s"]
    can_be_whole = (rows["before_ttl_s"] < rows["class_ttl_s"]) & (rows["after_ttl_s"] == rows["class_ttl_s"])
    return ~rows["is_equal"] | (is_our_ttl & (is_too_long | can_be_whole)).fillna(value=False)


def _arrived(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Whether an RRset reads as what we were about to write when we last sent something: then it came through."""
    return rows["before"].notna() & (rows["before"] == rows["intended"])


def _objections(  # noqa: PLR0913, PLR0917 - what speaks for and against an RRset
    rows: pd.DataFrame,
    zone_records: pd.DataFrame,
    applied: pd.DataFrame,
    network: Network,
    unread: dict[OwnerName, str],
    inherited: AbstractSet[str],
) -> "pd.Series[str]":
    """Why an RRset is not ours to change, as `rule: reason`; null where nothing speaks against it."""
    is_theirs, is_there = rows["whose"] == THEIRS, rows["before"].notna()
    text = rows["objection"].mask(is_theirs & ~is_there, _REMOVED).mask(is_theirs & is_there, _EDITED)
    over_ours = rows["value"].where(is_theirs & is_there)
    text = text.mask(over_ours.notna(), _OVER_OURS + over_ours.str.replace("\n", ", "))
    text = text.mask(rows["writer"] == "kea", _KEA)
    at_these = zone_records[zone_records["owner"].isin(rows["owner"])]
    text = text.mask(rows["owner"].isin(owners_with_dhcid(at_these, applied) - inherited), _MARKED)
    never = objections(rows, zone_records, network.dns.zones)
    text = text.mask(never.notna(), never)
    text = text.mask(rows["zone"].isin(unread), "unread-zone: " + rows["zone"].map(unread).astype(contract.TEXT))
    return _with_its_address(rows, text)


def _with_its_address(rows: pd.DataFrame, objection: "pd.Series[str]") -> "pd.Series[str]":
    """A DHCID is left out with the record it marks: beside somebody else's it would give their name to a client."""
    is_mark = rows["type"] == DHCID
    is_open = is_mark & objection.isna()
    is_beside = ~is_mark & rows["owner"].isin(rows.loc[is_open, "owner"])
    beside = rows.assign(objection=objection)[is_beside].drop_duplicates("owner", keep="last")
    beside = beside[beside["objection"].notna()].set_index("owner")["objection"]
    left_out = rows["owner"].where(is_open & rows["owner"].isin(beside.index))
    return objection.mask(left_out.notna(), left_out.map(beside).astype(contract.TEXT))


def _unknown_holders(rows: pd.DataFrame, concluded: Iterable[Subnet]) -> "pd.Series[str]":
    """Why an RRset is left alone that holds an address nothing is known about this hour: its host may well be there."""
    held = _lines(rows.loc[rows["type"].isin(FORWARD_TYPES), "before"].dropna())
    unknown = held[locate(held, concluded).isna()].groupby(level=0).first()
    return ("frozen: it holds " + unknown + ", of which nothing can be concluded this hour").reindex(rows.index)


def _lines(texts: "pd.Series[str]") -> "pd.Series[str]":
    """The lines of texts that nearly all have one, each under its text's label."""
    has_more = texts.str.contains("\n", regex=False)
    parts = [texts[~has_more], texts[has_more].str.split("\n").explode().astype(contract.TEXT)]
    return pd.concat(parts).sort_index(kind="stable")


_REMOVED = "kept-edit: somebody removed what we wrote; clear the name in phpIPAM too, or add the record again by hand"
_OVER_OURS = "kept-edit: somebody edited what we wrote; to have it follow phpIPAM again, put back "
_EDITED = "kept-edit: made by somebody else; remove the record to have it written from phpIPAM"
_MARKED = "kea-name: a DHCID stands there, so Kea looks after it and put there what it has"
_KEA = "kea-name: it is for Kea to write, once it hands the lease to its D2: at the next renewal"


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
