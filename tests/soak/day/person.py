"""A person who edits phpIPAM and DNS now and then, from one seed; each edit is noted as a fact, and in the truth."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.parse.phpipam import decimal_of
from tests.soak.day.facts import DOMAIN, FLAT, LAN, Facts, Place, place_of, pointer
from tests.soak.day.life import Device, Life
from tests.soak.day.truth import Row, Truth

_SUBNET_ID = {LAN: 9, FLAT: 12}  # tests/services/phpipam_seed.sql
_TTL_S = 300
_ENTERED, _PUBLISHED = range(30, 60), range(60, 100)  # host numbers for rows of theirs, and for records of theirs


@dataclass
class Person:
    """One person's edits. A device they have named by hand stays where it is for the rest of the day."""

    life: Life
    truth: Truth
    seed: int

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - as in `Life`
        self._facts: Facts = self.life.facts
        self._ipam, self._bind = self.life.network.real.ipam, self.life.network.real.bind
        self._number = 0
        self._unentered, self._unpublished = iter(_ENTERED), iter(_PUBLISHED)

    def happens(self, act: str) -> None:
        """One edit; nothing, where there is nothing to edit."""
        acts = {"type": self._types, "enter": self._enters, "clear": self._clears, "remove": self._removes}
        acts |= {"host by hand": self._adds_host, "delete a record": self._deletes}
        if (said := acts[act]()) is not None:
            self.life.told.append(f"a person: {said}")

    def leave_behind(self, *ips: str) -> None:
        """Rows of addresses that nobody has been on for two days, as an old import leaves them: without a name."""
        for number, ip in enumerate(ips):
            mac = f"02:00:00:99:00:{number:02x}"
            sql = "INSERT INTO ipaddresses (subnetId, ip_addr, mac, state, lastSeen) VALUES (%s, %s, %s, 2, %s)"
            self._ipam.execute(sql, [_SUBNET_ID[place_of(ip)], decimal_of(ip), mac, "2026-10-01 12:00:00"])
            self.truth.rows[ip] = Row(None, mac, datetime(2026, 10, 1, 9, tzinfo=UTC))

    def _types(self) -> str | None:
        """A name over that of a device in the LAN."""
        device = self._stable()
        if device is None or device.ip is None:
            return None
        name = self._label("typed")
        self._sets(device.ip, name)
        self._facts.typed[device.ip] = name
        return f"types {name} over {device.name}"

    def _clears(self) -> str | None:
        """The name of a device taken out of phpIPAM."""
        device = self._stable()
        if device is None or device.ip is None:
            return None
        self._sets(device.ip, None)
        self._facts.cleared.add(device.ip)
        return f"clears {device.name}"

    def _enters(self) -> str | None:
        """A host nobody has seen."""
        place: Place = self._random.choice([LAN, FLAT])
        number = next(self._unentered, None)
        if number is None:
            return None
        name, ip = self._label("entered"), place.address(number)
        sql = "INSERT INTO ipaddresses (subnetId, ip_addr, hostname, state) VALUES (%s, %s, %s, 2)"
        self._ipam.execute(sql, [_SUBNET_ID[place], decimal_of(ip), name])
        self._facts.typed[ip] = name
        self.truth.rows[ip] = Row(name, None)
        return f"enters {name}"

    def _removes(self) -> str | None:
        """A row of their own."""
        own = [ip for ip, name in self._facts.typed.items() if name.startswith("entered")]
        if not own:
            return None
        ip = self._random.choice(own)
        self._ipam.execute("DELETE FROM ipaddresses WHERE ip_addr = %s", [decimal_of(ip)])
        del self.truth.rows[ip]
        return f"removes {self._facts.typed.pop(ip)}"

    def _adds_host(self) -> str | None:
        """A and PTR with nsupdate, of an address nobody holds."""
        number = next(self._unpublished, None)
        if number is None:
            return None
        owner, ip = f"{self._label('hand')}.{DOMAIN}", LAN.address(number)
        for at, rtype, data in ((owner, "A", ip), (pointer(ip), "PTR", f"{owner}.")):
            self._bind.add(_zone(at), at, _TTL_S, rtype, data)
            self._facts.records_by_hand[at, rtype] = frozenset({(_TTL_S, data)})
        return f"adds {owner}"

    def _deletes(self) -> str | None:
        """The A of a device in the LAN."""
        device = self._stable()
        if device is None or device.name is None:
            return None
        owner = LAN.owner(device.name)
        self._bind.delete(DOMAIN, owner, "A")
        self._facts.records_by_hand[owner, "A"] = frozenset()
        return f"deletes the A of {device.name}"

    def _stable(self) -> Device | None:
        """A device of the LAN whose name is published, which from now on stays as it is."""
        published = {ip for (_, ip), one in self.truth.published.names.items() if one.since is None}
        able = [one for one in self.life.devices if one.place == LAN and one.ip in published and not one.stays]
        able = [one for one in able if one.name and (LAN.owner(one.name), one.ip) in self.truth.published.names]
        if not able:
            return None
        found = self._random.choice(able)
        found.stays = True
        return found

    def _sets(self, ip: str, name: str | None) -> None:
        self._ipam.execute("UPDATE ipaddresses SET hostname = %s WHERE ip_addr = %s", [name, decimal_of(ip)])
        self.truth.rows[ip].name = name

    def _label(self, kind: str) -> str:
        self._number += 1
        return f"{kind}-{self._number}"


def _zone(owner: str) -> str:
    return owner.partition(".")[2] if owner.endswith(".arpa") else DOMAIN
