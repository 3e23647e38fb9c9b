"""Measure, and write the report: `python -m bench --into docs/benchmarks`.

What fails ends it; what was measured before stays.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench import census, disk, floors, hourly, pure, pushing
from bench.kept import Kept, kept
from bench.machine import machine
from bench.measuring import CommandFailed
from bench.report import write_report
from bench.result import Result

SIZES = (100, 1000, 10_000, 100_000)
BINDINGS = (100, 1000, 10_000, 100_000, 1_000_000)
PARTS = (floors.PART, pure.MEMORY, pushing.PART, census.PART, hourly.PART)
_LARGE = 100_000


def main() -> int:
    """Run the parts that are asked for, and write results.json, the curves and benchmarks.md; 1 when one failed."""
    arguments = _arguments()
    known = kept(arguments.into) if arguments.add else Kept()
    known.machine = machine() | ({"note": arguments.note} if arguments.note else {})
    failed = [part for part in _parts(arguments) if not _is_kept(part, known, arguments.into)]
    _say(write_report(known, arguments.into))
    return 1 if failed else 0


def _is_kept(part: Iterator[Result], known: Kept, folder: Path) -> bool:
    """Whether a part came to its end; what was measured before it failed is kept all the same."""
    try:
        for one in part:
            _say(
                f"{one.part:8}{one.hosts:>9,}  {one.contender}, {one.scenario}: {one.cpu_s:.2f} s CPU, {one.peak_mb} MB"
            )
            known.note(one)
            known.write(folder)
    except (AssertionError, CommandFailed) as fault:
        _say(f"FAILED: {fault}")
        return False
    return True


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--into", type=Path, required=True, help="the folder of results.json and the curves")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="hosts of the networks")
    parser.add_argument("--bindings", type=int, nargs="*", default=BINDINGS, help="bindings, in memory")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS, help="what is measured")
    parser.add_argument("--add", action="store_true", help="keep the results that the folder holds, and add to them")
    parser.add_argument("--note", help="what a reader must know of how this was measured")
    return parser.parse_args()


def _parts(arguments: argparse.Namespace) -> Iterator[Iterator[Result]]:
    """What is measured, piece by piece: each part at each size."""
    by_size: dict[str, tuple[Sequence[int], Callable[[int], Iterator[Result]]]] = {
        floors.PART: (arguments.sizes, floors.floors),
        pure.MEMORY: (arguments.bindings, pure.hours_in_memory),
        pushing.PART: (arguments.sizes, pushing.pushes),
        census.PART: (arguments.sizes, _censuses),
    }
    for part, (sizes, measured) in by_size.items():
        if part in arguments.parts:
            yield from (measured(count) for count in sizes)
    if hourly.PART in arguments.parts:
        yield _hours()


def _censuses(count: int) -> Iterator[Result]:
    return census.censuses(count, census.LARGE if count >= _LARGE else census.EVERY)


def _hours() -> Iterator[Result]:
    if disk.is_possible():
        yield from hourly.hours()
    else:
        _say("hourly: left out, for a loop device is root's to mount")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the command's output


if __name__ == "__main__":
    sys.exit(main())
