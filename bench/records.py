"""The records of the hosts' names, for whoever only writes DNS: A, AAAA and PTR, one row each."""

import ipaddress
from pathlib import Path

import pandas as pd

from bench import layout

TTL_S = 600
COLUMNS = ["zone", "owner", "type", "rdata"]


def records(hosts: pd.DataFrame) -> pd.DataFrame:
    """Zone, owner, type and rdata, names absolute. Two or four records to a host that says its name."""
    named = hosts[hosts["name"].notna()]
    second = named[named["ip6"].notna()]
    parts = [_of_family(named["name"], named["ip"], "A"), _of_family(second["name"], second["ip6"], "AAAA")]
    return pd.concat(parts, ignore_index=True)


def _of_family(names: "pd.Series[str]", ips: "pd.Series[str]", rr_type: str) -> pd.DataFrame:
    owners = (names + f".{layout.DOMAIN}.").to_list()
    pointers = [ipaddress.ip_address(ip).reverse_pointer + "." for ip in ips]
    forward = pd.DataFrame({"zone": f"{layout.DOMAIN}.", "owner": owners, "type": rr_type, "rdata": ips.to_list()})
    zones = [_zone_of(pointer) for pointer in pointers]
    reverse = pd.DataFrame({"zone": zones, "owner": pointers, "type": "PTR", "rdata": owners})
    return pd.concat([forward, reverse])[COLUMNS]


def _zone_of(pointer: str) -> str:
    """Each subnet has a zone, cut where its prefix ends: two octets, or sixteen nibbles."""
    labels = pointer.split(".")
    return ".".join(labels[16:]) if pointer.endswith("ip6.arpa.") else ".".join(labels[2:])


def write(rows: pd.DataFrame, file: Path) -> Path:
    """The records as CSV, for a contender in a process of its own."""
    rows.to_csv(file, index=False)
    return file
