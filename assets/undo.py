"""Undo: what one run wrote, taken back. Both targets are read afresh, and the plan is guarded as a census's is."""

from collections.abc import Iterator, Mapping

import dagster as dg
import pandas as pd
from pydantic import Field

from assets.checks import judge, specs
from assets.declare import described, told
from assets.load import POOL
from assets.plan import Approve, approvals, approver, counts, within, within_checks
from assets.receipts import Event, by_target, newly_written, outs, told_receipts
from assets.receipts import checks as checks_of
from pipelines import tables
from pipelines.breaches import listed
from pipelines.network import Network
from pipelines.parse.every import parse_all
from pipelines.plan.approval import Job, asked
from pipelines.plan.guards import guards
from pipelines.plan.timely import stop_stale
from pipelines.plan.undo import Request, chosen, run_of, stop_forgotten, undo
from pipelines.reconcile.trust import faults
from pipelines.snapshots import EVERYWHERE
from resources.archive import Archive
from resources.ledger import Ledger
from resources.suites import Suites
from resources.targets import Plans, Targets

GROUP = "undo"
STEP = "undo_plan"
JOB = "undo"
READ = ("phpipam_snapshots", "zone_snapshots")
PLANNED = {
    "undo_ipam_plan": tables.IPAM_PLAN,
    "undo_dns_plan": tables.DNS_PLAN,
    "undone": tables.UNDONE,
    "undo_withheld": tables.WITHHELD,
    "undo_guards": tables.GUARDS,
}
RECEIPTS = {"undo_ipam_receipt": "What phpIPAM answered.", "undo_dns_receipt": "What the name server answered."}
_TOLD = 5  # runs that are named where it is not clear which is meant
_PLANS = {"undo_ipam_plan": "phpipam", "undo_dns_plan": "dns"}


class Undo(Approve):
    """Which run is undone, and what of it."""

    run_id: str = Field(
        default="", description="The run that wrote it: its id, as in Dagster's UI. Left empty, the last ones are told"
    )
    target: str = Field(default="", description="Only what it wrote to phpipam, or to dns")
    scope: str = Field(default="", description="Only what it wrote to this subnet or zone")
    subject: str = Field(default="", description="Only what speaks of this address or name")


def undo_assets(network: Network) -> list[dg.AssetsDefinition]:
    """Two steps: the plan with its guards, and the load. A rehearsal is the first alone."""
    return [_planning(network), _loading()]


def _planning(network: Network) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=STEP,
        ins={name: dg.AssetIn(name) for name in READ},
        outs={name: dg.AssetOut(**described(table, GROUP)) for name, table in PLANNED.items()},
        check_specs=[*within_checks(list(_PLANS)), *specs(PLANNED)],
    )
    def undo_plan(
        context: dg.AssetExecutionContext,
        config: Undo,
        archive: dg.ResourceParam[Archive],
        ledger: dg.ResourceParam[Ledger],
        suites: dg.ResourceParam[Suites],
        **read: pd.DataFrame,
    ) -> Iterator[Event]:
        with told():
            parsed = _parsed(read, archive, network)
            made = _planned(context.run, config, parsed, ledger, network)
        every = {name: (PLANNED[name], rows) for name, rows in made.items()}
        judgement = judge(every, {**parsed, **listed(network)}, suites)
        if judgement.errors:
            yield from judgement.refused()
        for name, rows in made.items():
            yield dg.Output(rows, output_name=name, metadata=counts(rows))
        for name, target in _PLANS.items():
            yield within(name, made["undo_guards"], target)
        yield from judgement.results()

    return undo_plan


def _parsed(read: Mapping[str, pd.DataFrame], archive: Archive, network: Network) -> dict[str, pd.DataFrame]:
    """What both targets hold now. Where one could not be read whole, nothing is undone in either."""
    parsed = parse_all(archive.snapshots(tables.SNAPSHOTS.concat(list(read.values()))), network=network)
    sources = parsed["sources"][parsed["sources"]["site"] == EVERYWHERE]  # nothing rests on gateways: none was asked
    if reasons := faults(sources):
        raise dg.Failure("\n".join(reasons), allow_retries=False)
    return parsed | {"sources": tables.SOURCES.frame(sources)}


def _planned(
    run: dg.DagsterRun, config: Undo, parsed: Mapping[str, pd.DataFrame], ledger: Ledger, network: Network
) -> dict[str, pd.DataFrame]:
    """The stage's tables by asset."""
    wanted = config.run_id.strip()
    undone = run_of(wanted, ledger.runs(wanted), ledger.receipts.latest(_TOLD))
    only = {"target": config.target.strip(), "scope": config.scope.strip(), "subject": config.subject.strip()}
    request = Request(undone, **{name: text for name, text in only.items() if text})
    written, applied = chosen(_written(undone, ledger, network), request, network), ledger.applied()
    made = undo(
        written, ledger.receipts.since(undone), parsed, applied,
        network=network, is_redo=ledger.receipts.is_undo(undone),
    )  # fmt: skip
    judged = guards(
        made, parsed, applied,
        network=network, past=ledger.past(run.run_id), now=pd.Timestamp.now("UTC"),
        approvals=asked(approvals(run, config)), by=approver(run), job=Job(JOB, STEP, request.told()),
    )  # fmt: skip
    return {
        "undo_ipam_plan": made["ipam_plan"],
        "undo_dns_plan": made["dns_plan"],
        "undone": made["undone"],
        "undo_withheld": made["withheld"],
        "undo_guards": judged,
    }


def _written(run_id: str, ledger: Ledger, network: Network) -> pd.DataFrame:
    """`tables.WRITTEN` of a run. Raises `ConfigError` where that was let go for its age."""
    written, days = ledger.receipts.of(run_id), network.state.receipts_days
    stop_forgotten(run_id, written, ledger.index.read_at(run_id), ledger.receipts.gone_until(), days=days)
    return written


def _loading() -> dg.AssetsDefinition:
    ins = [*READ, *(name for name in PLANNED if name != "undo_withheld")]

    @dg.multi_asset(
        name="undo_load",
        ins={name: dg.AssetIn(name) for name in ins},
        outs=outs(GROUP, RECEIPTS),
        check_specs=checks_of(list(RECEIPTS)),
        pool=POOL,
    )
    def undo_load(
        context: dg.AssetExecutionContext,
        targets: dg.ResourceParam[Targets],
        suites: dg.ResourceParam[Suites],
        **read: pd.DataFrame,
    ) -> Iterator[Event]:
        asked = tables.SNAPSHOTS.concat([read[name] for name in READ])
        plans = Plans(read["undo_ipam_plan"], read["undo_dns_plan"], read["undo_guards"], read["undone"])
        with told():
            stop_stale(asked, pd.Timestamp.now("UTC"))
        with told(), targets.carried_out(context.run.run_id, plans) as answers:
            receipts = dict(zip(RECEIPTS, by_target(answers), strict=True))
        yield from told_receipts(receipts, {}, suites)
        yield from newly_written(answers)

    return undo_load
