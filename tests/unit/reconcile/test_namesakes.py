"""Devices are never joined on a name alone: what else it takes."""

import pandas as pd

from tests.networks import AT, lease, reservation
from tests.unit.reconcile.remembering import FRESH, LAPTOP, OTHER, PRIVATE, THIRD, Memory, is_one


def test_two_devices_may_call_themselves_the_same() -> None:
    """Makers' MACs, at once or one after the other: a name is what anybody says of himself."""
    memory = Memory()
    memory.census(leases=[lease("10.0.0.5", LAPTOP, "laptop")])
    ids = memory.census(5, leases=[lease("10.0.0.6", OTHER, "laptop")])
    assert ids[LAPTOP] != ids[OTHER]


def test_a_new_random_mac_takes_up_where_the_last_one_left() -> None:
    """A phone made itself another MAC: the same name at the same site, and the old one is no more seen."""
    memory = Memory()
    first = memory.census(leases=[lease("10.0.0.5", PRIVATE, "pixel-7")])
    ids = memory.census(48, leases=[lease("10.0.0.9", FRESH, "pixel-7")])
    assert ids == {PRIVATE: first[PRIVATE], FRESH: first[PRIVATE]}
    assert (
        memory.told(FRESH, "reason") == "a new MAC under the lease name pixel-7.example.lan., after the last was gone"
    )
    assert is_one(memory.census(400, leases=[lease("10.0.0.3", THIRD, "pixel-7")]), PRIVATE, FRESH, THIRD)


def test_the_old_macs_lease_may_still_run() -> None:
    """What counts is when each was last confirmed, not that Kea keeps the lease until its end."""
    memory = Memory()
    memory.census(leases=[lease("10.0.0.5", PRIVATE, "pixel-7", valid_s=86400)])
    left = lease(
        "10.0.0.5", PRIVATE, "pixel-7", cltt_at=AT - pd.Timedelta(minutes=70), expires_at=AT + pd.Timedelta(days=1)
    )
    assert is_one(memory.census(1, leases=[left, lease("10.0.0.9", FRESH, "pixel-7")]), PRIVATE, FRESH)


def test_two_phones_of_one_name_at_the_same_time_are_two() -> None:
    """The first is seen after the second has come, in that hour or a later one: they are told apart for good."""
    early, late = {"cltt_at": AT - pd.Timedelta(minutes=30)}, {"cltt_at": AT - pd.Timedelta(minutes=10)}
    one, two = lease("10.0.0.5", PRIVATE, "iphone"), lease("10.0.0.9", FRESH, "iphone")
    memory = Memory()
    first = memory.census(leases=[one])
    assert memory.census(1, leases=[one | late, two | early])[FRESH] != first[PRIVATE]
    memory = Memory()
    memory.census(leases=[one])
    assert memory.census(1, leases=[two])[FRESH] == first[PRIVATE]
    ids = memory.census(2, leases=[one | early, two | late])
    assert ids[FRESH] != ids[PRIVATE] == first[PRIVATE]
    assert memory.census(3, leases=[two]) == ids
    assert memory.told(FRESH, "evidence") == "alone"


def test_a_phone_may_go_back_to_its_old_mac() -> None:
    """It is seen under the new one no more: still one phone."""
    memory = Memory()
    memory.census(leases=[lease("10.0.0.5", PRIVATE, "pixel-7")])
    memory.census(5, leases=[lease("10.0.0.9", FRESH, "pixel-7")])
    assert is_one(memory.census(9, leases=[lease("10.0.0.5", PRIVATE, "pixel-7")]), PRIVATE, FRESH)


def test_no_name_is_taken_up_that_is_doubtful() -> None:
    """Two known devices of it, two newcomers, one at another site, or one that comes after two months."""
    old, other, new = (lease(f"10.0.0.{last}", mac, "iphone") for last, mac in ((5, PRIVATE), (6, THIRD), (9, FRESH)))
    for before, after, hours in (
        ([old, other], [new], 5),
        ([old], [other, new], 5),
        ([old], [lease("10.9.0.9", FRESH, "iphone")], 5),
        ([old], [new], 1440),
        ([lease("10.0.0.5", PRIVATE, "gateway")], [lease("10.0.0.9", FRESH, "gateway")], 5),
        ([lease("10.0.0.5", PRIVATE, "my phone")], [lease("10.0.0.9", FRESH, "my phone")], 5),
        ([lease("10.0.0.5", PRIVATE, None)], [lease("10.0.0.9", FRESH, None)], 5),
        ([lease("10.0.0.5", "52:54:00:00:00:01", "vm")], [lease("10.0.0.9", "52:54:00:00:00:02", "vm")], 5),
    ):  # fmt: skip
        memory = Memory()
        memory.census(leases=before)
        ids = memory.census(hours, leases=after)
        assert len(set(ids.values())) == len(ids), before


def test_nobody_becomes_the_nas_by_its_name() -> None:
    """A reserved name is not taken up: it is the device's that has the reservation."""
    reserved = [reservation("10.0.0.5", LAPTOP, "nas")]
    memory = Memory()
    memory.census(leases=[lease("10.0.0.5", LAPTOP, "nas")], reservations=reserved)
    ids = memory.census(5, leases=[lease("10.0.0.9", FRESH, "nas")], reservations=reserved)
    assert ids[FRESH] != ids[LAPTOP]


def test_nothing_is_concluded_from_a_site_that_was_not_read() -> None:
    """Its devices stay as they are known: nobody is gone because nobody could look (rule R1)."""
    memory = Memory()
    first = memory.census(leases=[lease("10.9.0.5", PRIVATE, "pixel-7")])
    assert memory.census(5, frozen=("cabin",), leases=[lease("10.9.0.9", FRESH, "pixel-7")]) == first
    assert memory.census(8000, frozen=("cabin",)) == first
    assert memory.census(8000) == {}
