"""Kea's DHCPv4 leases by columns, where each of them is as Kea prints nearly all: what `kea_lease` says one by one.

Where a single value is another, nothing is said of any lease: `kea_lease` knows what may be, and names what may not.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipelines.parse.forms import IPV4, MAC_OR_EMPTY, OCTETS_OR_EMPTY, have_form
from pipelines.parse.kea_answers import recovered
from pipelines.parse.kea_lease import FOR_EVER, LATEST_CLTT, STATES, by_our_clock
from pipelines.parse.parsed import origin
from pipelines.snapshots import Snapshot

_KINDS = {
    "ip-address": str, "hw-address": str, "client-id": str, "hostname": str, "state": int, "cltt": int,
    "valid-lft": int, "fqdn-fwd": bool, "fqdn-rev": bool,
}  # fmt: skip
_MOST = {"state": len(STATES) - 1, "cltt": LATEST_CLTT, "valid-lft": FOR_EVER}
_FORMS = {"ip-address": IPV4, "hw-address": MAC_OR_EMPTY, "client-id": OCTETS_OR_EMPTY}


def in_columns(snapshot: Snapshot, rows: Sequence[Any]) -> pd.DataFrame | None:
    """These leases as `tables.LEASES`; None when there is none, or anything about one of them is unusual."""
    if set(map(type, rows)) != {dict}:
        return None
    told = {key: [row.get(key) for row in rows] for key in _KINDS}
    told["client-id"] = [row.get("client-id", "") for row in rows]
    return _table(snapshot, told) if _is_usual(told) else None


def _is_usual(told: dict[str, list[Any]]) -> bool:
    """Whether every value is of its kind and form, and no address is there twice."""
    is_of_kind = all(set(map(type, told[key])) == {kind} for key, kind in _KINDS.items())
    return (
        is_of_kind
        and all(min(told[key]) >= 0 and max(told[key]) <= most for key, most in _MOST.items())
        and all(have_form(told[key], form) for key, form in _FORMS.items())
        and len(set(told["ip-address"])) == len(told["ip-address"])
    )


def _table(snapshot: Snapshot, told: dict[str, list[Any]]) -> pd.DataFrame:
    valid_s = pd.Series(told["valid-lft"], dtype="Int64")
    valid_s = valid_s.mask(valid_s == FOR_EVER)
    columns = {
        "ip": told["ip-address"],
        "mac": [mac or None for mac in told["hw-address"]],
        "client_id": [one or None for one in ",".join(told["client-id"]).replace(":", "").split(",")],
        "hostname": [recovered(name).lower() or None for name in told["hostname"]],
        "state": np.array(STATES, dtype="object")[told["state"]],
        "cltt_at": told["cltt"],
        "valid_s": valid_s,
        "expires_at": valid_s + told["cltt"],
        "is_ddns_forward": told["fqdn-fwd"],
        "is_ddns_reverse": told["fqdn-rev"],
    }
    return by_our_clock(snapshot, origin(snapshot, len(valid_s)) | columns)
