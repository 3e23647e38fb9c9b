"""What needs no server: reconcile and plan from a hundred bindings to a million, and the diff beside diffsync's."""

import json
import math
import os
from collections.abc import Iterator

from bench.measuring import python, spend
from bench.pushing import peers
from bench.result import Result, result

MEMORY, DIFF = "memory", "diff"
COLD, UNCHANGED = "cold", "nothing changed"
OURS_WHOLE, OURS_DIFF, DIFFSYNC = (
    "netcensus, reconcile and plan",
    "netcensus, phpIPAM's diff",
    "diffsync, diff and sync",
)
_A_HOST = 0.84
"""So many bindings a host has: three in four have an IPv4 address that somebody tells of, one in ten an IPv6 one."""
LARGEST_DIFFSYNC = 100_000


def hours_in_memory(bindings: int) -> Iterator[Result]:
    """The first hour of so many bindings, and one in which nothing changed; then the diff alone, and diffsync's."""
    spent = spend(python("bench.in_memory", str(math.ceil(bindings / _A_HOST))), os.environ)
    found = json.loads(spent.output)
    for scenario, key in ((COLD, "cold_cpu_s"), (UNCHANGED, "unchanged_cpu_s")):
        stages = found[key]
        diff_s = stages.pop("phpIPAM's diff alone")
        told = result(MEMORY, OURS_WHOLE, scenario, bindings, spent, {"bindings": found["bindings"]}, stages=stages)
        yield told.taking(sum(stages.values()))
    yield result(DIFF, OURS_DIFF, UNCHANGED, bindings, spent).taking(diff_s)
    if (python_of_peers := peers()) is not None and bindings <= LARGEST_DIFFSYNC:
        spent = spend([str(python_of_peers), "-m", "bench.contenders.diffsync_stage", str(bindings)], os.environ)
        yield result(DIFF, DIFFSYNC, UNCHANGED, bindings, spent).taking(json.loads(spent.output)["cpu_s"])
