"""What stands in the zones, RRset by RRset, and which of it we wrote: for questions about single names."""

from collections.abc import Iterator

import pandas as pd

Rows = Iterator[tuple[str, ...]]
_NOTHING: frozenset[str] = frozenset()


class RRsets:
    """The zones' RRsets by owner and type. `zone_records` and `applied` are the tables of those names."""

    def __init__(self, zone_records: pd.DataFrame, applied: pd.DataFrame) -> None:
        self._data: dict[str, dict[str, set[str]]] = {}
        for owner, rr_type, rdata in _tuples(zone_records[["owner", "type", "rdata"]]):
            self._data.setdefault(owner, {}).setdefault(rr_type, set()).add(rdata)
        ours = applied[(applied["target"] == "dns") & ~applied["is_adopted"]]
        self._written = {
            (owner, rr_type): {text for text in (value, intended) if not pd.isna(text)}
            for owner, rr_type, value, intended in _tuples(ours[["subject", "field", "value", "intended"]])
        }

    def data(self, owner: str, rr_type: str) -> frozenset[str]:
        """The record data of one RRset; empty where there is none."""
        return frozenset(self._data.get(owner, {}).get(rr_type, _NOTHING))

    def types(self, owner: str) -> frozenset[str]:
        """The types that stand at a name."""
        return frozenset(self._data.get(owner, {}))

    def is_ours(self, owner: str) -> bool:
        """Whether something stands at the name, and all of it is what we wrote (not: found equal and adopted)."""
        found = self._data.get(owner, {})
        return bool(found) and all(
            "\n".join(sorted(values)) in self._written.get((owner, rr_type), ()) for rr_type, values in found.items()
        )


def _tuples(rows: pd.DataFrame) -> Rows:
    """The rows as plain tuples: `itertuples` boxes each cell."""
    return zip(*(rows[name].tolist() for name in rows), strict=True)
