"""The composition root: network.toml, the world outside and the lineage put together, for production and for tests."""

from functools import partial
from pathlib import Path

import dagster as dg

from assets.external import external_assets
from assets.extract import extract_assets
from assets.freshness import freshness_checks
from assets.load import load_assets
from assets.parse import parse_assets
from assets.plan import plan_assets
from assets.reconcile import reconcile_assets
from assets.replay import archive_asset, replay_asset
from assets.undo import undo_assets
from pipelines import tables
from pipelines.network import Network
from pipelines.retention import Keep
from resources.alerting import Alerting
from resources.archive import Archive
from resources.disk_use import DiskUse
from resources.future import Future
from resources.gateways import Gateways
from resources.history import History
from resources.known_devices import KnownDevices
from resources.last_load import LastLoad
from resources.ledger import Ledger
from resources.listed import Listed
from resources.memory import Memory
from resources.nameserver import NameServer, Serials
from resources.network_file import network_path, read_network
from resources.own_database import database_file
from resources.past_hours import PastHours
from resources.phpipam import Phpipam
from resources.pool_use import PoolUse
from resources.retention import Retention
from resources.secrets import secret, secret_or
from resources.standing import Standing
from resources.storage import resolve_base_dir
from resources.stored_tables import StoredTables
from resources.suites import Suites
from resources.table_store import TableStore
from resources.targets import Targets
from schedules.clock import clock_was_wrong
from schedules.dns_sync import dns_sync_when_changed
from schedules.jobs import census, dns_sync, rehearse, rehearse_undo, replay, undo
from schedules.prune import daily_prune, prune
from schedules.regular import regular_census
from schedules.watch import watch_sensor
from schedules.who import who
from schedules.why import why


def world(network: Network, path: Path) -> dict[str, object]:
    """The resources: everything outside, and our own archive, ledger and tables. Nothing is contacted yet."""
    archive = path.parent / network.state.archive
    url = network.state.ledger_url(path.parent)
    folder = Path(network.state.tables(path.parent))
    stored, suites = StoredTables(folder), Suites(folder)
    ledger, last_load = Ledger(url), LastLoad(url)
    phpipam = Phpipam(
        network.phpipam,
        partial(secret, "PHPIPAM_PASSWORD"),
        str(path),
        tuple(network.site_of_subnet),
        removes_rows=network.withdraw.remove_rows_after_days > 0,
    )
    nameserver = NameServer(network.dns, partial(secret, "TSIG_SECRET"))
    servers = Serials(network.dns, partial(secret, "TSIG_SECRET"))
    standing = Standing(phpipam, servers, ledger, last_load)
    state = network.state
    keep = Keep(state.archive_days, state.archive_max_mb * 10**6, state.receipts_days)
    known_devices, pool_use, history = KnownDevices(url), PoolUse(url), History(url)
    return {
        "gateways": Gateways(network, str(path), partial(secret, "SSH_KEY"), partial(secret_or, "JUMP_KEY", "SSH_KEY")),
        "listed": Listed(network, str(path)),
        "phpipam": phpipam,
        "nameserver": nameserver,
        "targets": Targets(phpipam, nameserver, ledger, standing),
        "archive": Archive(archive),
        "retention": Retention(Archive(archive), url, keep),
        "ledger": ledger,
        "known_devices": known_devices,
        "pool_use": pool_use,
        "history": history,
        "future": Future(url),
        "memory": Memory(ledger, known_devices, pool_use, history),
        "past_hours": PastHours(Archive(archive), ledger),
        "last_load": last_load,
        "disk_use": dg.ResourceDefinition(lambda _context: disk_use(archive, folder, database_file(url))),
        "standing": standing,
        "alerting": Alerting(network.alerts, str(path), url, secret),
        "suites": suites,
        "stored_tables": stored,
        "io_manager": TableStore(stored, {table.name: table for table in tables.ALL}, suites),
    }


def disk_use(archive: Path, tables_folder: Path, ledger: Path | None) -> DiskUse:
    """What a run that begins now will have written. On MySQL or PostgreSQL there is nothing of theirs to see here."""
    folders = {"archive": archive, "tables": tables_folder}
    events = resolve_base_dir(None) / "history" / "event_log.db"
    return DiskUse(folders, {"Dagster's events": events} | ({"ledger": ledger} if ledger else {}))


def build_defs(path: Path | None = None) -> dg.Definitions:
    """Everything Dagster needs to know, for the network file at `path`."""
    chosen = path or network_path()
    network = read_network(chosen)
    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
        *external_assets(network),
        *extract_assets(network),
        parse_assets(network),
        reconcile_assets(network),
        plan_assets(network),
        load_assets(network),
        archive_asset(network),
        replay_asset(network),
        *undo_assets(network),
    ]
    return dg.Definitions(
        assets=assets,
        asset_checks=[freshness_checks(network)],
        sensors=[dns_sync_when_changed(network.cadence.dns_sync_every_minutes * 60), watch_sensor(network)],
        jobs=[census, dns_sync, rehearse, undo, rehearse_undo, replay, prune, who, why, clock_was_wrong],
        schedules=[regular_census(network), daily_prune(network)],
        resources=world(network, chosen),
        executor=dg.in_process_executor,
    )
