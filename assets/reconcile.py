"""Reconcile: one account of the network out of everything the sources said."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from assets import conflict_checks, parse
from assets.checks import judge, specs
from assets.declare import described, told
from pipelines import tables
from pipelines.breaches import listed, without
from pipelines.network import Network
from pipelines.reconcile.account import account, account_of_devices
from pipelines.reconcile.as_of import census_time
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.every import conflicts_and_pools
from resources.known_devices import KnownDevices
from resources.ledger import Ledger
from resources.pool_use import PoolUse
from resources.suites import Suites

GROUP = "reconcile"
INPUTS = [table.name for table in parse.TABLES if table.name != "rejects"]
TABLES = {
    tables.SIGHTINGS: {"leases", "neighbours", "peers"},
    tables.BINDINGS: {
        "sightings",
        "leases",
        "reservations",
        "peers",
        "hosts",
        "services",
        "ipam_subnets",
        "ipam_addresses",
    },
    tables.NAME_CLAIMS: {
        "bindings",
        "leases",
        "reservations",
        "peers",
        "hosts",
        "services",
        "ipam_subnets",
        "ipam_addresses",
        "zone_records",
    },
    tables.ADDRESSES: {"bindings", "name_claims", "ipam_subnets", "ipam_addresses", "sources"},
    tables.RECORDS: {"addresses", "bindings", "leases", "reservations", "dhcp_subnets"},
    tables.REGISTRATIONS: {"leases", "dhcp_subnets", "zone_records", "name_claims", "sources"},
    tables.DEVICES: {"device_interfaces", "name_claims", "bindings"},
    tables.DEVICE_INTERFACES: {"sightings", "leases", "reservations", "sources"},
    tables.POOLS: {"bindings", "leases", "reservations", "neighbours", "dhcp_subnets", "ipam_addresses", "sources"},
    tables.CONFLICTS: {
        "sightings",
        "bindings",
        "name_claims",
        "records",
        "pools",
        "device_interfaces",
        "leases",
        "reservations",
        "neighbours",
        "dhcp_subnets",
        "ipam_subnets",
        "ipam_addresses",
        "zone_records",
        "outside_records",
        "sources",
    },
    tables.QUARANTINE: set(INPUTS),
}
"""The stage's tables, and what each is made from."""
_JUDGED = [table for table in TABLES if table is not tables.QUARANTINE]  # which is itself the verdict


def reconcile_assets(network: Network) -> dg.AssetsDefinition:
    """One step, one asset per table."""

    @dg.multi_asset(
        name=GROUP,
        ins={name: dg.AssetIn(name) for name in INPUTS},
        outs={table.name: dg.AssetOut(**described(table, GROUP)) for table in TABLES},
        internal_asset_deps={table.name: set(map(dg.AssetKey, made_from)) for table, made_from in TABLES.items()},
        check_specs=[*conflict_checks.checks(), *specs({table.name: table for table in _JUDGED})],
    )
    def reconcile(
        context: dg.AssetExecutionContext,
        ledger: dg.ResourceParam[Ledger],
        known_devices: dg.ResourceParam[KnownDevices],
        pool_use: dg.ResourceParam[PoolUse],
        suites: dg.ResourceParam[Suites],
        **parsed: pd.DataFrame,
    ) -> Iterator[dg.Output[pd.DataFrame] | dg.AssetCheckResult]:
        with told():
            applied = ledger.applied_in(context.run.run_id)
            displaced = ledger.displaced(parsed["sources"]["read_at"].max())
            made = account(parsed, applied, network=network, displaced=displaced)
            made |= account_of_devices(parsed, made, known_devices.known(), network=network)
            as_of, born_at = census_time(parsed["sources"]), ledger.past(context.run.run_id).born_at
            census = Census(parsed, made, applied, network, as_of, born_at)
            made |= conflicts_and_pools(census, pool_use.noted())
        every = {table.name: (table, made[table.name]) for table in _JUDGED}
        judgement = judge(every, {**parsed, **made, **listed(network)}, suites)
        if judgement.is_whole:
            yield from judgement.refused()
        made = without(made, judgement.ill) | {"quarantine": tables.QUARANTINE.rows(list(judgement.ill.items()))}
        for name, frame in made.items():
            yield dg.Output(frame, output_name=name, metadata=_COUNTS[name](frame) if name in _COUNTS else {})
        yield from conflict_checks.results(made[conflict_checks.ASSET])
        yield from judgement.results()

    return reconcile


def _counts(frame: pd.DataFrame) -> dict[str, int]:
    """How many devices, or interfaces, there are of each kind, and how many of all are here."""
    here = frame[frame["is_here"]]
    return {
        "count here": len(here),
        **{f"count {kind}": int(count) for kind, count in here["kind"].value_counts().items()},
    }


def _by_kind(conflicts: pd.DataFrame) -> dict[str, int]:
    """How many conflicts there are of each kind."""
    return {f"count {kind}": int(count) for kind, count in conflicts["kind"].value_counts().items()}


_COUNTS = {"devices": _counts, "device_interfaces": _counts, "conflicts": _by_kind}
