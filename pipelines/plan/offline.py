"""The end of an address in phpIPAM: Offline and nameless when nobody is there any more, Used when somebody is again.

DNS comes first: while one of our records speaks of an address, its row stays as it is. docs/decisions/0006-withdraw.md.
"""

from dataclasses import dataclass

import pandas as pd

from pipelines import contract, tables
from pipelines.contract import TEXT
from pipelines.counted import counted
from pipelines.keys import merged, stand_in
from pipelines.plan.bookkeeping import ROW
from pipelines.plan.managed import GONE
from pipelines.plan.past import looked_since, waits_until
from pipelines.plan.remove import removable, spelled_out
from pipelines.plan.unwanted import Hour
from pipelines.reconcile.as_of import at_site
from pipelines.reconcile.trust import unread_zones
from pipelines.snapshots import EVERYWHERE

TARGET = "phpipam"
USED, OFFLINE = "Used", "Offline"
_ROW = ["subnet_id_phpipam", "ip"]
_FIELDS = ("tag", "hostname", "mac", ROW)
_REMEMBERED = ["value", "intended", "is_adopted", "at"]


@dataclass(frozen=True)
class Spoken:
    """The addresses that a record of ours `stands` for, and those that `wanted` records are of, whoever writes them.

    `in_dns` are the addresses and the owner names of PTRs in our zones, whoever wrote them.
    """

    stands: "pd.Series[str]"
    wanted: "pd.Series[str]"
    in_dns: "pd.Series[str]"


def offline(  # noqa: PLR0913, PLR0917 - four tables and what is known beside them
    addresses: pd.DataFrame,
    ipam: pd.DataFrame,
    applied: pd.DataFrame,
    sources: pd.DataFrame,
    spoken: Spoken,
    hour: Hour,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of `tables.IPAM_PLAN` for tags, names and rows that are over, and what is withheld of them.

    `ipam` is from `reconcile.ipam`. Rows of gateways, with tags of other people's choosing, of frozen sites, and of
    sites nobody looks at are left alone.
    """
    rows = _rows(addresses, ipam, applied)
    is_over = _is_over(rows, sources, spoken, hour)
    over = rows[is_over]
    gone = removable(over, spoken.in_dns, hour) if not unread_zones(sources) else over.head(0)
    judged = _judged(pd.concat([_tagged(over), _unnamed(rows, is_over, spoken), gone]), hour)
    parts = [spelled_out(judged[judged["rule"].isna()]), _back(rows), _settled(rows)]
    told = judged[judged["rule"].notna()]
    told = told.assign(target=TARGET, subject=told["ip"], wanted=told["after"], existing=told["before"])
    return tables.IPAM_PLAN.concat([tables.IPAM_PLAN.frame(one) for one in parts]), tables.WITHHELD.frame(told)


def _rows(addresses: pd.DataFrame, ipam: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    """What is known of each address that phpIPAM holds, the ledger's `_value`, `_intended`, ... by field."""
    texts = ["hostname", "mac", "description", "tag"]
    held = ipam[[*_ROW, "id_phpipam", *texts, "is_gateway", "last_seen_at", "is_bare"]]
    rows = merged(addresses, held, on=_ROW, suffixes=("_wanted", ""), validate="one_to_one")
    known = applied[applied["target"] == TARGET].rename(columns={"scope": "cidr", "subject": "ip"})
    for field in _FIELDS:
        of_field = known.loc[known["field"] == field, ["cidr", "ip", *_REMEMBERED]]
        renamed = of_field.rename(columns={name: f"{field}_{name}" for name in _REMEMBERED})
        rows = merged(rows, renamed, on=["cidr", "ip"], how="left", validate="one_to_one")
    return rows


def _is_over(rows: pd.DataFrame, sources: pd.DataFrame, spoken: Spoken, hour: Hour) -> "pd.Series[bool]":
    """Whether nobody is there: bound by nothing, named by nobody, in no record, looked for and missed long enough.

    An address that was never seen is left alone, as phpIPAM's own scanner leaves it (pingCheck.php).
    """
    looked = rows["site"].map(looked_since(sources, hour.past)).astype(contract.INSTANT)
    limit = at_site(hour.asked_at, rows["site"]) - pd.Timedelta(days=hour.policy.offline_after_days)
    is_missed = (rows["last_seen_at"] <= limit) & (rows["last_seen_at"] < looked)
    is_spoken_of = rows["ip"].isin(pd.concat([spoken.stands, spoken.wanted]))
    return is_missed & rows["kind"].isna() & rows["name"].isna() & ~is_spoken_of & ~rows["is_gateway"]


def _tagged(over: pd.DataFrame) -> pd.DataFrame:
    """Used becomes Offline, where that tag is phpIPAM's default or ours; a tag a person chose again is theirs."""
    is_ours = over["tag_value"].isna() | (over["tag_value"] == USED)
    rows = over[(over["tag"] == USED) & is_ours]
    reason = "last seen " + rows["last_seen_at"].dt.strftime("%Y-%m-%d") + ", not seen for long"
    return rows.assign(action="update", field="tag", before=USED, after=OFFLINE, reason=reason)


def _unnamed(rows: pd.DataFrame, is_over: "pd.Series[bool]", spoken: Spoken) -> pd.DataFrame:
    """The names we wrote that are no longer their address's: nobody, or somebody else, is there, or they moved on."""
    is_let_go = rows["name"].isna() & ~rows["ip"].isin(spoken.stands)
    why = pd.Series(None, rows.index, dtype=TEXT)
    why = why.mask(is_over, "not seen for long").mask(is_let_go & _is_anothers(rows), "another device is there")
    why = why.mask(is_let_go & _has_moved(rows), "the name has moved")
    is_ours = (rows["hostname"] == rows["hostname_value"]) & rows["hostname_is_adopted"].eq(False)  # noqa: FBT003 - nulls are not ours
    is_locked = rows["is_gateway"] | (rows["tag"] == "Reserved")
    over = rows.assign(reason="ours until now, " + why)[why.notna() & is_ours & ~is_locked]
    return over.assign(action="update", field="hostname", before=over["hostname"], after=None)


def _has_moved(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Whether another address of the site bears the name: at another site the same text is another name."""
    wanted = rows[["site", "hostname_wanted"]].set_axis(["site", "hostname"], axis="columns")
    return stand_in(rows, wanted) & rows["hostname"].notna()


def _is_anothers(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Whether a device is there that came after the name: its MAC is new, or was written later."""
    is_our_mac = rows["mac"].notna() & (rows["mac"] == rows["mac_value"])
    is_newer = (rows["mac_wanted"] != rows["mac"]) | (rows["mac_at"] > rows["hostname_at"])
    return rows["kind"].notna() & rows["mac_wanted"].notna() & is_our_mac & is_newer


def _back(rows: pd.DataFrame) -> pd.DataFrame:
    """Offline by us becomes Used again when the address is seen; a person's own Used is taken note of."""
    is_here = rows["kind"].notna() & rows["last_seen_at_wanted"].notna() & ~rows["is_gateway"]
    known = rows[is_here & (rows["tag_value"] == OFFLINE) & rows["tag"].isin({OFFLINE, USED})]
    action = known["tag"].map({OFFLINE: "update", USED: "adopt"})
    return known.assign(action=action, field="tag", before=known["tag"], after=USED, reason="seen again")


def _settled(rows: pd.DataFrame) -> pd.DataFrame:
    """What a run that died had done unnoticed: the tag as intended, the name that was to be cleared."""
    is_tagged = rows["tag_intended"].notna() & (rows["tag"] == rows["tag_intended"])
    is_cleared = (rows["hostname_intended"] == GONE) & rows["hostname"].isna() & rows["hostname_wanted"].isna()
    tags = rows[is_tagged & ~((rows["tag_value"] == OFFLINE) & rows["kind"].notna())]
    tags = tags.assign(field="tag", before=tags["tag"], after=tags["tag"])
    names = rows[is_cleared].assign(field="hostname", before=None, after=None)
    return pd.concat([tags, names]).assign(action="adopt", reason="done by a run that was interrupted")


def _judged(changes: pd.DataFrame, hour: Hour) -> pd.DataFrame:
    """The changes with the rule that holds each back; null where none does."""
    held = [_held_back(str(site), hour) for site in changes["site"]]
    rule = pd.Series([one[0] for one in held], changes.index, dtype=TEXT)
    why = pd.Series([one[1] for one in held], changes.index, dtype=TEXT)
    return changes.assign(rule=rule, reason=changes["reason"].astype(TEXT).where(rule.isna(), why))


def _held_back(site: str, hour: Hour) -> tuple[str | None, str | None]:
    """The rule that holds an address of this site back, and why."""
    first_days, starts_at = hour.policy.first_days, waits_until(hour.past, hour.policy.first_days)
    if not hour.policy.enabled:
        return "withdraw-off", "[withdraw] enabled is false in network.toml"
    if starts_at is None or starts_at > hour.as_of:
        return "withdraw-later", f"not before the ledger is {counted(first_days, 'day')} old"
    if why := hour.shrunken.get(EVERYWHERE) or hour.shrunken.get(site):
        return "shrunken", why
    return None, None
