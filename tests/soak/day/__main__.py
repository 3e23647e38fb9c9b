"""`python -m tests.soak.day --seeds 1 2 3`: whole days by a clock of their own, and a table of every hour."""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from subprocess import run

from tests.services.clock import Clock, running_clock
from tests.services.programs import missing_packages
from tests.soak.day.day import Day, Hour
from tests.soak.day.network import running_day
from tests.soak.day.table import line, write
from tests.soak.day.timetable import AUTUMN, SPRING, short_day, whole_day


def main() -> int:
    """Exit status 1 when anything was not as it must be."""
    options = _options()
    if missing := missing_packages(["bind", "kea", "mariadb", "sshd", "dropbear", "clock"]):
        sys.stderr.write(f"Not installed: apt-get install {' '.join(missing)}\n")
        return 2
    if "SIMULATED_CLOCK" not in os.environ:  # begin again as a process that goes by a clock of its own
        with running_clock() as variables:
            return run(
                [sys.executable, "-m", "tests.soak.day", *sys.argv[1:]], env={**os.environ, **variables}, check=False
            ).returncode
    days = {seed: _day(seed, options) for seed in options.seeds}
    if options.write:
        write(Path(options.write), days)
    return 1 if any(hour.faults for hours in days.values() for hour in hours) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.day", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--short", action="store_true", help="six hours instead of twenty-four")
    parser.add_argument("--write", help="the Markdown file whose tables are written anew")
    return parser.parse_args()


def _day(seed: int, options: argparse.Namespace) -> list[Hour]:
    """The hours of one day: odd seeds in autumn, even ones in spring."""
    change = AUTUMN if seed % 2 else SPRING
    timetable = short_day(change) if options.short else whole_day(change)
    with (
        tempfile.TemporaryDirectory(prefix="netcensus-day-", ignore_cleanup_errors=True) as folder,
        running_day(Path(folder), Clock(), timetable.begin) as network,
    ):
        return Day(network, timetable, seed, _say).run()


def _say(hour: Hour) -> None:
    told = [
        line(hour),
        *(f"    {what}" for what in (*hour.happened, *hour.told)),
        *(f"    WRONG {what}" for what in hour.faults),
    ]
    sys.stdout.write("\n".join(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
