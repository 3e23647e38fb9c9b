"""What holds for all conflicts, whatever the sources say."""

import time
from functools import cache

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import network as network_file
from pipelines import tables
from pipelines.contract import TEXT
from pipelines.reconcile.account import account
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.every import conflicts_and_pools
from tests.contradictions import contradictions, dhcp
from tests.networks import (
    ALICE,
    AT,
    BOB,
    NETWORK_TOML,
    Tables,
    hour,
    in_ipam,
    in_zone,
    ipam_subnet,
    lease,
    ledger,
    neighbour,
    reservation,
)
from tests.properties.hours import hours

LAW = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ODD = hour(
    leases=[lease("10.0.1.5", ALICE, "tv"), lease("10.0.1.6", BOB, "tv"), lease("10.0.1.7", BOB)],
    neighbours=[neighbour("10.0.1.5", BOB), neighbour("10.0.1.9", ALICE), neighbour("10.0.1.9", BOB, interface="em1")],
    reservations=[reservation("10.0.1.7", ALICE)],
    ipam_addresses=[in_ipam("10.0.1.5", "old", BOB), in_ipam("10.0.1.6", "other", ALICE)],
    zone_records=[
        in_zone("5.1.0.10.in-addr.arpa.", "PTR", "x.example.lan."),
        in_zone("y.example.lan.", "A", "10.0.1.6"),
    ],
    dhcp_subnets=dhcp(),
)


def shuffled(parsed: Tables, seed: int) -> Tables:
    """The same tables, their rows in another order."""
    return {name: rows.sample(frac=1, random_state=seed).reset_index(drop=True) for name, rows in parsed.items()}


def as_told(parsed: Tables) -> list[tuple[object, ...]]:
    """The conflicts row by row, in the table's own order."""
    return list(map(tuple, contradictions(parsed)["conflicts"].astype(TEXT).to_numpy().tolist()))


@cache
def odd_as_told() -> list[tuple[object, ...]]:
    """What is told of the odd hour as it stands here."""
    return as_told(ODD)


@LAW
@given(st.integers(0, 1000))
def test_the_order_of_rows_decides_nothing(seed: int) -> None:
    """Neither who is told nor in which order nor in which words."""
    assert as_told(shuffled(ODD, seed)) == odd_as_told()
    assert len(odd_as_told()) > 5


@LAW
@given(hours())
def test_whatever_the_sources_say_the_tables_keep_their_contracts(parsed: tuple[Tables, pd.DataFrame]) -> None:
    """Hostile names, lost sources, odd addresses: every row is complete, and no two say the same."""
    contradictions(parsed[0])


def test_ten_thousand_hosts_are_compared_in_seconds() -> None:
    """Nothing grows faster than the network; what is measured is this process's time alone."""
    ips = [f"10.0.{at // 250}.{at % 250 + 1}" for at in range(10_000)]
    macs = [f"00:16:3e:00:{at // 256:02x}:{at % 256:02x}" for at in range(10_000)]
    hosts = list(zip(ips, macs, strict=True))
    toml = NETWORK_TOML.replace('"10.0.0.0/24", "10.0.1.0/24"', '"10.0.0.0/16"').replace('"0.0.10.in', '"0.10.in')
    records = [in_zone(f"h{at}.example.lan.", "A", ip) for at, ip in enumerate(ips)]
    parsed = hour(
        leases=[lease(ip, mac, f"h{at}") for at, (ip, mac) in enumerate(hosts)],
        neighbours=[neighbour(ip, mac) for ip, mac in hosts],
        ipam_subnets=[ipam_subnet("10.0.0.0/16", id_phpipam=7)],
        ipam_addresses=[in_ipam("10.0.0.1") | {"ip": ip, "id_phpipam": at} for at, ip in enumerate(ips, start=1)],
        zone_records=records,
        dhcp_subnets=dhcp("10.0.0.1-10.0.39.250", "10.0.0.0/16"),
    )
    network = network_file.parse(toml, "network.toml")
    census = Census(parsed, account(parsed, ledger(), network=network), ledger(), network, AT)
    began = time.process_time()
    made = conflicts_and_pools(census, tables.POOL_USE.empty())
    assert time.process_time() - began < 4, "it takes one second on an idle machine"
    assert made["pools"]["used"].tolist() == [10_000]
