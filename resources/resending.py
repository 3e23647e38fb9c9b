"""Kea asked to register names again: noted first, so that a run that dies in between does not ask twice at once."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import pandas as pd

from pipelines import tables
from resources.ledger import Ledger

COMMAND = "lease4-resend-ddns"


class Asked(Protocol):
    """What can be asked: `resources.gateways.Gateways`."""

    def resend(self, site: str, ips: Sequence[str]) -> Mapping[str, str | None]:
        """Per address why Kea would not; None where it queued the name."""
        ...


def ask_again(heal_plan: pd.DataFrame, gateways: Asked, ledger: Ledger, run_id: str) -> pd.DataFrame:
    """`tables.RECEIPT` of a heal plan. Kea answers that it queued a name; whether it came true, the next run sees."""
    if heal_plan.empty:
        return tables.RECEIPT.empty()
    at = pd.Timestamp.now("UTC")
    ledger.note_resent(tables.RESENT.frame(heal_plan.assign(at=at)))
    answers = {
        (site, ip): fault
        for site, rows in heal_plan.groupby("site", sort=True)
        for ip, fault in gateways.resend(str(site), list(rows["ip"])).items()
    }
    faults = [answers[pair] for pair in zip(heal_plan["site"], heal_plan["ip"], strict=True)]
    receipt = tables.RECEIPT.frame(
        heal_plan.assign(
            target="kea", scope=heal_plan["site"], subject=heal_plan["ip"], field=COMMAND, action="resend", before=None,
            after=heal_plan["name"], outcome=["applied" if one is None else "refused" for one in faults], detail=faults,
        )
    )  # fmt: skip
    ledger.receipts.note(run_id, at, receipt)
    return receipt
