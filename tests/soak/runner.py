"""The runner: life (and a person) in threads of their own, census and dns_sync every few seconds, then the verdict."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from tests.scenarios.real_world import RealNetwork
from tests.soak import judge, updates
from tests.soak.life import Life
from tests.soak.person import Person

_WITHDRAW = """
[withdraw]
first_days = 0
dynamic_grace_hours = 0
reservation_grace_hours = 0
[guards]
creates = {few = 1000, max_count = 1000}
updates = {few = 1000, max_count = 1000}
deletes = {few = 1000, max_count = 1000}
"""
_AUDIT = """
DROP DATABASE IF EXISTS audit; CREATE DATABASE audit;
CREATE TABLE audit.names (n INT AUTO_INCREMENT PRIMARY KEY, id INT, who TEXT, `before` TEXT, `after` TEXT);
CREATE TRIGGER who_renames AFTER UPDATE ON ipaddresses FOR EACH ROW
  IF NOT (OLD.hostname <=> NEW.hostname) THEN
    INSERT INTO audit.names (id, who, `before`, `after`) VALUES (NEW.id, USER(), OLD.hostname, NEW.hostname);
  END IF;
"""
_QUIET_S, _SETTLING, _FEWEST_RUNS = 0.5, 25, 3
_LASTING_S = 24 * 3600


@dataclass
class Outcome:
    """What came out: how much happened, and every sentence of what should not be."""

    seconds: float
    runs: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    edits: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    leases: int = 0
    settled_after: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = {name: dict(getattr(self, name)) for name in ("runs", "events", "edits", "writes", "told")}
        lines = [f"{name}: {found}" for name, found in counts.items()]
        lines += [f"{self.leases} active leases at the end; quiet after {self.settled_after} more runs"]
        return "\n".join([f"{self.seconds:.0f} s", *lines, *(self.faults or ["nothing is wrong"])])


@dataclass
class Soak:
    """One network, so many seconds of it, and whether a person works in it too."""

    network: RealNetwork
    seconds: float
    seed: int
    has_person: bool
    lifetime_s: int = 12

    def run(self) -> Outcome:
        """All of it; what is wrong stands in `Outcome.faults`."""
        self._prepare()
        life = Life(self.network.kea, self.seed, self.seconds)
        person = Person(self.network, self.seed, self.seconds)
        outcome = Outcome(self.seconds, events=life.events, edits=person.edits)
        since = self.network.bind.log.stat().st_size
        with _beside(life.stopped, life.run, outcome.faults):
            with _beside(person.stopped, person.run if self.has_person else _nothing, outcome.faults):
                self._look_after(outcome)
            life.calm.set()
            self._settle(outcome)
            self._judge(outcome, person, since)
        return outcome

    def _prepare(self) -> None:
        network = self.network
        self._lease_for(self.lifetime_s)
        toml = network.world.network_toml
        toml.write_text(toml.read_text(encoding="utf-8") + _WITHDRAW, encoding="utf-8")
        network.ipam.script(_AUDIT)

    def _lease_for(self, seconds: int) -> None:
        kea = self.network.kea
        kea.configure([replace(one, valid_lifetime_s=seconds) for one in kea.subnets])

    def _look_after(self, outcome: Outcome) -> None:
        """One census in three runs, an hour between each, and a few seconds for everybody else."""
        pauses = random.Random(self.seed)  # noqa: S311 - a seed makes a run repeatable, it hides nothing
        end = time.monotonic() + self.seconds
        while time.monotonic() < end or outcome.runs.total() < _FEWEST_RUNS:
            self._one(outcome)
            time.sleep(pauses.uniform(0, 3))

    def _one(self, outcome: Outcome) -> None:
        job = "dns_sync" if outcome.runs.total() % 3 else "census"
        outcome.told.update(self.network.world.run(job))
        outcome.runs[job] += 1
        self.network.world.age(hours=1)

    def _settle(self, outcome: Outcome) -> None:
        """Those who left without a word are forgotten by Kea; then censuses, until two in a row change nothing.

        Who is there is leased their address for longer than that: on a loaded machine a short lease ends in between.
        """
        self._lease_for(_LASTING_S)
        time.sleep(self.lifetime_s + 2)
        quiet = 0
        for _ in range(_SETTLING):
            self._wait_for_d2()
            before = self._state()
            outcome.told.update(self.network.world.run())
            self.network.world.age(hours=24)
            outcome.settled_after += 1
            time.sleep(_QUIET_S)
            quiet = quiet + 1 if self._state() == before else 0
            if quiet == 2:
                return
        outcome.faults.append(f"{_SETTLING} censuses after the end, there was still something to change")

    def _state(self) -> tuple[object, ...]:
        """What a census could have written, and how many UPDATE messages there were."""
        rows = self.network.ipam.execute("SELECT id, hostname, mac, state, editDate FROM ipaddresses ORDER BY id")
        return self.network.bind.update_count(), self.network.records(), rows

    def _wait_for_d2(self) -> None:
        count = -1
        while (now := self.network.bind.update_count()) != count:
            count = now
            time.sleep(_QUIET_S)

    def _judge(self, outcome: Outcome, person: Person, since: int) -> None:
        end = judge.seen(self.network, since, time.time())
        audit = self.network.ipam.execute("SELECT * FROM audit.names ORDER BY n")
        outcome.leases, outcome.writes = len(end.holders), Counter(one.key for one in end.writes)
        outcome.faults += [
            *updates.against_d2(end.writes),
            *updates.against_the_person(end.writes),
            *judge.unresolved(end, person),
            *judge.zombies(end, person),
            *judge.taken_for_ours(end),
            *judge.forbidden(end),
            *judge.lost_edits(end, person),
            *judge.fought_over(audit),
            *judge.only_lost_races(outcome.told),
        ]


def _nothing() -> None:
    """Nobody is there."""


class _beside:  # noqa: N801 - read as a word of the sentence it stands in
    """While the block runs, `act` does too; what it raises is told."""

    def __init__(self, stopped: threading.Event, act: Callable[[], None], faults: list[str]) -> None:
        self._stopped, self._act, self._faults = stopped, act, faults
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self._act()
        except Exception as error:  # noqa: BLE001 - a thread's error would be lost
            self._faults.append(f"{self._act.__qualname__}: {error!r}")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        with suppress(RuntimeError):
            self._thread.join()
