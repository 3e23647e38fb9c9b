"""Which device each group of interfaces is: the one it was, whatever became of its MACs and addresses.

The ledger remembers every interface's device (`tables.DEVICE_IDS`). Where two known devices turn out to be one, the
older id stays and the other is remembered as one it had; where one is split, the older part keeps the id.
"""

import hashlib
from collections.abc import Iterable

import pandas as pd

from pipelines import contract, tables
from pipelines.keys import first_of, in_order, merged

REFRESHED = pd.Timedelta(days=7)
"""How old the last sighting in the ledger may grow: a device that stays costs one small write a week (rule R9)."""
FORGOTTEN = pd.Timedelta(days=180)
"""An interface not seen for so long is forgotten; guests' random MACs would pile up for ever."""
_DIGITS = 8


def device_ids(nodes: pd.DataFrame) -> "pd.Series[str]":
    """The device of each row of `nodes`: key, group, device_id, former_ids, first_seen_at.

    Their `device_id` is what is remembered; null for what is new, or no longer what it was taken for.
    """
    ordered = in_order(nodes, ["first_seen_at", "key"])
    claims = ordered[ordered["device_id"].notna()].drop_duplicates("device_id")
    kept = first_of(claims, ["group"], ["first_seen_at", "device_id"])[["group", "device_id"]]
    unnamed = ordered[~ordered["group"].isin(kept["group"])]
    new = _new_ids(unnamed, taken=set(nodes["device_id"].dropna().tolist()))
    ids = merged(nodes[["group"]], pd.concat([kept, new]), on="group", how="left", validate="many_to_one")
    return ids["device_id"].set_axis(nodes.index)


def _new_ids(unnamed: pd.DataFrame, taken: set[str]) -> pd.DataFrame:
    """An id for each group (group, device_id) of these rows, the oldest first."""
    first = unnamed.drop_duplicates("group")[["group", "key"]]
    with_past = unnamed[unnamed["former_ids"].notna()]
    former = with_past.groupby("group")["former_ids"].agg(",".join).to_dict()
    ids = []
    for group, key in zip(first["group"].tolist(), first["key"].tolist(), strict=True):
        ids.append(next(one for one in _candidates(key, former.get(group, "")) if one not in taken))
        taken.add(ids[-1])
    return pd.DataFrame({"group": first["group"].array, "device_id": pd.array(ids, dtype=contract.TEXT)})


def _candidates(key: str, former: str) -> Iterable[str]:
    """Ids for a device in their order: one that a part of it once had, then the hash of the interface first seen."""
    yield from filter(None, former.split(","))
    digest = hashlib.sha256(key.encode()).hexdigest()
    yield from (f"d-{digest[:length]}" for length in range(_DIGITS, len(digest) + 1))


def former_ids(nodes: pd.DataFrame, ids: "pd.Series[str]") -> "pd.Series[str]":
    """The ids each interface had that nobody bears any more: they mean its device now."""
    alive = set(ids.tolist())
    changed = nodes["device_id"].where(nodes["device_id"] != ids).fillna("")
    former = nodes["former_ids"].fillna("")
    has_had = (former != "") | (changed != "")
    texts = zip(former[has_had].tolist(), changed[has_had].tolist(), strict=True)
    told = [",".join(sorted({*known.split(","), last} - alive - {""})) or None for known, last in texts]
    return pd.Series(told, nodes.index[has_had], dtype=contract.TEXT).reindex(nodes.index)


def remembered(interfaces: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """`tables.DEVICE_IDS` as the ledger should hold it after this hour's `tables.DEVICE_INTERFACES`.

    Where nothing else changed, the last sighting stays as it was noted until it is `REFRESHED` old.
    """
    key = list(tables.DEVICE_IDS.key)
    noted = known[[*key, "last_seen_at"]].rename(columns={"last_seen_at": "noted_at"})
    rows = merged(interfaces, noted, on=key, how="left", validate="one_to_one")
    is_fresh = rows["last_seen_at"] - rows["noted_at"] < REFRESHED
    return tables.DEVICE_IDS.frame(rows.assign(last_seen_at=rows["last_seen_at"].mask(is_fresh, rows["noted_at"])))


def changed(wanted: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The rows of `wanted` that do not stand in `known` just so (both `tables.DEVICE_IDS`)."""
    return merged(wanted, known, on=tables.DEVICE_IDS.names, how="left_anti", validate="one_to_one")


def forgotten(wanted: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The keys of the rows of `known` that `wanted` no longer has."""
    key = list(tables.DEVICE_IDS.key)
    return merged(known[key], wanted[key], on=key, how="left_anti", validate="one_to_one")
