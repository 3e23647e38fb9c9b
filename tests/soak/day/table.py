"""The tables of docs/soak.md: a line for every hour of every day, and one for the whole day."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.soak.day.day import Hour
from tests.soak.day.sizes import PARTS
from tests.soak.day.truth import PHP

_COUNTS = ("truth", "written", "lastSeen", "UPDATEs", "wrong rows", "wrong records", "wrong history")
_COLUMNS = ("hour", *_COUNTS, *PARTS, "special")
_BEGIN, _END = "<!-- days -->\n", "\n<!-- end of days -->"


def line(hour: Hour) -> str:
    """One hour as a row of the table."""
    local = hour.at.astimezone(PHP)
    return _row([f"{local:%a %H:%M %Z}", *_numbers(hour), hour.special])


def write(document: Path, days: Mapping[int, Sequence[Hour]]) -> None:
    """Put the days' tables in the document's place for them."""
    text = document.read_text(encoding="utf-8")
    before, rest = text.split(_BEGIN)
    _, after = rest.split(_END)
    document.write_text(f"{before}{_BEGIN}{markdown(days)}{_END}{after}", encoding="utf-8")


def markdown(days: Mapping[int, Sequence[Hour]]) -> str:
    """All tables, the seeds in their order."""
    return "\n\n".join("\n".join(_day(seed, hours)) for seed, hours in days.items())


def _day(seed: int, hours: Sequence[Hour]) -> list[str]:
    acts = sum(len(hour.happened) for hour in hours)
    title = f"### Seed {seed}: {acts} things happened in {len(hours)} hours"
    total = map(sum, zip(*map(_numbers, hours), strict=True))
    return [title, "", _row(_COLUMNS), "|" + "---|" * len(_COLUMNS), *map(line, hours), _row(["all", *total, ""])]


def _numbers(hour: Hour) -> list[int]:
    wrong = [len(one) for one in (hour.rows, hour.records, hour.history)]
    return [hour.changed, hour.written, hour.seen, hour.updates, *wrong, *(hour.sizes[part] for part in PARTS)]


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in cells)} |"
