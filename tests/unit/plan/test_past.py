"""When a source has lost so much that nothing may be concluded from what it lacks."""

import pandas as pd
import pytest

from pipelines import tables
from pipelines.plan.past import Past, shrunken
from tests.lives import BORN, reads_before
from tests.networks import AT, hour


def found(rows: int, usual: int) -> set[str]:
    """The sites that are held back when every source has so many rows, and usually so many."""
    parsed = hour()
    sources = tables.SOURCES.frame(parsed["sources"].assign(rows=rows))
    return {site for site in shrunken(sources, Past(BORN, reads_before(AT, rows=usual))) if site != "*"}


@pytest.mark.parametrize(
    ("rows", "usual", "is_held"),
    [(0, 3, True), (0, 11, True), (1, 3, False), (0, 2, False), (9, 20, True), (10, 20, False), (11, 22, False)],
)
def test_a_source_that_lost_its_memory_is_not_believed(rows: int, usual: int, *, is_held: bool) -> None:
    """All of three rows or more, or more than half and more than ten: then the site is held back."""
    assert bool(found(rows, usual)) == is_held


def test_the_usual_is_the_median_of_a_day() -> None:
    """One hour's odd answer says nothing: the other twenty-three do."""
    reads = pd.concat([reads_before(AT, rows=40, count=20), reads_before(AT - pd.Timedelta(days=1), rows=0, count=4)])
    sources = tables.SOURCES.frame(hour()["sources"].assign(rows=0))
    assert shrunken(sources, Past(BORN, tables.READS.frame(reads)))
