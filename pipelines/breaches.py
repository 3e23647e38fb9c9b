"""What in a table breaks its contract or a rule, row by row, and what follows: a site, or the whole table, left out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from pipelines import tables
from pipelines.contract import TEXT, Table
from pipelines.expectations import REPORT, Frames, judged
from pipelines.network import Network
from pipelines.predicates import failing
from pipelines.snapshots import EVERYWHERE

LEFT_OUT = "contract"
"""The rule under which such a site stands in `withheld`."""
NOT_OF_A_SITE = frozenset({"sources", "rejects"})
"""Tables whose rows stay when a site is left out: they say why."""


@dataclass(frozen=True)
class Breach:
    """One expectation that is not met: `rows` are those of the table that fail it (none when it is no row's fault)."""

    table: str
    says: str
    remedy: str
    is_error: bool
    rows: pd.DataFrame = field(repr=False)

    @property
    def sites(self) -> frozenset[str]:
        """The sites whose rows they are; none where they are not all a site's own, and the table as a whole is bad."""
        if "site" not in self.rows or self.rows.empty:
            return frozenset()
        sites = self.rows["site"]
        is_whole = sites.isna().any() or (sites == EVERYWHERE).any() or self.table in NOT_OF_A_SITE
        return frozenset() if is_whole else frozenset(sites)

    @property
    def is_whole(self) -> bool:
        """Whether nothing may rest on the table at all."""
        return self.is_error and not self.sites

    @property
    def sentence(self) -> str:
        """The breach in one line without any cell's text, which may be hostile: the rows are shown beside it."""
        count = f" in {len(self.rows)} {'rows' if len(self.rows) > 1 else 'row'}" if len(self.rows) else ""
        return f"{self.table} does not hold what it must{count}: {self.says}. {self.remedy}"


def breaches(table: Table, frame: pd.DataFrame, others: Frames) -> list[Breach]:
    """What in a frame of a table is not as it must be. `others` are the tables it points to, where they are there."""
    malformed = table.malformed(frame)
    if malformed:
        return [Breach(table.name, fault, REPORT, is_error=True, rows=frame.head(0)) for fault in malformed]
    if frame.empty:
        return []
    whole, rules = judged(table, frame, others)
    found = [(rule, failing(whole, rule.expectation)) for rule in rules]
    return [
        Breach(table.name, rule.expectation.says, rule.remedy, rule.is_error, frame[fails])
        for rule, fails in found
        if fails.any()
    ]


def listed(network: Network) -> dict[str, pd.DataFrame]:
    """What network.toml lists, as tables to point to."""
    subnets = [str(subnet) for subnet in network.site_of_subnet]
    return {
        "network.sites": pd.DataFrame({"site": list(network.sites)}, dtype=TEXT),
        "network.zones": pd.DataFrame({"zone": list(network.dns.zones)}, dtype=TEXT),
        "network.subnets": pd.DataFrame({"cidr": subnets}, dtype=TEXT),
    }


def ill_sites(found: Iterable[Breach]) -> dict[str, str]:
    """The sites about which nothing can be concluded, and why: what broke, in one text."""
    reasons: dict[str, list[str]] = {}
    for breach in found:
        for site in breach.sites if breach.is_error else ():
            reasons.setdefault(site, []).append(breach.sentence)
    return {site: "; ".join(texts) for site, texts in sorted(reasons.items())}


def without(frames: Frames, sites: Iterable[str]) -> dict[str, pd.DataFrame]:
    """The tables without the rows of these sites. What says why a site was left out keeps its rows."""
    ill = set(sites)
    return {
        name: frame[~frame["site"].isin(ill)].reset_index(drop=True)
        if ill and "site" in frame and name not in NOT_OF_A_SITE
        else frame
        for name, frame in frames.items()
    }


def unread(sources: pd.DataFrame, reasons: Mapping[str, str]) -> pd.DataFrame:
    """`tables.SOURCES` in which every source of an ill site is incomplete, for the reason: rule R1 does the rest."""
    is_ill = sources["site"].isin(reasons)
    why = sources["site"].map(dict(reasons)).astype(sources["reason"].dtype)
    return sources.assign(is_complete=sources["is_complete"] & ~is_ill, reason=sources["reason"].mask(is_ill, why))


def left_out(reasons: Mapping[str, str]) -> pd.DataFrame:
    """`tables.WITHHELD` for sites whose changes are not made because rows of theirs broke a contract."""
    rows = [("phpipam", site, site, "site", None, None, LEFT_OUT, why) for site, why in sorted(reasons.items())]
    return tables.WITHHELD.rows(rows)


def left_out_sites(withheld: pd.DataFrame) -> pd.DataFrame:
    """The rows of `tables.WITHHELD` that `left_out` made: the sites that were left as they are."""
    return withheld[withheld["rule"] == LEFT_OUT]
