"""An hour of the past, made again from what was archived: by today's code and today's network.toml."""

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, field
from datetime import date, timedelta

import pandas as pd

from pipelines import tables
from pipelines.breaches import breaches, ill_sites, listed, unread, without
from pipelines.contract import Table
from pipelines.counted import counted
from pipelines.errors import ConfigError, HourLost, ParseError
from pipelines.expectations import Frames
from pipelines.history import Observation, observations
from pipelines.network import Network
from pipelines.parse.every import PARSED, parse_all
from pipelines.parse.kinds import GATEWAYS, LISTED, PHPIPAM, ZONES, is_of
from pipelines.reconcile.account import account
from pipelines.reconcile.incumbents import NOBODY
from pipelines.reconcile.trust import faults, sees_no_gateway, unread_targets
from pipelines.snapshots import Snapshot
from pipelines.who import instant

KEY_FORMAT = "%Y-%m-%d-%H:%M"
_PARSED = (tables.SOURCES, *PARSED)
_ACCOUNT = (
    tables.SIGHTINGS, tables.BINDINGS, tables.NAME_CLAIMS, tables.ADDRESSES, tables.RECORDS, tables.REGISTRATIONS,
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Hour:
    """One hour of UTC, from `start` until before `end`."""

    start: pd.Timestamp

    @classmethod
    def of(cls, at: pd.Timestamp) -> "Hour":
        """The hour an instant lies in."""
        return cls(at.tz_convert("UTC").floor("h"))

    @classmethod
    def from_key(cls, key: str) -> "Hour":
        """The hour of a partition's key."""
        return cls(pd.to_datetime(key, format=KEY_FORMAT, utc=True))

    @property
    def key(self) -> str:
        """The partition's key, such as 2026-11-17-14:00."""
        return f"{self.start:{KEY_FORMAT}}"

    @property
    def end(self) -> pd.Timestamp:
        """When the next hour begins."""
        return self.start + pd.Timedelta(hours=1)

    def __str__(self) -> str:
        return f"between {self.start:%H:%M} and {self.end:%H:%M} UTC on {self.start:%Y-%m-%d}"


def hours_asked(since: str, until: str, first_day: date, now: pd.Timestamp) -> tuple[Hour, Hour]:
    """The first and the last hour of a command line. Raises `ConfigError` for what is no such range."""
    first, last = (Hour.of(instant(text)) for text in (since, until))
    if last < first:
        raise ConfigError("--to", f"{last.key} is before {first.key}", "Swap them")
    if last.start > now:
        raise ConfigError("--to", f"{last.key} (UTC) has not happened yet", "Give a time of the past")
    if first.start < pd.Timestamp(first_day, tz="UTC"):
        remedy = "Give a later time, or an earlier first_day under [state] in network.toml"
        raise ConfigError("--from", f"{first.key} (UTC) is before {first_day}", remedy)
    return first, last


@dataclass(frozen=True)
class Retold:
    """What a census of the past found: the tables it looked at, what it adds to the history, and what was lacking."""

    tables: Frames = field(repr=False)
    seen: list[Observation]
    lacking: list[str]


@dataclass(frozen=True)
class Told:
    """What became of the history: how many censuses were told, looks at sites, and rows written.

    `unlike` are addresses of which it says something else and stays, `untold` censuses it knows nothing of.
    """

    censuses: int = 0
    looks: int = 0
    new: int = 0
    rows: int = 0
    unlike: int = 0
    untold: int = 0

    def __add__(self, other: "Told") -> "Told":
        return Told(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def __str__(self) -> str:
        looks = f"{counted(self.looks, 'look')} in {counted(self.censuses, 'census')}"
        said = [f"{looks}, {self.new} of them new; {counted(self.rows, 'row')} written"]
        if self.unlike:
            said.append(
                f"today's code says otherwise of {counted(self.unlike, 'address')}: told `anew`, it would stand"
            )
        if self.untold:
            said.append(f"{self.untold} loaded nothing (a rehearsal, a refused plan): told only `anew`")
        return "; ".join(said)


@dataclass(frozen=True)
class Read:
    """What a run rested on: rows of the index, and the sites it did not ask, whose last answers stood (0017)."""

    run_id: str
    rows: pd.DataFrame = field(repr=False)
    held: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether the run came so far that it had read, or tried to read, phpIPAM and the zones as well."""
        return all(any(is_of(source, step) for source in self.rows["source"]) for step in (PHPIPAM, ZONES))


def reads_by_hour(index: pd.DataFrame, network: Network) -> dict[Hour, list[Read]]:
    """The runs that asked a gateway, in order, by the hour in which they asked the last; dns_sync asks none.

    The index is `tables.SNAPSHOTS` with `run_id`, in the order of its writing, from `reach` before the hours on.
    """
    is_asked = {source: is_of(source, GATEWAYS, LISTED) for source in index["source"].unique()}
    asked = index[index["source"].map(is_asked).astype(bool)]
    own = dict(list(index.groupby("run_id", sort=False)))
    found: dict[Hour, list[Read]] = {}
    for run_id, at in asked.groupby("run_id")["read_at"].max().sort_values().items():
        found.setdefault(Hour.of(at), []).append(_completed(str(run_id), own[run_id], index, network))
    return found


def reach(network: Network) -> timedelta:
    """How long before a run the answers may be that it rested on."""
    return max(network.hold(site) for site in network.sites)


def _completed(run_id: str, own: pd.DataFrame, index: pd.DataFrame, network: Network) -> Read:
    """A run's rows, and those of the sites that it did not ask, as they were found last before it."""
    unasked = network.gateways.keys() - set(own["site"])
    if not unasked:
        return Read(run_id, own)
    earlier = index[(index.index < own.index[0]) & index["site"].isin(unasked)]
    last = earlier.groupby("site")["run_id"].transform("last")
    held = earlier[earlier["run_id"] == last]
    return Read(run_id, pd.concat([own, held]), frozenset(held["site"]))


def why_lost(
    hour: Hour, now: pd.Timestamp, around: tuple[pd.Timestamp | None, pd.Timestamp | None], *, has_begun: bool
) -> HourLost:
    """Why there is no whole run in an hour; `around` is when gateways were asked last before, and first after it."""
    if hour.start > now:
        return HourLost(hour.key, "this hour has not happened yet", "Choose hours of the past")
    before, after = (f"{at:%Y-%m-%d %H:%M}" if at is not None else "never" for at in around)
    remedy = f"Gateways were asked before: {before}, after: {after}. It cannot be made up for: leave that hour out"
    if has_begun:
        return HourLost(hour.key, f"no census {hour} came so far as to read phpIPAM and all zones", remedy)
    if hour.end > now:
        return HourLost(hour.key, "no census has asked a gateway in this hour yet", "Run the job census, or wait")
    return HourLost(hour.key, f"nothing is archived: no census asked any gateway {hour}", remedy)


def retold(
    read: Sequence[Snapshot],
    applied: pd.DataFrame,
    *,
    network: Network,
    held: Collection[str] = (),
    displaced: pd.DataFrame = NOBODY,
) -> Retold:
    """What a census concludes from these answers, beside the ledger as it was then; no plan is made.

    Of the sites in `held`, which it did not ask, another census has told. As in a census, a site whose rows break a
    contract is left out. Raises `ParseError` where a whole table is bad.
    """
    parsed = parse_all(read, network=network)
    parsed, ill = _sound(_PARSED, parsed, {**parsed, **listed(network)})
    parsed = {**parsed, "sources": unread(parsed["sources"], ill)}
    made = account(parsed, applied, network=network, displaced=displaced)
    made, more = _sound(_ACCOUNT, made, {**parsed, **made, **listed(network)})
    sources = unread(parsed["sources"], more)
    left_out = {*more, *held}
    is_blind = len(unread_targets(sources)) > 0 or sees_no_gateway(sources, network)
    seen = [] if is_blind else observations(made["bindings"], made["name_claims"], sources, left_out)
    return Retold({**parsed, **made, "sources": sources}, seen, faults(sources))


def _sound(
    contracts: Sequence[Table], frames: Frames, others: Frames
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """The tables without the sites whose rows break something, and those sites with the reason."""
    found = [breach for table in contracts for breach in breaches(table, frames[table.name], others)]
    bad = next((breach for breach in found if breach.is_whole), None)
    if bad is not None:
        raise ParseError(bad.table, bad.says, bad.remedy)
    ill = ill_sites(found)
    return without(frames, ill), ill
