"""The whole stage in its order: the parsed tables of all sources to one account of the network."""

from collections.abc import Mapping

import pandas as pd

from pipelines import tables
from pipelines.network import Network
from pipelines.reconcile import claims as naming
from pipelines.reconcile.addresses import addresses
from pipelines.reconcile.as_of import asked_at
from pipelines.reconcile.bindings import bindings
from pipelines.reconcile.declared import wanted_by_hosts, wanted_by_services, with_hosts, with_services
from pipelines.reconcile.devices import device_interfaces, devices
from pipelines.reconcile.dns import agreeing_pointers, standing_names
from pipelines.reconcile.incumbents import NOBODY, standing
from pipelines.reconcile.ipam import held_names, tracked_addresses, tracked_subnets
from pipelines.reconcile.peers import peer_addresses, peer_sightings, with_peers
from pipelines.reconcile.proxies import without_proxied
from pipelines.reconcile.records import records, registered_by_kea
from pipelines.reconcile.registrations import registrations
from pipelines.reconcile.same_mac import lasting, wanted_by_mac
from pipelines.reconcile.sightings import active_leases, sightings
from pipelines.reconcile.trust import frozen_sites

Tables = Mapping[str, pd.DataFrame]


def account(
    parsed: Tables, applied: pd.DataFrame, *, network: Network, displaced: pd.DataFrame = NOBODY
) -> dict[str, pd.DataFrame]:
    """The stage's tables by name: sightings, bindings, name_claims, addresses, records, registrations.

    `parsed` are the parse stage's tables by name, `applied` the ledger, `displaced` its rows of MACs that stand in
    phpIPAM no longer, since we wrote others there lately (`incumbents.TO_AND_FRO`). Sites with an incomplete source are
    left out of `addresses`, `records` and `registrations`: nothing about them can be concluded this hour.
    """
    as_of = asked_at(parsed["sources"])
    subnets, _ = tracked_subnets(parsed["ipam_subnets"], network=network)
    ipam = tracked_addresses(parsed["ipam_addresses"], subnets)
    peers = peer_addresses(parsed["peers"], network=network)
    leases, fixed = parsed["leases"], parsed["reservations"]
    neighbours = without_proxied(parsed["neighbours"], leases, fixed, ipam, network=network, as_of=as_of)
    by_gateways = sightings(leases, neighbours, network=network, as_of=as_of)
    seen = tables.SIGHTINGS.concat([by_gateways, peer_sightings(peers)])
    here = lasting(seen, pd.concat([active_leases(leases, as_of=as_of), fixed, ipam]))
    stands = standing(ipam, displaced, network=network)
    bound = bindings(here, leases, fixed, stands, network=network, as_of=as_of)
    bound = with_peers(bound, peers)
    claims = _claims(parsed, applied, bound, ipam, network)
    bound = with_hosts(with_services(bound, parsed["services"]), parsed["hosts"])
    frozen = set(frozen_sites(parsed["sources"]))
    every = addresses(bound, claims, ipam, subnets, network=network)
    known = tables.ADDRESSES.frame(every[~every["site"].isin(frozen)])
    at_kea = registered_by_kea(parsed, claims, network=network, as_of=as_of)
    wanted = records(
        known, bound, parsed["leases"], network=network, kea=at_kea, as_of=as_of, now=parsed["sources"]["read_at"].max()
    )
    made = {"sightings": seen, "bindings": bound, "name_claims": claims, "addresses": known, "records": wanted}
    return {**made, "registrations": _registrations(parsed, applied, claims, network)}


def _registrations(parsed: Tables, applied: pd.DataFrame, claims: pd.DataFrame, network: Network) -> pd.DataFrame:
    leases, frozen = parsed["leases"], frozen_sites(parsed["sources"])
    return registrations(
        leases[~leases["site"].isin(frozen)], parsed["dhcp_subnets"], parsed["zone_records"], applied, claims,
        network=network, as_of=asked_at(parsed["sources"]),
    )  # fmt: skip


def _claims(
    parsed: Tables, applied: pd.DataFrame, bound: pd.DataFrame, ipam: pd.DataFrame, network: Network
) -> pd.DataFrame:
    as_of = asked_at(parsed["sources"])
    ours = applied[(applied["target"] == "phpipam") & (applied["field"] == "hostname")]
    claimed = [
        naming.wanted_in_phpipam(ipam.assign(mac=ipam["mac_read"]), ours=ours, imported=network.phpipam.imported),
        naming.wanted_by_reservations(parsed["reservations"], bound),
        naming.wanted_by_leases(parsed["leases"], bound, as_of=as_of),
        wanted_by_hosts(parsed["hosts"]),
        wanted_by_services(parsed["services"]),
        naming.wanted_by_peers(peer_addresses(parsed["peers"], network=network)),
    ]
    places = pd.concat([bound[naming.ADDRESS], ipam[naming.ADDRESS]]).drop_duplicates()
    pointers = agreeing_pointers(parsed["zone_records"], applied, places, network=network)
    wanted = pd.concat([*claimed, naming.wanted_by_ptr(pointers)], ignore_index=True)
    standing = [held_names(ipam, network=network), standing_names(parsed["zone_records"])]
    frozen = held_names(ipam[ipam["site"].isin(frozen_sites(parsed["sources"]))], network=network)
    claims = naming.name_claims(wanted, network=network, standing=standing, unasked=frozen)
    return tables.NAME_CLAIMS.concat([claims, naming.name_claims(wanted_by_mac(claims, bound), network=network)])


def account_of_devices(
    parsed: Tables, made: Tables, known: pd.DataFrame, *, network: Network
) -> dict[str, pd.DataFrame]:
    """The tables device_interfaces and devices by name; `made` is what `account` made, `known` the ledger's memory.

    Of the devices of sites with an incomplete source nothing is concluded: they stay as they are known.
    """
    interfaces = device_interfaces(
        made["sightings"], parsed["leases"], parsed["reservations"], known,
        network=network, as_of=asked_at(parsed["sources"]), frozen=set(frozen_sites(parsed["sources"])),
    )  # fmt: skip
    return {"device_interfaces": interfaces, "devices": devices(interfaces, made["name_claims"], made["bindings"])}
