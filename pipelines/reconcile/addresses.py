"""Each address as phpIPAM should show it: the binding, the granted name, and the subnet row it belongs to."""

import pandas as pd

from pipelines import tables
from pipelines.network import Network
from pipelines.subnets import locate
from pipelines.values import is_below

_KEY = ["site", "cidr", "ip"]


def addresses(
    bindings: pd.DataFrame, claims: pd.DataFrame, ipam: pd.DataFrame, subnets: pd.DataFrame, *, network: Network
) -> pd.DataFrame:
    """`tables.ADDRESSES`: every address that is bound, or that phpIPAM holds, in a tracked subnet.

    `ipam` and `subnets` come from `reconcile.ipam`. A name is bare where it stands right under its site's own suffix.
    """
    bound = bindings.assign(cidr=locate(bindings["ip"], network.site_of_subnet))
    known = ipam[_KEY]
    every = bound.merge(known, on=_KEY, how="outer", validate="one_to_one")
    granted = claims[claims["verdict"] == "granted"].rename(columns={"source": "named_by"})
    every = every.merge(
        granted[["site", "ip", "name", "named_by"]], on=["site", "ip"], how="left", validate="one_to_one"
    )
    ids = subnets.rename(columns={"id_phpipam": "subnet_id_phpipam"})[["cidr", "subnet_id_phpipam"]]
    every = every.merge(ids, on="cidr", validate="many_to_one")
    shown = [_shown(name, network.suffix(site)) for site, name in zip(every["site"], every["name"], strict=True)]
    return tables.ADDRESSES.frame(every.assign(hostname=shown).sort_values(["subnet_id_phpipam", "ip"]))


def _shown(name: str, suffix: str) -> str | None:
    """The name as a person would type it into phpIPAM: bare under the site's suffix, else without the final dot."""
    if pd.isna(name):
        return None
    plain = name.rstrip(".")
    bare = plain.removesuffix("." + suffix)
    return bare if is_below(plain, suffix) and "." not in bare else plain
