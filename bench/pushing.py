"""The same records to the same name server, by each contender: into empty zones, again, and after 1 % churn."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from bench.changes import churned
from bench.contenders import nsupdate, octodns
from bench.counts import counting
from bench.hosts import hosts
from bench.measuring import Spent, python, spend
from bench.records import COLUMNS, records, write
from bench.result import Result, result
from bench.servers import ZONES
from tests.services.bind import Bind, running_bind

PART = "push"
PEERS = "NETCENSUS_PEERS"
"""The environment's variable that holds the peers' Python."""
LARGEST_NAIVE = 10_000


def peers() -> Path | None:
    """The peers' Python; None where they are not installed."""
    place = os.environ.get(PEERS)
    return Path(place) if place and Path(place).exists() else None


@dataclass(frozen=True)
class Push:
    """One contender before one name server. `before` are the records it knows to stand there."""

    bind: Bind
    folder: Path

    def ours(self, wanted: pd.DataFrame, _: pd.DataFrame) -> Spent:
        """Netcensus's reading, planning and sending, alone."""
        return self._module("bench.contenders.push", wanted)

    def naive(self, wanted: pd.DataFrame, _: pd.DataFrame) -> Spent:
        """A message per record, whatever stands there."""
        return self._module("bench.contenders.naive", wanted)

    def octodns(self, wanted: pd.DataFrame, _: pd.DataFrame) -> Spent:
        """OctoDNS with octodns-bind."""
        python_of_peers = peers()
        if python_of_peers is None:
            raise FileNotFoundError(f"the peers are not installed: make bench does, and says where in {PEERS}")
        config = octodns.prepared(wanted, self.bind, self.folder / "octodns")
        return spend(octodns.argv(python_of_peers, config), os.environ, statuses=(0, 1))  # what it cannot do is told

    def nsupdate(self, wanted: pd.DataFrame, before: pd.DataFrame) -> Spent:
        """nsupdate, told the changes."""
        both = wanted.merge(before, on=COLUMNS, how="outer", indicator=True)
        new, gone = (both.loc[both["_merge"] == side, COLUMNS] for side in ("left_only", "right_only"))
        return spend(nsupdate.argv(self.bind), os.environ, text=nsupdate.script(new, self.bind, gone))

    def _module(self, name: str, wanted: pd.DataFrame) -> Spent:
        file = write(wanted, self.folder / "records.csv")
        place = [self.bind.host, str(self.bind.port), self.bind.secrets["netcensus"]]
        return spend(python(name, str(file), *place), os.environ)


Way = Callable[[Push, pd.DataFrame, pd.DataFrame], Spent]
WAYS: dict[str, Way] = {
    "netcensus, DNS alone": Push.ours,
    "octoDNS": Push.octodns,
    "nsupdate, told what to do": Push.nsupdate,
    "naive": Push.naive,
}


def ways(count: int) -> dict[str, Way]:
    """Who runs at this size: the naive way only while it takes minutes at most, the peers where they are installed."""
    left_out = {"naive"} if count > LARGEST_NAIVE else set()
    left_out |= {"octoDNS"} if peers() is None else set()
    return {name: way for name, way in WAYS.items() if name not in left_out}


def pushes(count: int) -> Iterator[Result]:
    """Every contender's results, each with a name server of its own."""
    known = hosts(count)
    first, second = records(known), records(churned(known, 0.01))
    hours = {"cold": (first, first.head(0)), "nothing changed": (first, first), "1 % churn": (second, first)}
    for name, way in ways(count).items():
        with running_bind(ZONES) as bind, TemporaryDirectory() as folder:
            push = Push(bind, Path(folder))
            failed = 0
            for scenario, (wanted, before) in hours.items():
                with counting(bind) as counts:
                    spent = way(push, wanted, before)
                counts["records"] = len(wanted)
                failed += spent.status
                yield result(PART, name, scenario, count, spent, counts)
            if not failed:
                _check(bind, second, name)


def _check(bind: Bind, wanted: pd.DataFrame, name: str) -> None:
    """`AssertionError` unless the zones hold the records: who lacks some has not done the work that was timed."""
    owners = wanted.loc[wanted["type"] == "A", ["owner", "rdata"]].tail(3)
    for owner, ip in owners.itertuples(index=False, name=None):
        found = bind.query(owner.rstrip("."), "A")
        if found != [ip]:
            raise AssertionError(f"{name}: {owner} is {found} and not {ip}")
