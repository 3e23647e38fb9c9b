"""What really stands in phpIPAM, DNS and the history, and where it is not the truth."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from tests.scenarios.real_world import RealNetwork
from tests.soak.day.published import RRsets
from tests.soak.day.truth import Holders, Row

_NEVER = "1970-01-01 00:00:01"
_ROWS = "SELECT ip_addr, hostname, mac, state, CAST(lastSeen AS CHAR(19)) AS seen FROM ipaddresses WHERE subnetId >= 7"


@dataclass(frozen=True)
class Found:
    """One row of phpIPAM as it stands there."""

    name: str | None
    mac: str | None
    state: int
    seen: str | None

    @property
    def lasting(self) -> tuple[object, ...]:
        """All but `lastSeen`."""
        return self.name, self.mac, self.state


@dataclass(frozen=True)
class Standing:
    """Both targets at one moment; `serials` are the zones' and `updates` how many UPDATE messages there have been."""

    rows: dict[str, Found]
    rrsets: RRsets
    serials: dict[str, int]
    updates: int


def standing(network: RealNetwork) -> Standing:
    """Both targets now."""
    rows = {
        str(ip_address(int(row["ip_addr"]))): Found(
            row["hostname"] or None,
            row["mac"] or None,
            int(row["state"]),
            row["seen"] if row["seen"] != _NEVER else None,
        )
        for row in network.ipam.execute(_ROWS)
    }
    found: dict[tuple[str, str], set[tuple[int, str]]] = {}
    for owner, ttl_s, rtype, data in network.records():
        if rtype not in {"SOA", "NS"}:
            found.setdefault((owner, rtype), set()).add((ttl_s, data))
    serials = {zone.name: network.bind.serial(zone.name) for zone in network.bind.zones}
    rrsets = {key: frozenset(data) for key, data in found.items()}
    return Standing(rows, rrsets, serials, network.bind.update_count())


def wrong_rows(
    now: Mapping[str, Found], truth: Mapping[str, Row], before: Mapping[str, Row] | None, slack: timedelta
) -> Iterator[str]:
    """Rows of phpIPAM that are not as they must be, lack, or are too many.

    `before` is what held an hour ago: given when the census was killed, so that a row may still read like that.
    `slack` is how long after its begin a census may have asked a gateway.
    """
    for ip in sorted(now.keys() | truth.keys(), key=ip_address):
        fits = [_fits(now.get(ip), one.get(ip), slack) for one in (truth, before) if one is not None]
        if not any(fits):
            yield f"{ip}: must be {truth.get(ip)}, is {now.get(ip)}"


def _fits(found: Found | None, row: Row | None, slack: timedelta) -> bool:
    if found is None or row is None:
        return found is None and row is None
    if found.lasting != (row.name, row.mac, row.state):
        return False
    return any(_is_near(found.seen, text, slack) for text in row.texts())


def _is_near(one: str | None, other: str | None, slack: timedelta) -> bool:
    if one is None or other is None:
        return one == other
    return abs(datetime.fromisoformat(one) - datetime.fromisoformat(other)) <= slack


def wrong_records(now: RRsets, truth: RRsets, before: RRsets | None) -> Iterator[str]:
    """RRsets that are not as they must be, lack, or are too many; `before` as for `wrong_rows`."""
    for key in sorted(now.keys() | truth.keys()):
        fits = {one.get(key) for one in (truth, before) if one is not None}
        if now.get(key) not in fits:
            yield f"{key[0]} {key[1]}: must be {_shown(truth.get(key))}, is {_shown(now.get(key))}"


def _shown(data: frozenset[tuple[int, str]] | None) -> str:
    return "not there" if data is None else ", ".join(f"{rdata} (TTL {ttl_s})" for ttl_s, rdata in sorted(data))


def wrong_history(
    network: RealNetwork,
    looks: Mapping[str, Mapping[datetime, Holders]],
    unsure: Collection[datetime],
    slack: timedelta,
) -> Iterator[str]:
    """Looks of which the history says something else than was true then, or that it does not have, or alone has.

    It may lack those that are `unsure`; `slack` as for `wrong_rows`.
    """
    with closing(sqlite3.connect(network.world.folder / "ledger.sqlite", timeout=30)) as ledger:
        for site, expected in looks.items():
            asked = ledger.execute("SELECT at FROM looks WHERE site = ? ORDER BY at", [site])
            noted = [datetime.fromtimestamp(seconds, UTC) for (seconds,) in asked]
            pairs = {at: begun for at in noted if (begun := _begun(at, expected, slack)) is not None}
            yield from (f"{site}: the look of {at} is lacking" for at in expected.keys() - pairs.values() - set(unsure))
            yield from (f"{site}: nobody could look at {at}" for at in noted if at not in pairs)
            for at, begun in pairs.items():
                yield from _wrong_look(at, expected[begun], _held(ledger, site, at))


def _begun(at: datetime, expected: Collection[datetime], slack: timedelta) -> datetime | None:
    """The census that looked then."""
    return next((one for one in expected if one <= at <= one + slack), None)


def _wrong_look(at: datetime, expected: Holders, held: Holders) -> Iterator[str]:
    for ip in sorted(held.keys() | expected.keys(), key=ip_address):
        if held.get(ip) != expected.get(ip):
            yield f"{ip} at {at}: was {expected.get(ip)}, the history says {held.get(ip)}"


def _held(ledger: sqlite3.Connection, site: str, at: datetime) -> Holders:
    seconds = round(at.timestamp())
    sql = "SELECT ip, mac, name FROM binding_history WHERE site = ? AND from_at <= ? AND (to_at IS NULL OR to_at > ?)"
    return {ip: (mac, name) for ip, mac, name in ledger.execute(sql, [site, seconds, seconds])}
