"""Kea's configuration (config-get, or a kea-dhcp4.conf) as `tables.RESERVATIONS` and `tables.DHCP_SUBNETS`.

That of its DHCPv6 server reads the same: `Dhcp6`, `subnet6`, and reservations with several addresses and a DUID.

Scopes inherit: a subnet's setting wins over its shared network's, and that over the global one (Kea ARM, 8.2.24).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from pipelines import tables
from pipelines.parse.duid import as_client_id
from pipelines.parse.kea_answers import (
    OK,
    Object,
    answer,
    client_id,
    field,
    mac_or_none,
    recovered,
    text_or_none,
    unreadable,
)
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot
from pipelines.values import OwnerName, ipv4, ipv6, owner_name

_Row = tuple[str | None, ...]
_ONE_WORD = re.compile(r"\S+\Z")


@dataclass(frozen=True)
class _Family:
    """What the configurations of the two DHCP servers call things."""

    root: str
    subnets: str
    network: type[IPv4Network] | type[IPv6Network]
    address: type[IPv4Address] | type[IPv6Address]


_DHCP4 = _Family("Dhcp4", "subnet4", IPv4Network, IPv4Address)
_DHCP6 = _Family("Dhcp6", "subnet6", IPv6Network, IPv6Address)


@dataclass(frozen=True)
class _Subnet:
    """One entry of `subnet4` or `subnet6`, and the scopes it inherits from, nearest first."""

    family: _Family
    settings: Object
    scopes: tuple[Object, ...]

    @property
    def cidr(self) -> str:
        """Its prefix. Raises `ValueError`."""
        return str(self.family.network(field(self.settings, "subnet", str), strict=False))

    def effective(self, key: str, default: object) -> object:
        """The setting of the nearest scope that has it."""
        return next((scope[key] for scope in self.scopes if key in scope), default)


def parse_reservations(snapshot: Snapshot) -> Parsed:
    """Every reservation that fixes an address or a name, of subnets, shared networks' subnets and the global scope.

    pfSense repeats each static mapping as a bare global one without either: those say nothing and are left out.
    Raises `ParseError` when the configuration cannot be read.
    """
    (family, dhcp), rejects = _dhcp(snapshot), Rejects(snapshot)
    rows: list[_Row] = []
    for line, (cidr, reservation) in enumerate(_reservations(snapshot, family, dhcp), start=1):
        try:
            rows += _reserved(snapshot.site, family, cidr, reservation)
        except ValueError as error:
            rejects.add(line, error, reservation)
            continue
        if reservation.get("hw-address") and mac_or_none(text_or_none(reservation, "hw-address")) is None:
            reason = f"hw-address {reservation['hw-address']!r:.80} is no EUI-48; the reservation is kept without it"
            rejects.add(line, reason, reservation)
    fixing = [row for row in rows if row[2] is not None or row[5] is not None]
    return Parsed(tables.RESERVATIONS.rows(fixing), rejects.table())


def parse_subnets(snapshot: Snapshot) -> Parsed:
    """Every subnet Kea serves, and whether D2 registers its names: without `dhcp-ddns`, D2 is off whatever else says.

    Raises `ParseError` when the configuration cannot be read.
    """
    (family, dhcp), rejects = _dhcp(snapshot), Rejects(snapshot)
    d2 = dhcp.get("dhcp-ddns")
    has_d2 = isinstance(d2, dict) and d2.get("enable-updates") is True
    rows = {}
    for line, subnet in enumerate(_subnets(snapshot, family, dhcp), start=1):
        try:
            is_on = has_d2 and subnet.effective("ddns-send-updates", default=True) is True
            rows[subnet.cidr] = (snapshot.site, subnet.cidr, is_on, _suffix(subnet), _pools(subnet))
        except ValueError as error:
            rejects.add(line, error, subnet.settings)
    return Parsed(tables.DHCP_SUBNETS.rows(list(rows.values())), rejects.table())


def _dhcp(snapshot: Snapshot) -> tuple[_Family, Object]:
    """The `Dhcp4` object of an answer to config-get, or of a configuration file; of a source `kea6...` the `Dhcp6`."""
    family = _DHCP6 if snapshot.source.startswith("kea6") else _DHCP4
    reply = answer(snapshot, snapshot.content)
    if reply.get("result", OK) != OK:
        raise unreadable(snapshot, f"Kea answered result {reply['result']!r:.20}: {reply.get('text')!r:.200}")
    arguments = reply.get("arguments", reply)
    found = arguments.get(family.root) if isinstance(arguments, dict) else None
    if not isinstance(found, dict):
        raise unreadable(snapshot, f"there is no {family.root} object in it")
    return family, found


def _objects(snapshot: Snapshot, parent: Object, key: str) -> list[Object]:
    """The list of objects under `key`; none where it is absent. Kea itself would take nothing else."""
    found = parent.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise unreadable(snapshot, f"{key} is no list of objects but {found!r:.80}")
    return found


def _subnets(snapshot: Snapshot, family: _Family, dhcp: Object) -> Iterator[_Subnet]:
    for subnet in _objects(snapshot, dhcp, family.subnets):
        yield _Subnet(family, subnet, (subnet, dhcp))
    for network in _objects(snapshot, dhcp, "shared-networks"):
        for subnet in _objects(snapshot, network, family.subnets):
            yield _Subnet(family, subnet, (subnet, network, dhcp))


def _reservations(snapshot: Snapshot, family: _Family, dhcp: Object) -> Iterator[tuple[str | None, Object]]:
    """Every reservation with its subnet's prefix as written, None for a global one."""
    for subnet in _subnets(snapshot, family, dhcp):
        for reservation in _objects(snapshot, subnet.settings, "reservations"):
            yield str(subnet.settings.get("subnet")), reservation
    for reservation in _objects(snapshot, dhcp, "reservations"):
        yield None, reservation


def _reserved(site: str, family: _Family, cidr: str | None, row: Object) -> list[_Row]:
    """One row of `tables.RESERVATIONS` for each address. Raises `ValueError` naming the field that cannot be."""
    if family is _DHCP4:
        address = text_or_none(row, "ip-address")
        ips = [None if address is None else ipv4(address)]
        client = client_id(text_or_none(row, "client-id"))
    else:
        ips = [*map(ipv6, _texts(row, "ip-addresses"))] or [None]
        client = as_client_id(client_id(text_or_none(row, "duid")))
    subnet = None if cidr is None else str(family.network(cidr, strict=False))
    mac, hostname = mac_or_none(text_or_none(row, "hw-address")), text_or_none(row, "hostname")
    return [(site, subnet, ip, mac, client, hostname) for ip in ips]


def _texts(row: Object, key: str) -> list[str]:
    """The texts listed under `key`; none where it is absent. Raises `ValueError`."""
    found = field(row, key, list) if key in row else []
    if not all(isinstance(one, str) for one in found):
        raise ValueError(f"{key} is {found!r:.80}, not a list of texts")
    return found


def _suffix(subnet: _Subnet) -> OwnerName | None:
    suffix = subnet.effective("ddns-qualifying-suffix", default="")
    if not isinstance(suffix, str):
        raise ValueError(f"ddns-qualifying-suffix is {suffix!r:.80}, not a domain")  # noqa: TRY004 - the row's fault
    plain = recovered(suffix).strip().rstrip(".")
    if plain and not _ONE_WORD.match(plain):
        raise ValueError(f"ddns-qualifying-suffix is {suffix!r:.80}, not a domain")
    return owner_name(plain) if plain else None


def _pools(subnet: _Subnet) -> str | None:
    """The dynamic ranges, first-last, comma-separated; None without any. Raises `ValueError`."""
    pools = subnet.settings.get("pools", [])
    if not isinstance(pools, list) or not all(isinstance(pool, dict) for pool in pools):
        raise ValueError(f"pools is {pools!r:.80}, not a list of pools")
    return ",".join(_range(subnet.family, field(pool, "pool", str)) for pool in pools) or None


def _range(family: _Family, text: str) -> str:
    """`first-last` of a pool written so, or as a prefix."""
    first, dash, last = text.replace(" ", "").partition("-")
    if dash:
        return f"{family.address(first)}-{family.address(last)}"
    network = family.network(first, strict=False)
    return f"{network[0]}-{network[-1]}"
