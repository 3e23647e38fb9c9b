"""The counts of small censuses, which must not rise: `python -m bench.expected` writes them to expected_counts.json.

Messages, statements, rows and serials are exact. Bytes of redo and journals vary, and may by a tenth and 32 kB;
those of our own state (archive, tables, ledger, Dagster's storage: whatever this process gave to write(2)) by a tenth
and 640 kB, for SQLite copies its log into the database in whichever of the censuses the log is full.
"""

import json
import sys
from pathlib import Path

import pandas as pd

from bench.changes import churned
from bench.counts import Counts, counting, io_of
from bench.hosts import hosts
from bench.servers import Servers, running_servers

FILE = Path(__file__).with_name("expected_counts.json")
OWN = "bytes of our own state"
_SLACK = {"bytes of redo": 32_000, "bytes of journals": 32_000, OWN: 640_000}
_NOISE = {"bytes by BIND", "bytes by MariaDB"}  # whole pages, when the kernel likes
_SHARE = 0.1
Expected = dict[str, Counts]
_SMALL, _LARGE = 100, 1000


def counted() -> Expected:
    """The counts by what was counted: five censuses in this process, for Dagster's start counts nothing."""
    found = {}
    with running_servers() as servers:
        for step, known in _steps().items():
            servers.enter_by_hand(known)
            servers.load(known)
            found[step] = _census(servers, step)
    return found


def _steps() -> dict[str, pd.DataFrame]:
    """The hosts there are, step by step."""
    small, large = hosts(_SMALL), hosts(_LARGE)
    quiet = {f"{_SMALL} hosts, {name}": small for name in ("cold", "read back", "nothing changed")}
    return quiet | {f"{_LARGE} hosts, most of them new": large, f"{_LARGE} hosts, 1 % churn": churned(large, 0.01)}


def _census(servers: Servers, step: str) -> Counts:
    with counting(servers.bind, (servers.ipam, servers.mariadb)) as counts:
        before = io_of("self")["wchar"]
        faults = servers.world.run()
        own = io_of("self")["wchar"] - before
    if faults:
        raise AssertionError(f"{step}: {faults}")
    return {name: value for name, value in counts.items() if name not in _NOISE} | {OWN: own}


def differences(found: Expected, expected: Expected) -> tuple[list[str], list[str]]:
    """One sentence for each count that rose, and for each that sank."""
    rose, sank = [], []
    for step, counts in expected.items():
        for name, was in counts.items():
            now = found[step][name]
            room = was * _SHARE + _SLACK[name] if name in _SLACK else 0
            said = f"{step}: {name} went from {was:,} to {now:,}"
            if now > was + room:
                rose.append(said)
            elif now < was - room:
                sank.append(said)
    return rose, sank


def expected() -> Expected:
    """What the file says."""
    read: Expected = json.loads(FILE.read_text(encoding="utf-8"))
    return read


def main() -> int:
    """Write the file anew; what rose is told, and stands in the diff for the reviewer."""
    found = counted()
    rose, sank = differences(found, expected()) if FILE.exists() else ([], [])
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print("\n".join([*(f"ROSE: {one}" for one in rose), *(f"sank: {one}" for one in sank)]))  # noqa: T201 - the command's output
    return 0


if __name__ == "__main__":
    sys.exit(main())
