"""The leases handed to D2 whose records read just as D2 writes them: nearly all, and so found by columns.

What is otherwise, in whatever way, is looked at lease by lease in `registrations`.
"""

from collections.abc import Set as AbstractSet

import pandas as pd

from pipelines.keys import stand_in
from pipelines.network import Network
from pipelines.reconcile.dhcid import dhcids
from pipelines.reconcile.dns import DHCID, FORWARD_TYPES, pointer_names, zones_of
from pipelines.reconcile.ipam import absolute_names


def registered(handed: pd.DataFrame, zone_records: pd.DataFrame, network: Network) -> pd.DataFrame:
    """The rows of `handed` (leases) that read right, with `name`, `dhcid` and `reason`.

    Each of the two records that D2 was handed is there, alone and with the lease's DHCID. A pointer that no zone of
    ours holds is not looked for, nor one that stands in an RFC 2317 zone, of which D2 knows nothing.
    """
    rows = _identified(handed, network)
    is_named = _bears(rows["name"], rows["ip"], rows["dhcid"], zone_records, FORWARD_TYPES)
    is_pointed = _bears(rows["pointer"], rows["name"], rows["dhcid"], zone_records, {"PTR"}) | rows["is_elsewhere"]
    is_right = (is_named | ~rows["is_ddns_forward"]) & (is_pointed | ~rows["is_ddns_reverse"])
    said = rows["name"] + " is " + rows["ip"]
    return rows.assign(reason=said.where(rows["is_ddns_forward"], said + "'s"))[is_right]


def _identified(handed: pd.DataFrame, network: Network) -> pd.DataFrame:
    """The leases with a name of ours and a client that has a DHCID: with both, and with the place of the PTR."""
    names = absolute_names(handed["site"], handed["hostname"], network=network)
    is_told = names.str.endswith("." + network.domain.strip(".") + ".", na=False) & ~names.isin(network.dns.zones)
    rows = handed[is_told].assign(name=names[is_told])
    rows = rows.assign(dhcid=dhcids(rows["name"], rows["mac"], rows["client_id"]))
    rows = rows.assign(pointer=pointer_names(rows["ip"], network))
    is_classless = rows["ip"].map(network.is_classless).astype(bool)
    rows = rows.assign(is_elsewhere=is_classless | zones_of(rows["pointer"], network).isna())
    return rows[rows["dhcid"].notna()]


def _bears(
    owners: "pd.Series[str]",
    data: "pd.Series[str]",
    marks: "pd.Series[str]",
    zone_records: pd.DataFrame,
    types: AbstractSet[str],
) -> "pd.Series[bool]":
    """Whether each owner name has just this data, in a record of one of these types, and this DHCID."""
    records = zone_records[zone_records["type"].isin(types)].drop_duplicates(["owner", "type"], keep=False)
    standing = zone_records[zone_records["type"] == DHCID]
    has_data = stand_in(pd.DataFrame({"owner": owners, "rdata": data}), records[["owner", "rdata"]])
    return has_data & stand_in(pd.DataFrame({"owner": owners, "rdata": marks}), standing[["owner", "rdata"]])
