"""Load: the plans carried out, phpIPAM first, then DNS, each read back. Never more than one load at a time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pandas as pd

from assets.checks import judge, specs
from assets.declare import checked, described, told
from assets.external import target
from assets.proof import checks, proof, shown
from pipelines import tables
from pipelines.breaches import LEFT_OUT
from pipelines.history import observations
from pipelines.network import Network
from pipelines.plan.approval import approved, stop_refused
from pipelines.plan.bookkeeping import work
from pipelines.reconcile.account import census_time
from pipelines.reconcile.conflicts.pools import use_to_note
from pipelines.reconcile.trust import faults
from resources.gateways import Gateways
from resources.history import History
from resources.known_devices import KnownDevices
from resources.ledger import Ledger
from resources.loading import carry_out
from resources.nameserver import NameServer
from resources.phpipam import Phpipam
from resources.pool_use import PoolUse
from resources.resending import ask_again
from resources.standing import Standing
from resources.suites import Suites

GROUP = "load"
POOL = "targets"
WHOLE = "the_census_is_whole"
TOOK_EFFECT = "every_change_took_effect"
INPUTS = [
    "ipam_plan", "dns_plan", "heal_plan", "guards", "sources", "withheld", "device_interfaces", "pools", "bindings",
    "name_claims",
]  # fmt: skip
_Event = dg.Output[pd.DataFrame] | dg.AssetCheckResult | dg.AssetMaterialization


def load_assets(network: Network) -> dg.AssetsDefinition:
    """One step that makes both receipts: a target is written only after both have shown that they can be."""
    limit_s = network.dns.secondaries_limit_s
    receipts = {"ipam_receipt": "What phpIPAM answered.", "dns_receipt": "What the name server answered, and Kea."}

    @dg.multi_asset(
        name=GROUP,
        ins={name: dg.AssetIn(name) for name in INPUTS},
        outs={name: dg.AssetOut(**described(tables.RECEIPT, GROUP, text)) for name, text in receipts.items()},
        internal_asset_deps={
            "ipam_receipt": {dg.AssetKey(name) for name in ("ipam_plan", "guards", "sources")},
            "dns_receipt": {dg.AssetKey(name) for name in [*INPUTS, "ipam_receipt"] if name != "ipam_plan"},
        },
        check_specs=[
            dg.AssetCheckSpec(TOOK_EFFECT, asset="ipam_receipt"),
            dg.AssetCheckSpec(TOOK_EFFECT, asset="dns_receipt"),
            dg.AssetCheckSpec(WHOLE, asset="dns_receipt", blocking=True),
            *checks(),
            *specs(dict.fromkeys(receipts, tables.RECEIPT)),
        ],
        pool=POOL,
    )
    def load(  # noqa: PLR0913, PLR0917 - ten tables and nine resources, each named by Dagster
        context: dg.AssetExecutionContext,
        phpipam: dg.ResourceParam[Phpipam],
        nameserver: dg.ResourceParam[NameServer],
        ledger: dg.ResourceParam[Ledger],
        standing: dg.ResourceParam[Standing],
        gateways: dg.ResourceParam[Gateways],
        known_devices: dg.ResourceParam[KnownDevices],
        pool_use: dg.ResourceParam[PoolUse],
        history: dg.ResourceParam[History],
        suites: dg.ResourceParam[Suites],
        ipam_plan: pd.DataFrame,
        dns_plan: pd.DataFrame,
        heal_plan: pd.DataFrame,
        guards: pd.DataFrame,
        sources: pd.DataFrame,
        withheld: pd.DataFrame,
        device_interfaces: pd.DataFrame,
        pools: pd.DataFrame,
        bindings: pd.DataFrame,
        name_claims: pd.DataFrame,
    ) -> Iterator[_Event]:
        run_id = context.run.run_id
        with told():
            stop_refused(guards, ipam_plan, dns_plan)
        with told(), phpipam.lock(), nameserver, standing.around(run_id, ipam_plan, dns_plan) as stand:
            _preflight(phpipam, nameserver, dns_plan, ledger)
            let_through = approved(guards)
            ledger.note_receipt(run_id, pd.Timestamp.now("UTC"), let_through)
            in_ipam = carry_out(
                ipam_plan,
                "phpipam",
                lambda plan, settle: phpipam.apply(plan, datetime.now(UTC), settle),
                ledger,
                run_id,
            )
            in_dns = carry_out(dns_plan, "dns", nameserver.apply, ledger, run_id)
            reads = ledger.past(run_id).reads
            pool_use.note(use_to_note(pools, pool_use.noted(), reads, census_time(sources)))
            ledger.note_reads(sources[sources["is_complete"]])
            known_devices.note(device_interfaces)
            history.note(observations(bindings, name_claims, sources, _left_out(withheld)["site"]))
        with told():
            at_kea = ask_again(heal_plan, gateways, ledger, run_id)
        serials = standing.followed(stand, limit_s)
        is_of_ipam = let_through["scope"].str.startswith("phpipam ")
        answers = {
            "ipam_receipt": tables.RECEIPT.concat([let_through[is_of_ipam], in_ipam]),
            "dns_receipt": tables.RECEIPT.concat([let_through[~is_of_ipam], in_dns, at_kea]),
        }
        judgement = judge({name: (tables.RECEIPT, rows) for name, rows in answers.items()}, {}, suites)
        if judgement.errors:
            yield from judgement.refused()
        yield from _told("ipam_receipt", answers["ipam_receipt"], {})
        yield from _told("dns_receipt", answers["dns_receipt"], shown(serials))
        yield from judgement.results()
        yield from proof(serials, limit_s, pd.Timestamp.now("UTC"))
        yield from _written(in_ipam, in_dns)
        yield _whole(sources, withheld)

    return load


def _preflight(phpipam: Phpipam, nameserver: NameServer, dns_plan: pd.DataFrame, ledger: Ledger) -> None:
    """Both targets take what we are about to write. A zone that has taken a change of ours is not asked again."""
    phpipam.preflight(datetime.now(UTC))
    proven = ledger.proven_zones()
    for zone, rows in work(dns_plan).groupby("zone"):
        if zone not in proven:
            nameserver.prove_update(zone, rows["type"].iloc[0])


def _told(name: str, receipt: pd.DataFrame, more: dict[str, Any]) -> Iterator[_Event]:
    counts = {f"count {outcome}": int(count) for outcome, count in receipt["outcome"].value_counts().items()}
    yield dg.Output(receipt, output_name=name, metadata={**counts, **more})
    failed = receipt[receipt["outcome"] != "applied"]
    first = "; ".join(
        (failed["subject"] + " " + failed["field"] + ": " + failed["detail"].fillna(failed["outcome"])).head(5)
    )
    yield checked(name, TOOK_EFFECT, [f"{len(failed)} of {len(receipt)} changes did not. {first}"][: len(failed)])


def _written(in_ipam: pd.DataFrame, in_dns: pd.DataFrame) -> Iterator[_Event]:
    """A materialization for every target that holds something new, so that the lineage ends where the change went."""
    done = in_ipam[in_ipam["outcome"] == "applied"]
    if len(done):
        yield dg.AssetMaterialization(target("phpipam"), metadata={"fields written": len(done)})
    for zone, rows in in_dns[in_dns["outcome"] == "applied"].groupby("scope"):
        yield dg.AssetMaterialization(target("zone", zone), metadata={"RRsets written": len(rows)})


def _whole(sources: pd.DataFrame, withheld: pd.DataFrame) -> dg.AssetCheckResult:
    """Red, and with it the run, when a site was left out: what could be done was done, and a person should know."""
    ill = _left_out(withheld)
    reasons = [*faults(sources), *(ill["site"] + ": " + ill["reason"])]
    return checked("dns_receipt", WHOLE, reasons)


def _left_out(withheld: pd.DataFrame) -> pd.DataFrame:
    """The sites that were left as they are, because rows of theirs broke a contract."""
    return withheld[withheld["rule"] == LEFT_OUT]
