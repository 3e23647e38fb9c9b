"""The ledger's memory of devices, on a fresh SQLite file each time."""

from pathlib import Path

import pandas as pd
import pytest

from pipelines import tables
from pipelines.reconcile.devices import device_interfaces
from pipelines.reconcile.sightings import sightings
from resources.known_devices import KnownDevices
from tests.networks import ALICE, AT, BOB, CAROL, NETWORK, Row, frame, lease, reservation


@pytest.fixture
def memory(tmp_path: Path) -> KnownDevices:
    """A memory of nothing."""
    return KnownDevices(f"sqlite:///{tmp_path}/ledger.sqlite")


def interfaces(memory: KnownDevices, *rows: Row, hours: float = 0) -> pd.DataFrame:
    """The interfaces of an hour with these leases and a reservation, as the memory knows them."""
    at = AT + pd.Timedelta(hours=hours)
    moved = [row | {"cltt_at": at, "expires_at": at + pd.Timedelta(hours=1)} for row in rows]
    leases = frame(tables.LEASES, moved)
    seen = sightings(leases, tables.NEIGHBOURS.empty(), network=NETWORK, as_of=at)
    reserved = frame(tables.RESERVATIONS, [reservation("10.0.0.9", CAROL, "nas")])
    return device_interfaces(seen, leases, reserved, memory.known(), network=NETWORK, as_of=at, frozen=())


def stored(folder: Path) -> dict[str, bytes]:
    """The ledger's files but the index that readers lock (sqlite.org/walformat, section 2)."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}


def test_what_was_noted_is_known(memory: KnownDevices, tmp_path: Path) -> None:
    """To another process too; and what is only reserved has no sighting there."""
    made = interfaces(memory, lease("10.0.0.5", ALICE, "tv"), lease("10.0.0.6", None, client_id="ff01"))
    assert memory.note(made) == 3
    known = KnownDevices(f"sqlite:///{tmp_path}/ledger.sqlite").known()
    assert tables.DEVICE_IDS.violations(known) == []
    assert list(known["interface"]) == [ALICE, CAROL, "client-id:ff01"]
    assert list(known["name"].dropna()) == ["tv.example.lan."]
    assert known["last_seen_at"].isna().tolist() == [False, True, False]


def test_an_unchanged_second_run_writes_nothing(memory: KnownDevices, tmp_path: Path) -> None:
    """Not one byte of the ledger's files, an hour later either (rule R9)."""
    memory.note(interfaces(memory, lease("10.0.0.5", ALICE, "tv")))
    before = stored(tmp_path)
    for hours in (0, 1, 100):
        assert memory.note(interfaces(memory, lease("10.0.0.5", ALICE, "tv"), hours=hours)) == 0
    assert stored(tmp_path) == before


def test_only_what_changed_is_written_and_what_is_forgotten_goes(memory: KnownDevices) -> None:
    """A new interface is one row; half a year later the other is gone."""
    memory.note(interfaces(memory, lease("10.0.0.5", ALICE, "tv")))
    assert memory.note(interfaces(memory, lease("10.0.0.5", ALICE, "tv"), lease("10.0.0.6", BOB))) == 1
    assert memory.note(interfaces(memory, lease("10.0.0.6", BOB), hours=181 * 24)) == 2
    assert list(memory.known()["interface"]) == [BOB, CAROL]
