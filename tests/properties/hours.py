"""Small hours with all that goes wrong in them, for the laws: hostile names, lost sources, half-known ledgers."""

import pandas as pd
from hypothesis import strategies as st

from pipelines import tables
from pipelines.reconcile.claims import RANKS
from pipelines.reconcile.never import MANAGED_TYPES
from tests.networks import (
    ALICE,
    BOB,
    CAROL,
    NETWORK,
    Row,
    Tables,
    hour,
    in_ipam,
    in_zone,
    lease,
    ledger,
    minutes_ago,
    neighbour,
    reservation,
    source,
    written,
)

IPS = st.sampled_from(["10.0.0.5", "10.0.0.6", "10.0.1.0", "10.0.1.5", "10.0.1.6", "10.0.1.7", "10.9.0.5"])
MACS = st.sampled_from([ALICE, BOB, CAROL, None])
LABELS = ["nas", "tv", "cam", "wpad", "*", "my phone", "nas.cabin", "www.bank.com", "12", "<b>", "nas.example.lan"]
TEXTS = st.sampled_from([*LABELS, None])
OWNERS = [
    "nas.example.lan.", "tv.example.lan.", "nas.cabin.example.lan.", "cabin.example.lan.", "*.example.lan.",
    "example.lan.",
]  # fmt: skip
POINTERS = ["5.1.0.10.in-addr.arpa.", "6.1.0.10.in-addr.arpa.", "5.0.0.10.in-addr.arpa.", "1.0.10.in-addr.arpa."]
ADDRESSES = st.sampled_from(["10.0.1.5", "10.0.1.6", "10.0.0.5", "10.9.0.5", "192.0.2.1"])
DATA: dict[str, st.SearchStrategy[str]] = {
    "A": ADDRESSES,
    "AAAA": st.just("fd00::1"),
    "PTR": st.sampled_from(OWNERS[:3]),
    "DHCID": st.sampled_from(["AAEC", "AAED"]),
    "CNAME": st.just("else.example.lan."),
    "DNAME": st.just("else.example.lan."),
    "NS": st.just("ns.example.lan."),
    "SOA": st.just("ns.example.lan. hostmaster.example.lan. 1 3600 600 86400 300"),
    "TXT": st.just('"by hand"'),
    "MX": st.just("10 mail.example.lan."),
}
FLAGS = st.fixed_dictionaries({"is_ddns_forward": st.booleans(), "is_ddns_reverse": st.booleans()})
STATES = st.sampled_from([{}, {}, {"state": "reclaimed"}, {"expires_at": minutes_ago(1)}, {"client_id": "01aa"}])


def unique(rows: list[Row], *key: str) -> list[Row]:
    """The rows without those that repeat a key."""
    return list({tuple(row[name] for name in key): row for row in rows}.values())


def rows_of(one: st.SearchStrategy[Row], *key: str, most: int = 5) -> st.SearchStrategy[list[Row]]:
    """A few rows that share no key."""
    return st.lists(one, max_size=most).map(lambda rows: unique(rows, *key))


LEASES = rows_of(
    st.builds(lambda row, flags, state: row | flags | state, st.builds(lease, IPS, MACS, TEXTS), FLAGS, STATES), "ip"
)
RESERVATIONS = st.lists(st.builds(reservation, st.none() | IPS, MACS, TEXTS), max_size=3)
NEIGHBOURS = rows_of(
    st.builds(lambda ip, mac, ago: neighbour(ip, mac, confirmed_at=minutes_ago(ago)), IPS, MACS, st.integers(0, 5000)),
    "ip",
)
SEEN = st.none() | st.integers(-60, 5000).map(minutes_ago)
MARKS = st.sampled_from([{}, {}, {}, {"is_gateway": True}, {"tag": "Reserved"}])
IPAM = rows_of(
    st.builds(
        lambda row, at, mark: row | {"last_seen_at": at} | mark, st.builds(in_ipam, IPS, TEXTS, MACS), SEEN, MARKS
    ),
    "ip",
)


@st.composite
def zone_rows(draw: st.DrawFn) -> list[Row]:
    """Records of any type at any name: RRsets have one TTL, and nothing more is promised."""
    rows = []
    for owner in draw(st.lists(st.sampled_from(OWNERS + POINTERS), max_size=6, unique=True)):
        for rr_type in draw(st.lists(st.sampled_from([*DATA, "A", "PTR"]), max_size=2, unique=True)):
            data = draw(st.lists(DATA[rr_type], min_size=1, max_size=2, unique=True))
            ttl_s = draw(st.sampled_from([600, 3600]))
            rows += [in_zone(owner, rr_type, one, ttl_s) for one in data]
    return rows


@st.composite
def ledgers(draw: st.DrawFn, parsed: Tables) -> pd.DataFrame:
    """A ledger that knows some of what is there as ours, some as it was, and some that is gone."""
    kinds = st.sampled_from(["value", "intended", "other", None, None])
    rows = []
    for (zone, owner, rr_type), rdata in parsed["zone_records"].groupby(["zone", "owner", "type"])["rdata"]:
        rows += [written("dns", zone, owner, rr_type, "\n".join(sorted(rdata)))] if rr_type in MANAGED_TYPES else []
    for row in parsed["ipam_addresses"].to_dict("records"):
        cidr, fields = str(NETWORK.subnet_of(row["ip"])), [name for name in ("hostname", "mac") if pd.notna(row[name])]
        rows += [written("phpipam", cidr, row["ip"], name, row[name]) for name in fields]
    return ledger(*(_remembered(row, kind) for row in rows if (kind := draw(kinds)) is not None))


def _remembered(row: Row, kind: str) -> Row:
    if kind == "value":
        return row
    other = {"A": "192.0.2.9", "AAAA": "fd00::9"}.get(str(row["field"]), "other")
    return row | {"value": other} | ({"intended": row["value"]} if kind == "intended" else {})


@st.composite
def hours(draw: st.DrawFn, *, with_ledger: bool = True) -> tuple[Tables, pd.DataFrame]:
    """The parsed tables of an hour, and a ledger."""
    unread = draw(st.sampled_from([[], [], [], [source("home", "arp", "no")], [source("*", "zone/example.lan", "no")]]))
    parsed = hour(
        unread=unread,
        leases=draw(LEASES),
        reservations=draw(RESERVATIONS),
        neighbours=draw(NEIGHBOURS),
        ipam_addresses=draw(IPAM),
        zone_records=draw(zone_rows()),
    )
    return parsed, draw(ledgers(parsed)) if with_ledger else tables.APPLIED.empty()


@st.composite
def old_hours(draw: st.DrawFn) -> tuple[Tables, pd.DataFrame]:
    """An hour, and a ledger that has missed some of it for long, and found some of it there before us."""
    parsed, applied = draw(hours())
    since = st.sampled_from([None, minutes_ago(60), minutes_ago(60 * 24 * 30), minutes_ago(60 * 24 * 30)])
    named_by = st.sampled_from([*RANKS, None])
    kinds = [(draw(since), draw(named_by), draw(st.sampled_from([False, False, False, True]))) for _ in applied.index]
    columns = dict(zip(("missing_since_at", "named_by", "is_adopted"), zip(*kinds, strict=True), strict=False))
    return parsed, tables.APPLIED.frame(applied.assign(**{name: list(values) for name, values in columns.items()}))
