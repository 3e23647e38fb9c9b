"""What a census asks and writes, counted by the servers, must not rise; how long it takes is not asked."""

import copy
import warnings

import pytest

from bench.expected import FILE, OWN, counted, differences, expected

LOWER = f"python -m bench.expected lowers {FILE.name}; commit it, so that it cannot rise again"


@pytest.mark.services("bind", "mariadb", "kea", "sshd")
def test_no_count_rises() -> None:
    """Small censuses on the real servers: messages, statements, rows, serials, redo and our own bytes, as committed."""
    rose, sank = differences(counted(), expected())
    if sank:
        warnings.warn("; ".join([*sank, LOWER]), stacklevel=1)
    assert not rose, "\n".join([*rose, "If that must be so: python -m bench.expected, and say why in the commit"])


def test_a_count_that_rises_is_told_from_what_to_what() -> None:
    """One message more is a sentence; so is one less, but another; bytes of our own may vary a little."""
    more, less, noise = (copy.deepcopy(expected()) for _ in range(3))
    more["100 hosts, nothing changed"]["UPDATE messages"] += 1
    less["100 hosts, cold"]["SQL statements"] -= 1
    noise["100 hosts, cold"][OWN] += 20_000
    assert differences(more, expected()) == (["100 hosts, nothing changed: UPDATE messages went from 0 to 1"], [])
    assert [len(side) for side in differences(less, expected())] == [0, 1]
    assert differences(noise, expected()) == ([], [])
