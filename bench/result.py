"""One measurement as it is kept: who did what at which size, what it took, and what the servers counted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from bench.counts import Counts
from bench.measuring import Spent


@dataclass(frozen=True)
class Result:
    """One row of docs/benchmarks.json. `part` is the heading it stands under; `note` is for the reader."""

    part: str
    contender: str
    scenario: str
    hosts: int
    cpu_s: float
    wall_s: float
    peak_mb: int
    written: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """The row."""
        return asdict(self)


def result(  # noqa: PLR0913, PLR0917 - a row of the table, each part by name
    part: str, contender: str, scenario: str, hosts: int, spent: Spent, counts: Counts | None = None, note: str = ""
) -> Result:
    """A row from what a command took."""
    took = (spent.cpu_s, spent.wall_s, spent.peak_mb, spent.written)
    return Result(part, contender, scenario, hosts, *took, counts or {}, note)
