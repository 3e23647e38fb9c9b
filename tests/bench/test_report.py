"""The page is written from the results alone, and a bar says by itself whether it was met."""

from pathlib import Path

from bench import bars, hourly, pure
from bench.curves import svg
from bench.kept import Kept, kept
from bench.measuring import python, spend
from bench.report import PAGE, write_report
from bench.result import Result


def of_the_hour(contender: str, written: int) -> Result:
    """What a contender wrote in an hour."""
    counts = {hourly.DISK: written, hourly.ZONES_FILES: 0}
    return Result(hourly.PART, contender, "an hour in which nothing changed", hourly.COUNT, 1, 1, 1, counts=counts)


def known(*results: Result) -> Kept:
    """These results, and no others."""
    found = Kept({"processor": "2 cores"})
    for one in results:
        found.note(one)
    return found


def test_a_bar_is_met_or_not_by_the_figures() -> None:
    """Twenty times fewer bytes than naive is met by 20, not by 19; what was not measured is no bar."""
    for naive, is_met in ((2_000_000, True), (1_900_000, False)):
        ((bar, reached),) = bars.reached(known(of_the_hour("netcensus", 100_000), of_the_hour("naive", naive)))
        assert bar.asked == "at least 20 times fewer than naive"
        assert reached.is_met is is_met
    assert list(bars.reached(known())) == []


def test_the_page_holds_what_was_measured(tmp_path: Path) -> None:
    """Results read again from their file make the same page; sections without results say so."""
    one = Result(pure.MEMORY, pure.OURS_WHOLE, pure.UNCHANGED, 1000, 0.5, 1, 90, stages={"account": 0.5})
    folder = tmp_path / "benchmarks"
    first = known(one, of_the_hour("netcensus", 100_000))
    first.write(folder)
    write_report(first, folder)
    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert "| 1,000 | nothing changed | 0.50 | 0.50 | 500 | 90 |" in page
    assert "{" not in page
    write_report(kept(folder), folder)
    assert (tmp_path / PAGE).read_text(encoding="utf-8") == page


def test_a_straight_cost_is_a_straight_line() -> None:
    """A tenfold cost at a tenfold size is one step across and one up."""
    drawn = svg("Cost", "hosts", "s", {"straight": [(100, 1), (1000, 10), (10_000, 100)]})
    places = [place.split(",") for place in drawn.split('points="')[1].split('"')[0].split()]
    xs, ys = ([float(place[axis]) for place in places] for axis in (0, 1))
    assert abs((xs[1] - xs[0]) - (xs[2] - xs[1])) < 0.2
    assert abs((ys[1] - ys[0]) - (ys[2] - ys[1])) < 0.2


def test_what_a_command_took_is_its_own() -> None:
    """A child's memory and bytes are not its parent's: 50 MB here, a few there, and 1 MB written."""
    held = bytearray(50_000_000)
    spent = spend(python("timeit", "-n1", "-r1", "open('/dev/null', 'wb', 0).write(bytes(1_000_000))"), {})
    assert len(held) > spent.peak_mb * 1_000_000
    assert 1_000_000 <= spent.written < 1_010_000
