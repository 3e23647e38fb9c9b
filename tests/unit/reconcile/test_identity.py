"""How a device stays the one it was, hour after hour."""

from pipelines import tables
from pipelines.reconcile.devices import devices
from tests.networks import cells, lease, neighbour, reservation
from tests.unit.reconcile.remembering import (
    DOCK,
    DUID,
    LAPTOP,
    OTHER,
    OTHER_DUID,
    PRIVATE,
    Memory,
    by_duid,
    handwritten,
    is_one,
)


def test_a_device_keeps_its_identity_when_its_address_changes() -> None:
    """An address is no part of what it is."""
    memory = Memory()
    first = memory.census(leases=[lease("10.0.0.5", LAPTOP)])
    assert memory.census(1, leases=[lease("10.0.1.77", LAPTOP)]) == first


def test_a_device_keeps_its_identity_when_its_mac_changes() -> None:
    """Its operating system tells that it is the same, though the old card is gone."""
    memory = Memory()
    first = memory.census(leases=[lease("10.0.0.5", LAPTOP, client_id=by_duid(DUID))])
    ids = memory.census(100, leases=[lease("10.0.0.6", OTHER, client_id=by_duid(DUID))])
    assert ids[OTHER] == first[LAPTOP]


def test_a_device_keeps_its_identity_when_its_system_is_installed_anew() -> None:
    """Another DUID at all its interfaces, and no other device gives it: the machine is the same."""
    memory = Memory()
    leases = [lease("10.0.0.5", LAPTOP), lease("10.0.0.6", DOCK)]
    first = memory.census(leases=[row | {"client_id": by_duid(DUID)} for row in leases])
    assert memory.census(1, leases=[row | {"client_id": by_duid(OTHER_DUID)} for row in leases]) == first


def test_a_dock_goes_with_whoever_uses_it() -> None:
    """Carried from one laptop to the next it joins the two never: it says whose it is by the DUID it gives."""
    memory = Memory()
    mine = [lease("10.0.0.5", LAPTOP, client_id=by_duid(DUID)), lease("10.0.0.7", DOCK, client_id=by_duid(DUID))]
    yours = [
        lease("10.0.0.6", OTHER, client_id=by_duid(OTHER_DUID)),
        lease("10.0.0.7", DOCK, client_id=by_duid(OTHER_DUID)),
    ]
    first = memory.census(leases=[*mine, yours[0]])
    assert is_one(first, LAPTOP, DOCK)
    second = memory.census(8, leases=[mine[0], *yours])
    assert is_one(second, OTHER, DOCK)
    assert second[LAPTOP] == first[LAPTOP]
    assert second[OTHER] == first[OTHER]
    assert memory.census(16, leases=[*mine, yours[0]]) == first


def test_one_maker_s_mac_at_two_sites_is_one_device() -> None:
    """A laptop travels. A container's address is the same on every host, and a random one is nobody's."""
    docker = "02:42:ac:11:00:02"
    entries = [
        neighbour(ip, mac)
        for ip, mac in (("10.0.0.5", LAPTOP), ("10.9.0.5", LAPTOP), ("10.0.0.6", docker), ("10.9.0.6", docker))
    ]
    memory = Memory()
    memory.census(neighbours=entries)
    found = devices(memory.interfaces, tables.NAME_CLAIMS.empty(), tables.BINDINGS.empty())
    assert cells(found, "sites", "kind") == [("cabin", "virtual"), ("cabin,home", "universal"), ("home", "virtual")]


def test_when_two_known_devices_turn_out_to_be_one_the_older_id_stays() -> None:
    """The other is remembered, and comes back when they are split again."""
    memory = Memory()
    old = memory.census(leases=[lease("10.0.0.6", OTHER)])[OTHER]
    young = memory.census(5, leases=[lease("10.0.0.5", LAPTOP), lease("10.0.0.6", OTHER)])[LAPTOP]
    memory.network = handwritten(f'merge = [["{LAPTOP}", "{OTHER}"]]')
    assert memory.census(6) == {LAPTOP: old, OTHER: old}
    assert list(devices(memory.interfaces, tables.NAME_CLAIMS.empty(), tables.BINDINGS.empty())["former_ids"]) == [
        young
    ]
    memory.network = handwritten(f'split = [["{LAPTOP}", "{OTHER}"]]')
    assert memory.census(7) == {LAPTOP: young, OTHER: old}
    assert devices(memory.interfaces, tables.NAME_CLAIMS.empty(), tables.BINDINGS.empty())["former_ids"].isna().all()


def test_an_id_is_short_and_the_same_after_the_ledger_was_lost() -> None:
    """It is made from the interface first seen."""
    ids = [Memory().census(hours, leases=[lease("10.0.0.5", LAPTOP)])[LAPTOP] for hours in (0, 99)]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 10


def test_an_interface_is_forgotten_after_half_a_year() -> None:
    """Guests' random MACs do not pile up for ever; what is reserved stays."""
    memory = Memory()
    memory.census(leases=[lease("10.0.0.5", PRIVATE)])
    assert set(memory.census(179 * 24)) == {PRIVATE}
    assert set(memory.census(181 * 24, reservations=[reservation("10.0.0.7", DOCK)])) == {DOCK}
    assert memory.census(9000) == {}


def test_a_second_run_writes_nothing() -> None:
    """Nor does any run in the week after, but for what is new; then each device costs one write (rule R9)."""
    rows = {
        "leases": [lease("10.0.0.5", LAPTOP, "nb", client_id=by_duid(DUID)), lease("10.0.0.6", PRIVATE, "pixel-7")],
        "reservations": [reservation("10.0.0.7", DOCK, "nas"), reservation("10.0.0.7", OTHER, "nas2")],
        "neighbours": [neighbour("10.9.0.8", LAPTOP)],
    }
    memory = Memory()
    memory.census(0, (), **rows)
    assert memory.written == 5
    for hours in (0, 1, 24, 167):
        memory.census(hours, (), **rows)
        assert memory.written == 0
    memory.census(168, (), **rows)
    assert memory.written == 3
