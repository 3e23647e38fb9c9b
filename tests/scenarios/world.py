"""A network to take a census of: the lab's or the real servers', the command that does it, and what it left behind."""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import netcensus
from composition import build_defs
from pipelines import tables
from resources.suites import Suites

ROOT = Path(__file__).parents[2]
LIMIT_S = 300  # a census takes seconds; a loaded machine may take minutes


@dataclass(frozen=True)
class World:
    """Where one netcensus has its files, and the variables it is started with."""

    folder: Path
    variables: Mapping[str, str]

    @property
    def network_toml(self) -> Path:
        """The network file of this world."""
        return Path(self.variables["NETCENSUS_NETWORK"])

    @property
    def home(self) -> Path:
        """Dagster's home."""
        return Path(self.variables["DAGSTER_HOME"])

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of a command: nothing of the tests' own but where programs are found."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.variables}

    def judged(self) -> "World":
        """The same world, as if Great Expectations had been asked today: asking it is half of a first census."""
        assets = {name: table for made in netcensus.REPORTED.values() for name, table in made.items()}
        contracts = {table.name: table for table in tables.ALL} | assets
        a_row = pd.DataFrame(index=[0])
        Suites(self.folder / "tables").note({name: (table, a_row, 1) for name, table in contracts.items()})
        return self

    def argv(self, job: str = "census", *options: str) -> list[str]:
        """The command of a job."""
        return [sys.executable, str(ROOT / "netcensus.py"), job, *options]

    def command(self, job: str = "census", *options: str) -> "subprocess.CompletedProcess[str]":
        """A job run as users run it, in a process of its own."""
        return subprocess.run(
            self.argv(job, *options), env=self.environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )

    def run(self, job: str = "census", approve: Sequence[str] = (), **told: str) -> list[str]:
        """What went wrong in a job run in this process; empty when nothing did. `told` is what an undo is told."""
        with self.entered():
            netcensus.prepare_home(self.home)
            return netcensus.run(build_defs(), job, approve, told).faults

    def last_that_wrote(self) -> str:
        """The id of the last run that wrote something to a target."""
        return str(self.ledger("receipts")[-1][1])

    @contextmanager
    def entered(self) -> Iterator[None]:
        """While the block runs, the environment of this process is this world's."""
        before = dict(os.environ)
        ours = {name: value for name, value in before.items() if not name.startswith("NETCENSUS_")}
        try:
            os.environ.clear()
            os.environ.update({**ours, **self.variables})
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def table(self, name: str) -> list[dict[str, object]]:
        """The rows of a table as the last run left it."""
        stored = json.loads(gzip.decompress((self.folder / "tables" / f"{name}.json.gz").read_bytes()))["columns"]
        return [dict(zip(stored, row, strict=True)) for row in zip(*stored.values(), strict=True)]

    def ledger(self, table: str) -> list[tuple[object, ...]]:
        """Every row of one of the ledger's tables, as it stands there."""
        with closing(sqlite3.connect(self.folder / "ledger.sqlite")) as database:
            return database.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4").fetchall()  # noqa: S608 - our own name

    def age(self, hours: int) -> None:
        """So many hours pass for the ledger: since its birth, since something is missed, and since Kea was asked."""
        instants = (("births", "at"), ("applied", "missing_since_at"), ("resent", "at"))
        with closing(sqlite3.connect(self.folder / "ledger.sqlite", timeout=30)) as ledger, ledger:
            for table, column in instants:
                ledger.execute(f"UPDATE {table} SET {column} = datetime({column}, '-{hours} hours') || '.000000'")  # noqa: S608 - our own names

    def archived(self) -> set[str]:
        """The digests of what the archive holds."""
        return {place.name.removesuffix(".gz") for place in (self.folder / "archive").rglob("*.gz")}

    def files_holding(self, text: str) -> list[Path]:
        """The files under this world's folder and Dagster's home in which `text` stands, compressed ones included."""
        files = {file for top in (self.folder, self.home) for file in top.rglob("*") if file.is_file()}
        return sorted(file for file in files if text.encode() in _content(file))


def _content(file: Path) -> bytes:
    raw = file.read_bytes()
    return gzip.decompress(raw) if file.suffix == ".gz" else raw
