"""The judge of the day sees what it is there to see, and its truth follows netcensus's promises."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.soak.day.facts import FLAT, LAN, LONDON, MANAGEMENT, Facts, Lease, Neighbour, Place, pointer
from tests.soak.day.reading import Found, wrong_records, wrong_rows
from tests.soak.day.timetable import AUTUMN, whole_day
from tests.soak.day.truth import Truth

NOON = datetime(2026, 10, 24, 12, tzinfo=UTC)
HOUR, SLACK = timedelta(hours=1), timedelta(seconds=5)
TV, RADIO = "02:00:00:00:00:01", "02:00:00:00:00:02"
A, B = LAN.address(100), LAN.address(101)


def lease(ip: str, mac: str, name: str | None, at: datetime) -> Lease:
    """A lease of two hours."""
    return Lease(ip, mac, name, at, at + 2 * HOUR)


def day(*hours: dict[str, Lease], blind: frozenset[str] = frozenset()) -> tuple[Truth, Facts, datetime]:
    """The truth after so many hours with these leases, behind four in which nothing was; the last one is `blind`."""
    truth, facts = Truth(), Facts()
    for number, leases in enumerate([{}, {}, {}, {}, *hours]):
        at = NOON + number * HOUR
        facts.leases = leases
        truth.census(facts, at, blind if number == 3 + len(hours) else frozenset())
    return truth, facts, at


def owners(truth: Truth, facts: Facts, at: datetime) -> set[tuple[str, str]]:
    """What stands in DNS."""
    return set(truth.published.rrsets(facts, at))


@pytest.mark.parametrize(
    ("place", "types"),
    [(LAN, {"A", "PTR", "DHCID"}), (FLAT, {"A"}), (MANAGEMENT, {"A", "PTR", "DHCID"})],
    ids=["by us, with marks", "without a reverse zone", "by D2"],
)
def test_a_lease_has_its_row_and_its_name(place: Place, types: set[str]) -> None:
    """In phpIPAM and in DNS, whoever writes it there."""
    ip = place.address(100)
    truth, facts, at = day({ip: lease(ip, TV, "tv", NOON + 4 * HOUR)})
    assert (truth.rows[ip].name, truth.rows[ip].mac) == ("tv", TV)
    assert {rtype for _, rtype in owners(truth, facts, at)} == types


def test_a_name_stays_for_its_grace_and_its_row_for_longer() -> None:
    """Two hours after the census that missed the lease it goes from DNS; the row keeps it."""
    here = {A: lease(A, TV, "tv", NOON + 4 * HOUR)}
    assert owners(*day(here, {}, {}))
    truth, facts, at = day(here, {}, {}, {})
    assert not owners(truth, facts, at)
    assert truth.rows[A].name == "tv"


def test_a_name_that_moved_leaves_at_once_and_its_row_an_hour_later() -> None:
    """What something took the place of is not waited for."""
    first, then = {A: lease(A, TV, "tv", NOON + 4 * HOUR)}, {B: lease(B, TV, "tv", NOON + 5 * HOUR)}
    truth, facts, at = day(first, then)
    assert truth.published.addresses() == {B}
    assert truth.rows[A].name == "tv"
    truth.census(facts, at + HOUR / 2, frozenset())
    assert truth.rows[A].name is None


def test_an_address_has_one_pointer() -> None:
    """Whoever takes it over has it at once; the name of who was there waits for its grace."""
    first, then = {A: lease(A, TV, "tv", NOON + 4 * HOUR)}, {A: lease(A, RADIO, "radio", NOON + 5 * HOUR)}
    truth, facts, at = Truth(), Facts(leases=first), NOON + 4 * HOUR
    truth.census(facts, at, frozenset())
    facts.leases = then
    truth.census(facts, at + HOUR, frozenset())
    rrsets = truth.published.rrsets(facts, at + HOUR)
    assert rrsets[pointer(A), "PTR"] == {(600, "radio.viktorbarzin.lan.")}
    assert (LAN.owner("tv"), "A") in rrsets, "so early nothing is taken away"


def test_nothing_ends_at_a_site_nobody_could_look_at() -> None:
    """Its names, its rows and what is known of its addresses stay as they are."""
    ip = FLAT.address(100)
    here = {ip: lease(ip, TV, "tv", NOON + 4 * HOUR)}
    truth, facts, at = day(here, {}, {}, {}, blind=frozenset({LONDON}))
    assert owners(truth, facts, at)
    assert len(truth.looks[LONDON]) == 7


@pytest.mark.parametrize("name", ["wpad", "ns1"])
def test_a_client_may_not_have_every_name(name: str) -> None:
    """Its row has none then."""
    truth, facts, at = day({A: lease(A, TV, name, NOON + 4 * HOUR)})
    assert truth.rows[A].name is None
    assert not owners(truth, facts, at)


def test_last_seen_is_the_evidence_s_and_never_reads_earlier() -> None:
    """It is the time of the evidence; in the hour that autumn repeats, either reading may stand."""
    truth, facts = Truth(), Facts(neighbours={A: Neighbour(TV, NOON - HOUR / 6)})
    truth.census(facts, NOON, frozenset())
    assert truth.rows[A].texts() == {"2026-10-24 14:50:00"}
    for at in (AUTUMN - HOUR / 2, AUTUMN + HOUR / 4):
        facts.neighbours[A] = Neighbour(TV, at)
        truth.census(facts, at, frozenset())
    assert truth.rows[A].texts() == {"2026-10-25 03:30:00", "2026-10-25 03:15:00"}


GOOD = Found("tv", TV, 2, "2026-10-24 19:00:00")


@pytest.mark.parametrize(
    "now",
    [
        {},
        {A: Found(None, TV, 2, GOOD.seen)},
        {A: Found("tv", RADIO, 2, GOOD.seen)},
        {A: Found("tv", TV, 1, GOOD.seen)},
        {A: Found("tv", TV, 2, "2026-10-24 18:00:00")},
        {A: Found("tv", TV, 2, None)},
        {A: GOOD, B: GOOD},
    ],
    ids=["lacks", "no name", "another MAC", "Offline", "an hour off", "never seen", "too many"],
)
def test_a_wrong_row_is_seen(now: dict[str, Found]) -> None:
    """And a right one is right."""
    truth, _, _ = day({A: lease(A, TV, "tv", NOON + 4 * HOUR)})
    assert not [*wrong_rows({A: GOOD}, truth.rows, None, SLACK)]
    assert len([*wrong_rows(now, truth.rows, None, SLACK)]) == 1


def test_after_a_kill_a_row_or_record_may_still_be_as_it_was() -> None:
    """As it was or as it must be, and nothing else."""
    one, other = (frozenset({(600, ip)}) for ip in (A, B))
    key = ("tv.viktorbarzin.lan", "A")
    assert not [*wrong_records({key: one}, {key: other}, {key: one})]
    assert not [*wrong_records({}, {key: one}, {})]
    assert [*wrong_records({key: one}, {key: other}, {})]
    assert [*wrong_records({}, {key: one}, None)]
    assert [*wrong_records({key: frozenset({(60, A)})}, {key: one}, None)]


def test_a_day_has_everything_in_it() -> None:
    """Hours of outage in which the clocks change, half an answer, a kill and a still hour, each by itself."""
    table = whole_day(AUTUMN)
    assert len({*table.outage, table.half, table.killed, table.still}) == len(table.outage) + 3
    assert table.census_at(6) < AUTUMN < table.census_at(7)
    assert 7 in table.outage
