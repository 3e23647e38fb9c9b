"""Carrying a plan out so that a crash at any point is understood by the next run: note, send, read back, settle."""

from collections.abc import Callable

import pandas as pd

from pipelines import tables
from pipelines.plan import bookkeeping
from pipelines.plan.holds import overtaken
from resources.ledger import Ledger
from resources.receipts import Run

Send = Callable[[pd.DataFrame, Callable[[pd.DataFrame], None]], pd.DataFrame]
"""Applies a plan and returns its receipt; hands over each part of it (a subnet, a zone) as soon as it stands."""


_NOTHING = tables.UNDONE.empty()


def carry_out(  # noqa: PLR0913 - what, where to, how, two ends to note it, and one more word for undo
    plan: pd.DataFrame, target: str, send: Send, ledger: Ledger, run_id: str, *, undone: pd.DataFrame = _NOTHING
) -> pd.DataFrame:
    """The `tables.RECEIPT` of a plan for `target` after `send` applied its changes and read them back.

    `undone` is what the plan takes back (`tables.UNDONE`): censuses are told to leave it so, before anything is sent.
    What is written is held no longer: it is something else than what was undone. The ledger learns what is about to be
    sent before `send`, and what became of it part by part. When `send` raises, or the run is killed, the intentions of
    the other parts stand, and the next run takes what did arrive for ours; their receipts say `unknown`, and an undo
    looks what is there.
    """
    if plan.empty:  # nothing changed: a ledger of ten thousand hosts takes a quarter of a second to be compared
        return tables.RECEIPT.empty()
    changes, at = bookkeeping.entries(plan, target), pd.Timestamp.now("UTC")
    known = ledger.applied_to(changes)
    ledger.replace_applied(bookkeeping.adopted(changes, known, at=at))
    ledger.replace_applied(bookkeeping.noted(changes, known))
    ledger.replace_applied(bookkeeping.forgotten(changes, at=at))
    own = undone[undone["target"] == target]
    _hold(changes, own, ledger, run_id, at)
    if bookkeeping.work(plan).empty:
        return tables.RECEIPT.empty()
    sent = bookkeeping.sent(changes, known)
    sent_to = dict(list(sent.groupby("scope")))
    run = Run(run_id, at, None if own.empty else str(own["run_id"].iloc[0]))
    ids = ledger.announce(run, bookkeeping.announced(sent), bookkeeping.intended(sent, at=at))

    def settle(part: pd.DataFrame) -> None:
        # Each of forty zones beside its own: to compare it with all of them takes seconds.
        beside = [sent_to[scope] for scope in part["scope"].unique() if scope in sent_to]
        answers = bookkeeping.answered(pd.concat([sent.head(0), *beside]), part)
        settled = bookkeeping.restored(bookkeeping.settled(answers, at=at), own)
        ledger.settle(run, bookkeeping.invertible(answers), settled, ids)

    return send(plan, settle)


def _hold(changes: pd.DataFrame, undone: pd.DataFrame, ledger: Ledger, run_id: str, at: pd.Timestamp) -> None:
    """Let go of what is written now, and hold what is undone; nothing is opened for writing where there is neither."""
    over = overtaken(ledger.receipts.holds(), changes)
    new = tables.HOLDS.frame(undone[undone["is_held"]].assign(by_run_id=run_id, at=at))
    if len(over) or len(new):
        ledger.receipts.replace_holds(over, new)
