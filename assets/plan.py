"""Plan: what to change in phpIPAM and in DNS, with before, after and reason, and what is withheld."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from assets.declare import described
from pipelines import tables
from pipelines.network import Network
from pipelines.plan.plans import plans
from resources.ledger import Ledger

GROUP = "plan"
_PARSED = [
    "sources", "leases", "reservations", "dhcp_subnets", "ipam_subnets", "ipam_addresses", "zone_records",
]  # fmt: skip
_ACCOUNT = ["name_claims", "addresses", "records", "registrations"]
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
    tables.WITHHELD: {*_PARSED, *_ACCOUNT},
}
"""The stage's tables, and what each is made from."""


def plan_assets(network: Network) -> dg.AssetsDefinition:
    """One step, one asset per table."""

    @dg.multi_asset(
        name=GROUP,
        ins={name: dg.AssetIn(name) for name in [*_PARSED, *_ACCOUNT]},
        outs={table.name: dg.AssetOut(**described(table, GROUP)) for table in TABLES},
        internal_asset_deps={table.name: set(map(dg.AssetKey, made_from)) for table, made_from in TABLES.items()},
    )
    def plan(
        context: dg.AssetExecutionContext, ledger: dg.ResourceParam[Ledger], **read: pd.DataFrame
    ) -> Iterator[dg.Output[pd.DataFrame]]:
        parsed = {name: read[name] for name in _PARSED}
        made = plans(
            parsed,
            {name: read[name] for name in _ACCOUNT},
            ledger.applied(),
            network=network,
            past=ledger.past(context.run.run_id),
        )
        for name, frame in made.items():
            kinds = next((frame[name] for name in ("action", "rule") if name in frame), frame["site"])
            metadata = {f"count {key}": int(value) for key, value in kinds.value_counts().items()}
            yield dg.Output(frame, output_name=name, metadata=metadata)

    return plan
