"""Answers of Kea's control channel as Python values: strict JSON, every byte of a name recovered, every field checked.

What the answers to single commands mean stands in kea_leases and kea_config.
"""

import json
import re
from typing import Any, NoReturn, TypeVar

from pipelines.errors import ParseError
from pipelines.snapshots import Snapshot
from pipelines.values import Mac, mac

OK, ERROR, UNSUPPORTED, EMPTY = 0, 1, 2, 3
"""Kea's `result` (src/lib/cc/command_interpreter.h)."""

_REMEDY = "Read it again; if it stays so, ask Kea the same by hand and compare"
_QUOTED = re.compile(r"'([^']+)'\Z")
_SEPARATED = re.compile(r"[0-9a-f]{1,2}(?:[: ][0-9a-f]{1,2})*\Z")
_PLAIN = re.compile(r"(?:0x)?((?:[0-9a-f]{2})+)\Z")

T = TypeVar("T")
Object = dict[str, Any]


def unreadable(snapshot: Snapshot, fault: str) -> ParseError:
    """The error that makes a whole snapshot of Kea worth nothing."""
    return ParseError(f"{snapshot.source} of {snapshot.site}", fault, _REMEDY)


def answer(snapshot: Snapshot, text: bytes) -> Object:
    """The one JSON object in `text`, out of the list that kea-ctrl-agent wraps it in.

    Raises `ParseError` for anything else, above all for an answer cut short.
    """
    try:
        # Kea writes every byte from 0x80 on as \u00XX; read as Latin-1, raw bytes come to the same (see `recovered`).
        found = json.loads(text.decode("latin-1"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise unreadable(snapshot, f"{len(text)} bytes are not one whole JSON value ({error})") from None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise unreadable(snapshot, f"the answer is no JSON object but {found!r:.80}")
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def recovered(text: str) -> str:
    r"""The UTF-8 text whose bytes Kea printed as one character each; what is no UTF-8 becomes U+FFFD.

    >>> recovered("caf\u00c3\u00a9")
    'café'
    """
    return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "replace")


def field(row: Object, key: str, kind: type[T]) -> T:
    """The value of `key`, which must be exactly of this kind (True is no number). Raises `ValueError`."""
    value = row.get(key)
    if type(value) is not kind:
        raise ValueError(f"{key} is missing" if key not in row else f"{key} is {value!r:.80}, not {kind.__name__}")
    return value


def text_or_none(row: Object, key: str) -> str | None:
    """The text under `key`, None where it is absent or empty. Raises `ValueError` when it is no text."""
    return recovered(field(row, key, str)) or None if key in row else None


def mac_or_none(text: str | None) -> Mac | None:
    """An EUI-48 address; None for any other hardware address (InfiniBand's have 20 octets) and for none."""
    try:
        return mac(text) if text else None
    except ValueError:
        return None


def client_id(text: str | None) -> str | None:
    """A client identifier as plain lower-case hex, from any form Kea prints or is configured with.

    >>> client_id("01:02:AA"), client_id("0102AA"), client_id("'abc'")
    ('0102aa', '0102aa', '616263')
    """
    if not text:
        return None
    if quoted := _QUOTED.match(text):
        return quoted[1].encode().hex()
    lowered = text.lower()
    if plain := _PLAIN.match(lowered):
        return plain[1]
    if _SEPARATED.match(lowered):
        return "".join(octet.zfill(2) for octet in re.split("[: ]", lowered))
    raise ValueError(f"client-id {text!r:.80} is neither hex octets nor quoted text")
