"""What a plan may rest on, looked at once more from the plan alone: the guards no planner's mistake gets past.

The planners hold back by themselves what rests on a source that was not read, is old or has shrunk, and what is never
ours. Here the finished plan is held against the sources and against the never-list, whoever made it.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from pipelines.contract import TEXT
from pipelines.counted import counted
from pipelines.network import Network
from pipelines.plan.past import Past, shrunken
from pipelines.plan.unwanted import address_of
from pipelines.plan.volume import DELETE, DNS, PHPIPAM
from pipelines.reconcile.dns import FORWARD_TYPES, owners_with_dhcid
from pipelines.reconcile.never import MANAGED_TYPES, objections
from pipelines.snapshots import EVERYWHERE, ZONE
from pipelines.subnets import site_of

Tables = Mapping[str, pd.DataFrame]
SHRANK, NOT_SEEN, STALE, NEVER = "source-shrank", "source-not-seen", "stale-snapshot", "never-list"
A_RUN = pd.Timedelta(minutes=15)
"""How long a run may take (schedules/jobs.py): by so much a snapshot may be older than it was when it was read."""
_SHOWN = 3
_RESERVED = "Reserved"


class Met(NamedTuple):
    """A guard that was met: whose plan, which guard, where, how many subjects, and what is wrong."""

    target: str
    guard: str
    scope: str
    action: str
    subjects: int
    reason: str


def met(  # noqa: PLR0913 - three tables and three parameters, each by name
    changed: pd.DataFrame,
    made: Tables,
    parsed: Tables,
    applied: pd.DataFrame,
    *,
    network: Network,
    past: Past,
    now: pd.Timestamp,
) -> Iterator[Met]:
    """The guards of this kind that the plans meet. `changed` is from `plan.volume.changes`.

    Without a `heal_plan` a person has asked for the plans (undo): no deletion follows from what was not seen.
    """
    if changed.empty:
        return
    sources = parsed["sources"]
    gone = _concluded(changed, made["heal_plan"], network) if "heal_plan" in made else changed.head(0)
    for guard, reasons in (
        (SHRANK, shrunken(sources, past)),
        (NOT_SEEN, _unseen(sources, network)),
        (STALE, _stale(sources, network, now)),
    ):
        yield from _rests_on(gone, guard, reasons, "site", DELETE)
        if guard != SHRANK:
            yield from _rests_on(changed.assign(source=_written(changed)), guard, reasons, "source", "any")
    yield from _never(changed, made, parsed, applied, network)


def _concluded(changed: pd.DataFrame, heal_plan: pd.DataFrame, network: Network) -> pd.DataFrame:
    """The deletions that follow from what was *not* seen, each with the site its address is in.

    Not those that make room for a lease Kea is asked to register: they follow from what is there.
    """
    rows = changed[changed["effect"] == DELETE]
    names = set(heal_plan["name"])
    owners = names | set(rows.loc[(rows["field"] == "PTR") & rows["before"].isin(names), "subject"])
    rows = rows[(rows["target"] != DNS) | ~rows["subject"].isin(owners)]
    is_forward = (rows["target"] == DNS) & rows["field"].isin(FORWARD_TYPES)
    held = rows.loc[is_forward, "before"].str.split("\n").explode()
    others = rows.loc[(rows["target"] == DNS) & ~is_forward, "subject"]
    pointed = pd.Series([address_of(owner, network) for owner in others], others.index, dtype=TEXT)
    listed = rows.loc[rows["target"] == PHPIPAM, "subject"]
    found = site_of(pd.concat([held, pointed.dropna(), listed]).astype(TEXT), network.site_of_subnet)
    sites = pd.concat([found, rows["site"]]).rename("site")  # where it lies, and where the plan says it does
    return rows.drop(columns="site").join(sites.dropna()).drop_duplicates()


def _written(changed: pd.DataFrame) -> "pd.Series[str]":
    """What each change was held against: its zone, or phpIPAM's tables."""
    return (ZONE + changed["scope"].str.rstrip(".")).where(changed["target"] == DNS, PHPIPAM)


def _rests_on(rows: pd.DataFrame, guard: str, reasons: dict[str, str], column: str, action: str) -> Iterator[Met]:
    """One row per target and site (or source) with something wrong, and changes that rest on it."""
    if EVERYWHERE in reasons and column == "site":
        reasons = dict.fromkeys(rows["site"].unique(), reasons[EVERYWHERE]) | reasons
    resting = rows[rows[column].isin(set(reasons) - {EVERYWHERE})]
    for (target, place), alike in resting.groupby(["target", column]):
        count = int(alike["subject"].nunique())
        what = "deletions rest" if action == DELETE else "changes rest"
        yield Met(str(target), guard, str(place), action, count, f"{count} {what} on {place}, but {reasons[place]}")


def _unseen(sources: pd.DataFrame, network: Network) -> dict[str, str]:
    """The sites with a gateway, the zones and phpIPAM, where nothing at all or not all of it was read; and why."""
    lacking = sources[~sources["is_complete"]]
    found = {
        str(place): "; ".join(rows["source"] + ": " + rows["reason"])
        for place, rows in lacking.groupby(_places(lacking))
    }
    wanted = [*network.gateways, PHPIPAM, *(ZONE + zone.rstrip(".") for zone in network.dns.zones)]
    there = set(_places(sources))
    return {place: "no answer of it is among the snapshots" for place in wanted if place not in there} | found


def _stale(sources: pd.DataFrame, network: Network, now: pd.Timestamp) -> dict[str, str]:
    """Of which answers are older than they may be (`Network.hold`) and a run may take; and how old they are."""
    hold = pd.Series([network.hold(site) for site in sources["site"]], sources.index, dtype="timedelta64[us]")
    old = sources[now - sources["read_at"] > hold + A_RUN]
    ages = (now - old["read_at"]) // pd.Timedelta(minutes=1)
    told = old["source"] + " was read " + ages.astype(TEXT) + " minutes ago"
    return {str(place): "; ".join(texts) for place, texts in told.groupby(_places(old))}


def _places(sources: pd.DataFrame) -> "pd.Series[str]":
    """What a source speaks of: its site, its zone, or phpIPAM."""
    own = sources["source"].where(sources["source"].str.startswith(ZONE), PHPIPAM)
    return sources["site"].where(sources["site"] != EVERYWHERE, own)


def _never(
    changed: pd.DataFrame, made: Tables, parsed: Tables, applied: pd.DataFrame, network: Network
) -> Iterator[Met]:
    """The changes of what is never ours: by zone, by subnet."""
    in_dns = changed[changed["target"] == DNS].rename(columns={"scope": "zone", "subject": "owner"})
    records = parsed["zone_records"]
    why = objections(in_dns, records, network.dns.zones)
    why = why.mask(in_dns["owner"].isin(owners_with_dhcid(records, applied)), "kea-name: a DHCID of Kea's stands there")
    why = why.mask(~in_dns["field"].isin(MANAGED_TYPES), "never: a type that is not ours")
    in_dns = in_dns.rename(columns={"zone": "scope", "owner": "subject"}).assign(why=why)
    held = parsed["ipam_addresses"]
    kept = set(held.loc[held["is_gateway"] | (held["tag"] == _RESERVED), "id_phpipam"])
    plan = made["ipam_plan"].rename(columns={"cidr": "scope", "ip": "subject"})
    in_ipam = plan[plan["id_phpipam"].isin(kept) & ~plan["action"].isin({"adopt", "touch", "release"})]
    in_ipam = in_ipam.assign(target=PHPIPAM, why="never: a gateway's or a reserved row")
    rows = pd.concat([one[["target", "scope", "subject", "why"]] for one in (in_dns, in_ipam)])
    for (target, scope), alike in rows[rows["why"].notna()].groupby(["target", "scope"]):
        subjects = sorted(set(alike["subject"]))
        shown = ", ".join(ascii(name)[1:-1] for name in subjects[:_SHOWN])
        reason = f"{counted(len(subjects), 'change')} of what is never ours: {shown} ({alike['why'].iloc[0]})"
        yield Met(str(target), NEVER, str(scope), "any", len(subjects), reason)
