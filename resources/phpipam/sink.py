"""What may be written into phpIPAM, checked at the last moment whatever the plan was made from (rule R11).

PhpIPAM shows hostname and description as HTML inside a tooltip (app/subnets/subnet-visual.php), and cuts or refuses
what is longer than its columns.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from pipelines import contract
from pipelines.parse.phpipam import decimal_of
from pipelines.plan.bookkeeping import ROW
from resources.phpipam.changes import Change, Row
from resources.phpipam.conventions import OFFLINE, USED

FUTURE_LIMIT = timedelta(minutes=15)
"""How far a sighting may lie ahead of our clock: more would keep `lastSeen` from ever moving again."""

_HOST_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")
_LONGEST_NAME = 253  # RFC 1035 section 2.3.4; the column would hold 255
_LONGEST_TEXT = 64  # code points: ipaddresses.description
_EPOCH = datetime(1970, 1, 2, tzinfo=UTC)  # before it, phpIPAM means "never"
_MARKUP = frozenset("<>\"'&`")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control, format (bidi), surrogates, private, line ends


def fault(change: Change, at: datetime) -> str | None:
    """Why a change must not be sent; None when it may be."""
    try:
        _check_form(change)
        if change.after is not None:
            _CHECKS[change.field](change.after)
        if change.field == "lastSeen":
            _check_seen(change.before if change.action == "delete" else change.after, at)
    except ValueError as error:
        return f"{change.field} not sent: {error}"
    return None


def of_all(row: Row, faults: Mapping[Change, str | None]) -> dict[Change, str | None]:
    """The faults of a row's deletion: what speaks against one of its fields, or lacks, speaks against all of it."""
    lacking = {ROW, "tag"} - row.before.keys()
    first = next((text for change in row.changes if (text := faults[change])), None)
    why = first or (f"the plan does not say the {', '.join(sorted(lacking))} of the row" if lacking else None)
    return dict.fromkeys(row.changes, why)


def seen_at(text: str | None) -> datetime:
    """The instant a plan writes as ISO 8601 text with its offset. `ValueError` when it is none."""
    try:
        instant = datetime.fromisoformat(text or "")
        is_possible = instant.tzinfo is not None and instant.astimezone(UTC) > _EPOCH
    except (ValueError, OverflowError):
        is_possible = False
    if not is_possible:
        raise ValueError(f"{text!a:.40} is no instant after 1970 with its offset from UTC")
    return instant.astimezone(UTC)


def _check_form(change: Change) -> None:
    decimal_of(change.ip)
    if change.action not in {"create", "delete"} and (change.action == "touch") != (change.field == "lastSeen"):
        raise ValueError("lastSeen, and only it, is touched")
    if not _is_inside(change.ip, change.cidr):
        raise ValueError(f"{change.ip} is not in {change.cidr}")
    _check_action(change)
    if change.action == "create" and change.id_phpipam is not None:
        raise ValueError(f"the plan creates an address that has id {change.id_phpipam}")
    if change.action != "create" and change.id_phpipam is None:
        raise ValueError(f"the plan has no ipaddresses.id to {change.action}")


@lru_cache(maxsize=2**14)  # asked for each field of a row
def _is_inside(ip: str, cidr: str) -> bool:
    return ipaddress.ip_address(ip) in ipaddress.ip_network(cidr)


def _check_action(change: Change) -> None:
    """A row may go only as a whole, a tag be changed only between Used and Offline."""
    if change.action == "delete" and change.after is not None:
        raise ValueError("a deletion leaves nothing")
    if change.field == ROW and (change.action != "delete" or change.before != str(change.id_phpipam)):
        raise ValueError("a row is made by its fields, and deleted by its id")
    if change.field != "tag":
        return
    old = {None} if change.action == "create" else {USED, OFFLINE}
    new = {None} if change.action == "delete" else {USED, OFFLINE}
    if change.before not in old or change.after not in new:
        raise ValueError("a tag is only ever changed from Used to Offline and back, and no other row made or deleted")


def _check_host_name(text: str) -> None:
    if len(text) > _LONGEST_NAME or not _HOST_NAME.fullmatch(text):
        raise ValueError(f"{text!a:.80} is no host name of letters, digits, '-', '_' and '.'")


def _check_mac(text: str) -> None:
    if not re.fullmatch(contract.MAC, text):
        raise ValueError(f"{text!a:.40} is no MAC address in lower-case colon form")


def _check_text(text: str) -> None:
    if not 0 < len(text) <= _LONGEST_TEXT:
        raise ValueError(f"a text of {len(text)} characters; 1 to {_LONGEST_TEXT} fit")
    bad = next((one for one in text if one in _MARKUP or unicodedata.category(one) in _INVISIBLE), None)
    if bad is not None:
        raise ValueError(f"the character {bad!a} is markup or invisible")


def _check_seen(text: str | None, at: datetime) -> None:
    if seen_at(text) > at + FUTURE_LIMIT:
        raise ValueError(f"{text} lies ahead of our clock: check the clock of the source that said so")


def _check_tag(text: str) -> None:
    if text not in {USED, OFFLINE}:
        raise ValueError(f"{text!a:.40} is a tag of people's choosing")


_CHECKS: dict[str, Callable[[str], object]] = {
    "hostname": _check_host_name,
    "mac": _check_mac,
    "description": _check_text,
    "tag": _check_tag,
    "lastSeen": seen_at,
}
