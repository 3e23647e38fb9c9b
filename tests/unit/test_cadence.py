"""[cadence]: when each job runs, how long answers are good for, and which gateways a census leaves out."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from dagster._utils.schedules import cron_string_iterator

from pipelines import network as network_file
from pipelines import tables
from pipelines.due import not_due
from pipelines.errors import ConfigError
from pipelines.freshness import freshness
from pipelines.network import Cadence, Network
from schedules.dns_sync import dns_sync_when_changed
from schedules.prune import daily_prune
from schedules.regular import regular_census
from tests.networks import AT, NETWORK_TOML

SOFIA = "Europe/Sofia"
DIGEST = "0" * 64


def network(cadence: str = "", cabin: str = "", alerts: str = "", sources: str = "") -> Network:
    """The small network with these keys under these tables."""
    text = NETWORK_TOML.replace('label = "cabin"\n', f'label = "cabin"\n{cabin}\n')
    parts = {"cadence": cadence, "alerts": alerts, "sources": sources}
    return network_file.parse(text + "".join(f"\n[{name}]\n{keys}\n" for name, keys in parts.items()), "network.toml")


def ticks(cron: str, zone: str, start: datetime, days: float) -> list[datetime]:
    """The instants (UTC) at which Dagster's scheduler finds this cron due, in so many days."""
    found: list[datetime] = []
    for at in cron_string_iterator(start.timestamp(), cron, zone):
        if at >= start + timedelta(days=days):
            return found
        found.append(at.astimezone(UTC))
    return found


# --- when ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "cron"),
    [
        ("", "7 * * * *"),
        ("census_every_minutes = 15", "7,22,37,52 * * * *"),
        ("census_every_minutes = 20\ncensus_minute = 59", "19,39,59 * * * *"),
        ("census_every_minutes = 360", "7 0,6,12,18 * * *"),
        ("census_every_minutes = 1440\ncensus_minute = 0", "0 0 * * *"),
    ],
)
def test_the_census_is_at_its_minute_and_every_interval_from_there(keys: str, cron: str) -> None:
    """In cron's words, which is what Dagster shows and runs by."""
    assert network(keys).census_cron == cron


@pytest.mark.parametrize("every", [15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440])
@pytest.mark.parametrize("change", [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)])
def test_no_census_is_lost_or_doubled_when_the_clocks_change(every: int, change: datetime) -> None:
    """Over both changes of the year the ticks are just one interval apart."""
    found = ticks(network(f"census_every_minutes = {every}").census_cron, "UTC", change, days=3)
    assert len(found) == 3 * 1440 // every
    assert {later - at for at, later in pairwise(found)} == {timedelta(minutes=every)}


@pytest.mark.parametrize("prune_at", ["02:30", "03:00", "03:37", "04:00"])
@pytest.mark.parametrize("change", [datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 10, 23, 12, tzinfo=UTC)])
def test_every_night_is_pruned_once_also_in_the_hour_that_is_missing_or_there_twice(
    prune_at: str, change: datetime
) -> None:
    """In Sofia 03:00-04:00 is left out in March and comes twice in October: one prune each night, still at night."""
    found = ticks(network(f'prune_at = "{prune_at}"').cadence.prune_cron(), SOFIA, change, days=3)
    local = [at.astimezone(ZoneInfo(SOFIA)) for at in found]
    assert [at.date() for at in local] == [(change + timedelta(days=day)).date() for day in (1, 2, 3)]
    assert all(2 <= at.hour <= 4 for at in local)


def test_a_share_of_the_jitter_is_always_the_same_and_never_more() -> None:
    """By the network's own names: two networks need not have one minute, one network has it for good."""
    cadence = Cadence(jitter_minutes=10)
    shares = [cadence.jitter(f"site-{count}") for count in range(200)]
    assert set(shares) == set(range(11))
    assert shares == [cadence.jitter(f"site-{count}") for count in range(200)]
    assert {Cadence().jitter(f"site-{count}") for count in range(20)} == {0}
    moved = network("jitter_minutes = 59\ncensus_every_minutes = 15")
    minutes = [int(one) for one in moved.census_cron.split()[0].split(",")]
    assert minutes == list(range((7 + moved.jitter_minutes) % 15, 60, 15))


def test_the_schedules_say_in_the_ui_when_they_run_and_why_then() -> None:
    """The interval, the times, this network's share of the jitter, and who is asked less often."""
    moved = network("jitter_minutes = 9", cabin="every_hours = 3")
    said, cron = str(regular_census(moved).description), moved.census_cron
    assert said.startswith(f"Every 60 minutes by UTC ({cron}), {moved.jitter_minutes} of at most 9 minutes of jitter")
    assert said.endswith("Asked less often: cabin every 3 h.")
    assert (regular_census(moved).cron_schedule, regular_census(moved).execution_timezone) == (cron, "UTC")
    nightly = daily_prune(network('time_zone = "Asia/Tokyo"'))
    assert (nightly.execution_timezone, nightly.description) == (
        "Asia/Tokyo",
        "At night, 03:37 in Asia/Tokyo: what is old goes.",
    )
    assert dns_sync_when_changed(60).minimum_interval_seconds == 60


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"cadence": "census_every_minutes = 50"}, "cadence.census_every_minutes: Input should be 15, 20, 30, 60"),
        ({"cadence": "census_minute = 60"}, "cadence.census_minute: Input should be less than or equal to 59"),
        ({"cadence": 'prune_at = "3:37"'}, "cadence.prune_at: '3:37' is no time of the day; write one such as 03:37"),
        ({"cadence": 'prune_at = "24:00"'}, "cadence.prune_at: '24:00' is no time of the day"),
        ({"cadence": 'time_zone = "Sofia"'}, "cadence.time_zone: 'Sofia' is no time zone; write one such as"),
        ({"cadence": "minute = 7"}, "cadence.minute is no key netcensus knows"),
        ({"cabin": "every_hours = 5"}, "sites.cabin.every_hours: Input should be 1, 2, 3, 4, 6, 8, 12 or 24"),
        (
            {"cadence": "census_every_minutes = 120", "cabin": "every_hours = 3"},
            "sites.cabin.every_hours: 3 h is not a multiple of cadence.census_every_minutes (120), for only a census",
        ),
        (
            {"alerts": "stale_after_minutes = 60"},
            "alerts.stale_after_minutes: with a census every 60 minutes (cadence.census_every_minutes) all would be",
        ),
    ],
)
def test_what_does_not_fit_is_said_by_its_key_with_the_remedy(keys: dict[str, str], says: str) -> None:
    """Before anything runs."""
    with pytest.raises(ConfigError) as caught:
        network(**keys)
    assert says in str(caught.value)


def test_only_a_site_with_a_gateway_can_be_asked_less_often() -> None:
    """Else the key would mean nothing."""
    text = NETWORK_TOML.replace('gateway = {kind = "pfsense", host = "10.9.0.1", user = "admin"}', "every_hours = 3")
    with pytest.raises(ConfigError, match="every_hours says how often its gateway is asked, but it has none"):
        network_file.parse(text, "network.toml")


# --- for how long ------------------------------------------------------------------------------------------------


def test_what_is_stale_and_what_still_holds_follows_the_interval() -> None:
    """Two intervals and a little, each site by its own; what network.toml says itself counts for the others."""
    hourly, rare = network(), network(cabin="every_hours = 6")
    assert (hourly.hold("cabin"), hourly.stale_after("cabin")) == (timedelta(minutes=150), timedelta(minutes=130))
    assert (rare.hold("home"), rare.stale_after("home")) == (timedelta(minutes=150), timedelta(minutes=130))
    assert (rare.hold("cabin"), rare.stale_after("cabin")) == (timedelta(minutes=750), timedelta(minutes=730))
    assert network("census_every_minutes = 240").stale_after() == timedelta(minutes=490)
    said = network(cabin="every_hours = 6", alerts="stale_after_minutes = 90", sources="hold_minutes = 60")
    assert (said.stale_after(), said.stale_after("home")) == (timedelta(minutes=90), timedelta(minutes=90))
    assert (said.hold(), said.hold("cabin"), said.stale_after("cabin")) == (
        timedelta(minutes=60),
        timedelta(minutes=750),
        timedelta(minutes=730),
    )


def test_a_site_that_is_asked_every_six_hours_is_fresh_for_twelve() -> None:
    """The other site, read at the same time, is stale by then."""
    read = dict.fromkeys(("home", "cabin"), AT)
    now = AT + pd.Timedelta(hours=12)
    found = freshness(read, {"phpipam": now, "dns": now}, network=network(cabin="every_hours = 6"), now=now)
    assert {one.subject: one.is_fresh for one in found} == {"home": False, "cabin": True, "phpipam": True, "dns": True}


# --- which gateways ------------------------------------------------------------------------------------------------

HOURS_AGO = [
    (0.0, True),  # asked by hand just before
    (1.0, True),
    (2.0, True),
    (2.45, True),
    (2.99, False),  # three hours and a census that began a little late
    (3.0, False),
    (9.0, False),
    (-0.9, True),  # the tick is an hour late, and a person asked meanwhile
    (-2.0, False),  # the clock was ahead
]


@pytest.mark.parametrize(("hours", "is_left_out"), HOURS_AGO)
def test_a_gateway_is_asked_when_its_own_interval_is_over(hours: float, *, is_left_out: bool) -> None:
    """By when it was last asked, not by the hour of the day: a census that was missed does not cost it its turn."""
    rows = answers(AT - pd.Timedelta(hours=hours))
    assert bool(not_due({"cabin": rows}, network=network(cabin="every_hours = 3"), now=AT)) is is_left_out


def test_one_that_could_not_be_read_is_asked_again_by_the_next_census() -> None:
    """Only whole answers can stand for a site."""
    failed = answers(AT - pd.Timedelta(hours=1), reason="no answer")
    rare = network(cabin="every_hours = 3")
    assert not_due({"cabin": failed}, network=rare, now=AT) == {}
    assert not_due({"cabin": tables.SNAPSHOTS.empty()}, network=rare, now=AT) == {}
    said = not_due({"cabin": answers(AT - pd.Timedelta(hours=1))}, network=rare, now=AT)
    assert said == {"cabin": "cabin was asked at 2026-03-01 11:00 UTC, and is asked every 3 h"}


def answers(at: pd.Timestamp, reason: str | None = None) -> pd.DataFrame:
    """The answers of a gateway at a time; one of them is missing for `reason`."""
    common = (at, True, None, None, 0, DIGEST, 9)
    missing = (at, reason is None, reason, None, 0, DIGEST, 9)
    return tables.SNAPSHOTS.rows([("cabin", "kea4.leases", *common), ("cabin", "arp", *missing)])
