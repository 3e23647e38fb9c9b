"""The firewall's ARP cache: the captured one and the statically configured hosts of data/static-hosts.csv."""

import csv
from typing import Any

from lab.folder import DATA, Folder, read_json, write_json


def lay_out(folder: Folder, now: float) -> None:
    """Write the lab's ARP cache, unless it is there from an earlier start."""
    if not folder.neighbours.exists():
        write_json(folder.neighbours, {"as_of": int(now), "entries": first_entries()})


def first_entries() -> list[dict[str, Any]]:
    """Every entry as `arp --libxo json -an` names its fields."""
    captured: list[dict[str, Any]] = read_json(DATA / "arp.json")["arp"]["arp-cache"]
    with (DATA / "static-hosts.csv").open(encoding="utf-8", newline="") as file:
        return captured + [_entry(row) for row in csv.DictReader(file)]


def _entry(row: dict[str, str]) -> dict[str, Any]:
    return {
        "hostname": "?",
        "ip-address": row["address"],
        "mac-address": row["mac"],
        "interface": row["interface"],
        "expires": int(row["expires"]),
        "type": "vlan" if "." in row["interface"] else "ethernet",
    }
