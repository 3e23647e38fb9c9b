"""odhcpd's leases as `tables.LEASES`: its state file, or what `ubus call dhcp ipv4leases` prints.

Source: src/statefiles.c and src/ubus.c of odhcpd. A lease is a line of `#`, interface, MAC or DUID, `ipv4` or IAID,
name, end, assigned part of the address in hex, its length, and the addresses, all behind spaces. The other lines
are for a hosts file and repeat it. That the file is whole is proved by the section it came in (resources/sections.py).
"""

import json
import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address
from typing import Any

from pipelines.counted import counted
from pipelines.errors import ParseError
from pipelines.parse.duid import as_client_id
from pipelines.parse.lease_ends import USUAL_LEASE_S, LeaseLine, dated, lines_of
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot
from pipelines.values import ip, ipv6, mac

_MARK, _IPV4, _NOTHING, _ENDED = "# ", "ipv4", "-", 0
_BROKEN = "broken\\x20"  # before what a client called itself, where that is no host name: it may hold spaces
_HOST = 128  # a longer range is a prefix delegated to another router: no device's address
_WORDS = 8  # of a lease without addresses, whose name is one word; the mark is the first
_END = re.compile(r"-1\Z|[0-9]{1,10}\Z")
_FOR_EVER = (-1, 2**32 - 1)  # ubus prints the second as either
_HEX, _OCTETS = re.compile(r"[0-9a-f]{1,16}\Z"), re.compile(r"(?:[0-9a-f]{2}){1,130}\Z")
_LENGTH = re.compile(r"[0-9]{1,3}\Z")


def parse(snapshot: Snapshot, lease_s: int = USUAL_LEASE_S) -> Parsed:
    """Every lease that has not ended, but prefixes; `lease_s` is the longest lease that odhcpd gives.

    When a lease was confirmed follows from its end, as for dnsmasq's. Raises `ParseError` for what is neither ubus's
    answer nor has one line of odhcpd's.
    """
    rejects = Rejects(snapshot)
    is_answer = snapshot.content.lstrip().startswith(b"{")
    leases = list(_answered(snapshot, rejects) if is_answer else _written(snapshot, rejects))
    return Parsed(dated(snapshot, leases, lease_s, rejects), rejects.table())


def _unreadable(snapshot: Snapshot, fault: str) -> ParseError:
    remedy = "Look at the file on the gateway; `uci get dhcp.odhcpd.leasefile` names it"
    return ParseError(f"{snapshot.source} of {snapshot.site}", fault, remedy)


# --- the state file ------------------------------------------------------------------------------------------


def _written(snapshot: Snapshot, rejects: Rejects) -> Iterator[tuple[int, LeaseLine]]:
    """The leases with their lines' numbers. What cannot be read is rejected."""
    lines, read = lines_of(snapshot), 0
    for number, line in lines:
        try:
            leases = _lease_line(line) if line.startswith(_MARK) else _hosts_line(line)
        except ValueError as error:
            rejects.add(number, error, line)
            continue
        read += 1
        yield from ((number, lease) for lease in leases)
    if lines and not read:
        raise _unreadable(
            snapshot, f"none of {counted(len(lines), 'line')} is odhcpd's; the first is {lines[0][1]!r:.120}"
        )


def _hosts_line(line: str) -> list[LeaseLine]:
    """No lease: the line must begin with an address, and what it says stands in a lease's line too."""
    ip(line.partition("\t")[0])
    return []


def _lease_line(line: str) -> list[LeaseLine]:
    """The leases of one line: none where it has ended, one for each address of a DHCPv6 client."""
    words = line.split(" ")
    addresses: list[str] = []
    while "/" in words[-1]:
        addresses.insert(0, words.pop())
    if len(words) < _WORDS or not all(map(re.Pattern.match, (_END, _HEX, _LENGTH), words[-3:])):
        raise ValueError("the line is not `# interface client ipv4|IAID name end assigned length addresses` of odhcpd")
    _, _, client, family, *named, end, assigned, length = words
    name, expires = _name(" ".join(named)), None if int(end) in _FOR_EVER else int(end)
    if family == _IPV4:
        leases = [LeaseLine(expires, mac(client), _ipv4(addresses, assigned), name, None)]
    else:
        leases = _ipv6_leases(client, family, name, expires, addresses if int(length) == _HOST else [])
    return [] if expires == _ENDED else leases


def _ipv4(addresses: list[str], assigned: str) -> str:
    """The one address of a DHCPv4 lease, which stands there twice."""
    text, _, length = " ".join(addresses).partition("/")
    address = IPv4Address(text)
    if length != "32" or int(address) != int(assigned, 16):
        raise ValueError(f"{' '.join(addresses)!r:.80} is not the one address {assigned}")
    return str(address)


def _ipv6_leases(duid: str, iaid: str, name: str | None, expires: int | None, addresses: list[str]) -> list[LeaseLine]:
    if not _OCTETS.match(duid) or not _HEX.match(iaid):
        raise ValueError(f"{duid!r:.80} and {iaid!r:.80} are no DUID and IAID in hex")
    return [
        LeaseLine(expires, None, ipv6(address.removesuffix(f"/{_HOST}")), name, as_client_id(duid))
        for address in addresses
    ]


def _name(text: str) -> str | None:
    """The name; None where there is none, or none that a host may bear."""
    if text.startswith(_BROKEN):
        return None
    if not text.isprintable() or not text or " " in text:
        raise ValueError(f"{text!r:.80} is no name odhcpd would keep")
    return None if text == _NOTHING else text


# --- ubus ----------------------------------------------------------------------------------------------------


def _answered(snapshot: Snapshot, rejects: Rejects) -> Iterator[tuple[int, LeaseLine]]:
    """The leases in ubus's answer, counted from 1. What cannot be read is rejected."""
    for number, row in enumerate(_rows(snapshot), start=1):
        try:
            lease = _answer(snapshot, row)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            rejects.add(number, f"the row is no lease as ubus prints it: {error}", row)
            continue
        if lease is not None:
            yield number, lease


def _rows(snapshot: Snapshot) -> list[Any]:
    try:
        interfaces = json.loads(snapshot.content)["device"]
        return [row for interface in interfaces.values() for row in list(interface["leases"])]
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise _unreadable(snapshot, f"this is not what `ubus call dhcp ipv4leases` prints: {error!r:.120}") from error


def _answer(snapshot: Snapshot, row: Mapping[str, Any]) -> LeaseLine | None:
    """One DHCPv4 lease, `valid` in seconds from when it was asked; None for one that has ended or was only offered."""
    left, flags = row["valid"], row.get("flags", ["bound"])
    if type(left) is not int or not -1 <= left < 2**32:
        raise ValueError(f"{left!r:.80} is no number of seconds")
    if left == _ENDED or "bound" not in flags:
        return None
    asked = int(snapshot.read_at.timestamp()) + snapshot.clock_offset_s
    name = None if "broken-hostname" in flags else _name(row["hostname"] or _NOTHING)
    address = str(IPv4Address(str(row.get("ip") or row["address"])))  # newer ones say `address`
    return LeaseLine(None if left in _FOR_EVER else asked + left, mac(row["mac"]), address, name, None)
