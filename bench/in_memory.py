"""Reconcile and plan without I/O, from 100 bindings to a million: `python -m bench.in_memory 10000`."""

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import pandas as pd

from bench import hour as hours
from bench.carried_out import carried_out
from bench.hosts import hosts
from pipelines import tables
from pipelines.plan.guards import guards
from pipelines.plan.ipam import ipam_plan
from pipelines.plan.plans import plans
from pipelines.reconcile.account import account, account_of_devices
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.every import conflicts_and_pools
from pipelines.reconcile.ipam import tracked_addresses, tracked_subnets

T = TypeVar("T")
Tables = dict[str, pd.DataFrame]
_NO_DEVICES = tables.DEVICE_INTERFACES.empty()


class Timed:
    """CPU seconds of this process, by what they were spent on."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = {}

    def __call__(self, name: str, work: Callable[[], T]) -> T:
        """What `work` returns; what it took is noted under `name`."""
        began = time.process_time()
        result = work()
        self.cpu_s[name] = round(time.process_time() - began, 3)
        return result


def an_hour(parsed: Tables, applied: pd.DataFrame, timed: Timed) -> Tables:
    """The tables of reconcile and plan, each part timed."""
    network, past = hours.NETWORK, hours.past(parsed)
    made = timed("account", lambda: account(parsed, applied, network=network))
    made |= timed("devices", lambda: account_of_devices(parsed, made, _NO_DEVICES, network=network))
    census = Census(parsed, made, applied, network, hours.AT, past.born_at)
    timed("conflicts", lambda: conflicts_and_pools(census, tables.POOL_USE.empty()))
    subnets, _ = tracked_subnets(parsed["ipam_subnets"], network=network)
    held = tracked_addresses(parsed["ipam_addresses"], subnets)
    timed("phpIPAM's diff alone", lambda: ipam_plan(made["addresses"], held, applied, network=network))
    made |= timed("plans", lambda: plans(parsed, made, applied, network=network, past=past))
    timed("guards", lambda: guards(made, parsed, applied, network=network, past=past, now=hours.AT))
    return made


def measured(count: int) -> dict[str, object]:
    """What the first hour of so many hosts costs, and what the second, in which nothing changed."""
    first, second = Timed(), Timed()
    parsed, applied, planned = _after_the_first(count, first)
    made = an_hour(parsed, applied, second)
    if any(left := _planned(made).values()):
        raise AssertionError(f"nothing changed, and yet the second hour plans {left}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "hosts": count, "bindings": len(made["bindings"]), "planned": planned, "cold_cpu_s": first.cpu_s,
        "unchanged_cpu_s": second.cpu_s, "peak_mb": peak_mb,
    }  # fmt: skip


def _after_the_first(count: int, timed: Timed) -> tuple[Tables, pd.DataFrame, dict[str, int]]:
    """The parsed tables and the ledger of the second hour, and how much the first one planned."""
    parsed = hours.hour(hosts(count))
    made = an_hour(parsed, tables.APPLIED.empty(), timed)
    return *carried_out(parsed, made), _planned(made)


def _planned(made: Tables) -> dict[str, int]:
    return {name: len(made[name]) for name in ("ipam_plan", "dns_plan")}


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(json.dumps(measured(int(argument))))  # noqa: T201 - the command's output
