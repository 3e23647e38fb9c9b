"""Proof after a load: the secondaries have what the primary has, and no serial went down anywhere."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from assets.declare import checked
from pipelines.reconcile.serials import AHEAD, BEHIND, NO_ANSWER, STILL, TROUBLE, WENT_DOWN, complaints
from resources.preview import MOST_ROWS, markdown

FOLLOW = "secondaries_follow"
NONE_DOWN = "no_serial_went_down"
_REMEDIES = {
    BEHIND: "It should fetch the zone within its refresh; if it stays so, check NOTIFY and allow-transfer for it",
    STILL: "It does not fetch the zone: resync it there (Technitium: Zones, the zone, Resync; BIND: rndc retransfer), "
    "and check that it may transfer from the primary",
    AHEAD: "It has an older life of the zone and takes the primary's for outdated: resync it there (Technitium: Zones, "
    "the zone, Resync; BIND: rndc retransfer), or raise the primary's serial above its",
    NO_ANSWER: "Check that it runs, hosts the zone and answers this machine, or take it out of [dns] secondaries",
    WENT_DOWN: "The zone was made anew or restored: whoever copied it keeps the old one for good. Raise its serial "
    "above the highest seen, or resync every copy (secondaries, Unbound's auth-zones), and never recreate a zone",
}


def checks() -> list[dg.AssetCheckSpec]:
    """The two checks; neither stops anything."""
    return [
        dg.AssetCheckSpec(FOLLOW, asset="dns_receipt", description="Red: somebody is served an old zone."),
        dg.AssetCheckSpec(NONE_DOWN, asset="dns_receipt", description="Red: copies of a zone may be frozen."),
    ]


def proof(serials: pd.DataFrame, limit_s: float, at: pd.Timestamp) -> Iterator[dg.AssetCheckResult]:
    """The checks' results. Who has lagged for less than `limit_s` is on its way, and no news."""
    is_on_its_way = (serials["verdict"] == BEHIND) & (at - serials["since_at"] < pd.Timedelta(seconds=limit_s))
    late = serials[~is_on_its_way]
    is_only_late = set(late["verdict"]) & TROUBLE <= {BEHIND}
    yield _result(FOLLOW, complaints(late, TROUBLE, _REMEDIES), is_only_late=is_only_late)
    yield _result(NONE_DOWN, complaints(serials, frozenset({WENT_DOWN}), _REMEDIES))


def shown(serials: pd.DataFrame) -> dict[str, dg.MetadataValue]:
    """The serials for the UI: those in trouble first."""
    in_order = serials.sort_values(["verdict", "zone", "server"], key=lambda values: values.replace("equal", "~"))
    return {"serials": dg.MetadataValue.md(markdown(in_order, MOST_ROWS))}


def _result(name: str, complaints: list[str], *, is_only_late: bool = False) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.WARN if is_only_late else dg.AssetCheckSeverity.ERROR
    return checked("dns_receipt", name, complaints, severity=severity)
