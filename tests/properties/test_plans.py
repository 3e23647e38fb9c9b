"""Laws of reconcile and plan, over small networks with everything in them that goes wrong.

A census of ten rows costs pandas as much as one of a thousand, so few are tried; NETCENSUS_EXAMPLES=200 tries others.
"""

import os
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import tables
from pipelines.contract import Table
from pipelines.plan import bookkeeping
from pipelines.plan.past import Past
from pipelines.reconcile.trust import frozen_sites
from tests.lives import BORN, reads_before
from tests.networks import AT, Tables, cells, census, hour
from tests.properties.hours import hours, old_hours
from tests.properties.laws import empties_only_ours, keeps_rows, proves_each_deletion, spares_what_is_never_ours
from tests.targets import applied_to_ipam, applied_to_zones, carried_out, intended, settled

EXAMPLES = int(os.environ.get("NETCENSUS_EXAMPLES", "6"))
LAW = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
HARMLESS = settings(LAW, max_examples=2 * EXAMPLES)  # one law for all that may go wrong: it is worth the time
OLD = Past(BORN, reads_before(AT))
CONTRACTS: dict[str, Table] = {table.name: table for table in tables.ALL}


def plain(made: Tables) -> dict[str, list[tuple[object, ...]]]:
    """The tables' rows, whatever their order."""
    return {name: cells(rows, *rows.columns) for name, rows in made.items()}


def keeps_contracts(made: Tables) -> None:
    """Whatever the sources said, the stages' tables are what they promise to be."""
    assert [text for name, rows in made.items() for text in CONTRACTS[name].violations(rows)] == []


def overwrites_only_ours(made: Tables, applied: pd.DataFrame) -> None:
    """Whatever a plan replaces reads as the ledger says we wrote it, or were about to."""
    for target, name in (("phpipam", "ipam_plan"), ("dns", "dns_plan")):
        changes = bookkeeping.entries(made[name], target)
        replaced = changes[(changes["action"] == "update") & changes["before"].notna()]
        known = replaced.merge(applied, on=bookkeeping.KEY, how="left", suffixes=("", "_ledger"))
        assert ((known["before"] == known["value"]) | (known["before"] == known["intended"])).all()


def leaves_frozen_sites_alone(made: Tables, sources: pd.DataFrame) -> None:
    """No row of a site with an unread source is planned, and no name loses an address there."""
    for site in frozen_sites(sources):
        assert site not in {*made["ipam_plan"]["site"], *made["dns_plan"]["site"]}
        updates = made["dns_plan"][(made["dns_plan"]["action"] == "update") & (made["dns_plan"]["type"] == "A")]
        for before, after in zip(updates["before"], updates["after"], strict=True):
            lost = set(before.split("\n")) - set(after.split("\n"))
            assert not any(ip.startswith("10.9." if site == "cabin" else "10.0.") for ip in lost)


@HARMLESS
@given(old_hours(), st.sampled_from([OLD, OLD, OLD, Past(), Past(AT - pd.Timedelta(days=6), OLD.reads)]))
def test_every_plan_is_harmless(given_hour: tuple[Tables, pd.DataFrame], past: Past) -> None:
    """Contracts are kept; what is never ours, somebody else's or a frozen site's is spared; deletions are proven."""
    parsed, applied = given_hour
    made = census(parsed, applied, past=past)
    after, _ = carried_out(parsed, made, applied)
    keeps_contracts(made)
    spares_what_is_never_ours(made["dns_plan"], parsed["zone_records"], applied)
    proves_each_deletion(made, parsed, applied, past)
    keeps_rows(parsed, after)
    empties_only_ours(made["ipam_plan"], applied)
    overwrites_only_ours(made, applied)
    leaves_frozen_sites_alone(made, parsed["sources"])


def test_nothing_gives_nothing() -> None:
    """With no row in any table, not even of sources, nothing is planned and every contract holds."""
    made = census({name: rows.head(0) for name, rows in hour().items()})
    keeps_contracts(made)
    assert made["ipam_plan"].empty
    assert made["dns_plan"].empty


@LAW
@given(hours())
def test_applying_a_plan_leaves_nothing_to_plan(given_hour: tuple[Tables, pd.DataFrame]) -> None:
    """A second run right after the first plans nothing: no change, no touch, no adoption."""
    parsed, applied = given_hour
    after, remembered = carried_out(parsed, census(parsed, applied), applied)
    again = census(after, remembered)
    assert plain({name: again[name] for name in ("ipam_plan", "dns_plan")}) == {"ipam_plan": [], "dns_plan": []}


@LAW
@given(hours(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(given_hour: tuple[Tables, pd.DataFrame], random: Any) -> None:
    """The sources may list their rows in any order: account and plan are the same, and no frame is written into."""
    parsed, applied = given_hour
    before = {name: rows.copy(deep=True) for name, rows in (parsed | {"applied": applied}).items()}
    made = plain(census(parsed, applied))
    for name, rows in before.items():
        pd.testing.assert_frame_equal(rows, (parsed | {"applied": applied})[name])
    shuffled = {name: rows.sample(frac=1, random_state=random.randrange(1000)) for name, rows in parsed.items()}
    assert plain(census({name: rows.reset_index(drop=True) for name, rows in shuffled.items()}, applied)) == made


@LAW
@given(hours(with_ledger=False))
def test_a_lost_ledger_overwrites_nothing(given_hour: tuple[Tables, pd.DataFrame]) -> None:
    """Without a memory only what is missing is created or filled, and what is equal adopted."""
    made = census(*given_hour)
    assert set(made["dns_plan"]["action"]) <= {"create", "adopt"}
    fields = made["ipam_plan"][~made["ipam_plan"]["action"].isin({"adopt", "touch"})]
    assert fields["before"].isna().all()


@LAW
@given(hours(), st.randoms(use_true_random=False))
def test_a_run_that_dies_while_sending_is_made_good(given_hour: tuple[Tables, pd.DataFrame], random: Any) -> None:
    """However much arrived of what was noted, the next run ends where an undisturbed one would have."""
    parsed, applied = given_hour
    made = census(parsed, applied)
    undisturbed, _ = carried_out(parsed, made, applied)
    remembered = intended(made["dns_plan"], "dns", settled(made["ipam_plan"], "phpipam", applied))
    arrived = made["dns_plan"].sample(frac=random.random(), random_state=random.randrange(1000))
    halfway = parsed | {
        "ipam_addresses": applied_to_ipam(parsed["ipam_addresses"], made["ipam_plan"]),
        "zone_records": applied_to_zones(parsed["zone_records"], arrived),
    }
    after, remembered = carried_out(halfway, census(halfway, remembered), remembered)
    assert plain({"zones": after["zone_records"]}) == plain({"zones": undisturbed["zone_records"]})
    assert census(after, remembered)["dns_plan"].empty


@LAW
@given(hours(), st.sampled_from(["lost race", "refused", "unknown"]))
def test_a_change_that_did_not_happen_is_planned_again(given_hour: tuple[Tables, pd.DataFrame], outcome: str) -> None:
    """Whatever kept a change from its target, the next run plans it again, and takes nothing else for its own."""
    parsed, applied = given_hour
    made = census(parsed, applied)
    remembered = settled(made["dns_plan"], "dns", settled(made["ipam_plan"], "phpipam", applied, outcome), outcome)
    again = census(parsed, remembered)
    for name in ("ipam_plan", "dns_plan"):
        work = plain({name: bookkeeping.work(again[name]).drop(columns="reason")})
        assert work == plain({name: bookkeeping.work(made[name]).drop(columns="reason")})
