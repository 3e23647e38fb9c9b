"""docs/benchmarks.md and its curves, from the results alone; what was not measured has no line."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bench import bars, census, floors, hourly, profiling, pure, pushing
from bench.curves import svg
from bench.kept import Kept
from bench.markdown import seconds, size, table
from bench.result import Result

_TEXTS = Path(__file__).with_name("report_texts.md")
PAGE = "benchmarks.md"


def write_report(known: Kept, folder: Path) -> str:
    """Write the page beside the folder and the curves into it; returns the table of the bars."""
    for name, drawing in _curves(known).items():
        (folder / f"{name}.svg").write_text(drawing, encoding="utf-8")
    told = {name: section(known) for name, section in _SECTIONS.items()}
    page = _TEXTS.read_text(encoding="utf-8").partition("-->\n")[2]
    for name, text in told.items():
        page = page.replace(f"{{{name}}}", text or "Not measured in this run.").replace("{folder}", folder.name)
    (folder.parent / PAGE).write_text(page, encoding="utf-8")
    return told["bars"]


def _machine(known: Kept) -> str:
    return table(["", ""], [[name, text] for name, text in known.machine.items()], texts=2)


def _bars(known: Kept) -> str:
    rows, notes = [], []
    for bar, found in bars.reached(known):
        rows.append([bar.scenario, bar.asked, found.figure, "yes" if found.is_met else "**no**"])
        if not found.is_met and bar.why not in notes:
            notes.append(bar.why)
    whys = "\n".join(f"- {why}" for why in notes if why)
    return table(["", "asked", "reached", "met"], rows, texts=4) + (
        f"\n\nWhat is not met, and why:\n\n{whys}" if whys else ""
    )


def _census(known: Kept) -> str:
    heads = [
        "hosts", "", "CPU s", "MB", "UPDATE", "SOA", "AXFR", "statements", "rows", "redo", "DNS journals", "own state",
    ]  # fmt: skip
    return table(heads, [_census_row(one) for one in known.of(census.PART)], texts=2)


def _census_row(one: Result) -> list[str]:
    counts = one.counts
    rows = sum(counts[name] for name in ("rows inserted", "rows updated", "rows deleted"))
    numbers = [counts["UPDATE messages"], counts["SOA queries"], counts["transfers"], counts["SQL statements"], rows]
    sizes = [counts["bytes of redo"], counts["bytes of journals"], one.written]
    took = [f"{one.hosts:,}", one.scenario, seconds(one.cpu_s), f"{one.peak_mb}"]
    return [*took, *(f"{number:,}" for number in numbers), *map(size, sizes)]


def _push(known: Kept) -> str:
    heads = ["hosts", "", "", "CPU s", "MB", "UPDATE", "AXFR", "SOA", "serials", "by BIND"]
    names = ("UPDATE messages", "transfers", "SOA queries", "serials raised")
    rows = [
        [f"{one.hosts:,}", one.scenario, one.contender + (": failed" if one.status else ""), seconds(one.cpu_s),
         f"{one.peak_mb}", *(f"{one.counts[name]:,}" for name in names), size(one.counts["bytes by BIND"])]
        for one in sorted(known.of(pushing.PART), key=lambda one: one.hosts)
    ]  # fmt: skip
    return table(heads, rows, texts=3)


def _memory(known: Kept) -> str:
    found = known.of(pure.MEMORY)
    stages = list(dict.fromkeys(name for one in found for name in one.stages))
    heads = ["bindings", "", "CPU s", *stages, "µs a binding", "MB"]
    rows = [
        [f"{one.hosts:,}", one.scenario, seconds(one.cpu_s), *(seconds(one.stages.get(name, 0)) for name in stages),
         f"{one.cpu_s / one.hosts * 1e6:,.0f}", f"{one.peak_mb:,}"]
        for one in found
    ]  # fmt: skip
    return table(heads, rows, texts=2)


def _diff(known: Kept) -> str:
    rows = [[f"{one.hosts:,}", one.contender, seconds(one.cpu_s), f"{one.peak_mb:,}"] for one in known.of(pure.DIFF)]
    return table(["addresses", "", "CPU s", "MB"], rows, texts=2)


def _hourly(known: Kept) -> str:
    rows = [
        [one.scenario, one.contender, size(one.counts[hourly.DISK]), size(one.counts[hourly.ZONES_FILES]),
         size(bars.hourly_bytes(one))]
        for one in known.of(hourly.PART)
    ]  # fmt: skip
    return table(["", "", "on the disk", "by Technitium", "in all"], rows, texts=2)


def _stages(known: Kept) -> str:
    found = [one for one in known.of(census.PART) if one.scenario in {"cold", "nothing changed"}]
    stages = list(dict.fromkeys(name for one in found for name in one.stages))
    heads = ["hosts", "", *(name.replace("_", " ") for name in stages), "all steps", "start, end", "CPU s in all"]
    rows = [
        [f"{one.hosts:,}", one.scenario, *(seconds(one.stages.get(name, 0)) for name in stages),
         seconds(sum(one.stages.values())), seconds(one.wall_s - sum(one.stages.values())), seconds(one.cpu_s)]
        for one in found
    ]  # fmt: skip
    return table(heads, rows, texts=2)


def _profile(known: Kept) -> str:
    found = known.of(profiling.PART)
    names = list(dict.fromkeys(name for one in found for name in one.stages))
    rows = [[name, *(_share(one.stages.get(name, 0), one.wall_s) for one in found)] for name in names]
    rest = ["all else: Dagster, Python", *(_share(one.wall_s - sum(one.stages.values()), one.wall_s) for one in found)]
    whole = ["in all", *(seconds(one.wall_s) for one in found)]
    return table(["s (share)", *(f"{one.hosts:,} hosts" for one in found)], [*rows, rest, whole])


def _share(part_s: float, whole_s: float) -> str:
    return f"{seconds(part_s)} ({100 * part_s / whole_s:.0f} %)"


def _floors(known: Kept) -> str:
    found = known.of(floors.PART)
    sizes = sorted({one.hosts for one in found})
    names = list(dict.fromkeys(one.contender for one in found))
    by_place = {(one.contender, one.hosts): f"{seconds(one.cpu_s)} / {seconds(one.wall_s)}" for one in found}
    rows = [[name, *(by_place.get((name, count), "") for count in sizes)] for name in names]
    return table(["CPU s / on the clock", *(f"{count:,} hosts" for count in sizes)], rows)


_SECTIONS: dict[str, Callable[[Kept], str]] = {
    "machine": _machine, "bars": _bars, "census": _census, "push": _push, "memory": _memory, "diff": _diff,
    "hourly": _hourly, "stages": _stages, "profile": _profile, "floors": _floors,
}  # fmt: skip


def _curves(known: Kept) -> dict[str, str]:
    """The drawings by their file's name."""
    cpu, peak = (lambda one: one.cpu_s), (lambda one: float(one.peak_mb))
    whole, push = known.of(census.PART), known.of(pushing.PART)
    both = [one for part in (pure.MEMORY, pure.DIFF) for one in known.of(part)]
    large = [one for one in whole if one.scenario in {"cold", "read back", "nothing changed", "1 % churn"}]
    quiet = [one for one in push if one.scenario == "nothing changed"]
    return {
        "census-cpu": _drawn("A whole census", "CPU s", large, _scenario, cpu),
        "census-memory": _drawn("A whole census", "MB", large, _scenario, peak),
        "push-cold": _drawn("DNS, cold", "CPU s", [one for one in push if one.scenario == "cold"], _contender, cpu),
        "push-quiet": _drawn("DNS, nothing changed", "CPU s", quiet, _contender, cpu),
        "memory": _drawn("Without servers, nothing changed", "CPU s", [
            one for one in both if one.scenario == pure.UNCHANGED
        ], _contender, cpu),
    }  # fmt: skip


def _drawn(
    title: str, up: str, results: Sequence[Result], line: Callable[[Result], str], value: Callable[[Result], float]
) -> str:
    names = dict.fromkeys(line(one) for one in results)
    series = {name: _points(one for one in results if line(one) == name)(value) for name in names}
    return svg(title, "hosts", up, series)


def _points(results: Iterable[Result]) -> Callable[[Callable[[Result], float]], list[tuple[float, float]]]:
    found = list(results)
    return lambda value: [(one.hosts, value(one)) for one in found]


def _scenario(one: Result) -> str:
    return one.scenario


def _contender(one: Result) -> str:
    return one.contender
