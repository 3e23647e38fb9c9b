"""A census into which hostile names come by every door, as the bytes the sources send, beside a few honest devices.

Doors of anybody: Kea's leases, dnsmasq's, the names that a cluster's services ask for. Doors of a person, who may err
or be fooled: reservations, rows of phpIPAM, PTR and A records in the zones, a static list. Each hostile name has an
address of its own.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any, NamedTuple

import dns.exception
import dns.message
import dns.name
import dns.rrset

from pipelines import network as network_file
from pipelines.network import Network
from pipelines.parse.every import parse_all
from pipelines.parse.kubernetes import ANNOTATION, essence
from pipelines.parse.phpipam import decimal_of
from pipelines.snapshots import EVERYWHERE, ZONE, Snapshot
from tests import hostile
from tests.networks import NETWORK_TOML, Tables, census, ledger
from tests.unit.parse.test_zone import message, stream

READ_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_NOW = int(READ_AT.timestamp())
_SOA = "ns1.example.lan. admin.example.lan. 7 3600 600 604800 300"
_ZONES = ("example.lan", "0.0.10.in-addr.arpa", "64.10.in-addr.arpa", "96.10.in-addr.arpa")
_TOML = (
    NETWORK_TOML.replace('"10.0.1.0/24"', '"10.64.0.0/16"')
    .replace('"10.9.0.0/24"', '"10.96.0.0/16"')
    .replace('"pfsense", host = "10.9.0.1", user = "admin"', '"openwrt", host = "10.96.0.1", user = "a", via = "home"')
    .replace(', "1.0.10.in-addr.arpa"', "".join(f', "{zone}"' for zone in _ZONES[2:]))
)  # fmt: skip
_LISTED = """
[sources.rack]
kind = "static-list"
path = "rack.csv"
[sources.k8s]
kind = "kubernetes"
path = "k8s.json"
"""
NETWORK: Network = network_file.parse(_TOML + _LISTED, "network.toml")
_SUBNETS = {"10.0.0.0/24": 7, "10.64.0.0/16": 8, "10.96.0.0/16": 9}
_FIRST = {
    "kea": "10.64.0.1",
    "reservation": "10.64.64.1",
    "phpipam": "10.64.128.1",
    "ptr": "10.64.192.1",
    "dnsmasq": "10.96.0.1",
    "list": "10.96.128.1",
    "kubernetes": "10.64.160.1",
}
DOORS = tuple(_FIRST)
BY_ANYBODY = ("kea", "dnsmasq", "kubernetes")


class Comer(NamedTuple):
    """A device by its address, and the name that stands in the door it comes by."""

    door: str
    ip: str
    name: str

    @property
    def mac(self) -> str:
        """Its own."""
        return "02:" + ":".join(f"{byte:02x}" for byte in (1, *IPv4Address(self.ip).packed))


HONEST = (
    Comer("reservation", "10.0.0.5", "nas"), Comer("phpipam", "10.0.0.6", "printer"), Comer("ptr", "10.0.0.7", "door"),
    Comer("kea", "10.0.0.8", "desk"), Comer("kea", "10.0.0.9", "phone"), Comer("reservation", "10.0.0.10", "camera"),
)  # fmt: skip


def comers(each: int) -> list[Comer]:
    """So many hostile names at each door. What a person enters is trusted to be meant: no honest name stands twice."""
    theirs = {one.name for one in HONEST}
    found = []
    for seed, (door, first) in enumerate(_FIRST.items()):
        texts = [text for text in hostile.names(each, seed) if door in BY_ANYBODY or _first_label(text) not in theirs]
        found += [Comer(door, str(IPv4Address(first) + number), text) for number, text in enumerate(texts)]
    return found


def _first_label(text: str) -> str:
    return text.strip().lower().partition(".")[0]


def parsed(present: Sequence[Comer]) -> Tables:
    """The parse stage's tables of an hour in which these are there."""
    at = {door: [one for one in present if one.door == door] for door in DOORS}
    reserved, quiet = at["reservation"], [*at["reservation"], *at["ptr"]]
    sources = [
        ("home", "kea4.leases", _leases([*at["kea"], *quiet])),
        ("home", "kea4.config", _config(reserved)),
        ("home", "arp", json.dumps({"__version": "1", "arp": {"arp-cache": []}}).encode()),
        ("cabin", "dnsmasq.leases", _dnsmasq(at["dnsmasq"])),
        ("cabin", "linux.neighbours", b"IP address  HW type  Flags  HW address  Mask  Device\n"),
        (EVERYWHERE, "static-list/rack", _list(at["list"])),
        (EVERYWHERE, "kubernetes/k8s", _services(at["kubernetes"])),
        (EVERYWHERE, "phpipam.subnets", _lines([*_subnets()])),
        (EVERYWHERE, "phpipam.addresses", _lines([*_addresses(at["phpipam"])])),
        *((EVERYWHERE, f"{ZONE}{zone}", _zone(zone, at["ptr"])) for zone in _ZONES),
    ]  # fmt: skip
    return parse_all([Snapshot(site, name, READ_AT, content) for site, name, content in sources], network=NETWORK)


def made(tables: Tables) -> Tables:
    """The tables of reconcile and plan, of a first census."""
    return census(tables, ledger(), network=NETWORK)


def _leases(present: Sequence[Comer]) -> bytes:
    rows = [
        {
            "ip-address": one.ip, "hw-address": one.mac, "hostname": one.name if one.door == "kea" else "", "state": 0,
            "cltt": _NOW - 600, "valid-lft": 7200, "fqdn-fwd": False, "fqdn-rev": False,
        }
        for one in present
    ]  # fmt: skip
    text = f"{len(rows)} IPv4 lease(s) found."
    return json.dumps({"result": 0, "text": text, "arguments": {"leases": rows}}).encode()


def _config(present: Sequence[Comer]) -> bytes:
    subnets = [
        {"id": number, "subnet": cidr, "reservations": [
            {"hw-address": one.mac, "ip-address": one.ip, "hostname": one.name}
            for one in present if (one.ip < "10.1") == (number == 7)
        ]}
        for cidr, number in list(_SUBNETS.items())[:2]
    ]  # fmt: skip
    return json.dumps({"result": 0, "arguments": {"Dhcp4": {"subnet4": subnets}}}).encode()


def _dnsmasq(present: Sequence[Comer]) -> bytes:
    lines = [f"{_NOW + 3600} {one.mac} {one.ip} {one.name} *\n" for one in present]
    return "".join(lines).encode("utf-8", "surrogatepass")


def _services(present: Sequence[Comer]) -> bytes:
    items = [
        {
            "metadata": {"namespace": "web", "name": f"s{number}", "annotations": {ANNOTATION: one.name}},
            "spec": {"type": "LoadBalancer"},
            "status": {"loadBalancer": {"ingress": [{"ip": one.ip}]}},
        }
        for number, one in enumerate(present)
    ]
    return essence(json.dumps({"items": items}).encode())


def _list(present: Sequence[Comer]) -> bytes:
    """CSV, where half a surrogate pair cannot stand: such a file is no text, and is not read at all."""
    file = io.StringIO()
    rows = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    rows.writerow(["ip", "name", "mac", "comment"])
    rows.writerows([one.ip, _whole(one.name), one.mac, _whole(one.name)] for one in present)
    return file.getvalue().encode()


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _lines(rows: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in [*rows, {"rows": len(rows)}]).encode()


def _subnets() -> Iterator[dict[str, Any]]:
    plain = {
        "section": "Home",
        "vrfId": 0,
        "vrf": None,
        "masterSubnetId": 0,
        "isFolder": 0,
        "pingSubnet": 1,
        "isPool": 0,
    }
    for cidr, number in _SUBNETS.items():
        address, mask = cidr.split("/")
        yield {"id": number, "subnet": decimal_of(address), "mask": mask, **plain}


def _addresses(present: Sequence[Comer]) -> Iterator[dict[str, Any]]:
    plain = {"has_subnet": 1, "tag": "Used", "is_gateway": 0, "lastSeen": "2026-03-01 14:00:00"}
    for number, one in enumerate(present, start=1):
        subnet = 7 if one.ip < "10.1" else 8
        texts = dict.fromkeys(("mac", "description"), None if subnet == 7 else one.name)
        yield {"id": number, "subnetId": subnet, "ip_addr": decimal_of(one.ip), "hostname": one.name, **texts, **plain}


def _zone(zone: str, present: Sequence[Comer]) -> bytes:
    """A transfer: each host's A where `zone` is the forward one, else its PTR."""
    apex = (f"{zone}.", 60, "SOA", _SOA)
    answers = [rrset for one in present for rrset in _records(zone, one)]
    middle = []
    for at in range(0, len(answers), 100):
        reply = dns.message.Message(id=9)
        reply.flags = 0x8400
        reply.answer.extend(answers[at : at + 100])
        middle.append(reply.to_wire(max_size=65535))
    return stream(message(apex), *middle, message(apex))


def _records(zone: str, one: Comer) -> Iterator[dns.rrset.RRset]:
    name = as_label(one.name)
    if name is None:
        return
    pointer = dns.name.from_text(f"{IPv4Address(one.ip).reverse_pointer}.")
    if zone == "example.lan":
        yield dns.rrset.from_text(name, 300, "IN", "A", one.ip)
    elif pointer.is_subdomain(dns.name.from_text(f"{zone}.")):
        yield dns.rrset.from_text(pointer, 300, "IN", "PTR", name.to_text())


def as_label(text: str) -> dns.name.Name | None:
    """The text as it would stand in a zone: one label of any bytes below our domain; None for what is no label."""
    try:
        return dns.name.Name((text.encode("utf-8", "surrogatepass"), b"example", b"lan", b""))
    except dns.exception.DNSException:
        return None
