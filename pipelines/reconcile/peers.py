"""WireGuard's peers as holders of addresses: a peer that may use a single address has it, as the gateway is configured.

They have no hardware address, and their names stand in network.toml: pfSense keeps its own beside the keys.
"""

import ipaddress

import pandas as pd

from pipelines import tables
from pipelines.contract import TEXT
from pipelines.keys import in_order, merged
from pipelines.network import Network
from pipelines.reconcile.sightings import is_of_its_site

SOURCE = "wireguard"
_ADDRESS = ["site", "ip"]


def peer_addresses(peers: pd.DataFrame, *, network: Network) -> pd.DataFrame:
    """The addresses of single peers in tracked subnets of their site: site, ip, mac, source, last_seen_at, hostname.

    `last_seen_at` is the last handshake, null for never; `hostname` the name of its key in network.toml, or null.
    Where two peers may use one address, the one that was there last has it.
    """
    ranged = peers[peers["cidr"].notna()]
    networks = [ipaddress.ip_network(cidr) for cidr in ranged["cidr"]]
    single = ranged[pd.Series([one.num_addresses == 1 for one in networks], ranged.index, dtype=bool)]
    pairs = zip(single["site"], single["public_key"], strict=True)
    names = [network.sites[site].wireguard_peers.get(key) for site, key in pairs]
    held = single.assign(
        ip=single["cidr"].str.replace(r"/.*", "", regex=True),
        mac=pd.Series(None, single.index, dtype=TEXT),
        last_seen_at=single["last_handshake_at"],
        hostname=pd.Series(names, single.index, dtype=TEXT),
    )
    held = held[is_of_its_site(held, network)]
    ordered = held.sort_values([*_ADDRESS, "last_seen_at", "public_key"], na_position="first")
    return ordered.drop_duplicates(_ADDRESS, keep="last")[[*_ADDRESS, "mac", "source", "last_seen_at", "hostname"]]


def peer_sightings(held: pd.DataFrame) -> pd.DataFrame:
    """`tables.SIGHTINGS` of those that have ever been there."""
    return tables.SIGHTINGS.frame(held[held["last_seen_at"].notna()])


def with_peers(bindings: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """The bindings, in which those by WireGuard alone are a peer's.

    A peer with a name that was never there is bound to its address without a date, as a reservation is.
    """
    is_peer = bindings["evidence"] == SOURCE
    known = tables.BINDINGS.frame(bindings.assign(kind=bindings["kind"].mask(is_peer, "peer")))
    named = held[held["hostname"].notna()]
    absent = merged(named, bindings[_ADDRESS], on=_ADDRESS, how="left_anti", validate="one_to_one")
    if absent.empty:
        return known
    absent = absent.assign(kind="peer", evidence=SOURCE, client_id=None, valid_s=None)
    return in_order(tables.BINDINGS.concat([known, tables.BINDINGS.frame(absent)]), _ADDRESS).reset_index(drop=True)
