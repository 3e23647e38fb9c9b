"""Our own way from records to the name server, without the rest of a census: read, compare, send, read back.

    python -m bench.contenders.push RECORDS.csv HOST PORT KEY-SECRET

All that stands in the zones counts as written by us, so that changes of it are sent.
"""

import sys
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pandas as pd

from bench import layout
from bench.hour import AT
from bench.records import TTL_S
from pipelines import network as network_file
from pipelines import tables
from pipelines.parse import zone as zone_parser
from pipelines.plan.bookkeeping import work
from pipelines.plan.dns import dns_plan, rrsets
from pipelines.reconcile.never import MANAGED_TYPES
from resources.nameserver import NameServer


def push(file: Path, host: str, port: int, secret: str) -> None:
    """Make the zones hold just these records beside their own. A change that did not take effect ends it."""
    network = network_file.parse(layout.network_toml({}, dns=layout.Place(port, host)), "network.toml")
    with NameServer(network.dns, lambda: secret) as server:
        standing = _zones(server, network.dns.zones)
        plan, _ = dns_plan(
            _wanted(pd.read_csv(file)), standing, _all_ours(standing), network=network, unread={},
            concluded=[ip_network(cidr) for cidr in layout.SUBNETS],
        )  # fmt: skip
        receipt = server.apply(work(plan))
    failed = receipt[receipt["outcome"] != "applied"]
    if len(failed):
        raise SystemExit(f"{len(failed)} of {len(receipt)} changes did not take effect: {failed.iloc[0].to_dict()}")


def _zones(server: NameServer, zones: tuple[str, ...]) -> pd.DataFrame:
    read = [server.read(zone, None, datetime.now(UTC)) for zone in zones]
    return tables.ZONE_RECORDS.concat([zone_parser.parse(one).table for one in read if one is not None])


def _wanted(rows: pd.DataFrame) -> pd.DataFrame:
    """The records as the reconcile stage would want them."""
    ip = rows["rdata"].where(rows["type"] != "PTR", "")
    return tables.RECORDS.frame(
        rows.assign(
            site=layout.HOME, ip=ip, ttl_s=TTL_S, longest_ttl_s=None, writer="netcensus", named_by="phpipam", reason="-"
        )
    )


def _all_ours(standing: pd.DataFrame) -> pd.DataFrame:
    sets = rrsets(standing[standing["type"].isin(MANAGED_TYPES)], extra={})
    named = sets.rename(columns={"zone": "scope", "owner": "subject", "type": "field", "rdata": "value"})
    blank = {"is_adopted": False, "intended": None, "named_by": "phpipam", "missing_since_at": None, "at": AT}
    return tables.APPLIED.frame(named.assign(target="dns", **blank))


if __name__ == "__main__":
    push(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
