"""Names that more than one device bears."""

from dataclasses import replace

import pytest

from pipelines import tables
from pipelines.reconcile.account import account_of_devices
from tests.contradictions import the_census, told
from tests.networks import ALICE, BOB, Row, hour, in_ipam, lease, minutes_ago, neighbour, reservation

HERE, THERE, CABIN = "10.0.1.5", "10.0.1.6", "10.9.0.5"
PHONE, PHONE_BEFORE = "da:a1:19:00:00:01", "da:a1:19:00:00:02"
"""MACs that phones make up."""


def told_of(kind: str, **rows: list[Row]) -> dict[str, str]:
    """The conflicts of one kind in an hour with these rows."""
    return told(the_census(hour(**rows)), kind)


def test_one_name_on_two_devices_of_a_site_is_told_with_both() -> None:
    """The evidence names both addresses, devices, sources and times, whatever the order of arrival."""
    rivals = [lease(HERE, ALICE, "tv"), lease(THERE, BOB, "tv")]
    for order in (rivals, rivals[::-1]):
        assert told_of("duplicate-name", leases=order) == {
            "tv.example.lan.": f"wanted by {HERE} ({ALICE}, kea4.leases, seen at 2026-03-01 11:50 UTC), "
            f"{THERE} ({BOB}, kea4.leases, seen at 2026-03-01 11:50 UTC)"
        }


def test_one_full_name_across_sites_is_told_of_no_site() -> None:
    """A client may claim a name of another site."""
    found = told_of("duplicate-name", leases=[lease(HERE, ALICE, "tv"), lease(CABIN, BOB, "tv.example.lan")])
    assert found.keys() == {"tv.example.lan."}


def test_the_same_short_name_at_two_sites_is_only_noted() -> None:
    """Their full names differ, so no record contradicts another."""
    rows = [lease(HERE, ALICE, "tv"), lease(CABIN, BOB, "tv")]
    assert told_of("duplicate-name", leases=rows) == {}
    (evidence,) = told_of("same-name-at-two-sites", leases=rows).values()
    assert "home, tv.example.lan." in evidence
    assert "cabin, tv.cabin.example.lan." in evidence


@pytest.mark.parametrize(
    "rows",
    [
        {"leases": [lease(HERE, ALICE, "tv"), lease(THERE, ALICE, "tv")]},
        {"leases": [lease(HERE, ALICE, "localhost"), lease(THERE, BOB, "localhost")]},
        {"leases": [lease(HERE, ALICE, "tv.other.lan"), lease(THERE, BOB, "tv.other.lan")]},
        {"leases": [lease(HERE, PHONE, "phone"), lease(THERE, PHONE_BEFORE, "phone", cltt_at=minutes_ago(40))]},
        {"leases": [lease(HERE, ALICE, "tv")], "ipam_addresses": [in_ipam(THERE, "tv", description="-- kea lease --")]},
    ],
    ids=["one device", "a reserved word", "none of ours", "a phone with a new MAC", "left by an import"],
)
def test_a_name_that_one_device_bears_is_no_duplicate(rows: dict[str, list[Row]]) -> None:
    """A phone that made up a new MAC leaves its old lease behind; nobody claims what is not ours to give."""
    assert told_of("duplicate-name", **rows) == {}


def test_two_phones_with_made_up_macs_that_are_both_there_are_two() -> None:
    """Both were confirmed within the window."""
    leases = [lease(HERE, PHONE, "phone"), lease(THERE, PHONE_BEFORE, "phone", cltt_at=minutes_ago(40))]
    found = told_of("duplicate-name", leases=leases, neighbours=[neighbour(THERE, PHONE_BEFORE)])
    assert found.keys() == {"phone.example.lan."}


def test_a_device_whose_name_is_reserved_for_another_is_told() -> None:
    """Reservation and lease of two devices with one name."""
    rows = {"leases": [lease(HERE, ALICE, "nas")], "reservations": [reservation(THERE, BOB, "nas")]}
    assert told_of("duplicate-name", **rows).keys() == {"nas.example.lan."}


def test_two_interfaces_of_one_device_are_no_duplicate() -> None:
    """A laptop with cable and radio bears its name on both."""
    parsed = hour(leases=[lease(HERE, ALICE, "laptop"), lease(THERE, BOB, "laptop")])
    plain = the_census(parsed)
    one = account_of_devices(parsed, plain.made, tables.DEVICE_IDS.empty(), network=plain.network)
    interfaces = one["device_interfaces"].assign(device_id="laptop")
    known = replace(plain, made={**plain.made, "device_interfaces": interfaces})
    assert told(plain, "duplicate-name").keys() == {"laptop.example.lan."}
    assert told(known, "duplicate-name") == {}
