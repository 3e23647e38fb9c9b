"""Parse: the archived bytes of all sources to tables. What cannot be read becomes a row of `rejects`."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from assets.checks import judge, specs
from assets.declare import checked, described
from assets.extract import snapshot_names, snapshots_of
from pipelines import tables
from pipelines.breaches import listed, unread, without
from pipelines.network import Network
from pipelines.parse.every import PARSED, parse_all
from pipelines.parse.kinds import GATEWAYS, LISTED, PHPIPAM, ZONES, read_by
from pipelines.reconcile.trust import faults, sees_no_gateway, unread_targets, wrong_clock
from resources.archive import Archive
from resources.suites import Suites

GROUP = "parse"
CAN_CONCLUDE = "something_can_be_concluded"
READABLE = "every_row_was_readable"
_NOT_LOOKED = "Red, and the run ends here: no gateway or not every target could be read, or a clock is wrong."
_LEFT_OUT = "Amber: rows of a source were left out; the table has each with its reason."
TABLES = (tables.SOURCES, *PARSED)
_FROM = {PHPIPAM: "phpipam_snapshots", ZONES: "zone_snapshots", LISTED: "source_snapshots"}


def parse_assets(network: Network) -> dg.AssetsDefinition:
    """One step, one asset per table."""
    inputs = snapshot_names(network)
    gateways = [snapshots_of(name) for name in network.gateways]

    @dg.multi_asset(
        name=GROUP,
        ins={name: dg.AssetIn(name) for name in inputs},
        outs={table.name: dg.AssetOut(**described(table, GROUP)) for table in TABLES},
        internal_asset_deps={
            table.name: set(map(dg.AssetKey, _made_from(table.name, gateways, inputs))) for table in TABLES
        },
        check_specs=[
            dg.AssetCheckSpec(CAN_CONCLUDE, asset="sources", blocking=True, description=_NOT_LOOKED),
            dg.AssetCheckSpec(READABLE, asset="rejects", description=_LEFT_OUT),
            *specs({table.name: table for table in TABLES}),
        ],
    )
    def parse(
        archive: dg.ResourceParam[Archive], suites: dg.ResourceParam[Suites], **read: pd.DataFrame
    ) -> Iterator[dg.Output[pd.DataFrame] | dg.AssetCheckResult]:
        index = tables.SNAPSHOTS.concat(list(read.values()))
        parsed = parse_all(archive.snapshots(index), network=network)
        made = {table.name: (table, parsed[table.name]) for table in TABLES}
        judgement = judge(made, {**parsed, **listed(network)}, suites)
        if judgement.is_whole:
            yield from judgement.refused()
        parsed = without(parsed, judgement.ill) | {"sources": unread(parsed["sources"], judgement.ill)}
        for name, frame in parsed.items():
            yield dg.Output(frame, output_name=name)
        yield _can_conclude(parsed["sources"], index, network)
        yield _readable(parsed["rejects"])
        yield from judgement.results()

    return parse


def _made_from(name: str, gateways: list[str], inputs: list[str]) -> list[str]:
    """The assets of the snapshots that a table is made from; all of them for what is about every source."""
    readers = read_by(name)
    if not readers:
        return inputs
    others = [_FROM[one] for one in readers - {GATEWAYS}]
    return [*(gateways if GATEWAYS in readers else []), *(name for name in others if name in inputs)]


def _can_conclude(sources: pd.DataFrame, index: pd.DataFrame, network: Network) -> dg.AssetCheckResult:
    """Red, and the run ends here, when a target could not be read or not one gateway was: that is no census.

    Nor is what is read by a clock that is wrong; `index` is `tables.SNAPSHOTS`.
    """
    lacking = sources if sees_no_gateway(sources, network) else unread_targets(sources)
    reasons = [*faults(lacking), *wrong_clock(index)]
    return checked("sources", CAN_CONCLUDE, reasons)


def _readable(rejects: pd.DataFrame) -> dg.AssetCheckResult:
    first = "; ".join((rejects["source"] + ": " + rejects["reason"]).head(3))
    said = [f"Left out, and the table says why: {len(rejects)}. {first}"][: len(rejects)]
    return checked("rejects", READABLE, said, severity=dg.AssetCheckSeverity.WARN)
