"""`python -m tests.disk`: the lab's network, nothing changing, on a disk of its own; what a day of it writes.

Needs root, for the disk. Some minutes: idle time is measured for as long as `--minutes` says, ticks and censuses as
often as is needed, and a day is put together from them.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pipelines.network import Alerts, Cadence
from tests.disk.meter import Disk, Written, peak, private_disk
from tests.disk.stack import Stack, running_stack
from tests.scenarios.lab_world import Lab, running_lab
from tests.scenarios.world import World

CENSUSES = 6
LIMIT_S = 300
SENSORS = {
    "dns_sync_when_changed": 1440 // Cadence().dns_sync_every_minutes,
    "watch": 1440 // Alerts().every_minutes,
}
"""The sensors, and how often each looks a day where network.toml says nothing else."""
_FAST = "\n[cadence]\ndns_sync_every_minutes = 1\n\n[alerts]\nevery_minutes = 1\nlog = true\n"


@dataclass(frozen=True)
class Day:
    """What was measured, and the day it makes."""

    minute: int
    census: int
    folding: int
    ticks: dict[str, int]

    @property
    def bytes(self) -> int:
        """Idle all day, 24 censuses, what folding the log of each costs, and the ticks."""
        ticks = sum(SENSORS[name] * each for name, each in self.ticks.items())
        return 1440 * self.minute + 24 * (self.census + self.folding) + ticks


def main() -> int:
    """Exit status 2 without root."""
    parser = argparse.ArgumentParser(prog="python -m tests.disk", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3)
    minutes: float = parser.parse_args().minutes
    if os.geteuid():
        say("A file system of its own is mounted for this: run it as root.")
        return 2
    with tempfile.TemporaryDirectory(prefix="netcensus-disk-", dir="/var/tmp") as name:
        folder = Path(name)
        with running_lab(folder / "lab") as lab, private_disk() as disk, peak(disk) as most:
            by_command(disk, own(lab, disk))
            most.most = 0  # the first census is not a quiet hour
            day = as_services(disk, own(lab, disk), folder, minutes * 60)
            say(f"busiest second                        {most.most / 1e6:9.2f} MB")
            say(f"a day                                 {day.bytes / 1e6:9.1f} MB")
    return 0


def own(lab: Lab, disk: Disk) -> World:
    """The lab's netcensus with all that is its own on the disk."""
    return lab.world(disk.folder / "own", lambda text: text + _FAST)


def by_command(disk: Disk, world: World) -> None:
    """`make census` with nothing else running: the first, and some that find nothing new."""
    for ordinal in ("first", "second", "third"):
        tell(f"{ordinal} census, by command", measured(disk, lambda: run(world)))


def run(world: World) -> None:
    """A census by the command, to its good end."""
    subprocess.run(world.argv(), env=world.environment, check=True, stdout=subprocess.DEVNULL, timeout=LIMIT_S)


def as_services(disk: Disk, world: World, folder: Path, idle_s: float) -> Day:
    """The same as in production: all three services, nothing changing."""
    with running_stack(world, folder) as stack:
        stack.census()  # what starting cost is not the day's
        disk.settled()
        time.sleep(30)  # the kernel writes what is 30 s old
        minute = tell("idle, a minute", per(idle_s / 60, measured(disk, lambda: time.sleep(idle_s))))
        census = tell("a census, launched in the UI", per(CENSUSES, measured(disk, lambda: censuses(stack))))
        log = world.home / "history" / "event_log.db"
        folding = tell("folding its part of the log", per(CENSUSES, measured(disk, lambda: fold(log))))
        ticks = {name: ticking(disk, stack, name, idle_s, minute) for name in SENSORS}
    return Day(minute, census, folding, ticks)


def censuses(stack: Stack) -> None:
    """Some censuses, one after the other."""
    for _ in range(CENSUSES):
        stack.census()


def fold(database: Path) -> None:
    """Write the log into its file, as Dagster's storage does by itself each 1 MB."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def ticking(disk: Disk, stack: Stack, sensor: str, seconds: float, minute: int) -> int:
    """Bytes that a sensor's tick costs, above idling."""
    with stack.switched_on(sensor):
        time.sleep(40)  # its first tick, which also notes that it is on
        before = stack.ticks(sensor)
        written = measured(disk, lambda: time.sleep(seconds))
        ticks = max(1, stack.ticks(sensor) - before)
    return max(0, tell(f"a tick of {sensor}", per(ticks, written)) - int(minute * seconds / 60 / ticks))


def measured(disk: Disk, act: Callable[[], object]) -> Written:
    """What reached the disk because of `act`, after all that was held back is written."""
    before = disk.settled()
    act()
    return disk.settled() - before


def per(count: float, written: Written) -> Written:
    """One of so many."""
    return Written(int(written.bytes / count), int(written.flushes / count))


def tell(what: str, written: Written) -> int:
    """Print a line of the table; its bytes."""
    say(f"{what:36} {written}")
    return written.bytes


def say(text: str) -> None:
    """Print at once: some minutes lie between two lines."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
