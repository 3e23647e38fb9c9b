"""phpIPAM's own rows in the words of network.toml: which of its subnets are tracked, and what stands in them."""

from functools import lru_cache
from ipaddress import ip_network

import pandas as pd

from pipelines.contract import TEXT
from pipelines.facts import Facts, of_each, told_at
from pipelines.keys import merged
from pipelines.network import Network
from pipelines.reconcile.unasked import Holders
from pipelines.subnets import locate
from pipelines.values import OwnerName, host_name, mac

REASON_ABSENT = "phpIPAM has no such subnet. Create it there, or take it out of network.toml"
REASON_AMBIGUOUS = "phpIPAM has it more than once. Say which with `section` or `vrf` under [phpipam] in network.toml"
REASON_PARENT = "phpIPAM has smaller subnets below it, and addresses belong into those. Track these instead"


def tracked_subnets(ipam_subnets: pd.DataFrame, *, network: Network) -> tuple[pd.DataFrame, dict[str, str]]:
    """The rows of `ipam_subnets` that network.toml tracks (with `site`), and per tracked CIDR without one: why not.

    Looked up by CIDR, and by section and VRF where network.toml pins them: phpIPAM's ids differ on every installation.
    """
    wanted = {str(subnet): site for subnet, site in network.site_of_subnet.items()}
    found = ipam_subnets[ipam_subnets["cidr"].isin(wanted)]
    if network.phpipam.section is not None:
        found = found[found["section"] == network.phpipam.section]
    if network.phpipam.vrf is not None:
        found = found[found["vrf"] == network.phpipam.vrf]
    is_ambiguous = found["cidr"].duplicated(keep=False)
    problems = dict.fromkeys(set(wanted) - set(found["cidr"]), REASON_ABSENT)
    problems |= dict.fromkeys(found.loc[is_ambiguous, "cidr"], REASON_AMBIGUOUS)
    problems |= dict.fromkeys(found.loc[~is_ambiguous & ~found["is_leaf"], "cidr"], REASON_PARENT)
    usable = found[~found["cidr"].isin(problems)]
    return usable.assign(site=usable["cidr"].map(wanted)), problems


def tracked_addresses(ipam_addresses: pd.DataFrame, subnets: pd.DataFrame) -> pd.DataFrame:
    """The rows of `ipam_addresses` in `subnets` (from `tracked_subnets`), with site, cidr, is_pinged and `mac_read`.

    `mac_read` is the MAC in canonical form, null where phpIPAM holds none or something else. Rows that lie outside
    their own subnet, or on its network or broadcast address, are left out: phpIPAM itself can no longer edit them.
    """
    columns = subnets[["id_phpipam", "site", "cidr", "is_pinged"]].rename(columns={"id_phpipam": "subnet_id_phpipam"})
    rows = merged(ipam_addresses, columns, on="subnet_id_phpipam", validate="many_to_one")
    rows = rows[locate(rows["ip"], map(ip_network, columns["cidr"])) == rows["cidr"]]
    return rows.assign(mac_read=macs_read(rows["mac"]))


def macs_read(texts: "pd.Series[str]") -> "pd.Series[str]":
    """The MAC that each text of phpIPAM's means, in canonical form; null where it is none."""
    return _MACS(texts)


def held_names(ipam: pd.DataFrame, *, network: Network) -> Holders:
    """The absolute names that phpIPAM's rows (from `tracked_addresses`) bear, and the addresses that bear each."""
    held = ipam.assign(name=absolute_names(ipam["site"], ipam["hostname"], network=network))
    return held.loc[held["name"].notna(), ["name", "ip"]]


def absolute_names(sites: "pd.Series[str]", texts: "pd.Series[str]", *, network: Network) -> "pd.Series[str]":
    """The absolute host name each text means at its site; null where it is none, and for null."""
    return told_at(sites, texts, lambda site: _names_under(network.suffix(site)))


@lru_cache(maxsize=256)
def _names_under(suffix: str) -> Facts:
    return Facts(of_each(lambda text: _name_or_none(text, suffix)), TEXT)


def _name_or_none(text: str, suffix: str) -> OwnerName | None:
    try:
        return host_name(text, suffix)
    except ValueError:
        return None


def _mac_or_none(text: str) -> str | None:
    try:
        return mac(text)
    except ValueError:
        return None


_MACS = Facts(of_each(_mac_or_none), TEXT)
