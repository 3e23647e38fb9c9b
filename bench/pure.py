"""What needs no server: reconcile and plan from a hundred bindings to a million, and the diff beside diffsync's."""

import dataclasses
import json
import math
import os
from collections.abc import Iterator
from tempfile import TemporaryDirectory

from bench import in_memory
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
    with TemporaryDirectory() as folder:
        spend(python("bench.in_memory", folder, str(math.ceil(bindings / _A_HOST))), os.environ)
        first, _ = _an_hour(folder, COLD, bindings)
        yield first
        second, diff_s = _an_hour(folder, UNCHANGED, bindings)
        yield second
    yield dataclasses.replace(second, part=DIFF, contender=OURS_DIFF).taking(diff_s)
    if (python_of_peers := peers()) is not None and bindings <= LARGEST_DIFFSYNC:
        spent = spend([str(python_of_peers), "-m", "bench.contenders.diffsync_stage", str(bindings)], os.environ)
        yield result(DIFF, DIFFSYNC, UNCHANGED, bindings, spent).taking(json.loads(spent.output)["cpu_s"])


def _an_hour(folder: str, scenario: str, bindings: int) -> tuple[Result, float]:
    """The hour whose finds stand in the folder, and what of it phpIPAM's diff takes alone, in CPU seconds.

    Raises `AssertionError` when an hour in which nothing changed plans anything.
    """
    spent = spend(python("bench.in_memory", folder), os.environ)
    found = json.loads(spent.output)
    if scenario == UNCHANGED and any(found["planned"].values()):
        raise AssertionError(f"nothing changed, and yet the second hour plans {found['planned']}")
    stages, counts = found["cpu_s"], {"bindings": found["bindings"]}
    diff_s = stages.pop(in_memory.DIFF)
    told = result(MEMORY, OURS_WHOLE, scenario, bindings, spent, counts, stages=stages)
    return dataclasses.replace(told.taking(sum(stages.values())), peak_mb=found["peak_mb"]), diff_s
