"""phpIPAM's subnets and addresses, and its two conventions: addresses as decimal text, times without a zone.

The format of both snapshots is ours (resources/phpipam/reading.py): one JSON object a line, sorted by id, and a last
line with their number, without which the answer is not whole. The values are phpIPAM's own, untouched.
"""

import ipaddress
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.snapshots import Snapshot
from pipelines.values import Ip

_Row = dict[str, Any]

SUBNETS = "phpipam.subnets"
ADDRESSES = "phpipam.addresses"

NEVER = "1970-01-01 00:00:01"
"""What `lastSeen` holds by default (db/SCHEMA.sql): not an instant, but "never"."""

_NEVERS = {None, "", NEVER, "0000-00-00 00:00:00"}  # the last is how phpipam-agent resets it
_TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
_USUAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,38}")
_HIGHEST_IPV4 = 4294967295
_HIGHEST_IPV6 = 2**128 - 1
_HIGHEST_ID = 2**32 - 1
_DEFAULT_VRF = "default"
_MEND_ADDRESS = "the subnet page of phpIPAM answers 500 until it is mended: correct or delete that row"


def ip_of(decimal: str) -> Ip:
    """The address phpIPAM means by a decimal text (Common_functions::identify_address): up to 2**32-1 it is IPv4.

    >>> ip_of("167774730")
    '10.0.10.10'
    """
    if not _DECIMAL.fullmatch(decimal) or (number := int(decimal)) > _HIGHEST_IPV6:
        raise ValueError(f"{decimal!a:.40} is not an address as phpIPAM keeps it, an unsigned decimal number")
    if number > _HIGHEST_IPV4:
        return Ip(str(ipaddress.IPv6Address(number)))
    return Ip(f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")


@lru_cache(maxsize=2**14)  # a load asks for each of a row's fields: before it is sent, by it, and when it is read back
def decimal_of(address: str) -> str:
    """The decimal text phpIPAM keeps an address as. `ValueError` for an IPv6 address it would read as IPv4 (`::5`).

    >>> decimal_of("10.0.10.10")
    '167774730'
    """
    parsed = ipaddress.ip_address(address)
    if parsed.version == 6 and int(parsed) <= _HIGHEST_IPV4:  # noqa: PLR2004 - IP version 6
        raise ValueError(f"{address} cannot be held by phpIPAM, which reads its number as an IPv4 address")
    return str(int(parsed))


@lru_cache(maxsize=2**14)  # a census writes one time into many rows
def instant_of(text: str | None, zone: ZoneInfo) -> datetime | None:
    """The UTC instant of one of phpIPAM's naive times; None for never. `ValueError` when it is no time.

    A time the clocks skipped is read an hour later, as PHP does; of one they ran through twice, the first is meant:
    the later one could claim an hour too much.
    """
    if text in _NEVERS:
        return None
    try:
        if _USUAL_TIME.fullmatch(str(text)):
            return datetime.fromisoformat(str(text)).replace(tzinfo=zone).astimezone(UTC)
        return datetime.strptime(str(text), _TIME_FORMAT).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!a:.40} is no time, such as {NEVER}") from None


def local_text(instant: datetime, zone: ZoneInfo) -> str:
    """An instant as phpIPAM keeps it: in the zone of its PHP, to the second, without saying which zone."""
    return instant.astimezone(zone).strftime(_TIME_FORMAT)


def parse_subnets(snapshot: Snapshot) -> Parsed:
    """The subnets phpIPAM holds (`tables.IPAM_SUBNETS`), folders left out.

    Raises `ParseError` when the snapshot is not whole.
    """
    rows = _rows(snapshot)
    masters = {master for row in rows if type(master := row.get("masterSubnetId")) is int}
    table, rejects = _read(snapshot, rows, lambda row: _subnet(row, masters))
    return Parsed(tables.IPAM_SUBNETS.rows(table), rejects.table())


def parse_addresses(snapshot: Snapshot, time_zone: ZoneInfo) -> Parsed:
    """The addresses phpIPAM holds (`tables.IPAM_ADDRESSES`); `time_zone` is that of its PHP.

    Raises `ParseError` when the snapshot is not whole.
    """
    seen: set[tuple[object, object]] = set()
    table, rejects = _read(snapshot, _rows(snapshot), lambda row: _address(row, time_zone, seen))
    return Parsed(tables.IPAM_ADDRESSES.rows(table), rejects.table())


def _rows(snapshot: Snapshot) -> list[_Row]:
    """Every row of a whole snapshot; `ParseError` when its last line does not say how many there are."""
    try:
        lines = snapshot.content.decode("utf-8").split("\n")[:-1]
        rows = json.loads(f"[{','.join(lines)}]")  # at once: half of what line by line takes
    except (ValueError, RecursionError) as error:
        raise _not_whole(snapshot, f"it is not one JSON object a line ({error})") from None
    if len(rows) != len(lines) or not all(isinstance(row, dict) for row in rows):
        raise _not_whole(snapshot, "a line of it is no JSON object")
    if not rows or rows[-1] != {"rows": len(rows) - 1}:
        raise _not_whole(snapshot, f"its {len(rows)} lines do not end with their number")
    return list(rows[:-1])


def _not_whole(snapshot: Snapshot, fault: str) -> ParseError:
    return ParseError(snapshot.source, ascii(fault)[1:-1], "Read phpIPAM again; an archived copy is damaged")


def _read(
    snapshot: Snapshot, rows: list[_Row], read: Callable[[_Row], list[object] | None]
) -> tuple[list[list[object]], Rejects]:
    """What `read` makes of each row (None: left out), and the rows it raised `ValueError` for."""
    rejects, found = Rejects(snapshot), []
    for line, row in enumerate(rows, start=1):
        try:
            found.append(read(row))
        except ValueError as error:
            rejects.add(line, f"{_name(row)}: {error}", row)
    return [values for values in found if values is not None], rejects


def _name(row: _Row) -> str:
    return f"the row with id {row.get('id')!a:.20}"


def _subnet(row: _Row, masters: set[int]) -> list[object] | None:
    if _flag(row, "isFolder"):
        return None
    identity = _id(row, "id")
    section, vrf = _text(row, "section"), _text(row, "vrf")
    if section is None:
        raise ValueError("its section does not exist: put the subnet into one in phpIPAM")
    if vrf is None and row.get("vrfId"):
        raise ValueError(f"its VRF {row['vrfId']!a:.20} does not exist: choose one in phpIPAM")
    flags = [identity not in masters, _flag(row, "pingSubnet"), _flag(row, "isPool")]
    return [identity, _cidr(row), section, vrf or _DEFAULT_VRF, *flags]


def _cidr(row: _Row) -> str:
    network, mask = ip_of(_text(row, "subnet") or ""), _text(row, "mask") or ""
    if not re.fullmatch(r"[0-9]{1,3}", mask):
        raise ValueError(f"{mask!r:.20} is no mask")
    return str(ipaddress.ip_network(f"{network}/{int(mask)}"))


def _address(row: _Row, zone: ZoneInfo, seen: set[tuple[object, object]]) -> list[object]:
    identity, subnet_id = _id(row, "id"), _known_subnet(row)
    try:
        address = ip_of(_text(row, "ip_addr") or "")
    except ValueError as error:
        raise ValueError(f"{error}; {_MEND_ADDRESS}") from None
    if (subnet_id, address) in seen:
        raise ValueError(f"address {address} stands twice in subnet {subnet_id}: delete one of the rows")
    texts = [_text(row, name) for name in ("hostname", "mac", "description", "tag")]
    seen_at = instant_of(_text(row, "lastSeen"), zone)
    is_bare = "is_bare" in row and _flag(row, "is_bare")
    values: list[object] = [identity, subnet_id, address, *texts, _flag(row, "is_gateway"), seen_at, is_bare]
    seen.add((subnet_id, address))
    return values


def _known_subnet(row: _Row) -> int:
    """The id of the subnet an address stands in. phpIPAM's pages do not show a row without one."""
    if row.get("subnetId") is None:
        raise ValueError("it stands in no subnet: give it one, or delete it")
    subnet_id = _id(row, "subnetId")
    if not _flag(row, "has_subnet"):
        raise ValueError(f"its subnet {subnet_id} does not exist: move it, or delete it")
    return subnet_id


def _id(row: _Row, name: str) -> int:
    value = row.get(name)
    if type(value) is not int or not 0 < value <= _HIGHEST_ID:
        raise ValueError(f"{name} is {value!a:.20}, not a row's number")
    return value


def _flag(row: _Row, name: str) -> bool:
    value = row.get(name)
    if not isinstance(value, int):
        raise ValueError(f"{name} is {value!a:.20}, neither 0 nor 1")  # noqa: TRY004 - the row's fault like any
    return bool(value)


def _text(row: _Row, name: str) -> str | None:
    """A text as phpIPAM holds it, byte for byte; None for none and for empty, which phpIPAM does not tell apart."""
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is {value!a:.40}, not a text")
    if value is not None and not value.isascii():
        value.encode()  # half a surrogate pair is in no database: UnicodeEncodeError is a ValueError
    return value or None
