"""TTLs: the class's, cut to the lease's rest and the SOA's expire when written, and then left in peace."""

import pytest

from pipelines import network as network_file
from tests.networks import (
    ALICE,
    NETWORK_TOML,
    Tables,
    cells,
    census,
    hour,
    in_ipam,
    in_zone,
    lease,
    ledger,
    minutes_ago,
    only,
    written,
)
from tests.targets import carried_out

NAME, IP, ZONE = "nas.example.lan.", "10.0.1.5", "example.lan."


def leased(minutes_left: float, valid_s: int | None = 3600) -> Tables:
    """An hour in which `nas` has a lease that ends in so many minutes, and no record yet."""
    return hour(leases=[lease(IP, ALICE, "nas", expires_at=minutes_ago(-minutes_left), valid_s=valid_s)])


def ours(minutes_left: float, live: int, noted: int | None = None) -> list[tuple[object, ...]]:
    """What is planned for the A of `nas` that we wrote with one TTL, and that has one now."""
    parsed = hour(
        leases=[lease(IP, ALICE, "nas", expires_at=minutes_ago(-minutes_left))],
        zone_records=[in_zone(NAME, "A", IP, ttl_s=live)],
    )
    made = census(parsed, ledger(written("dns", ZONE, NAME, "A", IP, ttl_s=noted or live)))
    return cells(only(made["dns_plan"], owner=NAME, type="A", action="update"), "before_ttl_s", "after_ttl_s")


@pytest.mark.parametrize(("minutes_left", "ttl_s"), [(55, 600), (20, 600), (10, 300), (1, 30), (0.01, 1)])
def test_a_new_record_does_not_outlive_half_of_what_is_left_of_its_lease(minutes_left: float, ttl_s: int) -> None:
    """The class's 600 seconds, or half the rest where that is less."""
    assert set(census(leased(minutes_left))["dns_plan"]["after_ttl_s"]) == {ttl_s}


def test_a_lease_without_end_cuts_nothing() -> None:
    """Its class's TTL holds."""
    made = census(hour(leases=[lease(IP, ALICE, "nas", expires_at=None, valid_s=None)]))
    assert set(made["dns_plan"]["after_ttl_s"]) == {600}


def test_a_record_that_is_right_is_not_rewritten_because_the_rest_shrank() -> None:
    """Nothing changed but the time: no UPDATE (rule R9)."""
    assert ours(minutes_left=5, live=600) == []
    assert ours(minutes_left=5, live=450) == []


def test_a_ttl_that_was_cut_is_raised_once_when_the_lease_bears_the_whole() -> None:
    """A record written in the last minute of a lease does not keep its short TTL for ever, nor creep up in steps."""
    assert ours(minutes_left=15, live=30) == []
    assert ours(minutes_left=50, live=30) == [(30, 600)]


def test_another_class_ttl_in_network_toml_is_written() -> None:
    """Lower or higher, as far as the lease bears it."""
    assert ours(minutes_left=50, live=900) == [(900, 600)]
    assert ours(minutes_left=10, live=900) == [(900, 300)]


def test_a_ttl_that_a_person_set_is_kept() -> None:
    """It is not as we wrote it."""
    assert ours(minutes_left=50, live=60, noted=600) == []


def test_no_ttl_is_above_the_zones_soa_expire() -> None:
    """Technitium would not even answer; and the data being right, nothing is rewritten for it."""
    short = "ns1.example.lan. admin.example.lan. 7 3600 600 900 300"
    made = census(hour(ipam_addresses=[in_ipam(IP, "nas")]) | _soa(short))
    assert cells(made["dns_plan"], "type", "after_ttl_s") == [("A", 900), ("PTR", 3600)]


def _soa(text: str) -> Tables:
    """The zones' apexes, that of example.lan with this SOA."""
    parsed = hour()["zone_records"]
    is_ours = (parsed["zone"] == ZONE) & (parsed["type"] == "SOA")
    return {"zone_records": parsed.assign(rdata=parsed["rdata"].mask(is_ours, text))}


def test_an_interrupted_writing_is_remembered_with_the_ttl_that_stands_there() -> None:
    """So that the TTL is known for ours although the lease's rest is another by now."""
    parsed = hour(
        leases=[lease(IP, ALICE, "nas", expires_at=minutes_ago(-5))], zone_records=[in_zone(NAME, "A", IP, ttl_s=400)]
    )
    made = census(parsed, ledger(written("dns", ZONE, NAME, "A", None, intended=IP, ttl_s=None)))
    adopted = only(made["dns_plan"], owner=NAME, type="A")
    assert cells(adopted, "action", "after_ttl_s") == [("adopt", 400)]


def test_what_network_toml_says_is_what_is_written() -> None:
    """[dns.ttl] by class: named by hand, named by a lease."""
    network = network_file.parse(NETWORK_TOML + "[dns.ttl]\nstatic = 7200\ndynamic = 120\n", "network.toml")
    parsed = hour(ipam_addresses=[in_ipam("10.0.1.9", "printer")], leases=[lease(IP, ALICE, "nas")])
    made = census(parsed, network=network)
    forward = only(made["dns_plan"], type="A")
    assert cells(forward, "owner", "after_ttl_s") == [(NAME, 120), ("printer.example.lan.", 7200)]


@pytest.mark.parametrize(("live", "noted"), [(600, 3600), (3600, 600), (3600, 3600)])
@pytest.mark.parametrize("intended", [IP, "10.0.1.9"])
def test_a_write_nobody_heard_the_end_of_leaves_nothing_to_raise_later(live: int, noted: int, intended: str) -> None:
    """What arrived is ours with its TTL; what merely reads right is adopted with its own. Either way, in one census."""
    parsed = hour(
        leases=[lease(IP, ALICE, "nas")],
        zone_records=[in_zone(NAME, "A", IP, ttl_s=live)],
    )
    in_flight = written("dns", ZONE, NAME, "A", "10.0.1.8", ttl_s=noted, intended=intended)
    after, remembered = carried_out(parsed, census(parsed, ledger(in_flight)), ledger(in_flight))
    assert cells(census(after, remembered)["dns_plan"], "owner", "type", "action") == []
