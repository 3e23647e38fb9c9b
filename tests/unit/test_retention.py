"""Which archived answers go: never what is needed, young, or unread for lack of censuses."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipelines.retention import Keep, removable
from tests.networks import AT

NEWEST = ("newest", 0, True)
ALL = Keep(days=400, most_bytes=10**6)
FILES = st.dictionaries(
    st.sampled_from("abcdefgh"), st.tuples(st.integers(0, 900), st.integers(0, 900), st.booleans()), max_size=8
)


def days_ago(days: float) -> pd.Timestamp:
    """The instant so long before now."""
    return AT - pd.Timedelta(days=days)


def gone(*answers: tuple[str, float, bool], unindexed: float | None = None, keep: Keep = ALL, late: float = 0) -> str:
    """Which of these answers (digest, days unread, needed), of 100 bytes each, go; `orphan` is in no index."""
    old = [(digest, 100, days_ago(days)) for digest, days, _ in answers]
    orphan = [] if unindexed is None else [("orphan", 100, days_ago(unindexed))]
    files = pd.DataFrame([*old, *orphan], columns=["digest", "bytes", "written_at"])
    reads = pd.DataFrame(
        [(digest, days_ago(days), is_needed) for digest, days, is_needed in answers],
        columns=["digest", "read_at", "is_needed"],
    )
    return " ".join(removable(files, reads, keep=keep, now=AT + pd.Timedelta(days=late))["digest"])


def test_what_was_not_read_for_so_long_goes() -> None:
    """From the day on that network.toml names; what is needed stays whatever its age, as a zone's last transfer."""
    assert gone(NEWEST, ("old", 400, False), ("young", 399, False), ("zone", 800, True)) == "old"


def test_what_is_too_much_goes_longest_unread_first() -> None:
    """Just so much of it that the rest fits; what is younger than a day, or needed, stays even if it does not fit."""
    keep = Keep(days=400, most_bytes=300)
    assert gone(NEWEST, ("c", 3, False), ("a", 5, False), ("b", 4, False), keep=keep) == "a"
    assert gone(NEWEST, ("c", 3, False), ("a", 5, True), ("b", 0.9, False), keep=Keep(400, 1)) == "c"


def test_an_answer_that_no_index_knows_ages_from_its_writing() -> None:
    """After a lost ledger the archive is all there is: it does not go with it."""
    assert not gone(NEWEST, unindexed=399)
    assert gone(NEWEST, unindexed=401) == "orphan"
    files = pd.DataFrame({"digest": ["a"], "bytes": [1], "written_at": [days_ago(5000)]})
    none = pd.DataFrame({"digest": [], "read_at": [], "is_needed": []})
    assert removable(files, none, keep=Keep(1, 1), now=AT).empty


def test_while_nothing_is_read_nothing_grows_old() -> None:
    """Neither after two years without a census, nor by a clock that is wrong."""
    assert not gone(NEWEST, ("old", 399, False), late=800)


@given(FILES, st.integers(1, 900), st.integers(1, 900))
def test_nothing_needed_or_young_goes_and_a_second_time_nothing_more(
    answers: dict[str, tuple[int, int, bool]], days: int, most: int
) -> None:
    """And what stays is no more than is allowed, but for what must."""
    files = pd.DataFrame(
        [(digest, size, days_ago(age)) for digest, (age, size, _) in answers.items()],
        columns=["digest", "bytes", "written_at"],
    )
    reads = pd.DataFrame(
        [(digest, days_ago(age), needed) for digest, (age, _, needed) in answers.items()] + [("newest", AT, True)],
        columns=["digest", "read_at", "is_needed"],
    )
    keep = Keep(days, most)
    went = set(removable(files, reads, keep=keep, now=AT)["digest"])
    assert not any(answers[digest][2] or answers[digest][0] < 1 for digest in went)
    left = files[~files["digest"].isin(went)]
    assert removable(left, reads, keep=keep, now=AT).empty
    may_go = [digest for digest in left["digest"] if not answers[digest][2] and answers[digest][0] >= 1]
    assert not may_go or left["bytes"].sum() <= most
    assert all(answers[digest][0] < days for digest in may_go)
