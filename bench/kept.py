"""The results as they are kept: results.json, from which all else is written."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bench.result import Result

_FILE = "results.json"


@dataclass
class Kept:
    """All results by what tells them apart; a new one takes the place of the old."""

    machine: dict[str, str] = field(default_factory=dict)
    results: dict[tuple[str, str, str, int], Result] = field(default_factory=dict)

    def note(self, one: Result) -> None:
        """Keep it."""
        self.results[one.key] = one

    def of(self, part: str) -> list[Result]:
        """The results of one part, as they were made."""
        return [one for one in self.results.values() if one.part == part]

    def find(self, part: str, contender: str, scenario: str, hosts: int) -> Result | None:
        """One result; None where it was not measured."""
        return self.results.get((part, contender, scenario, hosts))

    def write(self, folder: Path) -> None:
        """Into the folder's results.json."""
        folder.mkdir(parents=True, exist_ok=True)
        rows = [one.as_json() for one in self.results.values()]
        text = json.dumps({"machine": self.machine, "results": rows}, indent=1)
        (folder / _FILE).write_text(text + "\n", encoding="utf-8")


def kept(folder: Path) -> Kept:
    """What the folder's results.json holds; nothing where there is none yet."""
    file = folder / _FILE
    if not file.exists():
        return Kept()
    read = json.loads(file.read_text(encoding="utf-8"))
    return _kept(read["machine"], (Result(**row) for row in read["results"]))


def _kept(machine: dict[str, str], results: Iterable[Result]) -> Kept:
    found = Kept(machine)
    for one in results:
        found.note(one)
    return found
