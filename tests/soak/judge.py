"""What must hold when all is quiet again: each rule gives the sentences that say where it does not."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from pipelines.reconcile.dhcid import dhcid
from pipelines.values import Mac, OwnerName
from tests.scenarios.real_world import RealNetwork
from tests.soak.life import FORBIDDEN, RESERVED
from tests.soak.person import DOMAIN, Person
from tests.soak.updates import D2, US, Write, left_by_d2, writes

_LAN = "192.168.1."
_TOLD = 600  # characters


@dataclass(frozen=True)
class Holder:
    """An active lease: its address, name, and the device by its DHCID at that name."""

    ip: str
    name: str
    mac: str
    mark: str

    @property
    def is_d2s(self) -> bool:
        """Whether D2 writes its name."""
        return not self.ip.startswith(_LAN)

    @property
    def pointer(self) -> str:
        """The owner of its PTR."""
        return ip_address(self.ip).reverse_pointer


@dataclass(frozen=True)
class End:
    """What is there at the end, and who wrote it."""

    holders: list[Holder]
    rrsets: dict[tuple[str, str], frozenset[str]]
    phpipam: dict[int, tuple[str, str | None]]
    writes: list[Write]
    ledger: set[tuple[str, str]]
    left_by_d2: set[str]
    withheld: dict[str, list[str]]

    def data(self, owner: str, rtype: str) -> frozenset[str]:
        """An RRset's data; empty where there is none."""
        return self.rrsets.get((owner, rtype), frozenset())

    def story(self, owner: str) -> str:
        """Who wants a name now, what the last census withheld there, and the last of what was done."""
        wanting = {one.ip: one.mac for one in self.holders if owner in {one.name, one.pointer}}
        kept = {place: self.withheld[place] for place in (owner, *wanting) if place in self.withheld}
        done = ", ".join(str(one) for one in self.writes if one.owner == owner)[-_TOLD:]
        return f"wanted by {wanting}; withheld: {kept}; done: {done}"

    @property
    def named(self) -> set[tuple[str, str]]:
        """The names phpIPAM holds, with their addresses."""
        return {(_absolute(name), ip) for ip, name in self.phpipam.values() if name}


def seen(network: RealNetwork, since: int, now: float) -> End:
    """The end as Kea, BIND, MariaDB and the ledger show it; `since` is where in BIND's log it began."""
    rrsets: dict[tuple[str, str], set[str]] = {}
    for owner, _, rtype, data in network.records():
        rrsets.setdefault((owner, rtype), set()).add(data)
    rows = network.ipam.execute("SELECT id, ip_addr, hostname FROM ipaddresses WHERE subnetId >= 7")
    phpipam = {int(row["id"]): (str(ip_address(int(row["ip_addr"]))), row["hostname"] or None) for row in rows}
    ledger = {(str(row[2]).rstrip("."), str(row[3])) for row in network.world.ledger("applied") if row[0] == "dns"}
    frozen = {key: frozenset(data) for key, data in rrsets.items()}
    log = network.bind.log
    withheld: dict[str, list[str]] = {}
    for row in network.world.table("withheld"):
        told = f"{row['field']} {row['rule']}: {row['reason']}"
        withheld.setdefault(str(row["subject"]).rstrip("."), []).append(told)
    left = left_by_d2(log, since)
    return End(_holders(network, now), frozen, phpipam, writes(log, since), ledger, left, withheld)


def _holders(network: RealNetwork, now: float) -> list[Holder]:
    leases = network.kea.leases()
    active = [one for one in leases if one["state"] == 0 and one["cltt"] + one["valid-lft"] > now and one["hostname"]]
    found = []
    for one in active:
        name, client_id = _absolute(one["hostname"]), one.get("client-id")
        mark = dhcid(OwnerName(f"{name}."), Mac(one["hw-address"]), client_id.replace(":", "") if client_id else None)
        found.append(Holder(one["ip-address"], name, one["hw-address"], str(mark)))
    return found


def _absolute(name: str) -> str:
    plain = name.lower().rstrip(".")
    return plain if plain.endswith(f".{DOMAIN}") else f"{plain}.{DOMAIN}"


def unresolved(end: End, person: Person) -> Iterable[str]:
    """Every active lease resolves, A, PTR and DHCIDs, to its device; of several that want a name, one has it."""
    for name in sorted({one.name for one in end.holders}):
        wanting = [one for one in end.holders if one.name == name and not _is_anothers(one, end, person)]
        if not wanting or (name, "A") in person.rrsets or (name, "TXT") in person.rrsets:
            continue
        (mark, *others), addresses = [*end.data(name, "DHCID"), None], end.data(name, "A")
        having = [one for one in wanting if one.mark == mark]
        if not having and _is_kept_out(name, mark, end):
            continue
        if not having or others != [None] or not addresses or not addresses <= {one.ip for one in having}:
            yield f"{name}: wanted by {wanting}, has {set(addresses)} and DHCID {mark}; {end.story(name)}"
        for one in having:
            is_right = end.data(one.pointer, "PTR") == {f"{name}."} and end.data(one.pointer, "DHCID") == {mark}
            if not is_right and (one.is_d2s or one.ip in addresses) and (one.pointer, "PTR") not in person.rrsets:
                yield f"{one.pointer}: not {name}, but {set(end.data(one.pointer, 'PTR'))}"


def _is_kept_out(name: str, mark: str | None, end: End) -> bool:
    """Whether a client that has no right to the name came first, by D2: D2 keeps the others out, and we report it."""
    return any(one.is_d2s and one.name == name and one.mark == mark for one in end.holders)


def _is_anothers(one: Holder, end: End, person: Person) -> bool:
    """Whether a lease's name is somebody else's by right, or the person gave its address another one."""
    label = one.name.removesuffix(f".{DOMAIN}")
    if label in FORBIDDEN or RESERVED.get(label, one.mac) != one.mac:
        return True
    typed = {end.phpipam[row] for row in person.names if row in end.phpipam}
    renamed = {ip for ip, name in typed if name and _absolute(name) != one.name}
    return one.ip in renamed and not one.is_d2s


def zombies(end: End, person: Person) -> Iterable[str]:
    """Every record is of an active lease, of a name in phpIPAM, of a reservation, or the person's own.

    A DHCID is of an active lease, or stays while another device has D2 ask for its name. Where the person put a TXT,
    the whole name is theirs.
    """
    live = {(one.name, one.ip) for one in end.holders} | end.named | {(f"nas.{DOMAIN}", "192.168.1.10")}
    for (owner, rtype), data in sorted(end.rrsets.items()):
        if rtype in {"SOA", "NS", "TXT"} or {(owner, rtype), (owner, "TXT")} & person.rrsets.keys():
            continue
        marks = {one.mark for one in end.holders if owner in {one.name, one.pointer}}
        asking = [one for one in end.holders if one.is_d2s and one.name == owner and not _is_anothers(one, end, person)]
        marks |= data if asking else set()
        is_live = data <= marks if rtype == "DHCID" else _pairs(owner, rtype, data) <= live
        if not is_live and not _is_left_by_d2(owner, end):
            yield f"{owner} {rtype} {set(data)} is nobody's; {end.story(owner)}"


def _is_left_by_d2(owner: str, end: End) -> bool:
    """Whether D2 wrote there last, and to a name of which it had to leave something."""
    writers = [one.key for one in end.writes if one.owner == owner]
    pointed = {name.rstrip(".") for name in end.data(owner, "PTR")}
    return writers[-1:] == [D2] and bool(pointed) and pointed <= end.left_by_d2


def _pairs(owner: str, rtype: str, data: frozenset[str]) -> set[tuple[str, str]]:
    """The names and addresses that an RRset tells of."""
    if rtype == "PTR":
        ip = ".".join(reversed(owner.removesuffix(".in-addr.arpa").split(".")))
        return {(name.rstrip("."), ip) for name in data}
    return {(owner, ip) for ip in data}


def taken_for_ours(end: End) -> Iterable[str]:
    """The ledger calls nothing ours that bears D2's DHCID."""
    keys = {write.owner: write.key for write in end.writes if write.rtype == "DHCID"}
    for owner, rtype in sorted(end.ledger):
        if keys.get(owner) == D2 and end.data(owner, "DHCID"):
            yield f"the ledger calls {owner} {rtype} ours, and D2 wrote its DHCID"


def forbidden(end: End) -> Iterable[str]:
    """We never published a name that no client may have, nor a reserved one for another than its owner."""
    for one in end.writes:
        label = one.owner.removesuffix(f".{DOMAIN}")
        is_nas = (label, one.added) == ("nas", "192.168.1.10")
        if one.key == US and one.rtype == "A" and one.added and (label in {*FORBIDDEN, *RESERVED}) and not is_nas:
            yield f"{one}, a name that is no client's"


def lost_edits(end: End, person: Person) -> Iterable[str]:
    """What the person typed last in phpIPAM reads so, what they removed is away, and so it is in DNS but for D2."""
    for row, name in person.names.items():
        if end.phpipam.get(row, ("", ""))[1] != name:
            yield f"phpIPAM's row {row}: typed {name!r}, reads {end.phpipam.get(row)}"
    yield from (f"phpIPAM's row {row} is back" for row in person.deleted & end.phpipam.keys())
    last = {(one.owner, one.rtype): one.key for one in end.writes}
    for (owner, rtype), data in person.rrsets.items():
        is_d2s = last.get((owner, rtype)) == D2 or last.get((owner, None)) == D2
        if end.data(owner, rtype) != data and not is_d2s:
            yield f"{owner} {rtype}: edited to {set(data)}, reads {set(end.data(owner, rtype))}"


def fought_over(audit: list[dict[str, object]]) -> Iterable[str]:
    """Host names in phpIPAM that we changed after the person had: `audit` is MariaDB's own record of each change."""
    last: dict[object, str] = {}
    for change in audit:
        who = str(change["who"]).partition("@")[0]
        person = last.get(change["id"], US)
        if who == US and person != US:
            yield f"phpIPAM's row {change['id']}: {change['before']!r} by {person} became {change['after']!r}"
        last[change["id"]] = who


def only_lost_races(told: Iterable[str]) -> Iterable[str]:
    """What the runs complained of, but for races they lost and will run again."""
    return (
        line
        for line in told
        if not re.search(
            r"looked at again|planned anew|next run|somebody else has edited, moved or deleted this row", line
        )
    )
