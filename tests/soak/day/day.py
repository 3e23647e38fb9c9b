"""The day itself: hour by hour life goes on, a census is taken, and what it made is held against the truth."""

import random
import signal
import subprocess
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.services.process import eventually
from tests.soak.day import reading
from tests.soak.day.asking import wrong_answers
from tests.soak.day.facts import FLAT, LAN, LONDON, SOFIA, Facts
from tests.soak.day.life import Life
from tests.soak.day.network import DayNetwork
from tests.soak.day.person import Person
from tests.soak.day.reading import Standing, standing
from tests.soak.day.sizes import Bytes, Sizes
from tests.soak.day.timetable import Timetable
from tests.soak.day.truth import Row, Truth

_PERSONS = {"type", "enter", "clear", "remove", "host by hand", "delete a record"}
_STILL = "nothing has changed"
_MINUTE = timedelta(minutes=1)
_QUIET_S, _LONGEST_S = 0.1, 5.0


@dataclass
class Hour:
    """One line of the table."""

    at: datetime
    happened: list[str]
    special: str
    changed: int = 0
    """Rows and RRsets that must be others than an hour ago."""
    written: int = 0
    """Rows and RRsets that the census changed; `seen` are rows of which only `lastSeen` moved on."""
    seen: int = 0
    updates: int = 0
    told: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    sizes: Bytes = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        """All that is wrong."""
        return [*self.rows, *self.records, *self.history]


@dataclass
class Day:
    """One day by its timetable and seed; `say` is told every hour as it comes."""

    network: DayNetwork
    timetable: Timetable
    seed: int
    say: Callable[[Hour], None]

    def __post_init__(self) -> None:
        self._facts, self._truth = Facts(), Truth()
        self._life = Life(self.network, self._facts, self.seed)
        self._person = Person(self._life, self._truth, self.seed)
        self._random = random.Random(self.seed)  # noqa: S311 - as in `Life`
        self._sizes = Sizes(self.network.real)
        self._slack = timedelta()  # as long as the longest census took: so late it may have asked a gateway
        self._rows: dict[str, Row] = {}
        self._rrsets = self._truth.published.rrsets(self._facts, self.timetable.begin)

    def run(self) -> list[Hour]:
        """Every hour of it."""
        self._life.begin()
        self._person.leave_behind(LAN.address(250), FLAT.address(250))
        self._sizes.since_last()
        hours = [self._hour(number) for number in range(self.timetable.hours)]
        self._sizes.close()
        return hours

    def _hour(self, number: int) -> Hour:
        at = self.timetable.census_at(number)
        if number < self.timetable.still:
            self._to(at - 2 * _MINUTE)
            self._life.answer()
        hour = Hour(at, self._life.told[:], self._special(number))
        self._life.told.clear()
        self._take(number, hour)
        self.say(hour)
        for moment, acts in self.timetable.acts(number, self._random):
            self._to(moment)
            for act in acts:
                (self._person if act in _PERSONS else self._life).happens(act)
        if number + 1 < self.timetable.still:
            self._to(at.replace(minute=50, second=0))
            self._life.renew()
        return hour

    # --- the census, and what it made ------------------------------------------------------------------------------

    def _take(self, number: int, hour: Hour) -> None:
        is_out, is_half = number in self.timetable.outage, number == self.timetable.half
        self.network.cut(*([LONDON] if is_out else []))
        self.network.halve(is_on=is_half)
        self._to(hour.at)
        self._settle()
        self.network.tell(self._facts)
        before = standing(self.network.real)
        is_killed = number == self.timetable.killed
        begun = time.monotonic()
        hour.told = self._killed(before) if is_killed else self.network.real.world.run()
        self._slack = max(self._slack, timedelta(seconds=time.monotonic() - begun + 3))
        after = standing(self.network.real)
        hour.sizes = self._sizes.since_last()
        self._truth.census(self._facts, hour.at, frozenset({LONDON} if is_out else {SOFIA} if is_half else ()))
        self._compare(hour, before, after, is_killed=is_killed)

    def _compare(self, hour: Hour, before: Standing, after: Standing, *, is_killed: bool) -> None:
        rows, rrsets = deepcopy(self._truth.rows), self._truth.published.rrsets(self._facts, hour.at)
        hour.changed = len(_changed(_lasting(rows), _lasting(self._rows))) + len(_changed(rrsets, self._rrsets))
        was, is_now = ({ip: row.lasting for ip, row in one.rows.items()} for one in (before, after))
        hour.written = len(_changed(was, is_now)) + len(_changed(before.rrsets, after.rrsets))
        touched = {ip for ip, row in after.rows.items() if ip in before.rows and row.seen != before.rows[ip].seen}
        hour.seen, hour.updates = len(touched - _changed(was, is_now)), after.updates - before.updates
        hour.rows += reading.wrong_rows(after.rows, rows, self._rows if is_killed else None, self._slack)
        hour.records += reading.wrong_records(after.rrsets, rrsets, before.rrsets if is_killed else None)
        if is_killed:
            self._truth.doubt(hour.at)
        hour.history += reading.wrong_history(self.network.real, self._truth.looks, self._truth.unsure, self._slack)
        if hour.special == _STILL:
            hour.history += wrong_answers(self.network.real.world, self._truth.sure_looks(), self._random, self._slack)
        if hour.special == _STILL and before != after:
            hour.records.append(f"nothing had changed, and this was written: {_changed(was, is_now) or after}")
        self._rows, self._rrsets = rows, rrsets

    def _killed(self, before: Standing) -> list[str]:
        """A census that is ended by SIGKILL as soon as something it wrote is there."""
        world = self.network.real.world
        child = subprocess.Popen(
            world.argv(), env=world.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        eventually(lambda: child.poll() is not None or self._has_begun(before), "the first write", 300)
        child.send_signal(signal.SIGKILL)
        return [f"killed, status {child.wait()}"]

    def _has_begun(self, before: Standing) -> bool:
        return len(self.network.real.ipam.execute("SELECT id FROM ipaddresses WHERE subnetId >= 7")) > len(before.rows)

    # --- time ------------------------------------------------------------------------------------------------------

    def _to(self, at: datetime) -> None:
        """It becomes so late, once what is on its way to DNS has arrived: its timers go by this clock."""
        self._wait_for_d2()
        if at > datetime.now(UTC):
            self.network.clock.put(at)

    def _settle(self) -> None:
        """Kea takes back what has ended, and D2 does its part."""
        self.network.real.kea.command("leases-reclaim", {"remove": False})
        self._wait_for_d2()

    def _wait_for_d2(self) -> None:
        count, end = -1, time.monotonic() + _LONGEST_S
        while (now := self.network.real.bind.update_count()) != count and time.monotonic() < end:
            count = now
            time.sleep(_QUIET_S)

    def _special(self, number: int) -> str:
        words = {
            "London is cut off": number in self.timetable.outage,
            "Kea answers half": number == self.timetable.half,
            "the census is killed": number == self.timetable.killed,
            _STILL: number == self.timetable.still,
        }
        return ", ".join(word for word, is_so in words.items() if is_so)


def _lasting(rows: dict[str, Row]) -> dict[str, tuple[object, ...]]:
    return {ip: (row.name, row.mac, row.state) for ip, row in rows.items()}


def _changed(one: dict[object, object] | object, other: object) -> set[object]:
    """The keys under which two mappings differ."""
    assert isinstance(one, dict)
    assert isinstance(other, dict)
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}
