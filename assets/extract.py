"""Extract: one snapshot per source, archived. What could not be read is a row that says so, never an absence."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg
import pandas as pd

from assets.checks import judge
from assets.declare import checked, contract, told
from assets.external import source
from pipelines import snapshots, tables
from pipelines.counted import counted
from pipelines.errors import ParseError
from pipelines.gateways import AnyGateway
from pipelines.network import Network
from pipelines.reconcile.trust import faults
from pipelines.snapshots import EVERYWHERE, ZONE, Snapshot
from resources.archive import Archive
from resources.gateways import Gateways
from resources.ledger import Ledger
from resources.listed import Listed
from resources.nameserver import NameServer
from resources.phpipam import Phpipam
from resources.suites import Suites

GROUP = "extract"
ANSWERED = "every_source_answered"
Asset = dg.AssetsDefinition
_Event = dg.Output[pd.DataFrame] | dg.AssetCheckResult


def snapshots_of(site: str) -> str:
    """The asset of a site's answers."""
    return f"{site}_snapshots"


def snapshot_names(network: Network) -> list[str]:
    """The assets of this stage."""
    sites = [snapshots_of(name) for name in network.gateways]
    listed = ["source_snapshots"] if network.sources.listed else []
    return [*sites, *listed, "phpipam_snapshots", "zone_snapshots"]


def extract_assets(network: Network) -> list[Asset]:
    """One asset per site with a gateway, one for what is listed under [sources], for phpIPAM, and for the zones."""
    sites = [_site_asset(site, gateway) for site, gateway in network.gateways.items()]
    listed = [_listed_asset(network)] if network.sources.listed else []
    return [*sites, *listed, _phpipam_asset(), _zones_asset(network)]


def _snapshots_asset(
    name: str, deps: Sequence[dg.AssetKey], description: str
) -> Callable[[Callable[..., Iterator[_Event]]], Asset]:
    """Makes an asset of a step that reads: what it read are its rows, and its one check says whether it was whole."""
    says = "Red: what rests on the missing source is frozen."
    return dg.asset(
        name=name,
        deps=deps,
        check_specs=[dg.AssetCheckSpec(ANSWERED, asset=name, description=says)],
        group_name=GROUP,
        description=description,
        metadata=contract(tables.SNAPSHOTS),
        kinds={"pandas"},
    )


def _site_asset(site: str, gateway: AnyGateway) -> Asset:
    @_snapshots_asset(
        snapshots_of(site),
        [source(system, site) for system in gateway.systems],
        f"What the gateway of {site} answered.",
    )
    def site_snapshots(
        context: dg.AssetExecutionContext,
        gateways: dg.ResourceParam[Gateways],
        archive: dg.ResourceParam[Archive],
        ledger: dg.ResourceParam[Ledger],
        suites: dg.ResourceParam[Suites],
    ) -> Iterator[_Event]:
        with told():
            yield from _kept(context, gateways.read(site), archive, ledger, suites)

    return site_snapshots


def _listed_asset(network: Network) -> Asset:
    @_snapshots_asset(
        "source_snapshots",
        [source(one.kind, called) for called, one in network.sources.listed.items()],
        "What the sources listed under [sources] in network.toml say.",
    )
    def source_snapshots(
        context: dg.AssetExecutionContext,
        listed: dg.ResourceParam[Listed],
        archive: dg.ResourceParam[Archive],
        ledger: dg.ResourceParam[Ledger],
        suites: dg.ResourceParam[Suites],
    ) -> Iterator[_Event]:
        with told():
            yield from _kept(context, listed.read(), archive, ledger, suites)

    return source_snapshots


def _phpipam_asset() -> Asset:
    @_snapshots_asset("phpipam_snapshots", [source("phpipam")], "phpIPAM's subnets and addresses, one query each.")
    def phpipam_snapshots(
        context: dg.AssetExecutionContext,
        phpipam: dg.ResourceParam[Phpipam],
        archive: dg.ResourceParam[Archive],
        ledger: dg.ResourceParam[Ledger],
        suites: dg.ResourceParam[Suites],
    ) -> Iterator[_Event]:
        with told():
            yield from _kept(context, phpipam.read(datetime.now(UTC)), archive, ledger, suites)

    return phpipam_snapshots


def _zones_asset(network: Network) -> Asset:
    @_snapshots_asset(
        "zone_snapshots",
        [source("zone", zone) for zone in network.dns.zones],
        "Every zone, transferred only when its serial moved.",
    )
    def zone_snapshots(
        context: dg.AssetExecutionContext,
        nameserver: dg.ResourceParam[NameServer],
        archive: dg.ResourceParam[Archive],
        ledger: dg.ResourceParam[Ledger],
        suites: dg.ResourceParam[Suites],
    ) -> Iterator[_Event]:
        with told(), nameserver:
            read = [_zone(zone, nameserver, archive, ledger) for zone in network.dns.zones]
            yield from _kept(context, read, archive, ledger, suites)

    return zone_snapshots


def _zone(zone: str, nameserver: NameServer, archive: Archive, ledger: Ledger) -> Snapshot:
    """The zone as it is now: from the archive when its serial is the one we know, else transferred."""
    at = datetime.now(UTC)
    return nameserver.read(zone, _archived(ZONE + zone.rstrip("."), at, archive, ledger), at)


def _archived(source_name: str, at: datetime, archive: Archive, ledger: Ledger) -> Snapshot | None:
    """The last whole answer of a source, where the archive still has it unharmed."""
    known = ledger.index.last_complete(source_name)
    if known is None:
        return None
    version, digest = known
    try:
        return Snapshot(EVERYWHERE, source_name, at, archive.get(digest), version=version)
    except ParseError:  # the nightly scrub tells of a damaged file; here it is as good as none
        return None


def _kept(
    context: dg.AssetExecutionContext, read: Sequence[Snapshot], archive: Archive, ledger: Ledger, suites: Suites
) -> Iterator[_Event]:
    """Archive the answers, index them in the ledger, and say whether they are whole.

    Rows that break the table's contract are missing answers; no check of its own says so, for each costs 20 kB a run.
    """
    for snapshot in read:
        archive.put(snapshot.content)
    rows = snapshots.as_table(list(read))
    (verdict,) = judge({context.asset_key.to_python_identifier(): (tables.SNAPSHOTS, rows)}, {}, suites).verdicts
    if verdict.found:
        why = "; ".join(breach.sentence for breach in verdict.found)
        rows = snapshots.as_table([snapshots.missing(one.site, one.source, one.read_at, why) for one in read])
    ledger.index.note(context.run.run_id, rows)
    yield dg.Output(rows)
    said = f"{counted(len(rows), 'source')} read in full"
    yield checked(None, ANSWERED, faults(rows), otherwise=said, metadata=verdict.evidence)
