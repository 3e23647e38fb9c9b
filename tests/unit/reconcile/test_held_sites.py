"""A census that did not ask one site's gateway: its last answers stand, as of when it was asked, and grow no older."""

import pandas as pd

from pipelines import tables
from pipelines.history import observations
from pipelines.reconcile.as_of import asked_at, at_site, census_time
from tests.lives import World
from tests.networks import ALICE, AT, BOB, Row, Tables, census, granted, hour, lease, minutes_ago, only, source

CABIN = "10.9.0.5"
HELD = [
    lease(CABIN, ALICE, "tablet", cltt_at=minutes_ago(190), expires_at=minutes_ago(130)),
    lease("10.0.1.5", BOB, "laptop"),
]
"""The cabin was asked three hours ago: its lease ran then, and nobody knows whether it was renewed since."""
LISTED = source("cabin", "static-list/house")


def asked_ago(parsed: Tables, minutes: float, *more: Row) -> Tables:
    """The hour with the cabin's gateway asked so long ago, the other one now; and more sources, read now."""
    rows = parsed["sources"]
    old = rows["read_at"].mask(rows["site"] == "cabin", minutes_ago(minutes))
    return parsed | {"sources": tables.SOURCES.concat([rows.assign(read_at=old), _frame(more)])}


def _frame(rows: tuple[Row, ...]) -> pd.DataFrame:
    return tables.SOURCES.rows([[row[name] for name in tables.SOURCES.names] for row in rows])


def test_a_lease_that_ran_when_its_gateway_was_asked_still_names_its_address() -> None:
    """Had the gateway been asked now, the same lease would be over; the other site is of now in both."""
    held, now = (census(asked_ago(hour(leases=HELD), minutes)) for minutes in (180, 0))
    assert granted(held) == {CABIN: "tablet.cabin.example.lan", "10.0.1.5": "laptop.example.lan"}
    assert granted(now) == {"10.0.1.5": "laptop.example.lan"}
    (seen,) = only(held["bindings"], ip=CABIN)["last_seen_at"]
    assert seen == minutes_ago(190)


def test_hours_in_which_it_is_not_asked_plan_nothing_for_it() -> None:
    """Its lease ends meanwhile: nothing is withdrawn, set Offline, touched or asked of Kea, for nobody has looked."""
    world = World()
    first = asked_ago(hour(leases=HELD), 180)
    world.census(0, leases=HELD, asked=-3)
    for later in (1, 2, 30):
        at = AT + pd.Timedelta(hours=later)
        parsed = hour(leases=HELD[:1], zone_records=world.zone_records, ipam_addresses=world.ipam_addresses)
        is_cabins = parsed["sources"]["site"] == "cabin"
        parsed["sources"] = parsed["sources"].assign(read_at=first["sources"]["read_at"].where(is_cabins, at))
        made = census(parsed, world.applied)
        for plan in ("ipam_plan", "dns_plan", "heal_plan"):
            assert only(made[plan], site="cabin").empty, (later, plan)


def test_history_gets_no_look_at_a_site_that_was_not_asked() -> None:
    """Not even when a list that tells of the site was read: the look is the gateway's, and is known already."""
    parsed = asked_ago(hour(leases=HELD), 180, LISTED)
    made = census(parsed)
    looks = {one.site: one.at for one in observations(made["bindings"], made["name_claims"], parsed["sources"], ())}
    assert looks == {"home": AT, "cabin": minutes_ago(180)}


def test_the_instant_of_a_site_is_its_gateways() -> None:
    """By site; of a site of which there is no source at all, the latest; the census is of when the last was asked."""
    sources = asked_ago(hour(), 180, LISTED)["sources"]
    found = asked_at(sources)
    assert found[["home", "cabin"]].to_list() == [AT, minutes_ago(180)]
    assert at_site(found, pd.Series(["cabin", "attic"])).to_list() == [minutes_ago(180), AT]
    assert at_site(AT, pd.Series(["cabin"])) == AT
    assert census_time(sources) == AT
