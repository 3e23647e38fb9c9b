"""Whole censuses by the command, one after the other, and what must be true of the counts of each.

The network they find is changed between them as `bench/changes.py` says; what a guard refused is put back.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from bench import changes, layout
from bench.counts import Counts
from bench.hosts import hosts
from bench.profiling import profiled
from bench.result import Result, result
from bench.servers import Servers, running_servers

PART = "census"
OURS = "netcensus"
Claim = Callable[[Counts, int], bool]
_ROWS = ("rows inserted", "rows updated", "rows deleted")
_FAILED = 1
_LARGEST_PROFILE = 10_000  # minutes more would tell nothing new


@dataclass(frozen=True)
class Scenario:
    """One census. `change` is what happened to the hosts before; `stays` says that it is so from now on.

    `claims` are the sentences that must hold of the counts and the number of hosts. `down` is a site whose gateway
    does not answer, `status` what the command ends with.
    """

    name: str
    change: Callable[[pd.DataFrame], pd.DataFrame]
    claims: dict[str, Claim]
    stays: bool = True
    status: int = 0
    down: str | None = None


def _as_it_was(known: pd.DataFrame) -> pd.DataFrame:
    return known


def _sends_nothing(counts: Counts, _: int) -> bool:
    return counts["UPDATE messages"] == counts["serials raised"] == 0


def _writes_no_row(counts: Counts, _: int) -> bool:
    return not any(counts[name] for name in _ROWS)


def _deletes_no_row(counts: Counts, _: int) -> bool:
    return counts["rows deleted"] == 0


def _most(count: int) -> int:
    """The proof and the first message of each zone, and another for every hundred hosts: 60 kB of records."""
    return 2 * _ZONES + count // 100


_NOTHING: dict[str, Claim] = {"no UPDATE message": _sends_nothing, "no row is written": _writes_no_row}
_ZONES = len(layout.ZONES)
COLD = Scenario("cold", _as_it_was, {
    "a message to prove each zone, and one per 60 kB": lambda counts, n: counts["UPDATE messages"] <= _most(n),
    "no row is deleted": _deletes_no_row,
    "many rows a statement": lambda counts, n: counts["SQL statements"] <= 10 * _ZONES + n // 10,
})  # fmt: skip
AGAIN = Scenario("read back", _as_it_was, _NOTHING)
UNCHANGED = Scenario("nothing changed", _as_it_was, _NOTHING | {
    "one SOA query per zone": lambda counts, _: counts["SOA queries"] == _ZONES,
    "no transfer": lambda counts, _: counts["transfers"] == 0,
})  # fmt: skip
CHURN = Scenario("1 % churn", lambda known: changes.churned(known, 0.01), {
    "a row per phone that moved": lambda counts, n: counts["rows inserted"] <= 8 * max(1, n // 100),
    "a message per zone at most, and its proof": lambda counts, _: counts["UPDATE messages"] <= 2 * _ZONES,
    "no row is deleted": _deletes_no_row,
})  # fmt: skip
_FEW: dict[str, Claim] = {
    "a handful of messages": lambda counts, _: 0 < counts["UPDATE messages"] <= 4,  # noqa: PLR2004 - two zones
    "a handful of rows": lambda counts, _: sum(counts[name] for name in _ROWS) <= 8,  # noqa: PLR2004 - fields and log
}
HANDED_OVER = Scenario("an address handed to another device", changes.handed_over, _FEW)
RENAMED = Scenario("one rename", changes.one_renamed, _FEW)
REFUSED = Scenario(
    "40 % changed: refused", lambda known: changes.renamed(known, 0.4), _NOTHING, stays=False, status=_FAILED
)
HALVED = Scenario("half a source missing: withheld", changes.halved, _NOTHING, stays=False)
DOWN = Scenario("one site down", _as_it_was, _NOTHING, status=_FAILED, down=layout.CABIN)
EVERY = (COLD, AGAIN, UNCHANGED, CHURN, HANDED_OVER, RENAMED, REFUSED, HALVED, DOWN)
LARGE = (COLD, AGAIN, UNCHANGED, CHURN)
"""What is run at the largest sizes."""


def censuses(count: int, scenarios: Sequence[Scenario] = EVERY) -> Iterator[Result]:
    """The result of each scenario in turn. `AssertionError` when a claim does not hold."""
    known = hosts(count)
    with running_servers() as servers:
        servers.enter_by_hand(known)
        for scenario in scenarios:
            found = scenario.change(known)
            servers.load(found)
            yield _measured(servers, scenario, count)
            if scenario is UNCHANGED and count <= _LARGEST_PROFILE:
                yield profiled(servers, count)
            known = found if scenario.stays else known


def _measured(servers: Servers, scenario: Scenario, count: int) -> Result:
    if scenario.down is not None:
        servers.gateways[scenario.down].ssh.process.stop()
    spent, counts = servers.census(status=scenario.status)
    for claim, holds in scenario.claims.items():
        if not holds(counts, count):
            raise AssertionError(f"{count} hosts, {scenario.name}: not so: {claim}; counted were {counts}")
    return result(PART, OURS, scenario.name, count, spent, counts, _steps(servers))


def _steps(servers: Servers) -> dict[str, float]:
    """How long each step of the last run took on the clock, by Dagster's own account."""
    import dagster as dg  # noqa: PLC0415 - as the census itself does

    with servers.world.entered(), dg.DagsterInstance.get() as instance:
        run_id = instance.get_runs(limit=1)[0].run_id
        stats = instance.get_run_step_stats(run_id)
    ended = [one for one in stats if one.start_time is not None and one.end_time is not None]
    return {one.step_key: round((one.end_time or 0) - (one.start_time or 0), 3) for one in ended}
