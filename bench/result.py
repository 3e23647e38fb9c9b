"""One measurement as it is kept: who did what at which size, what it took, and what the servers counted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from bench.counts import Counts
from bench.measuring import Spent


@dataclass(frozen=True)
class Result:
    """One row of results.json. `part` is the heading it stands under.

    `stages` are seconds by stage: of CPU in memory, of wall time in a census, as Dagster tells it of its steps.
    """

    part: str
    contender: str
    scenario: str
    hosts: int
    cpu_s: float
    wall_s: float
    peak_mb: int
    written: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    stages: Mapping[str, float] = field(default_factory=dict)
    status: int = 0

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What tells it from every other."""
        return self.part, self.contender, self.scenario, self.hosts

    def as_json(self) -> dict[str, object]:
        """The row."""
        return asdict(self)

    def taking(self, cpu_s: float) -> "Result":
        """The same with the CPU seconds the work itself says it took: less than its process."""
        return replace(self, cpu_s=round(cpu_s, 3))


def result(  # noqa: PLR0913, PLR0917 - a row of the table, each part by name
    part: str,
    contender: str,
    scenario: str,
    hosts: int,
    spent: Spent,
    counts: Counts | None = None,
    stages: Mapping[str, float] | None = None,
) -> Result:
    """A row from what a command took."""
    took = (spent.cpu_s, spent.wall_s, spent.peak_mb, spent.written)
    return Result(part, contender, scenario, hosts, *took, counts or {}, stages or {}, spent.status)
