"""What devices do between two censuses, from one seed; each act is done to the servers and noted as a fact."""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tests.services import dhcp_client
from tests.services.process import eventually
from tests.soak.day.facts import CLUSTER, FARM, FLAT, LAN, MANAGEMENT, Facts, Lease, Neighbour, Place, Reservation
from tests.soak.day.network import LEASE_S, DayNetwork

_FIRST = {MANAGEMENT: 3, CLUSTER: 4, LAN: 14, FARM: 6, FLAT: 6}
_STATIC = {LAN: (201, 202, 203), FARM: (201,), FLAT: (201,)}  # devices that only answer ARP
_POOL = range(100, 200)
_RESERVED = range(205, 250)
_ROAMING = (LAN, FARM, FLAT)


@dataclass
class Device:
    """One device, where it is, and Kea's lease if it has one from there; `stays` until the day is over."""

    mac: str
    name: str | None
    place: Place
    client_id: bytes | None = None
    ip: str | None = None
    kea: dhcp_client.Lease | None = None
    stays: bool = False


@dataclass
class Life:
    """The devices, and all that happens to them."""

    network: DayNetwork
    facts: Facts
    seed: int
    devices: list[Device] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """What happened since it was emptied last, in words."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a seed makes a day repeatable, it hides nothing
        self._client = self.network.real.kea.client()
        self._number = 0
        self._vacated: list[str] = []
        self._unreserved = iter(_RESERVED)
        self._last = dict.fromkeys((FARM, FLAT), _POOL.start - 1)

    def begin(self) -> None:
        """Those who are there from the start, the reserved and the silent ones among them."""
        for place, count in _FIRST.items():
            for _ in range(count):
                self._arrives(self._new(place))
        for place, numbers in _STATIC.items():
            for number in numbers:
                self.facts.neighbours[place.address(number)] = Neighbour(self._mac(), datetime.now(UTC))
        for subnet in self.network.real.kea.subnets:
            for one in subnet.reservations:
                self.facts.reservations[one["ip-address"]] = Reservation(one["hw-address"], one["hostname"])
        self.network.reserve(self.facts)

    def renew(self) -> None:
        """Everybody who has a lease renews it."""
        for device in self._present():
            self._holds(device, None if device.kea is None else self._client.renew(device.kea))

    def answer(self) -> None:
        """Everybody who is there answers: those with leases by the fourth, the silent ones always."""
        now = datetime.now(UTC)
        for ip, one in self.facts.neighbours.items():
            self.facts.neighbours[ip] = replace(one, at=now)
        for device in self._present():
            if device.ip and int(device.mac[-1], 16) % 4 == 0:
                self.facts.neighbours[device.ip] = Neighbour(device.mac, now)

    # --- what may happen, by the words of the timetable ------------------------------------------------------------

    def happens(self, act: str) -> None:
        """One act; nothing, where nobody is there who could."""
        acts = {
            "join": self._join, "guest": self._guest, "leave": self._leave, "vanish": self._vanish,
            "rename": self._rename, "move": self._move, "roam": self._roam, "pretend": self._pretend,
            "take over": self._take_over, "reserve": self._reserve, "unreserve": self._unreserve,
        }  # fmt: skip
        if (said := acts[act]()) is not None:
            self.told.append(said)

    def _join(self) -> str:
        device = self._new(self._random.choice(list(_FIRST)))
        self._arrives(device)
        return f"{device.name} joins"

    def _guest(self) -> str:
        """A phone with a MAC it has just made up; every second one says no name."""
        device = self._new(self._random.choice(_ROAMING))
        device.mac = f"{self._random.choice('26ae')}{self._random.choice('26ae')}{device.mac[2:]}"
        device.name = None if self._random.random() < 0.5 else device.name
        self._arrives(device)
        return f"guest {device.name or 'without a name'}"

    def _leave(self) -> str | None:
        device = self._choice(self._present())
        if device is None:
            return None
        self._goes(device, is_told=True)
        return f"{device.name} leaves"

    def _vanish(self) -> str | None:
        """It is switched off: its lease runs out."""
        device = self._choice([one for one in self._present() if one.place.site not in self.network.cut_off])
        if device is None:
            return None
        self._goes(device, is_told=False)
        return f"{device.name} vanishes"

    def _rename(self) -> str | None:
        device = self._choice([one for one in self._present() if one.name])
        if device is None:
            return None
        before, device.name = device.name, self._label()
        self._asks_again(device)
        return f"{before} is now {device.name}"

    def _pretend(self) -> str | None:
        """A client calls itself what it may not."""
        device = self._choice([one for one in self._present() if one.place == LAN and one.name])
        if device is None:
            return None
        before, device.name = device.name, self._random.choice(["wpad", "nas"])
        self._asks_again(device)
        return f"{before} says it is {device.name}"

    def _move(self) -> str | None:
        """The same device, another address of the subnet."""
        device = self._choice([one for one in self._present() if one.name])
        if device is None:
            return None
        self._goes(device, is_told=True)
        self._arrives(device, device.place.address(self._random.randrange(150, 200)))
        return f"{device.name} moves"

    def _roam(self) -> str | None:
        """The same device, another site."""
        device = self._choice([one for one in self._present() if one.place in _ROAMING and one.name])
        if device is None:
            return None
        self._goes(device, is_told=True)
        device.place = self._random.choice([one for one in _ROAMING if one != device.place])
        self._arrives(device)
        return f"{device.name} goes to {device.place.site}"

    def _take_over(self) -> str | None:
        """A guest gets the address of somebody who has left."""
        free = [ip for ip in self._vacated if ip not in self.facts.leases and ip.startswith("192.168.1.")]
        if not free:
            return None
        device = self._new(LAN)
        device.name = self._random.choice([None, device.name])
        self._arrives(device, self._random.choice(free))
        return f"{device.name or 'a guest without a name'} takes over an address"

    def _reserve(self) -> str | None:
        """A host that is not there (yet): Kea keeps an address of the LAN and a name for it."""
        number = next(self._unreserved, None)
        if number is None:
            return None
        name = self._label()
        self.facts.reservations[LAN.address(number)] = Reservation(self._mac(), name)
        self.network.reserve(self.facts)
        return f"{name} is reserved"

    def _unreserve(self) -> str | None:
        ours = [ip for ip, one in self.facts.reservations.items() if one.mac.startswith("02:")]
        if not ours:
            return None
        gone = self.facts.reservations.pop(self._random.choice(ours))
        self.network.reserve(self.facts)
        return f"{gone.name} is reserved no more"

    # --- how a device comes and goes -------------------------------------------------------------------------------

    def _arrives(self, device: Device, wish: str | None = None) -> None:
        if device not in self.devices:
            self.devices.append(device)
        self._holds(device, self._client.lease(_as_client(device), wish) if device.place.is_kea else None, wish)

    def _asks_again(self, device: Device) -> None:
        assert device.ip is not None
        again = self._client.request(_as_client(device), device.ip) if device.place.is_kea else None
        self._holds(device, again)

    def _holds(self, device: Device, given: dhcp_client.Lease | None, wish: str | None = None) -> None:
        """What Kea gave it, or a router's dnsmasq, which is played here, would give."""
        now = datetime.now(UTC).replace(microsecond=0)
        device.kea = given
        device.ip = given.address if given is not None else wish or device.ip or self._next(device.place)
        ends_at = now + timedelta(seconds=given.lifetime_s if given is not None else LEASE_S)
        self.facts.leases[device.ip] = Lease(device.ip, device.mac, device.name, now, ends_at, device.client_id)

    def _goes(self, device: Device, *, is_told: bool) -> None:
        assert device.ip is not None
        self.facts.neighbours.pop(device.ip, None)
        if is_told:
            if device.kea is not None:
                self._release(device.kea)
            del self.facts.leases[device.ip]
            self._vacated.append(device.ip)
        device.ip, device.kea = None, None

    def _release(self, lease: dhcp_client.Lease) -> None:
        """Give it back, and see that Kea has noticed: it does not answer to that."""
        kea = self.network.real.kea
        self._client.release(lease)
        eventually(lambda: lease.address not in {one["ip-address"] for one in kea.leases()}, f"the end of {lease}", 60)

    def _present(self) -> list[Device]:
        return [one for one in self.devices if one.ip is not None]

    def _choice(self, devices: list[Device]) -> Device | None:
        able = [one for one in devices if not one.stays]
        return self._random.choice(able) if able else None

    def _next(self, place: Place) -> str:
        """The address that a router gives next: none that was given before."""
        self._last[place] += 1
        return place.address(self._last[place])

    def _new(self, place: Place) -> Device:
        mac = self._mac()
        client_id = bytes.fromhex("01" + mac.replace(":", "")) if self._number % 3 == 0 and place.is_kea else None
        return Device(mac, self._label(), place, client_id)

    def _mac(self) -> str:
        self._number += 1
        return f"02:00:00:24:{self._number >> 8:02x}:{self._number & 255:02x}"

    def _label(self) -> str:
        self._number += 1
        return f"{self._random.choice(['tv', 'phone', 'cam', 'laptop', 'printer'])}-{self._number}"


def _as_client(device: Device) -> dhcp_client.Device:
    relay = device.place.address(1)
    return dhcp_client.Device(device.mac, relay, hostname=device.name, client_id=device.client_id)
