"""Kea's names that DNS lacks: what of ours is taken out of their way, and which leases Kea is asked to register again.

Kea gives a name up for good when DNS does not answer, or when something stands there that is not its own; neither time
nor a renewal brings it back, only lease4-resend-ddns does. What others put there is reported, never removed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pipelines import tables
from pipelines.contract import INTEGER, TEXT
from pipelines.keys import merged
from pipelines.network import Network
from pipelines.plan.dns import KEY, TARGET
from pipelines.plan.past import Past
from pipelines.reconcile.dns import DHCID, FORWARD_TYPES, address_type
from pipelines.reconcile.registrations import BLOCKED, CONTESTED, MISSING, RIGHT
from pipelines.reconcile.rrsets import RRsets

MOST_AT_ONCE = 50
_FIRST_WAIT = pd.Timedelta(minutes=50)  # an hourly census must not come a few seconds too early
_LONGEST_WAIT = pd.Timedelta(hours=24)
_TELL_AFTER = 3


@dataclass(frozen=True)
class Healing:
    """`tables.HEAL_PLAN`; the changes that must come first (`tables.DNS_PLAN`); what a person should know."""

    plan: pd.DataFrame
    changes: pd.DataFrame
    withheld: pd.DataFrame


def healing(  # noqa: PLR0913 - three tables and three parameters, each by name
    registrations: pd.DataFrame,
    zone_records: pd.DataFrame,
    applied: pd.DataFrame,
    *,
    past: Past,
    network: Network,
    now: pd.Timestamp,
) -> Healing:
    """What is done about the registrations that are not right. `past` tells of earlier tries.

    Nothing is done for sites that this run did not ask: DNS is newer than what is known of their leases, and Kea would
    give the name of a device that has another address since back to its old one.

    A lease is asked for again only after a wait that doubles with every vain try, unless something changed, and at
    most 50 in one run, those first that were never asked for.
    """
    faulty = registrations[registrations["verdict"] != RIGHT]
    known = past.resent.rename(columns={"tries": "tries_before", "reason": "reason_before", "name": "name_before"})
    rows = merged(faulty, known, on=["site", "ip"], how="left", validate="one_to_one")
    is_same = (rows["name"] == rows["name_before"]) & (rows["reason"] == rows["reason_before"])
    rows = rows.assign(tries=rows["tries_before"].where(is_same, 0).fillna(0).astype(INTEGER) + 1)
    rows = rows.assign(state=_states(rows, is_same, network, past, now))
    chosen = rows[rows["state"] == _ASKED]
    return Healing(tables.HEAL_PLAN.frame(chosen), _changes(chosen, zone_records, applied, network), _withheld(rows))


_ASKED = "Kea is asked to register it again"


def _states(
    rows: pd.DataFrame, is_same: "pd.Series[bool]", network: Network, past: Past, now: pd.Timestamp
) -> "pd.Series[str]":
    """What is done about each: asked for again now, later, or nothing."""
    is_curable = (rows["verdict"] == MISSING) | ((rows["verdict"] == BLOCKED) & rows["is_ours"])
    is_open = is_curable & rows["objection"].isna()
    waits = (2.0 ** (rows["tries"] - 2).clip(0, 10).astype(float)) * _FIRST_WAIT
    waits = waits.clip(upper=_LONGEST_WAIT)
    is_early = is_same & (rows["at"] + waits > now)
    is_asked = rows["site"].isin(network.sites if past.asked is None else past.asked)
    order = rows[is_open & ~is_early & is_asked].sort_values(["at", "site", "ip"], na_position="first")
    asked_at = rows["at"].dt.strftime("%H:%M UTC").fillna("")
    vainly = "Kea was asked at " + asked_at + ", in vain so far" + (rows["tries"] > _TELL_AFTER).map(_LOOK)
    state = pd.Series("", index=rows.index, dtype=TEXT)
    state = state.mask(is_open, vainly)
    state = state.mask(rows.index.isin(order.index), f"{MOST_AT_ONCE} others are asked for first")
    state = state.mask(rows.index.isin(order.index[:MOST_AT_ONCE]), _ASKED)
    state = state.mask(is_open & ~is_asked, "the next census looks again: Kea was not asked now")
    if not network.dns.heal:
        return state.mask(is_open, "Kea is not asked again: [dns] heal is false in network.toml")
    return state


_LOOK = {
    True: "; look into the log of kea-dhcp-ddns: does it run, does it know the zones, may its key write there?",
    False: "",
}


def _changes(chosen: pd.DataFrame, zone_records: pd.DataFrame, applied: pd.DataFrame, network: Network) -> pd.DataFrame:
    """What is done to our own records that keep D2 from a name: marked as the lease's where right, else taken away."""
    blocked = chosen[chosen["verdict"] == BLOCKED]
    if blocked.empty:
        return tables.DNS_PLAN.empty()
    zones = RRsets(zone_records, applied)
    is_right = [
        zones.types(name) == {address_type(ip)} and zones.data(name, address_type(ip)) == {ip}
        for name, ip in zip(blocked["name"], blocked["ip"], strict=True)
    ]
    right = blocked[pd.Series(is_right, blocked.index, dtype=bool)]
    taken = _deletions(blocked[~blocked["name"].isin(right["name"])], zones, zone_records, network)
    return tables.DNS_PLAN.concat([_marked(right, zone_records), taken])


def _marked(right: pd.DataFrame, zone_records: pd.DataFrame) -> pd.DataFrame:
    """Our A or AAAA that already is the lease's, with the DHCID beside it: just what D2 would have written.

    D2 then finds its own client's name and takes it over (RFC 4703 section 5.3.2), and no query goes unanswered
    meanwhile, even while D2 is down. The address, though not changed, is in the plan: the message must demand that
    it stands.
    """
    held = zone_records[zone_records["owner"].isin(set(right["name"]))].drop(columns="rdata")
    rows = right.merge(held, left_on="name", right_on="owner", validate="one_to_one")
    rows = rows.assign(before_ttl_s=rows["ttl_s"], after_ttl_s=rows["ttl_s"])
    rows = rows.assign(reason=rows["name"] + " is a lease's now, and with its DHCID it is Kea's D2's to look after")
    address = rows.assign(action="update", before=rows["ip"], after=rows["ip"])
    mark = rows.assign(type=DHCID, action="create", before=None, before_ttl_s=pd.NA, after=rows["dhcid"])
    return tables.DNS_PLAN.concat([planned(address), planned(mark)])


def _deletions(blocked: pd.DataFrame, zones: RRsets, zone_records: pd.DataFrame, network: Network) -> pd.DataFrame:
    """What we wrote and now keeps D2 from a name, with our pointers back to it: one decision (rule R4)."""
    owners: dict[str, tuple[str, str]] = {}
    for site, name in zip(blocked["site"], blocked["name"], strict=True):
        why = f"{name} is a lease's now, and this keeps Kea's D2 from it"
        pointers = [network.pointer_name(ip) for kind in sorted(FORWARD_TYPES) for ip in zones.data(name, kind)]
        ours = [owner for owner in pointers if zones.is_ours(owner) and zones.data(owner, "PTR") == {name}]
        owners |= dict.fromkeys([name, *ours], (site, why))
    standing = zone_records[zone_records["owner"].isin(owners)].sort_values([*KEY, "rdata"])
    rows = standing.groupby(KEY, as_index=False).agg(before=("rdata", "\n".join), before_ttl_s=("ttl_s", "min"))
    pairs = [owners[owner] for owner in rows["owner"]]
    rows = rows.assign(site=[site for site, _ in pairs], reason=[why for _, why in pairs])
    return planned(rows.assign(action="delete"))


def planned(rows: pd.DataFrame) -> pd.DataFrame:
    """`tables.DNS_PLAN` rows of names that are Kea's: nobody names them for us."""
    blank = {name: None for name in tables.DNS_PLAN.names if name not in rows}
    return tables.DNS_PLAN.frame(rows.assign(**{**blank, "is_name_free": False}))


def told_elsewhere(
    withheld: pd.DataFrame, account: Mapping[str, pd.DataFrame], of_kea: list[pd.DataFrame], network: Network
) -> pd.DataFrame:
    """What of `withheld` remains to be told: not what the registrations say more of, nor what is Kea's by this plan."""
    records, faulty = account["records"], account["registrations"]
    faulty = faulty[faulty["verdict"] != RIGHT]
    owners = {*faulty["name"].dropna(), *map(network.pointer_name, faulty["ip"])}
    owners -= set(records.loc[(records["writer"] == "netcensus") & records["owner"].isin(owners), "owner"])
    return withheld[~withheld["subject"].isin(owners.union(*(rows["owner"] for rows in of_kea)))]


def _withheld(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per lease whose name is not right. Those whose claim is contested are told there."""
    told = rows[~rows["objection"].str.startswith(CONTESTED, na=False)]
    done = told["state"].where(
        told["state"] != "", told["objection"].str.replace(r"^[a-z-]+: ", "", regex=True).fillna("")
    )
    script = "; to clear it, give this to nsupdate -k KEYFILE:\n" + told["nsupdate"]
    reason = told["reason"] + done.mask(done != "", "; " + done) + script.fillna("")
    return tables.WITHHELD.frame(
        told.assign(
            target=TARGET,
            subject=told["name"].fillna(told["ip"]),
            field="A",
            wanted=told["ip"],
            existing=None,
            rule="kea-" + told["verdict"],
            reason=reason,
        )
    )
