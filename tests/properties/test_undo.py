"""Laws of undo: a census taken back leaves no trace but what has no inverse, and the next one does not do it again."""

from dataclasses import replace

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipelines import tables
from pipelines.network import Network
from pipelines.plan import bookkeeping
from pipelines.plan.undo import undo
from tests.networks import AT, NETWORK, Tables, cells, census
from tests.properties.hours import old_hours
from tests.properties.laws import spares_what_is_never_ours
from tests.properties.test_plans import LAW, OLD, keeps_contracts
from tests.targets import carried_out, written

REMOVES = NETWORK.model_copy(update={"withdraw": NETWORK.withdraw.model_copy(update={"remove_rows_after_days": 30})})
_TEXTS = ("id_phpipam", "ip", "hostname", "mac", "description", "tag", "is_gateway")


def work(made: Tables) -> list[pd.DataFrame]:
    """What both plans change, without when somebody was seen."""
    plans = [bookkeeping.work(made[name]) for name in ("ipam_plan", "dns_plan")]
    return [plan[plan["action"] != "touch"] for plan in plans]


def holds_of(undone: pd.DataFrame) -> pd.DataFrame:
    """What the ledger holds after an undo."""
    return tables.HOLDS.frame(undone[undone["is_held"]].assign(by_run_id="undo", at=AT))


def is_as_before(before: Tables, now: Tables, *, removes_rows: bool) -> None:
    """The zones to the record; phpIPAM but for lastSeen, and for rows that may not be deleted: those are empty."""
    assert cells(now["zone_records"], *tables.ZONE_RECORDS.names) == cells(
        before["zone_records"], *tables.ZONE_RECORDS.names
    )
    rows = now["ipam_addresses"]
    known = rows["id_phpipam"].isin(before["ipam_addresses"]["id_phpipam"])
    assert cells(rows[known], *_TEXTS) == cells(before["ipam_addresses"], *_TEXTS)
    made = rows[~known]
    assert made.empty or not removes_rows
    assert (made["tag"] == "Offline").all()
    assert made[["hostname", "mac"]].isna().all(axis=None)


@LAW
@given(old_hours(), st.sampled_from([NETWORK, REMOVES]))
def test_a_census_that_is_undone_leaves_no_trace_and_is_not_done_again(
    one: tuple[Tables, pd.DataFrame], network: Network
) -> None:
    """Whatever a census did, undoing it restores both targets, spares what is never ours, and the next one holds."""
    parsed, applied = one
    made = census(parsed, applied, network, OLD)
    after, known = carried_out(parsed, made, applied)
    wrote = written(made, after, applied, "census")
    back = undo(wrote, tables.WRITTEN.empty(), after, known, network=network)
    keeps_contracts({name: rows for name, rows in back.items() if name != "undone"})
    spares_what_is_never_ours(back["dns_plan"], after["zone_records"], known)
    restored, then = carried_out(after, back, known)
    is_as_before(parsed, restored, removes_rows=network is REMOVES)
    again = census(restored, then, network, replace(OLD, holds=holds_of(back["undone"])))
    assert [cells(plan, *plan.columns) for plan in work(again)] == [[], []]
