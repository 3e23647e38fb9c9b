"""A network over many hours: each census finds the targets and the ledger as the one before left them."""

from dataclasses import dataclass, field

import pandas as pd

from pipelines import tables
from pipelines.keys import merged
from pipelines.network import Network
from pipelines.plan.bookkeeping import KEY
from pipelines.plan.past import Past
from pipelines.reconcile.incumbents import TO_AND_FRO
from tests.networks import AT, NETWORK, Row, Tables, census, hour, source
from tests.targets import carried_out

BORN = AT - pd.Timedelta(days=30)


def reads_before(at: pd.Timestamp, *, rows: int = 1, count: int = 24) -> pd.DataFrame:
    """As many hourly answers of every source before `at`, each of so many rows."""
    sources = [("home", name) for name in ("kea4.leases", "kea4.config", "arp")]
    sources += [("cabin", name) for _, name in sources] + [("*", "phpipam.addresses")]
    hours = [at - pd.Timedelta(hours=ago) for ago in range(1, count + 1)]
    return tables.READS.rows([(*one, read_at, rows) for one in sources for read_at in hours])


@dataclass
class World:
    """What stands in both targets and in the ledger between two censuses."""

    network: Network = NETWORK
    applied: pd.DataFrame = field(default_factory=tables.APPLIED.empty)
    zone_records: list[Row] = field(default_factory=list)
    ipam_addresses: list[Row] = field(default_factory=list)
    displaced: pd.DataFrame = field(default_factory=tables.APPLIED.empty)
    born_at: pd.Timestamp | None = BORN
    rows: int = 1

    def census(
        self, hours: float, *, asked: float | None = None, unread: list[Row] | None = None, **sources: list[Row]
    ) -> Tables:
        """The tables of a census so many hours after `AT`, carried out.

        `asked` is when the gateways were, for a run that goes by what they said before.
        """
        at = AT + pd.Timedelta(hours=hours)
        given = {"zone_records": self.zone_records, "ipam_addresses": self.ipam_addresses, **sources}
        parsed = hour(unread=unread or [], **given)
        parsed["sources"] = tables.SOURCES.frame(parsed["sources"].assign(read_at=at))
        if asked is not None:
            is_gateway = parsed["sources"]["site"] != "*"
            parsed["sources"].loc[is_gateway, "read_at"] = AT + pd.Timedelta(hours=asked)
        past = Past(self.born_at, reads_before(at, rows=self.rows))
        lately = self.displaced[self.displaced["at"] > at - TO_AND_FRO]
        made = census(parsed, self.applied, self.network, past, lately)
        before = self.applied
        after, self.applied = carried_out(parsed, made, before, at)
        self.displaced = tables.APPLIED.concat([self.displaced, _displaced(before, self.applied, at)])
        self.zone_records = [row for row in _plain(after["zone_records"]) if row["type"] != "SOA"]
        self.ipam_addresses = _plain(after["ipam_addresses"])
        return made

    def records(self) -> set[tuple[object, object, object]]:
        """Every record but the SOAs: owner, type, data."""
        return {(row["owner"], row["type"], row["rdata"]) for row in self.zone_records}

    def in_ipam(self, ip: str) -> Row:
        """What phpIPAM holds for an address."""
        return next(row for row in self.ipam_addresses if row["ip"] == ip)


def _displaced(before: pd.DataFrame, after: pd.DataFrame, at: pd.Timestamp) -> pd.DataFrame:
    """The MACs that the ledger remembered and remembers no more, with the instant since when."""
    macs = merged(before[before["field"] == "mac"], after[[*KEY, "value"]], on=[*KEY, "value"], how="left_anti")
    return tables.APPLIED.frame(macs.assign(at=at))


def failed(site: str, name: str = "arp") -> Row:
    """A source that was not read this hour."""
    return source(site, name, "no answer")


def _plain(frame: pd.DataFrame) -> list[Row]:
    rows = frame.astype("object")
    return list(rows.where(rows.notna(), None).to_dict("records"))
