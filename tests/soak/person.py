"""A person at work in phpIPAM's pages and with nsupdate, from one seed; what they typed last is remembered."""

import random
import threading
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from ipaddress import ip_address

from pipelines.parse.phpipam import decimal_of
from tests.scenarios.real_world import RealNetwork

DOMAIN = "viktorbarzin.lan"
_SUBNETS = {7: "10.0.10.", 9: "192.168.1."}  # their ids in phpIPAM; D2 is on in the first, off in the second
_LAN = ".1.168.192.in-addr.arpa"
_STATIC, _BY_HAND = range(30, 60), range(60, 90)  # host numbers outside Kea's pools


@dataclass
class Person:
    """`run` until `stopped`, or until there are as many edits as `busy_s` has pauses.

    `names` holds what was typed last by phpIPAM's row, `rrsets` by owner and type in DNS.
    """

    network: RealNetwork
    seed: int
    busy_s: float = 0.0
    pause_s: float = 0.9
    stopped: threading.Event = field(default_factory=threading.Event)
    edits: Counter[str] = field(default_factory=Counter)
    names: dict[int, str | None] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    rrsets: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - as in `Life`
        self._number = 0
        self._own: list[int] = []

    def run(self) -> None:
        """One edit every `pause_s`."""
        acts = [self._renames, self._renames, self._clears, self._enters, self._removes]
        acts += [self._adds_host, self._deletes_record, self._replaces_record, self._comments]
        while self.edits.total() < self.busy_s / self.pause_s and not self.stopped.wait(self.pause_s):
            act = self._random.choice(acts)
            if act():
                self.edits[act.__name__.strip("_")] += 1

    # --- in phpIPAM: UPDATE, INSERT and DELETE as its pages send them (functions/classes/class.Addresses.php)

    def _renames(self) -> bool:
        """A name typed over that of any row: a device's, a static one's, one edited before."""
        return self._types(self._new_name("p"), self._rows())

    def _clears(self) -> bool:
        """A name that we wrote: to clear one's own, or an empty field, is to leave it to the network."""
        return self._types("", [row for row, name in self._rows().items() if name and row not in self.names])

    def _rows(self) -> dict[int, str | None]:
        rows = self.network.ipam.execute("SELECT id, hostname FROM ipaddresses WHERE subnetId IN (7, 8, 9) ORDER BY id")
        return {int(row["id"]): row["hostname"] for row in rows}

    def _types(self, name: str, rows: Collection[int]) -> bool:
        if not rows:
            return False
        identity = self._random.choice(sorted(rows))
        self.network.ipam.execute(
            "UPDATE ipaddresses SET hostname = %s, editDate = NOW() WHERE id = %s", [name, identity]
        )
        self.names[identity] = name or None
        return True

    def _enters(self) -> bool:
        subnet, ip = self._free(_STATIC)
        sql = "INSERT IGNORE INTO ipaddresses (subnetId, ip_addr, hostname, state) VALUES (%s, %s, %s, 2)"
        name = self._new_name("p")
        self.network.ipam.execute(sql, [subnet, decimal_of(ip), name])
        (row,) = self.network.ipam.execute("SELECT id, hostname FROM ipaddresses WHERE ip_addr = %s", [decimal_of(ip)])
        if row["hostname"] != name:
            return False
        self.names[int(row["id"])] = name
        self._own.append(int(row["id"]))
        return True

    def _removes(self) -> bool:
        """A row of their own, nobody being there."""
        if not self._own:
            return False
        identity = self._own.pop(self._random.randrange(len(self._own)))
        self.network.ipam.execute("DELETE FROM ipaddresses WHERE id = %s", [identity])
        self.names.pop(identity, None)
        self.deleted.add(identity)
        return True

    # --- in DNS, by the key `hand`: never at a name that is D2's, for there D2 has the last word

    def _adds_host(self) -> bool:
        _, ip = self._free(_BY_HAND)
        owner, pointer = f"{self._new_name('h')}.{DOMAIN}", ip_address(ip).reverse_pointer
        if (pointer, "PTR") in self.rrsets:
            return False
        self._puts(owner, "A", ip)
        self._puts(pointer, "PTR", f"{owner}.")
        return True

    def _deletes_record(self) -> bool:
        return self._edits_one(None)

    def _replaces_record(self) -> bool:
        return self._edits_one({"A": f"192.168.1.{self._random.randrange(240, 250)}", "PTR": f"other.{DOMAIN}."})

    def _comments(self) -> bool:
        found = self._ours("A")
        if not found:
            return False
        owner, _ = self._random.choice(found)
        self._puts(owner, "TXT", '"seen in the cellar"')
        return True

    def _edits_one(self, data: dict[str, str] | None) -> bool:
        found = self._ours("A", "PTR")
        if not found:
            return False
        owner, rtype = self._random.choice(found)
        self.rrsets[owner, rtype] = frozenset({data[rtype]} if data else ())
        if data:
            self.network.bind.replace(_zone(owner), owner, 300, rtype, data[rtype])
        else:
            self.network.bind.delete(_zone(owner), owner, rtype)
        return True

    def _puts(self, owner: str, rtype: str, data: str) -> None:
        self.rrsets[owner, rtype] = frozenset({data})
        self.network.bind.add(_zone(owner), owner, 300, rtype, data)

    def _ours(self, *types: str) -> list[tuple[str, str]]:
        """RRsets in the zones that are not D2's: without a DHCID, or of the LAN, where D2 is off."""
        records = self.network.records()
        marked = {owner for owner, _, rtype, _ in records if rtype == "DHCID"}
        in_lan = {owner for owner, _, _, data in records if data.startswith("192.168.1.") or _LAN in owner}
        return sorted(
            {(owner, rtype) for owner, _, rtype, _ in records if rtype in types and owner not in marked - in_lan}
        )

    def _free(self, numbers: range) -> tuple[int, str]:
        subnet = self._random.choice(sorted(_SUBNETS))
        return subnet, f"{_SUBNETS[subnet]}{self._random.choice(numbers)}"

    def _new_name(self, kind: str) -> str:
        self._number += 1
        return f"{kind}{self._number}"


def _zone(owner: str) -> str:
    return owner.partition(".")[2] if owner.endswith(".arpa") else DOMAIN
