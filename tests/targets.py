"""Both targets as tables that a plan is applied to: what the real ones do when nobody interferes."""

from typing import Any

import pandas as pd

from pipelines import tables
from pipelines.contract import TEXT
from pipelines.plan import bookkeeping
from tests.networks import AT, Tables, frame

_INTERNAL = {"lastSeen": "last_seen_at"}


def applied_to_ipam(held: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """`ipam_addresses` after an `ipam_plan`."""
    rows: dict[tuple[int, str], dict[str, Any]] = {
        (row["subnet_id_phpipam"], row["ip"]): row for row in held.astype("object").to_dict("records")
    }
    next_id, gone = 1000 + len(rows), set()
    for change in bookkeeping.work(plan).to_dict("records"):
        place = (change["subnet_id_phpipam"], change["ip"])
        if place not in rows and place not in gone:
            assert change["action"] == "create"
            rows[place] = _new_row(next_id, *place)
            next_id += 1
        if change["action"] == "delete":
            rows.pop(place, None)
            gone.add(place)
            continue
        after = pd.Timestamp(change["after"]) if change["field"] == "lastSeen" else change["after"]
        rows[place][_INTERNAL.get(change["field"], change["field"])] = after
    return frame(tables.IPAM_ADDRESSES, list(rows.values()))


def _new_row(identity: int, subnet_id: int, ip: str) -> dict[str, Any]:
    texts = dict.fromkeys(("hostname", "mac", "description"))
    row = {"id_phpipam": identity, "subnet_id_phpipam": subnet_id, "ip": ip, **texts}
    return {**row, "tag": "Used", "is_gateway": False, "last_seen_at": None, "is_bare": True}


def applied_to_zones(held: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """`zone_records` after a `dns_plan`; every change must find what it says it replaces."""
    rrsets = dict(list(held.groupby(["zone", "owner", "type"])))
    for change in bookkeeping.work(plan).to_dict("records"):
        key = (change["zone"], change["owner"], change["type"])
        before = "\n".join(sorted(rrsets[key]["rdata"])) if key in rrsets else None
        assert before == (None if pd.isna(change["before"]) else change["before"])
        if change["action"] == "delete":
            del rrsets[key]
            continue
        lines = change["after"].split("\n")
        rrsets[key] = tables.ZONE_RECORDS.rows([(*key, change["after_ttl_s"], line) for line in lines])
    return tables.ZONE_RECORDS.concat(list(rrsets.values()))


def intended(plan: pd.DataFrame, target: str, applied: pd.DataFrame) -> pd.DataFrame:
    """The ledger of a run that died after it had noted what it was about to send."""
    changes = bookkeeping.entries(plan, target)
    return _replaced(_adopted(changes, applied), bookkeeping.intended(bookkeeping.sent(changes, applied), at=AT))


def settled(
    plan: pd.DataFrame, target: str, applied: pd.DataFrame, outcome: str = "applied", at: pd.Timestamp = AT
) -> pd.DataFrame:
    """The ledger after a run in which every change of the plan had this outcome."""
    changes = bookkeeping.entries(plan, target)
    sent = bookkeeping.sent(changes, applied)
    receipt = sent[[*bookkeeping.KEY, "action", "before", "after"]].assign(outcome=outcome)
    return _replaced(_adopted(changes, applied), bookkeeping.settled(bookkeeping.answered(sent, receipt), at=at))


def carried_out(
    parsed: Tables, made: Tables, applied: pd.DataFrame, at: pd.Timestamp = AT
) -> tuple[Tables, pd.DataFrame]:
    """The next hour's tables and ledger when both plans took effect and nothing else happened."""
    after = parsed | {
        "ipam_addresses": applied_to_ipam(parsed["ipam_addresses"], made["ipam_plan"]),
        "zone_records": applied_to_zones(parsed["zone_records"], made["dns_plan"]),
    }
    in_ipam = settled(made["ipam_plan"], "phpipam", applied, at=at)
    nothing = bookkeeping.sent(bookkeeping.entries(made["ipam_plan"].head(0), "phpipam"), applied)
    born = bookkeeping.answered(nothing, _born(made["ipam_plan"], after))
    in_ipam = _replaced(in_ipam, bookkeeping.settled(born, at=at))
    return after, settled(made["dns_plan"], "dns", in_ipam, at=at)


def _adopted(changes: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    noted = _replaced(applied, bookkeeping.noted(changes, applied))
    forgotten = _replaced(noted, bookkeeping.forgotten(changes, at=AT))
    return _replaced(forgotten, bookkeeping.adopted(changes, applied, at=AT))


def _replaced(applied: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The ledger with these rows in place of those with their keys, and without rows that say nothing."""
    both = tables.APPLIED.concat([applied, rows]).drop_duplicates(bookkeeping.KEY, keep="last")
    says_something = both["value"].notna() | both["intended"].notna()
    return tables.APPLIED.frame(both[says_something].sort_values(bookkeeping.KEY))


def written(made: Tables, after: Tables, applied: pd.DataFrame, run_id: str, undoes: str | None = None) -> pd.DataFrame:
    """The receipts (`tables.WRITTEN`) of a run whose plans took effect; `applied` is the ledger as it was before."""
    parts = []
    for target, name in (("phpipam", "ipam_plan"), ("dns", "dns_plan")):
        rows = bookkeeping.work(made[name]).rename(columns=bookkeeping.NAMES[target])
        receipt = tables.RECEIPT.frame(rows.assign(target=target, outcome="applied", detail=None))
        changes = bookkeeping.entries(made[name], target)
        born = _born(made["ipam_plan"], after) if target == "phpipam" else tables.RECEIPT.empty()
        told = tables.RECEIPT.concat([receipt, born])
        parts.append(bookkeeping.invertible(bookkeeping.answered(bookkeeping.sent(changes, applied), told)))
    return tables.WRITTEN.concat(
        [tables.WRITTEN.frame(one.assign(run_id=run_id, at=AT, undoes=undoes)) for one in parts]
    )


def _born(plan: pd.DataFrame, after: Tables) -> pd.DataFrame:
    """The ids of the rows of phpIPAM that a plan made, as its receipt tells them."""
    new, held = plan[plan["action"] == "create"].drop_duplicates(["cidr", "ip"]), after["ipam_addresses"]
    new = new.drop(columns="id_phpipam").merge(held[["subnet_id_phpipam", "ip", "id_phpipam"]], validate="1:1")
    told = new.assign(target="phpipam", field=bookkeeping.ROW, before=None, after=new["id_phpipam"].astype(TEXT))
    named = told.rename(columns=bookkeeping.NAMES["phpipam"])
    return tables.RECEIPT.frame(named.assign(outcome="applied", detail=None))
