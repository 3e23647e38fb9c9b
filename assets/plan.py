"""Plan: what to change in phpIPAM and in DNS, with before, after and reason, and what is withheld."""

from collections.abc import Iterator, Sequence

import dagster as dg
import pandas as pd
from pydantic import Field

from assets.checks import Judgement, judge, specs
from assets.declare import checked, described, told
from pipelines import tables
from pipelines.breaches import left_out, listed, unread, without
from pipelines.network import Network
from pipelines.plan.approval import asked, refusals
from pipelines.plan.guards import guards
from pipelines.plan.plans import plans
from resources.ledger import Ledger
from resources.preview import markdown
from resources.suites import Suites

GROUP = "plan"
WITHIN = "within_the_guards"
APPROVED_BY = "netcensus/approved_by"
"""The tag of a run that says who let a plan through: the command sets it, and in the launchpad a person may."""
_BY_ITSELF = ("dagster/schedule_name", "dagster/sensor_name")
_PARSED = [
    "sources", "leases", "reservations", "dhcp_subnets", "ipam_subnets", "ipam_addresses", "zone_records",
    "services",
]  # fmt: skip
_ACCOUNT = ["name_claims", "addresses", "records", "registrations"]
_QUARANTINE = "quarantine"
TABLES = {
    tables.IPAM_PLAN: {"addresses", "records", "ipam_subnets", "ipam_addresses", "zone_records", "sources"},
    tables.DNS_PLAN: {
        "records",
        "registrations",
        "addresses",
        "zone_records",
        "sources",
        "leases",
        "reservations",
        "dhcp_subnets",
    },
    tables.HEAL_PLAN: {"registrations", "sources"},
    tables.WITHHELD: {*_PARSED, *_ACCOUNT, _QUARANTINE},
    tables.GUARDS: {"ipam_plan", "dns_plan", "heal_plan", "sources", "ipam_subnets", "ipam_addresses", "zone_records"},
}
"""The stage's tables, and what each is made from."""
_SHOWN = ["guard", "scope", "action", "count", "of", "percent", "limit"]
_Event = dg.Output[pd.DataFrame] | dg.AssetCheckResult


class Approve(dg.Config):
    """What a person lets through in this run; nothing unless somebody fills it in."""

    approve: list[str] = Field(
        default=[],
        description="One guard of one plan each, as the refusal says: 0123456789ab:deletes-per-zone",
    )


def plan_assets(network: Network) -> dg.AssetsDefinition:
    """One step, one asset per table."""

    @dg.multi_asset(
        name=GROUP,
        ins={name: dg.AssetIn(name) for name in [*_PARSED, *_ACCOUNT, _QUARANTINE]},
        outs={table.name: dg.AssetOut(**described(table, GROUP)) for table in TABLES},
        internal_asset_deps={table.name: set(map(dg.AssetKey, made_from)) for table, made_from in TABLES.items()},
        check_specs=[*within_checks(["ipam_plan", "dns_plan"]), *specs({table.name: table for table in TABLES})],
    )
    def plan(
        context: dg.AssetExecutionContext,
        config: Approve,
        ledger: dg.ResourceParam[Ledger],
        suites: dg.ResourceParam[Suites],
        **read: pd.DataFrame,
    ) -> Iterator[_Event]:
        ill = dict(zip(read[_QUARANTINE]["site"], read[_QUARANTINE]["reason"], strict=True))
        read = read | {"sources": unread(read["sources"], ill)}
        parsed = {name: read[name] for name in _PARSED}
        run_id = context.run.run_id
        applied, past = ledger.applied_in(run_id), ledger.past(run_id)
        made = plans(parsed, {name: read[name] for name in _ACCOUNT}, applied, network=network, past=past)
        judgement = _judged(made, {**read, **listed(network)}, suites)
        if judgement.is_whole:
            yield from judgement.refused()
        made = without(made, judgement.ill)
        made["withheld"] = tables.WITHHELD.concat([made["withheld"], left_out({**ill, **judgement.ill})])
        with told():
            let_through, by = asked(approvals(context.run, config)), approver(context.run)
        made["guards"] = guards(
            made, parsed, applied,
            network=network, past=past, now=pd.Timestamp.now("UTC"), approvals=let_through, by=by,
        )  # fmt: skip
        on_guards = _judged({"guards": made["guards"]}, {}, suites)
        if on_guards.is_whole:
            yield from on_guards.refused()
        for name, frame in made.items():
            yield dg.Output(frame, output_name=name, metadata=counts(frame))
        for target, name in (("phpipam", "ipam_plan"), ("dns", "dns_plan")):
            yield within(name, made["guards"], target)
        yield from judgement.results()
        yield from on_guards.results()

    return plan


def _judged(made: dict[str, pd.DataFrame], read: dict[str, pd.DataFrame], suites: Suites) -> Judgement:
    """The verdicts on those of the stage's tables that are made so far; guards count what is left after them."""
    every = {table.name: (table, made[table.name]) for table in TABLES if table.name in made}
    return judge(every, {**read, **made}, suites)


def approvals(run: dg.DagsterRun, config: Approve) -> list[str]:
    """What the run was told to let through. A run that nobody started lets nothing through."""
    return [] if any(tag in run.tags for tag in _BY_ITSELF) else config.approve


def approver(run: dg.DagsterRun) -> str:
    """Who lets it through, as far as that can be known: Dagster's UI has no login of its own."""
    return run.tags.get(APPROVED_BY) or f"whoever launched run {run.run_id} in Dagster"


def counts(frame: pd.DataFrame) -> dict[str, int]:
    """How many rows of a table there are of each kind."""
    kinds = next(frame[name] for name in ("verdict", "action", "rule", "site", "target") if name in frame)
    return {f"count {key}": int(value) for key, value in kinds.value_counts().items()}


def within_checks(names: Sequence[str]) -> list[dg.AssetCheckSpec]:
    """The checks of these plans by which the guards refuse them."""
    says = "Red: nothing is sent to either target."
    return [dg.AssetCheckSpec(WITHIN, asset=name, blocking=True, description=says) for name in names]


def within(name: str, guards: pd.DataFrame, target: str) -> dg.AssetCheckResult:
    """Red where one target's plan is refused: the numbers as a table, then the sentences for whoever must decide."""
    refused = guards[(guards["verdict"] == "refused") & (guards["target"] == target)]
    shown = {} if refused.empty else {"refused": dg.MetadataValue.md(markdown(refused[_SHOWN]))}
    return checked(name, WITHIN, refusals(guards, target), metadata=shown)
