"""Kea's configuration (config-get, or a kea-dhcp4.conf) as `tables.RESERVATIONS` and `tables.DHCP_SUBNETS`.

Scopes inherit: a subnet's setting wins over its shared network's, and that over the global one (Kea ARM, 8.2.24).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from pipelines import tables
from pipelines.parse.kea_answers import (
    OK,
    Object,
    answer,
    client_id,
    field,
    ipv4,
    mac_or_none,
    recovered,
    text_or_none,
    unreadable,
)
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot
from pipelines.values import OwnerName, owner_name

_ONE_WORD = re.compile(r"\S+\Z")


@dataclass(frozen=True)
class _Subnet:
    """One entry of `subnet4`, and the scopes it inherits from, nearest first."""

    settings: Object
    scopes: tuple[Object, ...]

    @property
    def cidr(self) -> str:
        """Its prefix. Raises `ValueError`."""
        return str(IPv4Network(field(self.settings, "subnet", str), strict=False))

    def effective(self, key: str, default: object) -> object:
        """The setting of the nearest scope that has it."""
        return next((scope[key] for scope in self.scopes if key in scope), default)


def parse_reservations(snapshot: Snapshot) -> Parsed:
    """Every reservation that fixes an address or a name, of subnets, shared networks' subnets and the global scope.

    pfSense repeats each static mapping as a bare global one without either: those say nothing and are left out.
    Raises `ParseError` when the configuration cannot be read.
    """
    dhcp4, rejects = _dhcp4(snapshot), Rejects(snapshot)
    rows = []
    for line, (cidr, reservation) in enumerate(_reservations(snapshot, dhcp4), start=1):
        try:
            row = _reservation(snapshot.site, cidr, reservation)
        except ValueError as error:
            rejects.add(line, error, reservation)
            continue
        ip, mac, hostname = row[2], row[3], row[5]
        if mac is None and reservation.get("hw-address"):
            reason = f"hw-address {reservation['hw-address']!r:.80} is no EUI-48; the reservation is kept without it"
            rejects.add(line, reason, reservation)
        if ip is not None or hostname is not None:
            rows.append(row)
    return Parsed(tables.RESERVATIONS.rows(rows), rejects.table())


def parse_subnets(snapshot: Snapshot) -> Parsed:
    """Every subnet Kea serves, and whether D2 registers its names: without `dhcp-ddns`, D2 is off whatever else says.

    Raises `ParseError` when the configuration cannot be read.
    """
    dhcp4, rejects = _dhcp4(snapshot), Rejects(snapshot)
    d2 = dhcp4.get("dhcp-ddns")
    has_d2 = isinstance(d2, dict) and d2.get("enable-updates") is True
    rows = {}
    for line, subnet in enumerate(_subnets(snapshot, dhcp4), start=1):
        try:
            is_on = has_d2 and subnet.effective("ddns-send-updates", default=True) is True
            rows[subnet.cidr] = (snapshot.site, subnet.cidr, is_on, _suffix(subnet), _pools(subnet.settings))
        except ValueError as error:
            rejects.add(line, error, subnet.settings)
    return Parsed(tables.DHCP_SUBNETS.rows(list(rows.values())), rejects.table())


def _dhcp4(snapshot: Snapshot) -> Object:
    """The `Dhcp4` object of an answer to config-get, or of a configuration file."""
    reply = answer(snapshot, snapshot.content)
    if reply.get("result", OK) != OK:
        raise unreadable(snapshot, f"Kea answered result {reply['result']!r:.20}: {reply.get('text')!r:.200}")
    arguments = reply.get("arguments", reply)
    found = arguments.get("Dhcp4") if isinstance(arguments, dict) else None
    if not isinstance(found, dict):
        raise unreadable(snapshot, "there is no Dhcp4 object in it")
    return found


def _objects(snapshot: Snapshot, parent: Object, key: str) -> list[Object]:
    """The list of objects under `key`; none where it is absent. Kea itself would take nothing else."""
    found = parent.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise unreadable(snapshot, f"{key} is no list of objects but {found!r:.80}")
    return found


def _subnets(snapshot: Snapshot, dhcp4: Object) -> Iterator[_Subnet]:
    for subnet in _objects(snapshot, dhcp4, "subnet4"):
        yield _Subnet(subnet, (subnet, dhcp4))
    for network in _objects(snapshot, dhcp4, "shared-networks"):
        for subnet in _objects(snapshot, network, "subnet4"):
            yield _Subnet(subnet, (subnet, network, dhcp4))


def _reservations(snapshot: Snapshot, dhcp4: Object) -> Iterator[tuple[str | None, Object]]:
    """Every reservation with its subnet's prefix as written, None for a global one."""
    for subnet in _subnets(snapshot, dhcp4):
        for reservation in _objects(snapshot, subnet.settings, "reservations"):
            yield str(subnet.settings.get("subnet")), reservation
    for reservation in _objects(snapshot, dhcp4, "reservations"):
        yield None, reservation


def _reservation(site: str, cidr: str | None, row: Object) -> tuple[str | None, ...]:
    """One row of `tables.RESERVATIONS`. Raises `ValueError` naming the field that cannot be."""
    address = text_or_none(row, "ip-address")
    return (
        site,
        None if cidr is None else str(IPv4Network(cidr, strict=False)),
        None if address is None else ipv4(address),
        mac_or_none(text_or_none(row, "hw-address")),
        client_id(text_or_none(row, "client-id")),
        text_or_none(row, "hostname"),
    )


def _suffix(subnet: _Subnet) -> OwnerName | None:
    suffix = subnet.effective("ddns-qualifying-suffix", default="")
    if not isinstance(suffix, str):
        raise ValueError(f"ddns-qualifying-suffix is {suffix!r:.80}, not a domain")  # noqa: TRY004 - the row's fault
    plain = recovered(suffix).strip().rstrip(".")
    if plain and not _ONE_WORD.match(plain):
        raise ValueError(f"ddns-qualifying-suffix is {suffix!r:.80}, not a domain")
    return owner_name(plain) if plain else None


def _pools(settings: Object) -> str | None:
    """The dynamic ranges, first-last, comma-separated; None without any. Raises `ValueError`."""
    pools = settings.get("pools", [])
    if not isinstance(pools, list) or not all(isinstance(pool, dict) for pool in pools):
        raise ValueError(f"pools is {pools!r:.80}, not a list of pools")
    return ",".join(_range(field(pool, "pool", str)) for pool in pools) or None


def _range(text: str) -> str:
    """`first-last` of a pool written so, or as a prefix."""
    first, dash, last = text.replace(" ", "").partition("-")
    if dash:
        return f"{IPv4Address(first)}-{IPv4Address(last)}"
    network = IPv4Network(first, strict=False)
    return f"{network[0]}-{network[-1]}"
