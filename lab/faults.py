"""The fault switch: `faults.json` in the lab's folder says what is broken right now.

Read again at each command, so that a test breaks and mends a source while the lab runs. No file, or `{}`: all is well.

    {"kea": "stalled-cut" | "hook-missing" | "error" | "empty-output" | "refused",
     "arp": "no-libxo" | "fail",
     "dns": {"<zone>": "refuse-axfr" | "refuse-update" | "silent-update"},
     "ssh": "slow-banner",
     "valchedrym": "refused" | "silent" | "slow" | "cut",
     "london": the same}
"""

import json
from pathlib import Path
from typing import Any


def current(file: Path) -> dict[str, Any]:
    """Every fault that is switched on; empty when the file is missing or just being written."""
    try:
        faults = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return faults if isinstance(faults, dict) else {}


def of_source(file: Path, source: str) -> str | None:
    """The fault of `kea`, `arp`, `ssh` or a remote site, or None."""
    fault = current(file).get(source)
    return fault if isinstance(fault, str) else None


def of_zone(file: Path, zone: str) -> str | None:
    """The fault of one DNS zone, named without its final dot, or None."""
    zones = current(file).get("dns", {})
    return zones.get(zone.rstrip(".")) if isinstance(zones, dict) else None
