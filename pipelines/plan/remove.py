"""The end of a row of phpIPAM: one that we made, nobody has edited, and that has been Offline for long, is deleted.

Last of all: Offline is said after the name has left DNS, and the row goes `remove_rows_after_days` after that. What is
not certain keeps the row: docs/decisions/0006-withdraw.md.
"""

import pandas as pd

from pipelines import tables
from pipelines.contract import TEXT
from pipelines.keys import merged, stand_in
from pipelines.network import Network
from pipelines.plan.bookkeeping import ROW, SIGHTING
from pipelines.plan.managed import GONE
from pipelines.plan.unwanted import Hour
from pipelines.reconcile.as_of import at_site
from pipelines.values import reverse_name

TARGET = "phpipam"
OFFLINE = "Offline"
_PLACE = ["cidr", "ip"]


def removable(over: pd.DataFrame, in_dns: "pd.Series[str]", hour: Hour) -> pd.DataFrame:
    """Of the rows that are over (plan/offline.py) those to delete, each as a `delete` of the field `row`.

    `in_dns` are the addresses and the PTRs' owner names in our zones, whoever wrote them.
    """
    days = hour.policy.remove_rows_after_days
    limit = at_site(hour.asked_at, over["site"]) - pd.Timedelta(days=days)
    is_long = (over["tag_at"] <= limit) & (over["last_seen_at"] <= limit) & (days > 0)
    is_offline = (over["tag"] == OFFLINE) & (over["tag_value"] == OFFLINE) & ~over["tag_is_adopted"].eq(True)  # noqa: FBT003 - nulls are not adopted
    is_made = over["row_value"] == over["id_phpipam"].astype(TEXT)
    rows = over[is_long & is_offline & is_made & _is_unedited(over)]
    names = pd.Series([_names_of(ip, hour.network) for ip in rows["ip"]], rows.index, dtype="object")
    rows = rows[~names.explode().astype(TEXT).isin(in_dns).groupby(level=0).any()]
    reason = "made by us, edited by nobody, Offline since " + rows["tag_at"].dt.strftime("%Y-%m-%d")
    return rows.assign(action="delete", field=ROW, before=rows["row_value"], after=None, reason=reason)


def _names_of(ip: str, network: Network) -> list[str]:
    """What stands in DNS where it speaks of an address; D2 knows no RFC 2317 and writes the usual name."""
    return [ip, network.pointer_name(ip), reverse_name(ip)]


def _is_unedited(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each row holds the MAC we wrote, no name (ours is cleared with the tag), and nothing anywhere else."""
    is_same_mac = (rows["mac"] == rows["mac_value"]) | (rows["mac"].isna() & rows["mac_value"].isna())
    is_ours = is_same_mac & ~rows["mac_is_adopted"].eq(True)  # noqa: FBT003 - nulls are not adopted
    is_nameless = rows["hostname"].isna() & rows["hostname_value"].isna() & rows["description"].isna()
    is_settled = rows[[f"{field}_intended" for field in ("tag", "hostname", "mac", ROW)]].isna().all(axis=1)
    return is_ours & is_nameless & is_settled & rows["is_bare"]


def spelled_out(changes: pd.DataFrame) -> pd.DataFrame:
    """The changes, a row's deletion as one change per field that it loses: a receipt must hold what was there."""
    gone = changes[changes["action"] == "delete"]
    seen = gone["last_seen_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {"tag": gone["tag"], SIGHTING: seen, "mac": gone["mac"]}
    parts = [gone.assign(field=name, before=before)[before.notna()] for name, before in fields.items()]
    return pd.concat([changes, *parts]) if len(gone) else changes


def forgotten(applied: pd.DataFrame, ipam: pd.DataFrame, subnets: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """`tables.IPAM_PLAN` rows that let the ledger forget what we deleted when a run died before it could."""
    known = applied[(applied["target"] == TARGET) & (applied["intended"] == GONE)]
    known = known.rename(columns={"scope": "cidr", "subject": "ip"})
    for others in (ipam, plan):
        known = known[~stand_in(known, others[_PLACE])]
    ids = subnets.rename(columns={"id_phpipam": "subnet_id_phpipam"})[["cidr", "site", "subnet_id_phpipam"]]
    rows = merged(known, ids, on="cidr", validate="many_to_one").assign(id_phpipam=pd.NA, before=None, after=None)
    return tables.IPAM_PLAN.frame(rows.assign(action="forget", reason="deleted by a run that was interrupted"))
