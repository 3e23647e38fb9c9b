"""Laws of devices: order means nothing, names alone mean nothing, what did not change is not written."""

import time

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import network as network_file
from pipelines import tables
from pipelines.reconcile.devices import device_interfaces, devices
from pipelines.reconcile.identity import changed, forgotten, remembered
from pipelines.reconcile.sightings import sightings
from tests.networks import AT, NETWORK, NETWORK_TOML, Row, frame, lease, minutes_ago, neighbour, reservation
from tests.properties.hours import rows_of

IPS = st.sampled_from([f"10.0.{net}.{last}" for net in (0, 1) for last in (5, 6, 7)] + ["10.9.0.5", "10.9.0.6"])
MACS = st.sampled_from(
    ["3c:e1:a1:00:00:01", "00:e0:4c:00:00:02", "d2:10:22:00:00:01", "66:16:22:00:00:02", "52:54:00:00:00:01", None]
)
NAMES = st.sampled_from(["nas", "iphone", "pixel-7", "gateway", "my phone", None])
CLIENT_IDS = st.sampled_from(["ffa1000001000100012a0000003ce1a1000001", "ffa2000001000100012a0000003ce1a1000001",
                              "006d79", "01d21022000001", None])  # fmt: skip
AGES = st.integers(0, 50).map(lambda ago: {"cltt_at": minutes_ago(ago)})
LEASES = rows_of(
    st.builds(
        lambda row, age, cid: row | age | {"client_id": cid}, st.builds(lease, IPS, MACS, NAMES), AGES, CLIENT_IDS
    ),
    "ip",
    most=8,
)
RESERVATIONS = st.lists(st.builds(reservation, IPS, MACS, NAMES), max_size=4)
NEIGHBOURS = rows_of(
    st.builds(lambda ip, mac, ago: neighbour(ip, mac, confirmed_at=minutes_ago(ago)), IPS, MACS, st.integers(0, 50)),
    "ip",
)
HOURS = st.tuples(LEASES, RESERVATIONS, NEIGHBOURS)


def interfaces(rows: tuple[list[Row], list[Row], list[Row]], known: pd.DataFrame) -> pd.DataFrame:
    """The interfaces of one hour."""
    order = (tables.LEASES, tables.RESERVATIONS, tables.NEIGHBOURS)
    leases, reservations, neighbours = (frame(table, some) for table, some in zip(order, rows, strict=True))
    seen = sightings(leases, neighbours, network=NETWORK, as_of=AT)
    made = device_interfaces(seen, leases, reservations, known, network=NETWORK, as_of=AT, frozen=())
    assert tables.DEVICE_INTERFACES.violations(made) == []
    return made


@given(st.lists(HOURS, min_size=1, max_size=2), st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None)
def test_the_order_of_rows_means_nothing(hours: list[tuple[list[Row], list[Row], list[Row]]], chance: object) -> None:
    """Whatever order the sources and the ledger list their rows in, the devices are the same, hour after hour."""
    known = tables.DEVICE_IDS.empty()
    for rows in hours:
        leases, reservations, neighbours = (_mixed(some, chance) for some in rows)
        made = interfaces(rows, known)
        mixed = interfaces((leases, reservations, neighbours), known.iloc[::-1].reset_index(drop=True))
        pd.testing.assert_frame_equal(made, mixed)
        known = remembered(made, known)


def _mixed(rows: list[Row], chance: object) -> list[Row]:
    mixed = list(rows)
    chance.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis's random
    return mixed


@given(st.lists(HOURS, min_size=1, max_size=2))
@settings(max_examples=12, deadline=None)
def test_a_run_right_after_another_writes_nothing(hours: list[tuple[list[Row], list[Row], list[Row]]]) -> None:
    """The same hour once more: the same devices, and nothing for the ledger (rule R9)."""
    known = tables.DEVICE_IDS.empty()
    for rows in hours:
        first = interfaces(rows, known)
        known = remembered(first, known)
        second = interfaces(rows, known)
        again = remembered(second, known)
        assert changed(again, known).empty
        assert forgotten(again, known).empty
        assert list(second["device_id"]) == list(first["device_id"])


@given(st.lists(LEASES, min_size=2, max_size=2))
@settings(max_examples=12, deadline=None)
def test_no_device_is_made_on_a_name_alone(hours: list[list[Row]]) -> None:
    """Of interfaces without identifier and reservation, those of one device and site take turns: one is random."""
    known = tables.DEVICE_IDS.empty()
    for at, leases in enumerate(hours):
        rows = [row | {"client_id": None} for row in leases]
        made = interfaces((rows, [], []), known)
        known = remembered(made, known)
        for _, some in made.groupby(["device_id", "site"]):
            assert len(some) == 1 or (at > 0 and "random" in set(some["kind"]) and "turn" in set(some["evidence"]))


def test_ten_thousand_interfaces_take_half_a_second() -> None:
    """Of processor time, with all of them known and a fifth of them joined by DUID; ten times as much is let pass."""
    network = network_file.parse(NETWORK_TOML.replace('"10.0.1.0/24"]', '"10.16.0.0/16"]'), "x")
    rows = [
        lease(f"10.16.{at >> 8}.{at & 255}", f"3c:e1:a1:00:{at >> 8:02x}:{at & 255:02x}", f"host-{at}")
        | {"site": "home", "client_id": f"ffa10000010001{at % 8000 + 300:012x}"}
        for at in range(1, 10_001)
    ]
    leases, reservations = frame(tables.LEASES, rows), tables.RESERVATIONS.empty()
    seen = sightings(leases, tables.NEIGHBOURS.empty(), network=network, as_of=AT)
    known = tables.DEVICE_IDS.empty()
    for _ in range(2):
        began = time.process_time()
        made = device_interfaces(seen, leases, reservations, known, network=network, as_of=AT, frozen=())
        found = devices(made, tables.NAME_CLAIMS.empty(), tables.BINDINGS.empty())
        known = remembered(made, known)
        took_s = time.process_time() - began
    assert len(found) == 8000
    assert took_s < 5
