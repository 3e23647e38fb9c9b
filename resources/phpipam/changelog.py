"""The text phpIPAM writes into its changelog for an address added, edited or deleted: its pages show ours alike.

Source: functions/classes/class.Log.php, write_changelog and array_to_log, of phpIPAM 1.7.4. A colon inside a value
becomes a full stop there, because the colon parts a field's name from its value.
"""

import html
import re
from collections.abc import Mapping

_END = "\r\n"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def edited(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> str:
    """One line per field whose value changed: `[mac]: NULL => aa.bb.cc.dd.ee.ff`."""
    changed = [name for name in after if before.get(name) != after[name]]
    return "".join(_line(name, f"{_shown(before.get(name))} => {_shown(after[name])}") for name in changed)


def added(fields: Mapping[str, str | None]) -> str:
    """All fields of a new row as one value named `details`, which is how phpIPAM keeps them."""
    return _details(fields)


def deleted(fields: Mapping[str, str | None]) -> str:
    """All fields of a row that was deleted, in the same form."""
    return _details(fields)


def _details(fields: Mapping[str, str | None]) -> str:
    inner = "".join(f"[{name}]: {_plain(value) or '/ '}{_END}" for name, value in fields.items())
    return _line("details", _END + inner)


def subnet(cidr: str, description: str | None, identity: int) -> str:
    """How a changelog names a subnet: `10.0.10.0/24 [Management] (id 7)`."""
    named = f" [{description}]" if description else ""
    return f"{cidr}{named} (id {identity})"


def _line(name: str, value: str) -> str:
    return f"[{name}]: {value.replace(':', '.')}{_END}"


def _shown(value: str | None) -> str:
    return _plain(value) or "NULL"


def _plain(value: str | None) -> str:
    """A value that cannot forge a line. phpIPAM, too, logs what it fetched already escaped for HTML (class.PDO.php)."""
    return _CONTROL.sub("?", html.escape(value)) if value else ""
