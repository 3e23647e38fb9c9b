"""What phpIPAM, DNS and the history must say, hour by hour: netcensus's promises (README, docs/decisions) told again.

Small and slow on purpose, and none of netcensus's own code: it would agree with every mistake in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.soak.day.facts import PLACES, Facts, Lease, Place, place_of
from tests.soak.day.published import Published, Wanted

RESERVED_WORDS = frozenset({"wpad", "ns1", "pfsense"})
"""Names no client may have: one that browsers believe, and two of network.toml's `infrastructure`."""
PHP = ZoneInfo("Europe/Sofia")
USED, OFFLINE = 2, 1
_PINGED, _OTHERS = timedelta(minutes=45), timedelta(hours=24)
_UNSEEN = timedelta(days=1)
_ENOUGH = 3  # earlier whole answers, without which nothing is taken away
Holders = dict[str, tuple[str | None, str | None]]
"""By address: the MAC and the whole name."""


@dataclass
class Row:
    """One address in phpIPAM. `seen_at` is the evidence of which `lastSeen` tells, None for never."""

    name: str | None
    mac: str | None
    seen_at: datetime | None = None
    state: int = USED
    others: set[datetime] = field(default_factory=set)
    """Evidence that may stand there instead, where it depends on a second, or on a census that was killed."""
    is_doubted: bool = False
    bearer: str | None = None
    """The device for which the name is there."""

    def texts(self) -> set[str | None]:
        """What `lastSeen` may say, to the second, in PHP's zone."""
        return {None if one is None else _local(one) for one in {self.seen_at, *self.others}}


@dataclass
class Truth:
    """What must stand there after the last census; `looks` is what each census saw at each site."""

    rows: dict[str, Row] = field(default_factory=dict)
    published: Published = field(default_factory=Published)
    looks: dict[str, dict[datetime, Holders]] = field(default_factory=dict)
    unsure: set[datetime] = field(default_factory=set)
    """The looks that the history may lack."""

    def census(self, facts: Facts, at: datetime, blind: frozenset[str]) -> None:
        """An hour later: `blind` are the sites that could not be read whole."""
        seen = _evidence(facts, at)
        places = [place for place in PLACES if place.site not in blind]
        held = {ip: one for ip, one in _holders(facts, seen, at).items() if place_of(ip) in places}
        names = {ip: one for ip, one in _granted(facts, held, at).items() if place_of(ip) in places}
        spoken_of, known = self.published.addresses(), set(self.rows)
        looked = {place: self._is_usual(place) for place in places}
        self.published.census(_wanted(facts, names, at), facts, at, looked)
        for ip, mac in held.items():
            self._meets(ip, mac, names.get(ip, (None, ""))[0], seen.get(ip), facts)
        for place in places:
            self._gone(place, held, {ip: one for ip, one in names.items() if ip in known}, spoken_of, at)
        for site in {place.site for place in places}:
            here = {ip: mac for ip, mac in held.items() if place_of(ip).site == site}
            found = {ip: (mac, _owner(ip, names)) for ip, mac in here.items()}
            self.looks.setdefault(site, {})[at.replace(microsecond=0)] = found

    def doubt(self, at: datetime) -> None:
        """The census begun then was killed: nobody knows whether it noted its looks, and moved `lastSeen` on."""
        self.unsure.add(at.replace(microsecond=0))
        for row in self.rows.values():
            row.is_doubted = True

    def sure_looks(self) -> list[tuple[datetime, Holders]]:
        """What was seen by the censuses that came to their end, site by site."""
        return [(at, held) for site in self.looks.values() for at, held in site.items() if at not in self.unsure]

    def _meets(self, ip: str, mac: str | None, name: str | None, at: datetime | None, facts: Facts) -> None:
        """An address that somebody holds, or that is reserved."""
        row = self.rows.setdefault(ip, Row(None, mac, at))
        row.mac, row.state = mac or row.mac, USED if at is not None else row.state
        if name is not None and ip not in facts.cleared and ip not in facts.typed:
            row.name, row.bearer = name, mac
        if at is not None:
            _touch(row, at, place_of(ip))

    def _gone(
        self, place: Place, held: Mapping[str, str | None], names: "Names", spoken_of: set[str], at: datetime
    ) -> None:
        """Names that moved on within the site, or whose address is another device's; and who was not seen for long."""
        wanted = {name for ip, (name, _) in names.items() if place_of(ip).site == place.site}
        for ip, row in self.rows.items():
            if place_of(ip) != place or ip in names or ip in spoken_of:
                continue
            is_anothers = row.bearer is not None and held.get(ip, row.bearer) != row.bearer
            if row.name in wanted or is_anothers:
                row.name, row.bearer = None, None
            is_unseen = row.seen_at is not None and row.seen_at <= at - _UNSEEN
            if is_unseen and ip not in held and self._is_usual(place):
                row.state, row.name = OFFLINE, None

    def _is_usual(self, place: Place) -> bool:
        """Whether enough is known of a site to tell that something is missing."""
        return len(self.looks.get(place.site, {})) >= _ENOUGH


Names = dict[str, tuple[str, str]]
"""By address: the label it bears, and who says so: `typed`, `reserved` or `leased`."""


def _evidence(facts: Facts, at: datetime) -> dict[str, datetime]:
    """When each address was last known to be in use, by its lease or by an answer."""
    told = [(ip, one.at) for ip, one in facts.active(at).items()]
    told += [(ip, one.at) for ip, one in facts.answering(at).items()]
    found: dict[str, datetime] = {}
    for ip, when in told:
        found[ip] = max(when, found.get(ip, when))
    return found


def _holders(facts: Facts, seen: Mapping[str, datetime], at: datetime) -> dict[str, str | None]:
    """The device on each address: who was there last; where nobody was, for whom it is reserved."""
    held: dict[str, str | None] = {ip: one.mac for ip, one in facts.reservations.items()}
    active, answering = facts.active(at), facts.answering(at)
    for ip, seen_at in seen.items():
        told = (active.get(ip), answering.get(ip))
        held[ip] = next(one.mac for one in told if one is not None and one.at == seen_at)
    return held


def _granted(facts: Facts, held: Mapping[str, str | None], at: datetime) -> Names:
    """Who bears which name: what a person typed, then a reservation, then what a client calls itself, if it may."""
    owners: dict[tuple[str, str | None], str] = {
        (place_of(ip).site, one.name): one.mac for ip, one in facts.reservations.items()
    }
    names: Names = {ip: (name, "typed") for ip, name in facts.typed.items()}
    for ip, mac in held.items():
        reserved, lease = facts.reservations.get(ip), facts.active(at).get(ip)
        if ip in names:
            continue
        if reserved is not None and reserved.mac == mac:
            names[ip] = (reserved.name, "reserved")
        elif lease is not None and lease.name is not None and _may_have(lease, owners):
            names[ip] = (lease.name, "leased")
    return names


def _may_have(lease: Lease, owners: Mapping[tuple[str, str | None], str]) -> bool:
    """Whether a client may bear the name it says: it is no word of its own, and nobody else's by reservation."""
    return lease.name not in RESERVED_WORDS and owners.get((place_of(lease.ip).site, lease.name)) in {None, lease.mac}


def _wanted(facts: Facts, names: Names, at: datetime) -> dict[tuple[str, str], Wanted]:
    """The names we publish, by whole name and address: not where Kea's D2 does."""
    active = facts.active(at)
    return {
        (place_of(ip).owner(name), ip): Wanted(why, active.get(ip) if why != "typed" else None)
        for ip, (name, why) in names.items()
        if not place_of(ip).is_d2_on
    }


def _owner(ip: str, names: Names) -> str | None:
    return f"{place_of(ip).owner(names[ip][0])}." if ip in names else None


def _touch(row: Row, at: datetime, place: Place) -> None:
    """`lastSeen` follows the evidence once it is old enough, and never reads earlier than it did."""
    if row.seen_at is None or row.seen_at == at:
        row.seen_at = at
        return
    age, limit = at - row.seen_at, _PINGED if place.is_pinged else _OTHERS
    slack = timedelta(hours=1) if _is_repeated(row.seen_at) or _is_repeated(at) else timedelta(seconds=90)
    if row.is_doubted or abs(age - limit) < slack:
        row.others |= {row.seen_at}
        row.seen_at, row.is_doubted = at, False
    elif age >= limit:
        row.seen_at, row.others = at, set()


def _is_repeated(at: datetime) -> bool:
    """Whether the clock on the wall shows this hour twice: nobody can tell from its text which one it was."""
    local = at.astimezone(PHP)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _local(at: datetime) -> str:
    return at.astimezone(PHP).strftime("%Y-%m-%d %H:%M:%S")
