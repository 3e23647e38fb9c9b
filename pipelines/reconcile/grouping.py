"""Things joined by pairs into groups, where some must never come together: union-find, and nothing of networks."""

from collections.abc import Iterable, Mapping

Marks = Mapping[str, Mapping[int, str]]
"""By key, its mark in each list of what must stay apart: two keys with different marks in one list never meet."""


def grouped(keys: Iterable[str], pairs: Iterable[tuple[str, str]], marks: Marks) -> dict[str, str]:
    """Each key and the smallest key of its group.

    The pairs are joined in their order; one that would bring together what must stay apart is passed over.
    """
    leaders = {key: key for key in keys}
    borne = {key: dict(marks[key]) for key in leaders if key in marks}
    for pair in pairs:
        first, second = sorted(_leader(key, leaders) for key in pair)
        if first != second and _may_meet(borne.get(first, {}), borne.get(second, {})):
            leaders[second] = first
            borne[first] = {**borne.get(first, {}), **borne.get(second, {})}
    return {key: _leader(key, leaders) for key in leaders}


def _leader(key: str, leaders: dict[str, str]) -> str:
    """The leader of a key's group; the way there is shortened for the next one who asks."""
    while leaders[key] != key:
        leaders[key] = leaders[leaders[key]]
        key = leaders[key]
    return key


def _may_meet(some: Mapping[int, str], others: Mapping[int, str]) -> bool:
    return all(others.get(apart, mark) == mark for apart, mark in some.items())
