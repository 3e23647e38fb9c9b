"""Each address as phpIPAM should show it: the binding, the granted name, and the subnet row it belongs to."""

import pandas as pd

from pipelines import tables
from pipelines.keys import in_order, merged
from pipelines.network import Network
from pipelines.reconcile.labels import shown
from pipelines.subnets import locate

_KEY = ["site", "cidr", "ip"]


def addresses(
    bindings: pd.DataFrame, claims: pd.DataFrame, ipam: pd.DataFrame, subnets: pd.DataFrame, *, network: Network
) -> pd.DataFrame:
    """`tables.ADDRESSES`: every address that is bound, or that phpIPAM holds, in a tracked subnet.

    `ipam` and `subnets` come from `reconcile.ipam`. A name is bare where it stands right under its site's own suffix.
    """
    bound = bindings.assign(cidr=locate(bindings["ip"], network.site_of_subnet))
    known = ipam[_KEY]
    unbound = merged(known, bound[_KEY], on=_KEY, how="left_anti", validate="one_to_one")
    every = pd.concat([bound, unbound], ignore_index=True)
    granted = claims[claims["verdict"] == "granted"].rename(columns={"source": "named_by"})
    every = merged(
        every, granted[["site", "ip", "name", "named_by"]], on=["site", "ip"], how="left", validate="one_to_one"
    )
    ids = subnets.rename(columns={"id_phpipam": "subnet_id_phpipam"})[["cidr", "subnet_id_phpipam"]]
    every = merged(every, ids, on="cidr", validate="many_to_one")
    every = every.assign(hostname=shown(every["site"], every["name"], network=network))
    return tables.ADDRESSES.frame(in_order(every, ["subnet_id_phpipam", "ip"]))
