"""Load: the plans carried out, phpIPAM first, then DNS, each read back. Never more than one load at a time."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from assets import budget
from assets.declare import checked, told
from assets.proof import checks, proof, shown
from assets.receipts import Event, by_target, newly_written, outs, told_receipts
from assets.receipts import checks as checks_of
from assets.replay import looked_at
from pipelines.breaches import left_out_sites
from pipelines.network import Network
from pipelines.plan.timely import stop_stale
from pipelines.reconcile.as_of import census_time
from pipelines.reconcile.trust import faults
from pipelines.replay import Hour
from resources.disk_use import DiskUse
from resources.gateways import Gateways
from resources.ledger import Ledger
from resources.memory import Memory
from resources.resending import ask_again
from resources.suites import Suites
from resources.targets import Plans, Targets

GROUP = "load"
POOL = "targets"
WHOLE = "the_census_is_whole"
INPUTS = ["ipam_plan", "dns_plan", "heal_plan", "guards", *Memory.TABLES]
_SAYS = "Red, and with it the run: a source could not be read or a site was left out; the rest was done."
_RECEIPTS = {"ipam_receipt": "What phpIPAM answered.", "dns_receipt": "What the name server answered, and Kea."}


def load_assets(network: Network) -> dg.AssetsDefinition:
    """One step that makes both receipts: a target is written only after both have shown that they can be."""
    limit_s = network.dns.secondaries_limit_s

    @dg.multi_asset(
        name=GROUP,
        ins={name: dg.AssetIn(name) for name in INPUTS},
        outs=outs(GROUP, _RECEIPTS),
        internal_asset_deps={
            "ipam_receipt": {dg.AssetKey(name) for name in ("ipam_plan", "guards", "sources")},
            "dns_receipt": {dg.AssetKey(name) for name in [*INPUTS, "ipam_receipt"] if name != "ipam_plan"},
        },
        check_specs=[
            dg.AssetCheckSpec(WHOLE, asset="dns_receipt", blocking=True, description=_SAYS),
            *checks(),
            budget.spec(),
            *checks_of(list(_RECEIPTS)),
        ],
        pool=POOL,
    )
    def load(  # noqa: PLR0913, PLR0917 - six resources, each named by Dagster
        context: dg.AssetExecutionContext,
        targets: dg.ResourceParam[Targets],
        memory: dg.ResourceParam[Memory],
        gateways: dg.ResourceParam[Gateways],
        ledger: dg.ResourceParam[Ledger],
        suites: dg.ResourceParam[Suites],
        disk_use: dg.ResourceParam[DiskUse],
        **read: pd.DataFrame,
    ) -> Iterator[Event]:
        run_id = context.run.run_id
        with told():
            stop_stale(read["sources"], pd.Timestamp.now("UTC"))
        with told(), targets.carried_out(run_id, Plans(read["ipam_plan"], read["dns_plan"], read["guards"])) as answers:
            looks = memory.note(run_id, read)
        with told():
            at_kea = ask_again(read["heal_plan"], gateways, ledger, run_id)
        serials = targets.followed(answers, limit_s)
        receipts = dict(zip(_RECEIPTS, by_target(answers, at_kea), strict=True))
        yield from told_receipts(receipts, {"dns_receipt": shown(serials)}, suites)
        yield from proof(serials, limit_s, pd.Timestamp.now("UTC"))
        yield from newly_written(answers)
        if looks:
            yield looked_at(Hour.of(census_time(read["sources"])), {"looks": dg.MetadataValue.int(looks)})
        yield budget.result(context.run, answers, disk_use, ledger, network)
        yield _whole(read["sources"], read["withheld"])

    return load


def _whole(sources: pd.DataFrame, withheld: pd.DataFrame) -> dg.AssetCheckResult:
    """Red, and with it the run, when a site was left out: what could be done was done, and a person should know."""
    ill = left_out_sites(withheld)
    reasons = [*faults(sources), *(ill["site"] + ": " + ill["reason"])]
    return checked("dns_receipt", WHOLE, reasons)
