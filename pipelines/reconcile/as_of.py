"""For when the account of the network is: each site as of the moment its own gateway was asked.

A run need not ask every gateway (dns_sync asks none, [sites.<site>] every_hours spares one): a lease that ran out since
is then not taken for gone, for it may have been renewed.
"""

from typing import TypeAlias

import pandas as pd

from pipelines.parse.kinds import GATEWAYS, is_of
from pipelines.snapshots import EVERYWHERE

AsOf: TypeAlias = pd.Timestamp | pd.Series
"""One instant for all sites, or one for each: a Series by site, from `asked_at`."""


def census_time(sources: pd.DataFrame) -> pd.Timestamp:
    """When the last gateway was asked: what concerns no site, or all of them, is of then.

    A run that asks none of them again (dns_sync) makes the same of it as the census did, and so does a replay.
    """
    gateways = sources[sources["site"] != EVERYWHERE]
    return (gateways if len(gateways) else sources)["read_at"].max()


def asked_at(sources: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    """When each site's gateway was asked, by site (`*` for none's).

    A list under [sources] tells of its sites as well; when that was read counts only where there is no gateway.
    """
    is_gateway = sources["source"].map(lambda source: is_of(source, GATEWAYS)).astype(bool)
    gateways = sources[is_gateway]
    others = sources[~sources["site"].isin(gateways["site"])]
    return pd.concat([gateways, others]).groupby("site")["read_at"].max()


def at_site(as_of: AsOf, sites: "pd.Series[str]") -> AsOf:
    """The instant for each row of these sites, the latest for sites of which there is none; or the one for all."""
    if not isinstance(as_of, pd.Series):
        return as_of
    return as_of.reindex(sites, fill_value=as_of.max()).set_axis(sites.index)  # `map` breaks where as_of has no row
