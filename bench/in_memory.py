"""Reconcile and plan without I/O, from 100 bindings to a million: `python -m bench.in_memory FOLDER [HOSTS]`.

Each hour is a process of its own, as a census is: it knows no text yet, and has asked nothing. What the hour before
left stands in the folder: its parsed tables, the ledger, the devices it knew. With HOSTS the folder is begun.
"""

import json
import pickle
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
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
DIFF = "phpIPAM's diff alone"
_LEFT = ("parsed", "memory")
"""The files in the folder: tables by name."""


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


def an_hour(parsed: Tables, memory: Tables, timed: Timed) -> Tables:
    """The tables of reconcile and plan, each part timed. `memory` is the ledger's: `applied`, `device_interfaces`."""
    network, past, applied = hours.NETWORK, hours.past(parsed), memory["applied"]
    made = timed("account", lambda: account(parsed, applied, network=network))
    made |= timed("devices", lambda: account_of_devices(parsed, made, memory["device_interfaces"], network=network))
    census = Census(parsed, made, applied, network, hours.AT, past.born_at)
    timed("conflicts", lambda: conflicts_and_pools(census, tables.POOL_USE.empty()))
    subnets, _ = tracked_subnets(parsed["ipam_subnets"], network=network)
    held = tracked_addresses(parsed["ipam_addresses"], subnets)
    timed(DIFF, lambda: ipam_plan(made["addresses"], held, applied, network=network))
    made |= timed("plans", lambda: plans(parsed, made, applied, network=network, past=past))
    timed("guards", lambda: guards(made, parsed, applied, network=network, past=past, now=hours.AT))
    return made


def begin(count: int, folder: Path) -> None:
    """Leave in the folder what the first hour of so many hosts finds: nothing in either target, nothing known."""
    memory = {"applied": tables.APPLIED.empty(), "device_interfaces": tables.DEVICE_INTERFACES.empty()}
    _leave(folder, hours.hour(hosts(count)), memory)


def one_hour(folder: Path) -> dict[str, object]:
    """What the hour costs whose finds stand in the folder; then they are those of the next, every change made."""
    parsed, memory = map(_found, (folder / name for name in _LEFT))
    timed = Timed()
    made = an_hour(parsed, memory, timed)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    planned = {name: len(made[name]) for name in ("ipam_plan", "dns_plan")}
    if any(planned.values()):
        after, applied = carried_out(parsed, made)
        _leave(folder, after, {"applied": applied, "device_interfaces": made["device_interfaces"]})
    return {"bindings": len(made["bindings"]), "planned": planned, "cpu_s": timed.cpu_s, "peak_mb": peak_mb}


def _leave(folder: Path, *found: Tables) -> None:
    for name, some in zip(_LEFT, found, strict=True):
        with (folder / name).open("wb") as file:
            pickle.dump(some, file)


def _found(place: Path) -> Tables:
    with place.open("rb") as file:
        return dict(pickle.load(file))  # noqa: S301 - written by `_leave`


if __name__ == "__main__":
    at, *new = sys.argv[1:]
    if new:
        begin(int(new[0]), Path(at))
    else:
        print(json.dumps(one_hour(Path(at))))  # noqa: T201 - the command's output
