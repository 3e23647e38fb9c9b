"""The rows of a DNS plan as parts of UPDATE messages: checked once more, and guarded each by its prerequisites.

Technitium answers one bad record with silence, for the whole message: so what it would not take is refused here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipelines.values import is_below
from resources.nameserver import rdata
from resources.nameserver.messages import Group, Owner

SENT = frozenset({"create", "update", "delete"})
"""The actions of a plan that are sent; the others only say whose an RRset is."""

_MOST_TTL = 2**31 - 1  # RFC 2181 section 8
_LARGEST_GROUP = 58_000  # bytes: what a message has room for beside its zone, longest name and signature


@dataclass(frozen=True)
class Change:
    """One RRset to create, update or (with nothing in `after`) delete; `row` is its place in the plan."""

    row: int
    owner: str
    rtype: str
    is_create: bool
    is_delete: bool
    is_name_free: bool
    before: frozenset[str]
    before_ttl_s: int | None
    after: frozenset[str]
    ttl_s: int


@dataclass(frozen=True)
class Prepared:
    """What may be sent for one zone, and what may not: the plan's rows with the reason."""

    changes: dict[int, Change]
    groups: list[Group]
    refused: dict[int, str]


def prepare(rows: pd.DataFrame, zone: str, longest_ttl_s: int, inner: Sequence[str] = ()) -> Prepared:
    """The rows of one zone of the plan, those to adopt or keep included: they say whose a DHCID is.

    `inner` are our zones below this one: a name in one of them is not this zone's.
    """
    held = {row.owner: _lines(row.before) or _lines(row.after) for row in _held(rows)}
    wanted = rows[rows["action"].isin(SENT)]
    by_owner: dict[str, list[Change]] = {}
    for row in wanted.astype("object").itertuples():  # of text columns pandas makes each cell by a call
        by_owner.setdefault(row.owner, []).append(_change(row))
    groups, refused = [], {}
    for owner, changes in by_owner.items():
        try:
            _check_owner(owner, zone, inner)
            groups.append(_group(Owner(owner, zone), changes, held.get(owner), longest_ttl_s))
        except ValueError as fault:
            refused.update({change.row: f"not sent: {fault}" for change in changes})
    sent = {change.row: change for changes in by_owner.values() for change in changes if change.row not in refused}
    return Prepared(sent, groups, refused)


def _held(rows: pd.DataFrame) -> list[Any]:
    """The rows whose DHCID is there and ours."""
    is_there = ~rows["action"].isin({"create", "forget", "release"})
    return list(rows[(rows["type"] == "DHCID") & is_there].itertuples())


def _lines(text: object) -> frozenset[str]:
    return frozenset() if pd.isna(text) else frozenset(str(text).split("\n"))


def _change(row: Any) -> Change:
    return Change(
        row=row.Index,
        owner=row.owner,
        rtype=row.type,
        is_create=row.action == "create",
        is_delete=row.action == "delete",
        is_name_free=bool(row.is_name_free),
        before=_lines(row.before),
        before_ttl_s=None if pd.isna(row.before_ttl_s) else int(row.before_ttl_s),
        after=_lines(row.after),
        ttl_s=-1 if pd.isna(row.after_ttl_s) else int(row.after_ttl_s),
    )


def _group(owner: Owner, changes: list[Change], held: frozenset[str] | None, longest_ttl_s: int) -> Group:
    """The changes at one owner name; `ValueError` when one of them may not be sent, for then none may."""
    for change in changes:
        _check(change, min(longest_ttl_s, _MOST_TTL))
    _check_mark(owner, changes, held)
    prerequisites = [part for change in changes for part in _prerequisites(owner, change, held)]
    loose = [part for change in changes for part in _prerequisites(owner, change, held, is_data_compared=False)]
    updates = [part for change in changes for part in _updates(owner, change)]
    rows = tuple(change.row for change in changes)
    group = Group(rows, tuple(dict.fromkeys(prerequisites)), tuple(updates), tuple(dict.fromkeys(loose)))
    if group.size > _LARGEST_GROUP:
        raise ValueError(f"{group.size} bytes of changes at {owner.name} fit no message")
    return group


def _check_owner(owner: str, zone: str, inner: Sequence[str]) -> None:
    rdata.name(owner)
    if not owner.endswith("." + zone):
        raise ValueError(f"{owner} is not below {zone}")
    if deeper := next((other for other in inner if is_below(owner, other)), None):
        raise ValueError(f"{owner} belongs to the deeper zone {deeper}")


def _check(change: Change, longest_ttl_s: int) -> None:
    what = f"{change.owner} {change.rtype}"
    if change.rtype not in rdata.WRITABLE:
        raise ValueError(f"{what}: only {', '.join(sorted(rdata.WRITABLE))} records are ever written")
    if not change.is_delete and not 0 <= change.ttl_s <= longest_ttl_s:
        raise ValueError(f"{what}: TTL {change.ttl_s} is not 0 to {longest_ttl_s} (the zone's SOA expire)")
    if change.is_delete != (not change.after):
        raise ValueError(f"{what}: a deletion leaves nothing, and nothing else does")
    if not change.is_create and not change.before:
        raise ValueError(f"{what}: an update and a deletion must say what stands there")


def _check_mark(owner: Owner, changes: list[Change], held: frozenset[str] | None) -> None:
    """A DHCID goes with what it marks: alone it would keep every other device from the name."""
    if held and any(change.is_delete for change in changes) and all(change.rtype != "DHCID" for change in changes):
        raise ValueError(f"{owner.name}: its DHCID would be left behind; the plan must say what becomes of it")


def _prerequisites(
    owner: Owner, change: Change, held: frozenset[str] | None, *, is_data_compared: bool = True
) -> list[bytes]:
    """What must be so when the server applies the change (rule R6).

    Kea owns a name with a DHCID (rule R5), unless the plan holds that DHCID as ours: then it must be that very one,
    even where other data is not compared.
    """
    if change.is_create and change.is_name_free:
        return [owner.is_unused()]
    kea = _just(owner, "DHCID", held) if held else [owner.has_no("DHCID")]
    if change.is_create:
        return [owner.has_no(change.rtype), *kea, owner.has_no("CNAME")]
    if not is_data_compared and change.rtype != "DHCID":
        return [*kea, owner.has_some(change.rtype)]
    return [*kea, *_just(owner, change.rtype, change.before)]


def _just(owner: Owner, rtype: str, texts: frozenset[str]) -> list[bytes]:
    return [owner.has_just(rtype, rdata.wire(rtype, text)) for text in sorted(texts)]


def _updates(owner: Owner, change: Change) -> list[bytes]:
    """Delete what goes, then add what comes; all of it when the TTL changes.

    Technitium before 15.2 ignores an added record that differs by its TTL alone, and commits each record by itself:
    what stays as it is, is left alone.
    """
    stays = change.before & change.after if change.before_ttl_s == change.ttl_s else frozenset()
    kind = change.rtype
    gone = [owner.delete(kind, rdata.wire(kind, text)) for text in sorted(change.before - stays)]
    return gone + [owner.add(kind, change.ttl_s, rdata.wire(kind, text)) for text in sorted(change.after - stays)]
