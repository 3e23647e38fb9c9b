"""Carrying a plan out so that a crash at any point is understood by the next run: note, send, read back, settle."""

from collections.abc import Callable

import pandas as pd

from pipelines import tables
from pipelines.plan import bookkeeping
from resources.ledger import Ledger

Send = Callable[[pd.DataFrame, Callable[[pd.DataFrame], None]], pd.DataFrame]
"""Applies a plan and returns its receipt; hands over each part of it (a subnet, a zone) as soon as it stands."""


def carry_out(plan: pd.DataFrame, target: str, send: Send, ledger: Ledger, run_id: str) -> pd.DataFrame:
    """The `tables.RECEIPT` of a plan for `target` after `send` applied its changes and read them back.

    The ledger learns what is about to be sent before `send`, and what became of it part by part. When `send` raises,
    the intentions of the other parts stand, and the next run takes what did arrive for ours.
    """
    if plan.empty:  # nothing changed: a ledger of ten thousand hosts takes a quarter of a second to be compared
        return tables.RECEIPT.empty()
    at, known = pd.Timestamp.now("UTC"), ledger.applied()
    changes = bookkeeping.entries(plan, target)
    ledger.replace_applied(bookkeeping.adopted(changes, known, at=at))
    ledger.replace_applied(bookkeeping.noted(changes, known))
    ledger.replace_applied(bookkeeping.forgotten(changes, at=at))
    if bookkeeping.work(plan).empty:
        return tables.RECEIPT.empty()
    ledger.replace_applied(bookkeeping.intended(changes, known, at=at))

    def settle(part: pd.DataFrame) -> None:
        # The receipt first: a crash in between leaves it beside the intention, not a deletion without a trace.
        ledger.note_receipt(run_id, at, part[part["action"] != "touch"])
        ledger.replace_applied(bookkeeping.settled(changes, part, known, at=at))
        ledger.replace_applied(bookkeeping.made(part, at=at))

    return send(plan, settle)
