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
    frame,
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
HOSTS = ["old.example.lan.", "older.example.lan.", "oldest.example.lan."]
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
    """An hour among whose records are hosts we once wrote, most long missed, some adopted, some edited since."""
    parsed, applied = draw(hours())
    places = st.tuples(st.sampled_from(HOSTS), ADDRESSES)
    hosts = draw(st.lists(places, min_size=1, max_size=3, unique_by=lambda one: one[0]))
    pairs = [(name, "A", ip) for name, ip in hosts] + [(NETWORK.pointer_name(ip), "PTR", name) for name, ip in hosts]
    rows = unique([in_zone(*pair) for pair in pairs if NETWORK.zone_of(pair[0]) is not None], "owner")
    taken = {*parsed["zone_records"]["owner"], *applied["subject"]}
    unread = set(parsed["sources"].loc[~parsed["sources"]["is_complete"], "source"])
    rows = [
        row for row in rows if row["owner"] not in taken and f"zone/{str(row['zone']).removesuffix('.')}" not in unread
    ]
    known = ledger(*(_once_written(draw, row) for row in rows))
    records = tables.ZONE_RECORDS.concat([parsed["zone_records"], frame(tables.ZONE_RECORDS, rows)])
    return parsed | {"zone_records": records}, tables.APPLIED.concat([applied, known])


def _once_written(draw: st.DrawFn, record: Row) -> Row:
    """The ledger's row of a record: what we wrote most often, and what became of it."""
    zone, owner, rr_type, data = (str(record[name]) for name in ("zone", "owner", "type", "rdata"))
    long_ago = minutes_ago(60 * 24 * 30)
    life = {
        "missing_since_at": draw(st.sampled_from([None, minutes_ago(60), *[long_ago] * 4])),
        "named_by": draw(st.sampled_from([*RANKS, None])),
        "is_adopted": draw(st.sampled_from([False, False, False, False, True])),
    }
    return written("dns", zone, owner, rr_type, draw(st.sampled_from([*[data] * 5, "192.0.2.9"])), **life)
