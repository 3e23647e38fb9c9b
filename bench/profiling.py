"""Where a census's time goes, by function: one census under cProfile, which itself makes it twice as slow or so."""

import pstats
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FunctionType

from bench.measuring import spend
from bench.result import Result, result
from bench.servers import Servers
from pipelines.breaches import breaches
from pipelines.parse.every import parse_all
from pipelines.plan.guards import guards
from pipelines.plan.plans import plans
from pipelines.reconcile.account import account, account_of_devices
from pipelines.reconcile.conflicts.every import conflicts_and_pools
from pipelines.report import report
from resources.archive import Archive
from resources.gateways import Gateways
from resources.history import History
from resources.ledger import Ledger
from resources.loading import carry_out
from resources.nameserver import NameServer
from resources.phpipam import Phpipam
from resources.table_store import TableStore

PART = "profile"
_IMPORTS = ("<frozen importlib._bootstrap>", "_find_and_load")
_PARTS: dict[str, Callable[..., object]] = {
    "reading the gateways": Gateways.read,
    "reading phpIPAM": Phpipam.read,
    "reading the zones": NameServer.read,
    "putting answers into the archive": Archive.put,
    "parsing": parse_all,
    "the account of the network": account,
    "devices": account_of_devices,
    "conflicts": conflicts_and_pools,
    "plans": plans,
    "guards": guards,
    "contracts of all tables": breaches,
    "storing tables": TableStore.handle_output,
    "loading tables": TableStore.load_input,
    "the ledger's memory, read": Ledger.applied,
    "carrying out": carry_out,
    "phpIPAM's preflight": Phpipam.preflight,
    "history": History.note,
    "the report": report,
}
"""Functions that do not call each other: their shares add up, and what is left is Dagster's and Python's own."""


def profiled(servers: Servers, count: int) -> Result:
    """One more census of what stands there, and the seconds of each part."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "profile"
        command, *rest = servers.world.argv()
        spent = spend([command, "-m", "cProfile", "-o", str(file), *rest], servers.world.environment)
        return result(PART, "netcensus", "nothing changed", count, spent, stages=_parts(file))


def _parts(file: Path) -> dict[str, float]:
    """Seconds on the clock by part, those of imports first; cProfile looks at the first thread alone."""
    stats = pstats.Stats(str(file)).stats  # type: ignore[attr-defined]  # pstats documents it, its stubs do not have it
    by_place = {(place[0], place[2]): figures[3] for place, figures in stats.items()}
    found = {"imports": by_place.get(_IMPORTS, 0.0)}
    found |= {name: by_place.get(_place(function), 0.0) for name, function in _PARTS.items()}
    return {name: round(seconds, 3) for name, seconds in found.items()}


def _place(function: Callable[..., object]) -> tuple[str, str]:
    code = function.__code__ if isinstance(function, FunctionType) else None
    if code is None:
        raise TypeError(f"{function!r} is no plain function, so cProfile does not know it by its file")
    return code.co_filename, code.co_name
