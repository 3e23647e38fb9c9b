"""How much the plans change, by site, zone and subnet, beside how much stands there.

Counted are addresses in phpIPAM and owner names in DNS, by what becomes of them: something where nothing was, something
else, or less. An address that is set Offline loses as much as one whose row goes.
"""

from collections.abc import Mapping

import pandas as pd

from pipelines.contract import TEXT
from pipelines.keys import merged
from pipelines.network import Network
from pipelines.plan.bookkeeping import SIGHTING, work
from pipelines.plan.dns import KEY, known
from pipelines.plan.offline import OFFLINE, USED
from pipelines.plan.unwanted import address_of
from pipelines.reconcile.dns import FORWARD_TYPES
from pipelines.reconcile.ipam import tracked_addresses, tracked_subnets
from pipelines.reconcile.never import MANAGED_TYPES
from pipelines.subnets import site_of

Tables = Mapping[str, pd.DataFrame]
CREATE, UPDATE, DELETE = "create", "update", "delete"
PHPIPAM, DNS = "phpipam", "dns"
_COUNTED = ["target", "kind", "scope", "action"]


def changes(made: Tables) -> pd.DataFrame:
    """What both plans write, one row per changed field or RRset, `lastSeen` alone left out.

    Columns: target, site, scope (subnet or zone), subject (address or owner name), field, effect, before, action.
    """
    ipam = made["ipam_plan"].rename(columns={"cidr": "scope", "ip": "subject"})
    ipam = ipam[(ipam["field"] != SIGHTING) | (ipam["action"] == DELETE)]
    dns = made["dns_plan"].rename(columns={"zone": "scope", "owner": "subject", "type": "field"})
    columns = ["target", "site", "scope", "subject", "field", "effect", "before", "action"]
    parts = [
        work(rows).assign(target=target, effect=_effects)[columns] for target, rows in ((PHPIPAM, ipam), (DNS, dns))
    ]
    return pd.concat(parts, ignore_index=True)


def _effects(rows: pd.DataFrame) -> "pd.Series[str]":
    """What becomes of each: more (`create`), less (`delete`), or something else (`update`)."""
    is_tag = rows["field"] == "tag"
    is_less = (rows["action"] == DELETE) | rows["after"].isna() | (is_tag & (rows["after"] == OFFLINE))
    is_more = (rows["action"] == CREATE) | rows["before"].isna() | (is_tag & (rows["after"] == USED))
    effects = pd.Series(UPDATE, rows.index, dtype=TEXT)
    return effects.mask(is_less, DELETE).mask(is_more, CREATE)


def volumes(changed: pd.DataFrame, parsed: Tables, applied: pd.DataFrame, *, network: Network) -> pd.DataFrame:
    """The `changes` counted: target, kind (site, zone or subnet), scope, action, `count`, and `of` how many there are.

    In DNS, deletions are held against what we wrote and still stands there: nothing else is ours to delete.
    """
    if changed.empty:
        return pd.DataFrame(columns=[*_COUNTED, "count", "of"])
    standing = _standing(parsed, applied, network)
    rows = _by_place(changed.rename(columns={"action": "asked", "effect": "action"}))
    of = _by_place(standing).rename(columns={"count": "of"})
    rows = merged(rows, of, on=_COUNTED, how="left", validate="one_to_one")
    part = rows["target"].map({PHPIPAM: "subnet", DNS: "zone"})
    rows = rows.assign(kind=rows["kind"].where(rows["kind"] == "site", part), of=rows["of"].fillna(0).astype(int))
    return rows.sort_values(_COUNTED, ignore_index=True)


def _by_place(rows: pd.DataFrame) -> pd.DataFrame:
    """How many different subjects there are by target, action and place: by site, and by scope (kind `part`)."""
    counts = [
        rows.groupby(["target", "action", column])["subject"].nunique().rename("count").reset_index()
        .rename(columns={column: "scope"}).assign(kind=kind)
        for kind, column in (("site", "site"), ("part", "scope"))
    ]  # fmt: skip
    return pd.concat(counts, ignore_index=True)


def _standing(parsed: Tables, applied: pd.DataFrame, network: Network) -> pd.DataFrame:
    """What stands in both targets, once for each action it is the measure of: target, site, scope, subject, action."""
    subnets, _ = tracked_subnets(parsed["ipam_subnets"], network=network)
    held = tracked_addresses(parsed["ipam_addresses"], subnets).rename(columns={"cidr": "scope", "ip": "subject"})
    held = held.assign(target=PHPIPAM)
    records = parsed["zone_records"]
    named = records[records["type"].isin(MANAGED_TYPES)].drop_duplicates([*KEY, "rdata"])
    named = named.assign(target=DNS, site=_sites(named, network), scope=named["zone"], subject=named["owner"])
    ledger = known(applied)
    ours = merged(named, ledger.loc[~ledger["is_adopted"], KEY], on=KEY, validate="many_to_one")
    columns = ["target", "site", "scope", "subject"]
    measures = [(held, CREATE), (held, UPDATE), (held, DELETE), (named, CREATE), (named, UPDATE), (ours, DELETE)]
    return pd.concat([rows[columns].assign(action=action) for rows, action in measures], ignore_index=True)


def _sites(records: pd.DataFrame, network: Network) -> "pd.Series[str]":
    """The site each record's address is in; null for marks and for addresses of none."""
    forward = records.loc[records["type"].isin(FORWARD_TYPES), "rdata"]
    reverse = records.loc[records["type"] == "PTR", "owner"]
    pointed = pd.Series([address_of(owner, network) for owner in reverse], reverse.index, dtype=TEXT).dropna()
    return site_of(pd.concat([forward, pointed]), network.site_of_subnet).reindex(records.index)
