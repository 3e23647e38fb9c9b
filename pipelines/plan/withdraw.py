"""The end of a binding in DNS: what we wrote, and nothing wants any more, is missed, waited for, and taken back.

Only what is ours by the ledger goes: written by us (not adopted) and still reading so. A, PTR and DHCID of one name are
decided together. Everything here fails towards keeping: docs/decisions/0006-withdraw.md.
"""

import ipaddress

import pandas as pd

from pipelines import contract, tables
from pipelines.contract import TEXT
from pipelines.keys import in_order, merged, stand_in
from pipelines.plan.dns import KEY, TARGET, known, marks_beside, most_patient, rrsets
from pipelines.plan.managed import GONE
from pipelines.plan.past import waits_until
from pipelines.plan.unwanted import FROZEN, SHRUNKEN, Hour, Tables, unwanted
from pipelines.reconcile.as_of import at_site
from pipelines.reconcile.claims import LEASES, PEOPLE
from pipelines.snapshots import EVERYWHERE

_WHOLE = frozenset({FROZEN, SHRUNKEN, "kea-mark"})
"""Rules that hold back all of a name; the others are about one RRset, and what belongs to it goes without it."""


def withdrawals(  # noqa: PLR0913, PLR0917 - the stage's tables, and the hour
    plan: pd.DataFrame, there: pd.DataFrame, parsed: Tables, account: Tables, applied: pd.DataFrame, hour: Hour
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`plan` (from `dns_plan`) completed, and what is withheld of it. `there` is what stands of ours (`standing`).

    Added are deletions and, as `keep`, what is to be remembered of RRsets that stay: that they are missed since, or
    wanted again, by what they are named now, and that a deletion came true unnoticed.
    """
    rows = _timed(unwanted(there, parsed, account, applied, hour), parsed["leases"], hour)
    rows = _held_together(_decided(rows, hour))
    is_gone = rows["rule"].isna()
    deleted = rows[is_gone].drop(columns="missing_since_at").rename(columns={"since_at": "missing_since_at"})
    more = [
        _rows(deleted.assign(action="delete", after=None, after_ttl_s=pd.NA)),
        _missed(rows[~is_gone]),
        _found(there, account["records"]),
    ]
    more = tables.DNS_PLAN.concat([*more, _unnoticed(parsed["zone_records"], applied, account["records"])])
    every = tables.DNS_PLAN.concat([plan, merged(more, plan[KEY], on=KEY, how="left_anti", validate="one_to_one")])
    every = tables.DNS_PLAN.concat([every, marks_beside(every, parsed["zone_records"], applied)])
    return tables.DNS_PLAN.frame(in_order(every, KEY)), _withheld(rows[~is_gone])


def _timed(rows: pd.DataFrame, leases: pd.DataFrame, hour: Hour) -> pd.DataFrame:
    """With `since_at`, since when each is missed, and `due_at`, when all of its name may go: the latest of them.

    `looked_at` is how late it is for them: what a gateway said an hour ago does not tell that a lease has ended since.
    Of what is not concluded about, and of what others made, no time is told.
    """
    is_missed = rows["is_ours"] & ~rows["rule"].isin({FROZEN, SHRUNKEN})
    since = rows["missing_since_at"].fillna(_ended_at(rows, leases, hour)).where(is_missed)
    triples = zip(rows["named_by"], rows["ips"], rows["is_superseded"], strict=True)
    grace = pd.Series([_grace(*one, hour) for one in triples], rows.index, dtype="timedelta64[us]")
    due = (since + grace).where(rows["rule"].isna() | rows["rule"].isin(_WHOLE))
    looked = rows["site"].map(hour.looked_at).fillna(hour.as_of).astype(contract.INSTANT)
    looked = looked.mask(rows["is_superseded"] | (rows["named_by"] == PEOPLE), hour.as_of)
    by_name = rows.assign(due_at=due, looked_at=looked).groupby("name")
    return rows.assign(
        since_at=since, due_at=by_name["due_at"].transform("max"), looked_at=by_name["looked_at"].transform("min")
    )


def _ended_at(rows: pd.DataFrame, leases: pd.DataFrame, hour: Hour) -> "pd.Series[pd.Timestamp]":
    """When the last lease on a row's addresses ended, where a lease named them and Kea still tells; else now."""
    ended = leases[leases["expires_at"] <= at_site(hour.asked_at, leases["site"])].groupby("ip")["expires_at"].max()
    return pd.Series(
        [
            max((ended[ip] for ip in ips if ip in ended.index), default=hour.as_of) if source in LEASES else hour.as_of
            for source, ips in zip(rows["named_by"], rows["ips"], strict=True)
        ],
        index=rows.index,
        dtype=contract.INSTANT,
    )


def _grace(named_by: object, ips: list[str], is_superseded: object, hour: Hour) -> pd.Timedelta:
    """How long after it was last wanted an RRset stays. What is of no known class is waited for longest."""
    is_guest = all(any(ipaddress.ip_address(ip) in subnet for subnet in hour.policy.guests) for ip in ips)
    if is_superseded or named_by == PEOPLE or is_guest:
        return pd.Timedelta(0)
    by_lease, by_reservation = hour.policy.dynamic_grace_hours, hour.policy.reservation_grace_hours
    return pd.Timedelta(hours=by_lease if named_by in LEASES else max(by_lease, by_reservation))


def _decided(rows: pd.DataFrame, hour: Hour) -> pd.DataFrame:
    """With the rule that holds each row back, and why; null where it goes now."""
    starts_at = waits_until(hour.past, hour.policy.first_days)
    goes_at = rows["due_at"] if starts_at is None else rows["due_at"].clip(lower=starts_at)
    when = _told(rows["since_at"]) + ", goes after " + _told(goes_at)
    is_open, is_due = rows["rule"].isna(), goes_at <= rows["looked_at"]
    rule = rows["rule"].mask(is_open & ~is_due, "withdraw-later")
    reason = rows["reason"].mask(is_open, "nothing wants it since " + when)
    if starts_at is None:
        rule, reason = rule.mask(is_open, "withdraw-later"), reason.mask(is_open, "this ledger has only just begun")
    if not hour.policy.enabled:
        rule = rule.mask(is_open, "withdraw-off")
        reason = reason.mask(is_open, reason + "; but [withdraw] enabled is false in network.toml")
    return rows.assign(rule=rule, reason=reason.mask(rule.isna(), _why(rows)))


def _held_together(rows: pd.DataFrame) -> pd.DataFrame:
    """What one rule holds back of a name for the sake of the whole, it holds back of all of it."""
    holding = rows[rows["rule"].isin(_WHOLE)].drop_duplicates("name").set_index("name")
    is_held = rows["rule"].isna() & rows["name"].isin(holding.index)
    return rows.assign(
        rule=rows["rule"].mask(is_held, rows["name"].map(holding["rule"])),
        reason=rows["reason"].mask(is_held, "with " + rows["name"] + ": " + rows["name"].map(holding["reason"])),
    )


def _why(rows: pd.DataFrame) -> "pd.Series[str]":
    since = "not wanted since " + _told(rows["since_at"])
    kind = rows["is_superseded"].map({True: "replaced", False: "no longer named by "})
    source = rows["named_by"].fillna("anybody").where(~rows["is_superseded"], "")
    return since + ", " + kind + source


def _told(times: "pd.Series[pd.Timestamp]") -> "pd.Series[str]":
    return times.dt.strftime("%Y-%m-%d %H:%M UTC").fillna("an unknown time").astype(TEXT)


def _missed(rows: pd.DataFrame) -> pd.DataFrame:
    """Those missed from now on."""
    new = rows[rows["since_at"].notna() & rows["missing_since_at"].isna()]
    return _kept(new.assign(missing_since_at=new["since_at"], reason="missed from now on"))


def _found(there: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Those wanted again, or named by another source than they were."""
    ours = records[records["writer"] == "netcensus"]
    wanted = rrsets(ours, {"site": "first", "named_by": most_patient}).rename(columns={"named_by": "wanted_by"})
    rows = merged(there[there["is_ours"]], wanted[[*KEY, "site", "wanted_by"]], on=KEY, validate="one_to_one")
    is_other = rows["named_by"].notna() & (rows["named_by"] != rows["wanted_by"])
    found = rows[rows["missing_since_at"].notna() | is_other]
    return _kept(found.assign(named_by=found["wanted_by"], missing_since_at=None, reason="wanted again, or by another"))


def _unnoticed(zone_records: pd.DataFrame, applied: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Those we were about to delete, or to make, when a run died, and that are not there and not wanted now."""
    rows = known(applied)
    rows = rows[rows["zone"].isin(zone_records["zone"]) & ((rows["intended"] == GONE) | rows["value"].isna())]
    for others in (zone_records, records):
        rows = rows[~stand_in(rows, others[KEY])]
    return _kept(rows.assign(site=EVERYWHERE, before=None, before_ttl_s=pd.NA, reason="gone, as was meant"))


def _kept(rows: pd.DataFrame) -> pd.DataFrame:
    return _rows(rows.assign(action="keep", after=rows["before"], after_ttl_s=rows["before_ttl_s"]))


def _rows(rows: pd.DataFrame) -> pd.DataFrame:
    return tables.DNS_PLAN.frame(rows.assign(is_name_free=False))


def _withheld(rows: pd.DataFrame) -> pd.DataFrame:
    """What stays although nothing wants it. In a frozen site nobody knows that, unless it was missed before.

    What stood there before us is told once, when it is first missed: it stays until a person deletes it.
    """
    is_known = rows["missing_since_at"].notna()
    told = rows[((rows["rule"] != FROZEN) | is_known) & ~((rows["rule"] == "adopted") & is_known)]
    return tables.WITHHELD.frame(
        told.assign(target=TARGET, subject=told["owner"], field=told["type"], wanted=None, existing=told["before"])
    )
