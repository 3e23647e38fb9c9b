"""Both targets and the ledger after a first plan, as columns: the second hour of a network that nobody touched."""

import pandas as pd

from bench.hour import AT
from pipelines import tables
from pipelines.contract import TEXT
from pipelines.plan import bookkeeping

Tables = dict[str, pd.DataFrame]
_ANSWER = [*bookkeeping.KEY, "action", "before", "after"]


def carried_out(parsed: Tables, made: Tables) -> tuple[Tables, pd.DataFrame]:
    """The parsed tables and the ledger when each change of a first hour's plans, all of them creates, took effect."""
    rows = _rows_of_phpipam(made["ipam_plan"], 1000 + len(parsed["ipam_addresses"]))
    after = parsed | {
        "ipam_addresses": tables.IPAM_ADDRESSES.concat([parsed["ipam_addresses"], rows]),
        "zone_records": tables.ZONE_RECORDS.concat([parsed["zone_records"], _records(made["dns_plan"])]),
    }
    ledger = [_settled(made["ipam_plan"], "phpipam", _born(rows, made["ipam_plan"])), _settled(made["dns_plan"], "dns")]
    return after, tables.APPLIED.concat(ledger)


def _rows_of_phpipam(plan: pd.DataFrame, first_id: int) -> pd.DataFrame:
    created = plan[plan["action"] == "create"]
    wide = created.pivot(index=["subnet_id_phpipam", "ip"], columns="field", values="after")  # noqa: PD010 - nothing to aggregate
    wide = wide.reset_index().rename(columns={"lastSeen": "last_seen_at"})
    texts = dict.fromkeys({"hostname", "mac", "description", "last_seen_at"} - set(wide))
    wide = wide.assign(**texts, id_phpipam=range(first_id, first_id + len(wide)), tag="Used")
    seen = pd.to_datetime(wide["last_seen_at"], utc=True)
    return tables.IPAM_ADDRESSES.frame(wide.assign(is_gateway=False, is_bare=False, last_seen_at=seen))


def _records(plan: pd.DataFrame) -> pd.DataFrame:
    created = bookkeeping.work(plan)
    lines = created.assign(rdata=created["after"].str.split("\n"), ttl_s=created["after_ttl_s"]).explode("rdata")
    return tables.ZONE_RECORDS.frame(lines)


def _settled(plan: pd.DataFrame, target: str, born: pd.DataFrame | None = None) -> pd.DataFrame:
    """What the ledger learns of a plan that took effect, and of the ids of the rows that were made."""
    changes, nothing = bookkeeping.entries(plan, target), tables.APPLIED.empty()
    sent = bookkeeping.sent(changes, nothing)
    receipt = sent[_ANSWER].assign(outcome="applied")
    answers = bookkeeping.answered(sent, receipt if born is None else pd.concat([receipt, born], ignore_index=True))
    return tables.APPLIED.concat([bookkeeping.adopted(changes, nothing, at=AT), bookkeeping.settled(answers, at=AT)])


def _born(rows: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """What the receipt tells of the rows a plan made: their ids."""
    places = plan[["subnet_id_phpipam", "cidr"]].drop_duplicates()
    told = rows.merge(places, on="subnet_id_phpipam", validate="many_to_one")
    told = told.assign(target="phpipam", field=bookkeeping.ROW, action="create", before=None, outcome="applied")
    told["after"] = told["id_phpipam"].astype(TEXT)
    return told.rename(columns=bookkeeping.NAMES["phpipam"])[[*_ANSWER, "outcome"]]
