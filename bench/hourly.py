"""A hundred hosts, hour by hour: every byte that reaches the disk, of all servers and our own state, ours and naive.

All servers and netcensus stand on one loop device, whose writes the kernel counts; the name server is Technitium's
stand-in, which keeps no file, and what it would write is added by its rules (bench/technitium_cost.py).

Each hour the leases were renewed, the neighbours seen and phpIPAM's lastSeen is an hour older, as in a real one.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from bench import changes, disk, layout
from bench.census import OURS
from bench.counts import Counts
from bench.hosts import hosts
from bench.measuring import Spent, python, spend
from bench.records import records, write
from bench.result import Result, result
from bench.servers import ZONES, Servers, running_servers
from bench.technitium_cost import Rewrites
from tests.services.technitium import Technitium, running_technitium

PART = "hourly"
COUNT = 100
DISK, ZONES_FILES = "bytes on the disk", "bytes by Technitium"


def hours() -> Iterator[Result]:
    """What an hour writes: nothing changed in it, then 5 % churn, then once more at once. Needs root."""
    for name, run in {OURS: _ours, "naive": _naive}.items():
        with disk.running_disk() as device, running_technitium(ZONES) as dns, running_servers(dns) as servers:
            yield from _of(name, Hourly(run, device, dns, servers))


@dataclass(frozen=True)
class Hourly:
    """One contender's servers, and how it runs."""

    run: Callable[["Hourly", pd.DataFrame], Spent]
    device: disk.Disk
    dns: Technitium
    servers: Servers

    def measured(self, known: pd.DataFrame) -> tuple[Spent, Counts]:
        """One run, and the bytes it wrote."""
        rewrites = Rewrites(self.dns)
        rewrites.begin()
        self.servers.write_back()
        before = self.device.written()
        spent = self.run(self, known)
        return spent, {DISK: self.device.written() - before, ZONES_FILES: rewrites.bytes_a_run}


def _of(name: str, hourly: Hourly) -> Iterator[Result]:
    known = hosts(COUNT)
    hourly.servers.enter_by_hand(known)
    hourly.servers.load(known)
    for _ in range(3):  # the first creates everything, the second reads back, the third is as any
        hourly.run(hourly, known)
    steps = {"an hour in which nothing changed": known, "an hour with 5 % churn": changes.churned(known, 0.05)}
    for hour, (step, found) in enumerate(steps.items(), start=1):
        hourly.servers.pass_an_hour(found, hour)
        yield result(PART, name, step, COUNT, *hourly.measured(found))
    yield result(PART, name, "again at once", COUNT, *hourly.measured(found))


def _ours(hourly: Hourly, _: pd.DataFrame) -> Spent:
    servers = hourly.servers
    return spend(servers.world.argv(), servers.world.environment)


def _naive(hourly: Hourly, known: pd.DataFrame) -> Spent:
    """What the cron jobs did, from the same hosts: nobody reads gateways here, which is in naive's favour."""
    told = known[known["mac"].notna()].assign(subnet_id=known["subnet"].map(layout.SUBNET_IDS))
    servers, dns = hourly.servers, hourly.dns
    folder = servers.world.folder
    told.fillna("").to_csv(folder / "hosts.csv", index=False)
    file = write(records(known), folder / "records.csv")
    place = [str(file), dns.host, str(dns.port), dns.secrets["netcensus"]]
    rows = [str(folder / "hosts.csv"), servers.mariadb.socket]
    return spend(python("bench.contenders.naive", *place, *rows), os.environ)
