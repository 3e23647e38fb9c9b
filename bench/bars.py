"""The bars: what was asked before anything was measured, and what was reached."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import census, floors, hourly, layout, pure, pushing
from bench.kept import Kept
from bench.result import Result

Check = Callable[[Kept], "Reached | None"]
_QUIET, _FIRST, _CHURN = "nothing changed", "cold", "1 % churn"
_ALONE = "netcensus, DNS alone"
_10K, _100K, _1M = 10_000, 100_000, 1_000_000
_MB = 1_000_000


@dataclass(frozen=True)
class Reached:
    """What was measured, in words, and whether it meets the bar."""

    figure: str
    is_met: bool


@dataclass(frozen=True)
class Bar:
    """One bar. `why` is what keeps it from being met where it is not."""

    scenario: str
    asked: str
    check: Check
    why: str = ""


def _census(known: Kept, scenario: str, count: int) -> Result | None:
    return known.find(census.PART, census.OURS, scenario, count)


def _beyond_dagster(known: Kept, one: Result) -> float:
    """CPU seconds of a census less those of a Dagster job that does nothing."""
    empty = known.find(floors.PART, floors.EMPTY_JOB, "", one.hosts)
    return one.cpu_s - (empty.cpu_s if empty is not None else 0.0)


def _cpu(scenario: str, count: int, limit_s: float) -> Check:
    def check(known: Kept) -> Reached | None:
        one = _census(known, scenario, count)
        if one is None:
            return None
        beyond = _beyond_dagster(known, one)
        return Reached(f"{beyond:.1f} s ({one.cpu_s:.1f} s with Dagster's start)", beyond < limit_s)

    return check


def _memory(scenario: str, count: int, limit_mb: int) -> Check:
    def check(known: Kept) -> Reached | None:
        one, empty = _census(known, scenario, count), known.find(floors.PART, floors.EMPTY_JOB, "", count)
        if one is None:
            return None
        below = "" if empty is None else f" (Dagster doing nothing: {empty.peak_mb} MB)"
        return Reached(f"{one.peak_mb} MB{below}", one.peak_mb < limit_mb)

    return check


def _counted(scenario: str, count: int, holds: Callable[[Result], bool], *names: str) -> Check:
    def check(known: Kept) -> Reached | None:
        one = _census(known, scenario, count)
        if one is None:
            return None
        return Reached(", ".join(f"{one.counts[name]:,} {name}" for name in names), holds(one))

    return check


def _rows(one: Result) -> int:
    return sum(one.counts[name] for name in ("rows inserted", "rows updated", "rows deleted"))


def _dns_bytes(known: Kept) -> Reached | None:
    one = known.find(pushing.PART, _ALONE, _FIRST, _10K)
    if one is None:
        return None
    share = one.counts["bytes by BIND"] / one.counts["records"] * _10K / _MB
    return Reached(f"{share:.2f} MB ({one.counts['records']:,} records)", share <= 1.8)  # noqa: PLR2004 - the bar


def _push_cpu(known: Kept) -> Reached | None:
    one = known.find(pushing.PART, _ALONE, _FIRST, _10K)
    return None if one is None else Reached(f"{one.cpu_s:.1f} s, whole process", one.cpu_s < 3)  # noqa: PLR2004 - the bar


def _messages(known: Kept) -> Reached | None:
    one = known.find(pushing.PART, _ALONE, _FIRST, _10K)
    if one is None:
        return None
    sent, zones = one.counts["UPDATE messages"], len(layout.ZONES)
    full = one.counts["bytes of journals"] // 60_000
    return Reached(f"{sent} messages to {zones} zones", sent <= zones + full)


def _million_s(scenario: str) -> Check:
    def check(known: Kept) -> Reached | None:
        one = known.find(pure.MEMORY, pure.OURS_WHOLE, scenario, _1M)
        return None if one is None else Reached(f"{one.cpu_s:.0f} s", one.cpu_s < 60)  # noqa: PLR2004 - the bar

    return check


def _million_mb(known: Kept) -> Reached | None:
    one = known.find(pure.MEMORY, pure.OURS_WHOLE, _QUIET, _1M)
    return None if one is None else Reached(f"{one.peak_mb:,} MB", one.peak_mb < 3000)  # noqa: PLR2004 - the bar


def _linear(known: Kept) -> Reached | None:
    few, many = (known.find(pure.MEMORY, pure.OURS_WHOLE, _QUIET, count) for count in (_10K, _1M))
    if few is None or many is None:
        return None
    times = many.cpu_s / few.cpu_s
    return Reached(f"{times:.0f} times the CPU for 100 times the bindings", times < 150)  # noqa: PLR2004 - close to linear


def hourly_bytes(one: Result) -> int:
    """All bytes of an hour: on the disk, and what Technitium would write."""
    return sum(one.counts[name] for name in (hourly.DISK, hourly.ZONES_FILES))


def _times_fewer(known: Kept) -> Reached | None:
    scenario = "an hour in which nothing changed"
    ours, naive = (known.find(hourly.PART, name, scenario, hourly.COUNT) for name in (census.OURS, "naive"))
    if ours is None or naive is None:
        return None
    a, b = hourly_bytes(ours), hourly_bytes(naive)
    return Reached(f"{b / a:.0f} times: {a / _MB:.2f} MB against {b / _MB:.1f} MB", b >= 20 * a)


def _at_once(known: Kept) -> Reached | None:
    one = known.find(hourly.PART, census.OURS, "again at once", hourly.COUNT)
    if one is None:
        return None
    return Reached(f"{hourly_bytes(one) / _MB:.2f} MB", hourly_bytes(one) < _MB)


def _refused(known: Kept) -> Reached | None:
    found = [_census(known, one.name, _10K) for one in (census.REFUSED, census.HALVED, census.DOWN)]
    ran = [one for one in found if one is not None]
    if not ran:
        return None
    sent, rows = sum(one.counts["UPDATE messages"] for one in ran), sum(map(_rows, ran))
    return Reached(f"{sent} UPDATE messages, {rows} rows in {len(ran)} scenarios", sent == rows == 0)


_NO_UPDATE = _counted(_QUIET, _10K, lambda one: one.counts["UPDATE messages"] == 0, "UPDATE messages", "serials raised")
_SOA = _counted(_QUIET, _10K, lambda one: one.counts["SOA queries"] == len(layout.ZONES), "SOA queries", "transfers")
_NO_ROWS = _counted(_QUIET, _10K, lambda one: _rows(one) == 0, "rows inserted", "rows updated", "rows deleted")
_CHURN_DNS = _counted(_CHURN, _10K, lambda one: one.counts["bytes of journals"] <= 60_000, "bytes of journals")  # noqa: PLR2004 - the bar
_CHURN_SQL = _counted(_CHURN, _10K, lambda one: one.counts["bytes of redo"] <= 200_000, "bytes of redo")  # noqa: PLR2004 - the bar

_START = (
    "CPU of a quiet census: pandas, SQLAlchemy and paramiko are imported, and the account of the network and both "
    "plans are made whole in each hour, to find that there is nothing to do."
)
_LIBRARIES = "Memory: Dagster and pandas alone, imported, hold most of it."
_COLD_10K = (
    "10,000 hosts, cold: every address and record is planned, noted before and after, sent and read back, and Great "
    "Expectations gives its daily opinion of each table."
)
_PAGES = "Bytes by the DNS server: the kernel counts whole pages, and there are 41 journals; the journals are shorter."
_MARKS = "Churn in DNS: a phone that moved is four records to add and one to change, DHCIDs among them, not one."
_CHANGELOG = "Redo of a churn: each new row has its entry in phpIPAM's changelog, as phpIPAM itself would write it."
_PARSE = "100,000 hosts, nothing changed: the leases and phpIPAM's rows are read and compared whole in each hour."
_FRAMES = (
    "Memory at 100,000 hosts: the hour's tables, the ledger's 700,000 rows while they are read, and each text once."
)
_COLD = "100,000 hosts, cold: 330,000 records are planned, noted in the ledger before and after, sent and read back."
_COLUMNS = (
    "A million bindings: texts are numbers of one vocabulary, some twelve million of them (decision 0024), so it is no "
    "longer hashing; what grows faster than the network is looking up in arrays that no processor's cache holds."
)
_TEXTS = (
    "Memory at a million bindings: the tables and the texts themselves are half of it; the rest are what joins copy, "
    "and room that was used by one part and not yet by the next."
)
_BYTES = (
    "Bytes: Dagster's events of a run and, in about every seventh, folding their log into its file are half of it; "
    "the rest is the file system's own book-keeping of some forty files."
)

_QUIET_10K, _QUIET_100K = "10,000 hosts, nothing changed", "100,000 hosts, nothing changed"
_MILLION = "a million bindings, reconcile and plan"
BARS = (
    Bar(_QUIET_10K, "no UPDATE message, no serial raised", _NO_UPDATE),
    Bar(_QUIET_10K, "one SOA query to each of the 41 zones, no transfer", _SOA),
    Bar(_QUIET_10K, "no row written", _NO_ROWS),
    Bar(_QUIET_10K, "under 1.5 s of CPU beside Dagster's own start", _cpu(_QUIET, _10K, 1.5), _START),
    Bar(_QUIET_10K, "under 150 MB", _memory(_QUIET, _10K, 150), _LIBRARIES),
    Bar("10,000 hosts, cold", "one message per 60 kB and zone", _messages),
    Bar("10,000 hosts, cold", "under 3 s of CPU to write DNS", _push_cpu),
    Bar("10,000 hosts, cold", "the same of a whole census beside Dagster's start", _cpu(_FIRST, _10K, 3), _COLD_10K),
    Bar("10,000 hosts, cold", "at most 1.8 MB written by the DNS server for 10,000 records", _dns_bytes, _PAGES),
    Bar("10,000 hosts, 1 % churn", "at most 60 kB of DNS journals", _CHURN_DNS, _MARKS),
    Bar("10,000 hosts, 1 % churn", "at most 200 kB of redo", _CHURN_SQL, _CHANGELOG),
    Bar(_QUIET_100K, "under 8 s of CPU beside Dagster's own start", _cpu(_QUIET, _100K, 8), _PARSE),
    Bar(_QUIET_100K, "under 350 MB", _memory(_QUIET, _100K, 350), _FRAMES),
    Bar("100,000 hosts, cold", "under 15 s of CPU beside Dagster's own start", _cpu(_FIRST, _100K, 15), _COLD),
    Bar(_MILLION, "under 60 s of CPU, nothing changed", _million_s(_QUIET), _COLUMNS),
    Bar(_MILLION, "the same, cold, with the guards over four million changes", _million_s(_FIRST), _COLUMNS),
    Bar(_MILLION, "under 3 GB", _million_mb, _TEXTS),
    Bar(_MILLION, "close to linear from 10,000", _linear, _COLUMNS),
    Bar("100 hosts, a whole hour's bytes", "at least 20 times fewer than naive", _times_fewer, _BYTES),
    Bar("100 hosts, again at once", "under 1 MB in all", _at_once, _BYTES),
    Bar("a plan refused, a source halved, a site down", "no message, no row", _refused),
)  # fmt: skip


def reached(known: Kept) -> Iterator[tuple[Bar, Reached]]:
    """Every bar that was measured, and what was reached."""
    for bar in BARS:
        found = bar.check(known)
        if found is not None:
            yield bar, found
