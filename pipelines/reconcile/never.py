"""Names in a zone that are never ours, whatever the tables hold: the never-list."""

import pandas as pd

from pipelines.values import is_below

MANAGED_TYPES = frozenset({"A", "AAAA", "PTR", "DHCID"})
_APEX = "never: the zone's apex"
_WILDCARD = "never: a wildcard"
_DELEGATED = "never: below a delegation or a DNAME, so the answer comes from elsewhere"
_ALIAS = "never: a CNAME stands there, and a name with one can hold nothing else (RFC 1034 section 3.6.2)"
FOREIGN = "never: records of other types stand there, so somebody looks after the name by hand"


def objections(rows: pd.DataFrame, zone_records: pd.DataFrame, zones: tuple[str, ...]) -> "pd.Series[str]":
    """For each row (zone, owner): why its name must not be touched, as `rule: reason`, else null."""
    others = zone_records[~zone_records["type"].isin(MANAGED_TYPES)]
    aliases = set(others.loc[others["type"] == "CNAME", "owner"])
    is_cut = (others["type"] == "DNAME") | ((others["type"] == "NS") & (others["owner"] != others["zone"]))
    cuts = others.loc[is_cut, ["zone", "owner"]].drop_duplicates().groupby("zone")["owner"].agg(list).to_dict()
    text = pd.Series(None, index=rows.index, dtype="object")
    text = text.mask(rows["owner"].isin(set(others["owner"])), FOREIGN)
    text = text.mask(rows["owner"].isin(aliases), _ALIAS)
    text = text.mask(_is_delegated(rows, cuts), _DELEGATED)
    text = text.mask(rows["owner"].str.startswith("*."), _WILDCARD)
    return text.mask(rows["owner"].isin(zones), _APEX)


def _is_delegated(rows: pd.DataFrame, cuts: dict[str, list[str]]) -> "pd.Series[bool]":
    """Whether a cut in the row's own zone hides it: a zone of ours may well be delegated to by its parent."""
    cut = rows[rows["zone"].isin(cuts)]
    places = zip(cut["zone"].tolist(), cut["owner"].tolist(), strict=True)
    hidden = [any(is_below(owner, one) for one in cuts[zone]) for zone, owner in places]
    return pd.Series(hidden, cut.index, dtype=bool).reindex(rows.index, fill_value=False)
