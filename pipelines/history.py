"""Who held which address, from when to when: maximal runs of the same state over the looks at a site (rule R12).

What one census found is an `Observation`. It is spliced into what stands, between the looks before and after it, so
that the same hours give the same rows in whatever order they come (docs/decisions/0014).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from pipelines import tables
from pipelines.keys import in_order, merged, stand_in
from pipelines.parse.kinds import KINDS
from pipelines.reconcile.as_of import asked_at
from pipelines.reconcile.trust import frozen_sites, unread_targets
from pipelines.snapshots import EVERYWHERE

STATE = ["mac", "client_id", "name", "kind", "evidence"]
"""What makes a run: while these are the same, it goes on."""
_KEY = ["site", "ip"]
_WHEN = ["ip", "from_at", "to_at"]
_NEIGHBOURS, _LEASES = (
    {kind for kind, one in KINDS.items() if table in one.parsers} for table in ("neighbours", "leases")
)


@dataclass(frozen=True)
class Observation:
    """What one look at a site found: `holders` has a row per address that was held, with `ip` and `STATE`."""

    site: str
    at: pd.Timestamp
    holders: pd.DataFrame = field(repr=False)


def observations(
    bindings: pd.DataFrame, claims: pd.DataFrame, sources: pd.DataFrame, left_out: Iterable[str]
) -> list[Observation]:
    """What a census (its `tables.BINDINGS`, `NAME_CLAIMS`, `SOURCES`) found, site by site, at whole seconds.

    None of a site with an incomplete source, nor of one in `left_out`: nobody looked, so nobody is gone (rule R1). None
    at all while phpIPAM or a zone could not be read: the names would be wrong.
    """
    if len(unread_targets(sources)):
        return []
    unknown = {EVERYWHERE, *frozen_sites(sources), *left_out}
    is_known = ~sources["site"].isin(unknown)
    looks = asked_at(sources)[sources.loc[is_known, "site"].unique()].dt.floor("s")
    held = _holders(bindings, claims)
    return [
        Observation(str(site), at, held.loc[held["site"] == site, ["ip", *STATE]].reset_index(drop=True))
        for site, at in looks.items()
    ]


def _holders(bindings: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    granted = in_order(claims[claims["verdict"] == "granted"], [*_KEY, "rank", "source"]).drop_duplicates(_KEY)
    held = merged(bindings, granted[[*_KEY, "name"]], on=_KEY, how="left", validate="one_to_one")
    return held.assign(evidence=held["evidence"].map({text: _settled(text) for text in held["evidence"].unique()}))


def _settled(evidence: str) -> str:
    """The sources of a binding, but for neighbour caches where a lease says the same.

    They forget whoever is silent for some minutes: else every nap of a laptop would be two rows.
    """
    said = [(one, one.partition("/")[0]) for one in evidence.split(",")]
    is_leased = any(kind in _LEASES for _, kind in said)
    return ",".join(one for one, kind in said if not (is_leased and kind in _NEIGHBOURS))


def spliced(
    standing: pd.DataFrame, seen: Observation, before: pd.Timestamp | None, after: pd.Timestamp | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of `tables.BINDING_HISTORY` that go, and those that come, when an observation is told.

    `before` and `after` are the looks next to it, `standing` all rows of its site that hold at either, or at its own
    instant: where that was told before, what is seen now takes the place of it. What does not change is in neither.
    """
    if _goes_on(standing, seen, before, after):
        return standing.head(0), standing.head(0)
    left, right = (standing[_holds(standing, look)].drop(columns="site") for look in (before, after))
    now = seen.holders.assign(is_there=True)
    sides = merged(left, now, on="ip", how="outer", suffixes=("_l", ""), validate="one_to_one")
    sides = merged(sides, right, on="ip", how="outer", suffixes=("", "_r"), validate="one_to_one")
    has_left, has_now, has_right = (sides[name].notna() for name in ("from_at", "is_there", "from_at_r"))
    goes_on = has_left & has_now & _alike(sides, "_l", "")
    stays = has_now & has_right & _alike(sides, "", "_r")
    end = _instants(pd.NaT if after is None else after, sides).mask(stays, sides["to_at_r"])
    parts = [
        _rows(sides[has_left], "_l", sides["from_at"], end.where(goes_on, seen.at), seen.site),
        _rows(sides[has_now & ~goes_on], "", _instants(seen.at, sides), end, seen.site),
        _rows(sides[has_right & ~stays], "_r", _instants(after, sides), sides["to_at_r"], seen.site),
    ]
    old = standing[_holds(standing, before) | _holds(standing, seen.at) | _holds(standing, after)]
    new = tables.BINDING_HISTORY.concat(parts)
    return _without(old, new), _without(new, old)


def _goes_on(
    standing: pd.DataFrame, seen: Observation, before: pd.Timestamp | None, after: pd.Timestamp | None
) -> bool:
    """Whether all that stands holds before, at and after what was seen, and is the same: most hours at most sites."""
    looks = [look for look in (before, seen.at, after) if look is not None]
    if not all(_holds(standing, look).all() for look in looks):
        return False
    return len(standing) == len(seen.holders) and bool(stand_in(seen.holders, standing[["ip", *STATE]]).all())


def _holds(standing: pd.DataFrame, look: pd.Timestamp | None) -> "pd.Series[bool]":
    """Which rows hold at a look; none where there was no look."""
    if look is None:
        return pd.Series(data=False, index=standing.index)
    return (standing["from_at"] <= look) & (standing["to_at"].isna() | (standing["to_at"] > look))


def _alike(sides: pd.DataFrame, one: str, other: str) -> "pd.Series[bool]":
    pairs = [(sides[name + one], sides[name + other]) for name in STATE]
    same = [(here == there) | (here.isna() & there.isna()) for here, there in pairs]
    return pd.concat(same, axis="columns").all(axis="columns")


def _instants(instant: object, sides: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    return pd.Series(instant, index=sides.index, dtype="datetime64[us, UTC]")


def _rows(
    sides: pd.DataFrame,
    which: str,
    from_at: "pd.Series[pd.Timestamp]",
    to_at: "pd.Series[pd.Timestamp]",
    site: str,
) -> pd.DataFrame:
    state = {name: sides[name + which] for name in STATE}
    times = {"from_at": from_at.loc[sides.index], "to_at": to_at.loc[sides.index]}
    return tables.BINDING_HISTORY.frame(pd.DataFrame({"site": site, "ip": sides["ip"], **state, **times}))


def _without(rows: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """The rows that are not among the others, state and times."""
    columns = [*_WHEN, *STATE]
    return merged(rows, others[columns], on=columns, how="left_anti", validate="one_to_one")
