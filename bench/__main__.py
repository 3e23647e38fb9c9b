"""Measure, and write the report: `python -m bench --into docs/benchmarks`.

What fails ends it; what was measured before stays.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from bench import census, disk, floors, hourly, pure, pushing
from bench.kept import kept
from bench.machine import machine
from bench.report import write_report
from bench.result import Result

SIZES = (100, 1000, 10_000, 100_000)
BINDINGS = (100, 1000, 10_000, 100_000, 1_000_000)
PARTS = (floors.PART, pure.MEMORY, pushing.PART, census.PART, hourly.PART)
_LARGE = 100_000


def main() -> int:
    """Run the parts that are asked for, and write results.json, the curves and benchmarks.md."""
    arguments = _arguments()
    known = kept(arguments.into)
    known.machine = machine()
    for one in _measured(arguments):
        _say(f"{one.part:8}{one.hosts:>9,}  {one.contender}, {one.scenario}: {one.cpu_s:.2f} s CPU, {one.peak_mb} MB")
        known.note(one)
        known.write(arguments.into)
    _say(write_report(known, arguments.into))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--into", type=Path, required=True, help="the folder of results.json and the curves")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="hosts of the networks")
    parser.add_argument("--bindings", type=int, nargs="*", default=BINDINGS, help="bindings, in memory")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS, help="what is measured")
    return parser.parse_args()


def _measured(arguments: argparse.Namespace) -> Iterator[Result]:
    if floors.PART in arguments.parts:
        for count in arguments.sizes:
            yield from floors.floors(count)
    if pure.MEMORY in arguments.parts:
        for count in arguments.bindings:
            yield from pure.hours_in_memory(count)
    if pushing.PART in arguments.parts:
        for count in arguments.sizes:
            yield from pushing.pushes(count)
    if census.PART in arguments.parts:
        for count in arguments.sizes:
            yield from census.censuses(count, census.LARGE if count >= _LARGE else census.EVERY)
    if hourly.PART in arguments.parts:
        yield from _hours()


def _hours() -> Iterator[Result]:
    if disk.is_possible():
        yield from hourly.hours()
    else:
        _say("hourly: left out, for a loop device is root's to mount")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the command's output


if __name__ == "__main__":
    sys.exit(main())
