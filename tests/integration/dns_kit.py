"""What the tests of the name server client share: a server with three zones, our client, and plans of a few words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pytest

from pipelines import tables
from pipelines.network import Dns
from resources.nameserver import Limits, NameServer
from tests.services.bind import running_bind
from tests.services.dns_server import DnsServer, Zone
from tests.services.technitium import running_technitium

ZONE = "example.lan."
REVERSE = "0.10.in-addr.arpa."
CLOSED = "closed.lan."
DHCID = "AAABR3v0cA4+L0WBcSoIANwvg+L3JrBXHzUi+eQqJBXibBs="
OTHER_DHCID = "AAAB2v/SZUeG6XTT8+7Z6BJ2iY8p8zk8OxdT1Z8XH9l6kxE="
IMPATIENT = Limits(connect_s=1, answer_s=0.3, transfer_s=2)
"""For tests in which no answer is good: an answer that is, from a machine that is busy, may come later."""
DECIDED = Limits(answer_s=1.5)
"""For tests in which one answer never comes, and the others must."""


SERVERS = (pytest.param("bind", marks=pytest.mark.services("bind")), "technitium")
"""What `running_zones` can start: a fixture's parameters."""


@contextmanager
def running_zones(kind: str = "bind") -> Iterator[DnsServer]:
    """A server with a forward and a reverse zone, and one that is closed to our key."""
    closed = Zone("closed.lan", is_transfer_allowed=False, is_update_allowed=False)
    running: Any = {"bind": running_bind, "technitium": running_technitium}[kind]
    with running(["example.lan", "0.10.in-addr.arpa", closed]) as server:
        yield server


def client(server: DnsServer, *, port: int | None = None, **others: Any) -> NameServer:
    """Our client with our key, unless said otherwise."""
    settings = {
        "server": server.host,
        "port": port or server.port,
        "key": "netcensus",
        "zones": (ZONE, REVERSE, CLOSED),
    }
    secret = others.pop("secret", server.secrets["netcensus"])
    known = {name: others.pop(name) for name in ("limits", "clock") if name in others}
    return NameServer(Dns.model_validate(settings | others), lambda: secret, **known)


def row(owner: str, after: str, **others: Any) -> dict[str, Any]:
    """One row of a plan: create an A below the forward zone where no name stands, unless said otherwise."""
    given = {
        "site": "sofia",
        "zone": ZONE,
        "owner": owner if owner.endswith(".") else f"{owner}.{ZONE}",
        "type": "A",
        "action": "create",
        "before": None,
        "before_ttl_s": None,
        "after": after,
        "after_ttl_s": 600,
        "is_name_free": True,
        "reason": "a test",
    }
    return given | others


def update(owner: str, before: str, after: str, **others: Any) -> dict[str, Any]:
    """A row that replaces data of ours."""
    return row(owner, after, action="update", before=before, before_ttl_s=600, is_name_free=False) | others


def plan(*rows: dict[str, Any]) -> pd.DataFrame:
    """A DNS plan of these rows."""
    return tables.DNS_PLAN.frame(pd.DataFrame(rows, columns=tables.DNS_PLAN.names))


def outcomes(receipt: pd.DataFrame) -> dict[str, str]:
    """Owner's first label and type, and what became of it."""
    assert tables.RECEIPT.violations(receipt) == []
    names = receipt["subject"].str.split(".").str[0] + " " + receipt["field"]
    return dict(zip(names, receipt["outcome"], strict=True))
