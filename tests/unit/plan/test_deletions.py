"""What the ledger remembers of a deletion, before it is sent and after."""

import pandas as pd
import pytest

from pipelines import tables
from pipelines.plan import bookkeeping
from pipelines.plan.managed import GONE
from tests.networks import AT, ledger, written

OURS = written("dns", "example.lan.", "nas.example.lan.", "A", "10.0.1.5")
KNOWN = ledger(OURS)
DELETION = bookkeeping.entries(
    pd.DataFrame(
        {
            "site": ["home"], "zone": ["example.lan."], "owner": ["nas.example.lan."], "type": ["A"],
            "action": ["delete"], "before": ["10.0.1.5"], "before_ttl_s": [3600], "after": [None],
            "after_ttl_s": [None], "is_name_free": [False], "reason": ["a test"],
        }
    ).pipe(lambda rows: rows.reindex(columns=[*rows.columns, *set(tables.DNS_PLAN.names) - set(rows.columns)])),
    "dns",
)  # fmt: skip


def test_a_deletion_is_noted_before_it_is_sent() -> None:
    """The value stays, and what we were about to do stands beside it: a crash in between is no person's edit."""
    noted = bookkeeping.intended(bookkeeping.sent(DELETION, KNOWN), at=AT)
    assert noted[["value", "intended"]].to_numpy().tolist() == [["10.0.1.5", GONE]]


@pytest.mark.parametrize(
    ("outcome", "kept"),
    [
        ("applied", (None, None)),
        ("lost race", ("10.0.1.5", None)),
        ("refused", ("10.0.1.5", None)),
        ("unknown", ("10.0.1.5", GONE)),
    ],
)
def test_a_settled_deletion(outcome: str, kept: tuple[str | None, str | None]) -> None:
    """Nothing is remembered of what is gone; where it failed, the value is still ours."""
    sent = bookkeeping.sent(DELETION, KNOWN)
    receipt = sent[[*bookkeeping.KEY, "action", "before", "after"]].assign(outcome=outcome)
    settled = bookkeeping.settled(bookkeeping.answered(sent, receipt), at=AT)
    found = [None if pd.isna(cell) else cell for cell in settled.loc[0, ["value", "intended"]]]
    assert tuple(found) == kept


@pytest.mark.parametrize("is_adopted", [False, True])
def test_a_deletion_that_never_came_to_be_changes_no_owner(*, is_adopted: bool) -> None:
    """Its message was lost, and the device is back: the record is whose it was, so that it can be withdrawn one day."""
    lost = bookkeeping.intended(bookkeeping.sent(DELETION, KNOWN.assign(is_adopted=is_adopted)), at=AT)
    wanted_again = DELETION.assign(action="adopt", after="10.0.1.5", ttl_s=3600)
    kept = bookkeeping.adopted(wanted_again, lost, at=AT)
    assert kept["intended"].isna().all()
    assert kept["is_adopted"].tolist() == [is_adopted]
