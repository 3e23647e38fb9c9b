"""What a person undid is left alone by the censuses after it: just that, and only so long."""

from dataclasses import replace

import pandas as pd

from pipelines import tables
from pipelines.plan.bookkeeping import entries, work
from pipelines.plan.holds import overtaken
from pipelines.plan.past import Past
from pipelines.plan.undo import undo
from tests.networks import ALICE, AT, BOB, NETWORK, Row, Tables, cells, census, hour, in_ipam, lease, only
from tests.targets import carried_out, written

NAMELESS = in_ipam("10.0.1.5", None, ALICE)


def undone(first: Tables, applied: pd.DataFrame | None = None) -> tuple[Tables, pd.DataFrame, Past]:
    """Both targets, the ledger and its memory after a census of `first` was undone."""
    known = tables.APPLIED.empty() if applied is None else applied
    made = census(first, known)
    after, then = carried_out(first, made, known)
    back = undo(written(made, after, known, "wrong"), tables.WRITTEN.empty(), after, then, network=NETWORK)
    held = tables.HOLDS.frame(back["undone"].assign(by_run_id="undoing", at=AT))
    restored, ledger = carried_out(after, back, then)
    return restored, ledger, Past(holds=held)


def changes(made: Tables) -> list[tuple[object, ...]]:
    """What both plans would write, without when somebody was seen."""
    in_ipam = only(work(made["ipam_plan"]), field="hostname").rename(columns={"ip": "subject"})
    in_dns = work(made["dns_plan"]).rename(columns={"owner": "subject", "type": "field"})
    return [row for rows in (in_ipam, in_dns) for row in cells(rows, "subject", "field", "before", "after")]


def again(restored: Tables, *leases: Row) -> Tables:
    """The next hour, with these leases."""
    return restored | {"leases": hour(leases=list(leases))["leases"]}


def test_the_same_is_told_and_not_written() -> None:
    """Name, A, PTR and DHCIDs of the lease that was undone are withheld, each with both runs and the way back."""
    restored, ledger, past = undone(hour(leases=[lease("10.0.1.5", ALICE, "wrong")], ipam_addresses=[NAMELESS]))
    made = census(restored, ledger, past=past)
    assert changes(made) == []
    told = only(made["withheld"], rule="undone")
    assert set(told["field"]) == {"hostname", "A", "PTR", "DHCID"}
    assert told["reason"].str.startswith("run wrong made it so and run undoing undid it").all()
    (pointer,) = told.loc[told["field"] == "PTR", "reason"]
    assert pointer.endswith("python netcensus.py undo undoing --subject 5.1.0.10.in-addr.arpa")


def test_anything_else_is_written_and_the_hold_is_over() -> None:
    """The device gets another name: it is entered and published, and what was held of it is held no more."""
    restored, ledger, past = undone(hour(leases=[lease("10.0.1.5", ALICE, "wrong")], ipam_addresses=[NAMELESS]))
    made = census(again(restored, lease("10.0.1.5", ALICE, "right")), ledger, past=past)
    assert ("10.0.1.5", "hostname", None, "right") in changes(made)
    over = overtaken(past.holds, entries(made["ipam_plan"], "phpipam"))
    assert set(over["field"]) == {"hostname"}
    assert "undone" not in set(only(made["withheld"], field="hostname")["rule"])


def test_what_the_undo_put_back_being_right_ends_the_hold() -> None:
    """The cause is mended, so nothing is written; when the other name comes later, it is news."""
    first = again(hour(ipam_addresses=[in_ipam("10.0.1.5", None, ALICE)]), lease("10.0.1.5", ALICE, "right"))
    right, ledger = carried_out(first, census(first), tables.APPLIED.empty())
    restored, ledger, past = undone(again(right, lease("10.0.1.5", ALICE, "wrong")), ledger)
    assert changes(census(restored, ledger, past=past)) == []
    made = census(again(restored, lease("10.0.1.5", ALICE, "right")), ledger, past=past)
    assert changes(made) == []
    released = [entries(made["ipam_plan"], "phpipam"), entries(made["dns_plan"], "dns")]
    over = pd.concat([overtaken(past.holds, rows) for rows in released])
    assert {"hostname", "PTR"} <= set(over["field"])
    later = replace(past, holds=past.holds[~past.holds["subject"].isin(set(over["subject"]))])
    news = changes(census(again(restored, lease("10.0.1.5", ALICE, "wrong")), ledger, past=later))
    assert ("10.0.1.5", "hostname", "right", "wrong") in news


def test_an_emptied_row_is_not_seen_until_it_has_another_holder() -> None:
    """A row that was made, undone and left empty stays Offline and untouched; the next device makes it a row again."""
    restored, ledger, past = undone(hour(leases=[lease("10.0.1.5", ALICE, "wrong")]))
    made = census(restored, ledger, past=past)
    assert cells(made["ipam_plan"], "field", "action") == []
    made = census(again(restored, lease("10.0.1.5", BOB, "tv")), ledger, past=past)
    assert {("hostname", None, "tv"), ("mac", None, BOB), ("tag", "Offline", "Used")} <= {
        *cells(work(made["ipam_plan"]), "field", "before", "after")
    }
