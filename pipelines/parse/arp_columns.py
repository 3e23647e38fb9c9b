"""A FreeBSD ARP cache in JSON by columns, where each entry is as libxo prints nearly all: what `arp` says one by one.

Where a single value is another, nothing is said of any entry: `arp` knows what may be, and names what may not.
"""

import re
from collections.abc import Sequence
from types import NoneType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines import tables
from pipelines.parse.forms import IPV4, MAC, have_form
from pipelines.parse.parsed import origin
from pipelines.snapshots import Snapshot

MAX_AGE_S = 1200  # net.link.ether.inet.max_age, FreeBSD's and pfSense's default
LONGEST_S = 10**7  # four months: more is no age of an ARP entry
INTERFACE = re.compile(r"[!-~]{1,64}\Z")

_FLAGS = ("incomplete", "published", "permanent", "expired")
"""What an entry is, if it is more than one of these: the first."""
Told = dict[str, list[Any]]
Flags = dict[str, NDArray[np.bool_]]


def in_columns(snapshot: Snapshot, rows: Sequence[Any]) -> pd.DataFrame | None:
    """These entries as `tables.NEIGHBOURS`; None when there is none, or anything about one of them is unusual."""
    if set(map(type, rows)) != {dict}:
        return None
    told = {key: [row.get(key) for row in rows] for key in ("ip-address", "mac-address", "interface", "expires")}
    flags = {word: np.array([row.get(word) is True for row in rows]) for word in _FLAGS}
    return _table(snapshot, told, flags) if _is_usual(told, flags) else None


def _is_usual(told: Told, flags: Flags) -> bool:
    """Whether every value is of its kind and form. What an incomplete entry has for a MAC is none."""
    ips, interfaces, expires = told["ip-address"], told["interface"], told["expires"]
    macs = [mac for mac, is_none in zip(told["mac-address"], flags["incomplete"], strict=True) if not is_none]
    is_of_kind = set(map(type, [*ips, *macs, *interfaces])) == {str} and set(map(type, expires)) <= {int, NoneType}
    ages = [age for age in expires if age is not None] if is_of_kind else []
    return (
        is_of_kind
        and min(ages, default=0) >= 0
        and max(ages, default=0) <= LONGEST_S
        and all(map(INTERFACE.match, set(interfaces)))
        and have_form(ips, IPV4)
        and have_form(macs, MAC)
    )


def _table(snapshot: Snapshot, told: Told, flags: Flags) -> pd.DataFrame:
    left_s = pd.Series(told["expires"], dtype="Int64").clip(upper=MAX_AGE_S)  # a raised max_age: not after read_at
    is_dated = ~flags["incomplete"] & ~flags["permanent"] & (left_s.notna() | flags["expired"])
    age = pd.to_timedelta(MAX_AGE_S - left_s.fillna(0), unit="s")
    columns = {
        **origin(snapshot, len(left_s)),
        "ip": told["ip-address"],
        "mac": pd.Series(told["mac-address"], dtype="object").mask(flags["incomplete"]),
        "interface": told["interface"],
        "state": np.select([flags[word] for word in _FLAGS], _FLAGS, "dynamic"),
        "confirmed_at": (pd.Timestamp(snapshot.read_at) - age).where(is_dated),
    }
    return tables.NEIGHBOURS.frame(columns)
