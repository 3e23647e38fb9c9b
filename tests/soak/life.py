"""Devices that join, leave, rename themselves, roam and pretend, from one seed: what DHCP clients do all day."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

from tests.services.dhcp_client import Device, DhcpClient, Lease, NoLease
from tests.services.kea import Kea

RESERVED = {"devvm": "52:54:00:10:00:10", "pxe": "52:54:00:10:00:20", "nas": "b8:27:eb:01:00:50"}
"""The names Kea reserves (tests/services/kea_config.py), and whose they are."""
FORBIDDEN = ("ns1", "wpad")
"""Names no client may have: infrastructure's, and one that browsers believe."""
_HOMES = {RESERVED["devvm"]: "10.0.10.1", RESERVED["pxe"]: "10.0.10.1", RESERVED["nas"]: "192.168.1.1"}
_RELAYS = ("10.0.10.1", "10.0.20.1", "192.168.1.1", "192.168.1.1")
_SHARED = ("phone", "laptop", "tv", "printer")  # names that several devices give themselves
_DEVICES = 22


@dataclass
class Host:
    """One device, and the leases it holds: the last is the one it uses, the others run out."""

    device: Device
    lease: Lease | None = None
    renew_at: float = 0.0


@dataclass
class Life:
    """The devices of a network. `run` until `stopped`; after `calm` those that are there only renew.

    There are no more acts than `busy_s` has pauses: on a slow machine no more of them meet than on a fast one.
    """

    kea: Kea
    seed: int
    busy_s: float
    pause_s: float = 0.2
    stopped: threading.Event = field(default_factory=threading.Event)
    calm: threading.Event = field(default_factory=threading.Event)
    events: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a seed makes a run repeatable, it hides nothing
        self._client: DhcpClient = self.kea.client(timeout_s=5)
        macs = [*RESERVED.values(), *(f"02:00:00:00:01:{number:02x}" for number in range(_DEVICES))]
        self._hosts = [Host(_device(mac, number)) for number, mac in enumerate(macs)]

    def run(self) -> None:
        """Something happens every `pause_s`, and everybody who is there renews in time."""
        acts = count()
        while not self.stopped.wait(self.pause_s):
            self._renew_all()
            if not self.calm.is_set() and next(acts) < self.busy_s / self.pause_s:
                host = self._random.choice(self._hosts)
                self._tried(self._next(host), host)

    def _next(self, host: Host) -> Callable[[Host], None]:
        if host.lease is None:
            return self._joins
        stays_itself = host.device.mac in _HOMES
        chances = [(self._leaves, 4), (self._vanishes, 3), (self._moves, 2), *((one, 3) for one in self._others)]
        open_ones = [(act, chance) for act, chance in chances if not stays_itself or act not in self._others]
        return self._random.choices([act for act, _ in open_ones], [chance for _, chance in open_ones])[0]

    @property
    def _others(self) -> tuple[Callable[[Host], None], ...]:
        """What a device with a reserved name does not do."""
        return self._renames, self._roams, self._pretends

    def _tried(self, act: Callable[[Host], None], host: Host) -> None:
        self.events[act.__name__.strip("_")] += 1
        try:
            act(host)
        except (NoLease, OSError):  # too late for the lease it had, or no answer, or its port was taken: another time
            self.events["got no answer"] += 1
            host.lease = None

    def _joins(self, host: Host) -> None:
        self._holds(host, self._client.lease(host.device))

    def _leaves(self, host: Host) -> None:
        if host.lease is not None:
            self._client.release(host.lease)
        host.lease = None

    def _vanishes(self, host: Host) -> None:
        host.lease = None  # nobody tells Kea: the lease runs out

    def _renames(self, host: Host) -> None:
        name = self._random.choice([*_SHARED, f"d{self._random.randrange(100)}"])
        self._becomes(host, name)

    def _pretends(self, host: Host) -> None:
        self._becomes(host, self._random.choice([*RESERVED, *FORBIDDEN]))

    def _becomes(self, host: Host, name: str) -> None:
        host.device = replace(host.device, hostname=name)
        if host.lease is not None:
            self._holds(host, self._client.request(host.device, host.lease.address))

    def _moves(self, host: Host) -> None:
        """Another address in the same subnet, the old one given back."""
        self._leaves(host)
        wish = host.device.relay.rpartition(".")[0] + f".{self._random.randrange(100, 200)}"
        self._holds(host, self._client.lease(host.device, wish))

    def _roams(self, host: Host) -> None:
        """Another subnet, the old lease left to run out."""
        host.device = replace(host.device, relay=self._random.choice(_RELAYS))
        self._joins(host)

    def _renew_all(self) -> None:
        for host in self._hosts:
            if host.lease is not None and time.monotonic() >= host.renew_at:
                self._tried(self._renews, host)

    def _renews(self, host: Host) -> None:
        if host.lease is not None:
            self._holds(host, self._client.renew(host.lease))

    def _holds(self, host: Host, lease: Lease) -> None:
        host.lease, host.renew_at = lease, time.monotonic() + lease.lifetime_s / 3


def _device(mac: str, number: int) -> Device:
    """The device with this MAC: each third tells a client identifier, the reserved ones are who they are."""
    reserved = {owner: name for name, owner in RESERVED.items()}
    client_id = bytes.fromhex("01" + mac.replace(":", "")) if number % 3 == 0 and mac not in reserved else None
    name = reserved.get(mac) or (_SHARED[number % 4] if number % 5 == 0 else f"d{number}")
    return Device(mac, _HOMES.get(mac) or _RELAYS[number % 4], hostname=name, client_id=client_id)
