"""How full each range is, and the day it will be full."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from pipelines import network as network_file
from pipelines import tables
from pipelines.errors import ConfigError
from pipelines.reconcile.conflicts.forecast import forecast
from pipelines.reconcile.conflicts.pools import pool_conflicts, pools, use_to_note
from tests.contradictions import POOL, dhcp, the_census
from tests.networks import (
    ALICE,
    AT,
    BOB,
    CAROL,
    NETWORK_TOML,
    Tables,
    hour,
    in_ipam,
    lease,
    minutes_ago,
    neighbour,
    reservation,
    source,
)

FIRST, LAST = POOL.split("-")
METALLB = '[pools]\nmetallb = "10.0.0.200-10.0.0.220"\n'


def noted(*used: int, until: int = 0) -> dict[str, int]:
    """Use on consecutive days, the last of them so many days ago."""
    last = AT.date() - timedelta(days=until)
    return {(last - timedelta(days=back)).isoformat(): count for back, count in enumerate(reversed(used))}


def use(*rows: tuple[str, int]) -> pd.DataFrame:
    """`tables.POOL_USE` of the pool."""
    return tables.POOL_USE.rows([("home", FIRST, LAST, day, used) for day, used in rows])


def the_pool(parsed: Tables, toml: str = "", held: pd.DataFrame | None = None) -> dict[str, Any]:
    """The only pool of an hour."""
    rows: list[dict[str, Any]] = pools(the_census(parsed, toml=toml), use() if held is None else held).to_dict(
        "records"
    )
    (row,) = rows
    return row


# --- what counts -----------------------------------------------------------------------------------------------------


def test_leases_reservations_and_hosts_seen_are_what_a_pool_has_in_use() -> None:
    """Each address once; declined ones cannot be given out either, ended ones can."""
    leases = [
        lease("10.0.1.100", ALICE),
        lease("10.0.1.101", BOB, expires_at=minutes_ago(5)),
        lease("10.0.1.102", None, state="declined"),
        lease("10.0.1.103", None, state="reclaimed"),
        lease("10.0.1.50", CAROL),
    ]
    others = {
        "reservations": [reservation("10.0.1.100", ALICE), reservation("10.0.1.110", CAROL)],
        "neighbours": [neighbour("10.0.1.199", BOB), neighbour("10.0.1.198", None, state="incomplete")],
    }
    pool = the_pool(hour(leases=leases, dhcp_subnets=dhcp(), **others))
    assert (pool["used"], pool["free"], pool["size"]) == (4, 96, 100)


def test_a_named_range_is_counted_with_what_phpipam_holds() -> None:
    """MetalLB's 21 addresses: nobody leases them, so rows and ARP are what is known; Offline ones are free."""
    rows = [in_ipam("10.0.0.200"), in_ipam("10.0.0.201"), in_ipam("10.0.0.202", tag="Offline"), in_ipam("10.0.0.5")]
    parsed = hour(ipam_addresses=rows, neighbours=[neighbour("10.0.0.200", ALICE), neighbour("10.0.0.220", ALICE)])
    pool = the_pool(parsed, METALLB)
    assert (pool["name"], pool["size"], pool["used"], pool["subnet"]) == ("metallb", 21, 3, "10.0.0.0/24")


def test_a_site_that_was_not_read_whole_has_no_numbers() -> None:
    """Missing leases would look like free addresses (rule R1)."""
    pool = the_pool(hour(dhcp_subnets=dhcp(), unread=[source("home", "kea4.leases", "timed out")]))
    assert pd.isna(pool["used"])
    assert pool["forecast"].startswith("the site could not be read whole")


@pytest.mark.parametrize(
    "text", ["10.0.0.220-10.0.0.200", "10.0.0.200", "10.0.0.200-fd00::1", "10.0.0.200-10.0.2.1", "x"]
)
def test_a_range_that_is_none_is_refused_by_name(text: str) -> None:
    """Backwards, half, of two kinds, across subnets, or no addresses at all."""
    with pytest.raises(ConfigError, match=r"pools\.metallb"):
        network_file.parse(f'{NETWORK_TOML}[pools]\nmetallb = "{text}"\n', "network.toml")


# --- the forecast ----------------------------------------------------------------------------------------------------


def test_a_pool_that_fills_by_two_a_day_is_full_on_the_day_that_follows() -> None:
    """The trend over the days known, carried on from today."""
    ahead = forecast(noted(*range(20, 40, 2)), 38, 12, AT)
    assert (ahead.trend, ahead.days) == (2.0, 6)
    assert ahead.text == "+2.00 a day over the last 9 days: full on 2026-03-07"


def test_fewer_than_seven_days_are_no_forecast_and_it_says_so() -> None:
    """What is not known is not guessed."""
    ahead = forecast(noted(1, 2, 3, 4, 5, 6, 7), 7, 3, AT)
    assert (ahead.trend, ahead.days, ahead.text) == (None, None, "6 days of use known; a forecast needs 7")
    assert forecast({}, 5, 5, AT).text.startswith("0 days of use known")
    assert forecast(noted(1, 2, 3, 4, 5, 6, 7, 8), 8, 3, AT).days == 3


def test_a_day_without_a_note_was_as_the_one_before() -> None:
    """Only changes are noted: ten quiet days are ten days known."""
    quiet = forecast(noted(50, until=10), 50, 5, AT)
    assert (quiet.trend, quiet.days) == (0.0, None)
    assert quiet.text == "+0.00 a day over the last 10 days: not full within a year"


def test_one_day_of_visitors_does_not_bend_the_trend() -> None:
    """The median of slopes shrugs off what least squares would follow."""
    assert forecast(noted(*[20] * 8, 95, 20), 20, 80, AT).days is None


def test_only_the_last_thirty_days_count() -> None:
    """What was a quarter ago says nothing of next week."""
    assert forecast(noted(*range(100), *[100] * 31), 100, 5, AT).days is None


def test_a_full_pool_is_full_today_whatever_is_known() -> None:
    """No history is needed to see that."""
    assert (forecast({}, 5, 0, AT).days, forecast({}, 5, 0, AT).text) == (0, "full now")


@pytest.mark.parametrize(
    ("per_day", "severity"), [(5, "error"), (1, "warning"), (0, None)], ids=["this week", "this month", "never"]
)
def test_a_pool_about_to_be_full_is_told_the_sooner_the_louder(per_day: int, severity: str | None) -> None:
    """Within a week it is urgent, within a month somebody should look."""
    known = use(*noted(*[80 - per_day * back for back in range(8, -1, -1)]).items())
    leases = [lease(f"10.0.1.{100 + n}", f"00:16:3e:00:00:{n:02x}") for n in range(80)]
    census = the_census(hour(leases=leases, dhcp_subnets=dhcp()))
    found = pool_conflicts(census, pools(census, known))
    assert list(found["severity"]) == ([severity] if severity else [])


def test_a_range_inside_a_dhcp_servers_pool_is_told_once_and_its_hosts_not_at_all() -> None:
    """MetalLB and Kea may not give out the same addresses."""
    parsed = hour(
        dhcp_subnets=dhcp("10.0.0.150-10.0.0.250", "10.0.0.0/24"), neighbours=[neighbour("10.0.0.200", ALICE)]
    )
    census = the_census(parsed, toml=METALLB)
    found = pool_conflicts(census, pools(census, use()))
    assert list(found["kind"]) == ["pools-overlap"]
    assert list(found["evidence"]) == ["metallb lies in the DHCP server's pool 10.0.0.150-10.0.0.250"]


# --- what is noted of it ---------------------------------------------------------------------------------------------

READ = tables.READS.rows([("home", "arp", minutes_ago(60), 5)])
READ_YESTERDAY = tables.READS.rows([("home", "arp", minutes_ago(24 * 60), 5)])


def to_note(held: pd.DataFrame, reads: pd.DataFrame) -> list[tuple[object, ...]]:
    """What would be noted of a pool with one lease."""
    made = pools(the_census(hour(leases=[lease(FIRST, ALICE)], dhcp_subnets=dhcp())), held)
    return list(use_to_note(made, held, reads, AT).itertuples(index=False, name=None))


def test_the_first_census_of_a_day_notes_what_changed() -> None:
    """A day's note is what its first census found, so that days are compared at the same hour."""
    row = ("home", FIRST, LAST, "2026-03-01", 1)
    assert to_note(use(), tables.READS.empty()) == [row]
    assert to_note(use(("2026-02-27", 7)), READ_YESTERDAY) == [row]


def test_nothing_is_noted_twice_a_day_nor_when_it_is_as_it_was() -> None:
    """An unchanged pool costs no row, ever (rule R9)."""
    assert to_note(use(("2026-02-27", 1)), READ_YESTERDAY) == []
    assert to_note(use(("2026-02-27", 7)), READ) == []
    assert to_note(use(("2026-03-01", 7)), READ_YESTERDAY) == []
