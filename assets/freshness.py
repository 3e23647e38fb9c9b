"""Freshness: a check on every system of the lineage's ends, red when it was not refreshed, or nothing ran at all."""

from collections.abc import Iterable, Iterator

import dagster as dg
import pandas as pd

from assets.declare import checked
from assets.external import source, target
from pipelines.freshness import DNS, PHPIPAM, Freshness, freshness
from pipelines.network import Network
from resources.last_load import LastLoad
from resources.ledger import Ledger
from resources.preview import sentences

CHECK = "is_fresh"
_SAYS = "Red: for too long it was not read in full, or no census or dns_sync came to the end of its load."
REMEDY = "See whether the daemon runs and the schedule regular_census is on, then what the last run of census says."


def freshness_checks(network: Network) -> dg.AssetChecksDefinition:
    """One check for each system. The sensor `watch` reports them; from the UI they may be run by hand as well."""
    ends = _ends(network)

    @dg.multi_asset_check(
        name="freshness",
        can_subset=True,  # else the UI offers to run none of them
        specs=[dg.AssetCheckSpec(CHECK, asset=key, description=_SAYS) for keys in ends.values() for key in keys],
    )
    def check(
        context: dg.AssetCheckExecutionContext,
        ledger: dg.ResourceParam[Ledger],
        last_load: dg.ResourceParam[LastLoad],
    ) -> Iterator[dg.AssetCheckResult]:
        asked = {key.asset_key for key in context.selected_asset_check_keys}
        for one in looked_at(ledger, last_load, network, pd.Timestamp.now("UTC")):
            said = described(one)
            for key in asked.intersection(ends[one.subject]):
                yield checked(key, CHECK, [] if one.is_fresh else [said], otherwise=said)

    return check


def looked_at(ledger: Ledger, last_load: LastLoad, network: Network, now: pd.Timestamp) -> list[Freshness]:
    """Every site and target, from the ledger alone: nothing is asked of the network."""
    return freshness(ledger.index.last_whole(network.gateways, now), last_load.last(), network=network, now=now)


def evaluations(found: Iterable[Freshness], network: Network) -> Iterator[dg.AssetCheckEvaluation]:
    """The checks' results without a run, for a sensor to report."""
    ends = _ends(network)
    for one in found:
        for key in ends[one.subject]:
            yield dg.AssetCheckEvaluation(
                asset_key=key, check_name=CHECK, passed=one.is_fresh, description=sentences([described(one)])
            )


def described(one: Freshness) -> str:
    """What is the case, and where it is red, what to do."""
    return one.reason if one.is_fresh else f"{one.reason}. {REMEDY}"


def _ends(network: Network) -> dict[str, list[dg.AssetKey]]:
    """Each site and target, and the assets of the lineage that stand for it."""
    sites = {name: [source(system, name) for system in gateway.systems] for name, gateway in network.gateways.items()}
    zones = [target("zone", zone) for zone in network.dns.zones]
    return {**sites, PHPIPAM: [target("phpipam")], DNS: zones}
