"""Who changed what in DNS, from BIND's own log: every record of every UPDATE, with the key that signed it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

US, D2, PERSON = "netcensus", "kea-ddns", "hand"
_LINE = re.compile(
    r"/key (?P<key>\S+): updating zone '\S+': "
    r"(?:(?P<add>adding an RR at)|deleting an RR at|deleting rrset at|delete all rrsets from name)"
    r" '?(?P<owner>[^\s']+)'?(?: (?P<type>\S+))?(?: (?P<data>.*))?$"
)
_KEPT = re.compile(rf"/key {D2}: updating zone '\S+': update unsuccessful: (\S+)/A: 'rrset does not exist'")


@dataclass(frozen=True)
class Write:
    """One line: a record added, or one, an RRset, or all at a name deleted (then `rtype` is None)."""

    key: str
    owner: str
    rtype: str | None
    added: str | None

    def __str__(self) -> str:
        done = f"added {self.added} to" if self.added is not None else "deleted from"
        return f"{self.key} {done} {self.owner} {self.rtype or 'all'}"


def writes(log: Path, since: int) -> list[Write]:
    """The writes that BIND has logged behind byte `since`, in their order."""
    with log.open("rb") as file:
        file.seek(since)
        text = file.read().decode(errors="replace")
    return list(_writes(text.splitlines()))


def _writes(lines: list[str]) -> Iterator[Write]:
    for line in lines:
        if "netcensus-preflight." not in line and (found := _LINE.search(line)):
            yield Write(found["key"], found["owner"], found["type"], (found["data"] or "") if found["add"] else None)


def against_d2(found: list[Write]) -> list[str]:
    """What we did at names where D2 had written something that still stood: there must be nothing."""
    holders: dict[str, dict[str, set[str]]] = {}
    told = []
    for one in found:
        at_name = holders.setdefault(one.owner, {})
        if one.key == US and any(D2 in keys for keys in at_name.values()):
            told.append(f"{one}, where D2 had written")
        if one.added is not None:
            at_name.setdefault(str(one.rtype), set()).add(one.key)
        elif one.rtype is None:
            at_name.clear()
        else:
            at_name.pop(one.rtype, None)
    return told


def left_by_d2(log: Path, since: int) -> set[str]:
    """The names of which D2 could not take away all when a lease ended, as its device had another one under that name.

    Kea's nc_remove.cc then leaves the pointer of the lease that ended, until its address is leased again.
    """
    with log.open("rb") as file:
        file.seek(since)
        return set(_KEPT.findall(file.read().decode(errors="replace")))


def against_the_person(found: list[Write]) -> list[str]:
    """What we wrote right after the person's edit of the same RRset: there must be nothing."""
    last: dict[tuple[str, str | None], str] = {}
    told = []
    for one in found:
        place = (one.owner, one.rtype)
        if one.key == US and last.get(place) == PERSON:
            told.append(f"{one}, which the person had edited")
        else:
            last[place] = one.key
        if one.key == D2 and one.rtype is None:
            last.update({known: D2 for known in last if known[0] == one.owner})
    return told
