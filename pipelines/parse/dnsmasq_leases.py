"""dnsmasq's lease file as `tables.LEASES`: `expiry MAC address name client-id`, an asterisk for what there is none of.

Source: src/lease.c of dnsmasq 2.90, lease_update_file. After a line `duid` come the DHCPv6 leases, which have an IAID
in the MAC's place and a DUID in the client identifier's. That the file is whole is proved by the section it came in
(resources/sections.py): an empty file is the answer of a server that has no leases.
"""

import re
from collections.abc import Iterator

from pipelines.counted import counted
from pipelines.errors import ParseError
from pipelines.parse.duid import as_client_id
from pipelines.parse.lease_ends import USUAL_LEASE_S, LeaseLine, dated, lines_of
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot
from pipelines.values import ipv4, ipv6, mac

_FOR_EVER = 0
_NOTHING = "*"
_EXPIRY = re.compile(r"[0-9]{1,10}\Z")
_IAID = re.compile(r"T?[0-9]{1,10}\Z")  # T: a temporary address
_OTHER_HARDWARE = re.compile(r"[0-9a-f]{2}-[0-9a-f:]*\Z")  # ARP's number for the kind of hardware goes first
_IDENTIFIER = re.compile(r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2})*\Z")


def parse(snapshot: Snapshot, lease_s: int = USUAL_LEASE_S) -> Parsed:
    """Every lease of the file but those of temporary addresses; `lease_s` is the longest lease that dnsmasq gives.

    dnsmasq writes only when a lease ends, so it was confirmed at the latest `lease_s` before that. A lease without end,
    or with more than `lease_s` to go, bears no date (rule R2). Raises `ParseError` when not one line is dnsmasq's.
    """
    rejects, lines = Rejects(snapshot), lines_of(snapshot)
    found = list(_leases(lines, rejects))
    if lines and not found:
        raise _unreadable(
            snapshot, f"none of {counted(len(lines), 'line')} is a lease; the first is {lines[0][1]!r:.120}"
        )
    leases = ((number, line) for number, line in found if line is not None)
    return Parsed(dated(snapshot, leases, lease_s, rejects), rejects.table())


def _unreadable(snapshot: Snapshot, fault: str) -> ParseError:
    remedy = "Look at the file on the gateway; `uci get dhcp.@dnsmasq[0].leasefile` names it"
    return ParseError(f"{snapshot.source} of {snapshot.site}", fault, remedy)


def _leases(lines: list[tuple[int, str]], rejects: Rejects) -> Iterator[tuple[int, LeaseLine | None]]:
    """The leases with their lines' numbers, None for what is no device's address. What cannot be read is rejected."""
    read = _ipv4_line
    for number, line in lines:
        try:
            if line.startswith("duid "):
                read = _ipv6_line
            else:
                yield number, read(line)
        except ValueError as error:
            rejects.add(number, error, line)


def _fields(line: str) -> list[str]:
    fields = line.split(" ")
    if len(fields) != 5 or not _EXPIRY.match(fields[0]):  # noqa: PLR2004 - see the module's first line
        raise ValueError("the line is not `expiry MAC address name client-id` as dnsmasq writes it")
    return fields


def _ipv6_line(line: str) -> LeaseLine | None:
    """A DHCPv6 lease; None for a temporary address (RFC 8415 section 6.5), which no name should bear."""
    expires, iaid, address, name, duid = _fields(line)
    if not _IAID.match(iaid):
        raise ValueError(f"{iaid!r:.80} is no IAID, and a lease behind the line `duid` has one")
    lease = LeaseLine(_end(expires), None, ipv6(address), _name(name), as_client_id(_client_id(duid)))
    return None if iaid.startswith("T") else lease


def _ipv4_line(line: str) -> LeaseLine | None:
    expires, hardware, address, name, client = _fields(line)
    known = _hardware(hardware)
    return LeaseLine(
        _end(expires),
        known,
        ipv4(address),
        _name(name),
        _client_id(client),
        is_other_hardware=known is None,
    )


def _end(expires: str) -> int | None:
    return None if int(expires) == _FOR_EVER else int(expires)


def _hardware(text: str) -> str | None:
    """An EUI-48 address; None for another kind of hardware, or for none."""
    return None if _OTHER_HARDWARE.match(text) else mac(text)


def _name(text: str) -> str | None:
    if not text.isprintable() or not text:
        raise ValueError(f"{text!r:.80} is no name dnsmasq would keep")
    return None if text == _NOTHING else text


def _client_id(text: str) -> str | None:
    if text == _NOTHING:
        return None
    if not _IDENTIFIER.match(text):
        raise ValueError(f"client identifier {text!r:.80} is neither hex octets nor an asterisk")
    return text.replace(":", "").lower()
