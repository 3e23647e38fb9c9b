"""phpIPAM and DNS as what is written to: one load at a time, both shown to be writable before either is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import pandas as pd

from pipelines import tables
from pipelines.plan.approval import approved, stop_refused
from pipelines.plan.bookkeeping import work
from pipelines.plan.timely import stop_undone, stop_wrong_clock
from resources.ledger import Ledger
from resources.loading import carry_out
from resources.nameserver import NameServer
from resources.phpipam import Phpipam
from resources.standing import Stand, Standing


class Plans(NamedTuple):
    """What to write, the guards' verdict on it, and which changes of an earlier run it takes back (`tables.UNDONE`)."""

    ipam: pd.DataFrame
    dns: pd.DataFrame
    guards: pd.DataFrame
    undone: pd.DataFrame = tables.UNDONE.empty()


class Answers(NamedTuple):
    """The `tables.RECEIPT` of what a person let through, of phpIPAM and of DNS, and where the load left the zones."""

    let_through: pd.DataFrame
    ipam: pd.DataFrame
    dns: pd.DataFrame
    stand: Stand


class Targets:
    """Both targets, and the memories that tell what we did to them."""

    def __init__(self, phpipam: Phpipam, nameserver: NameServer, ledger: Ledger, standing: Standing) -> None:
        self._phpipam = phpipam
        self._nameserver = nameserver
        self._ledger = ledger
        self._standing = standing

    @contextmanager
    def carried_out(self, run_id: str, plans: Plans) -> Iterator[Answers]:
        """What both answered. While the block runs nobody else may write: there the run's other memories are noted.

        Raises `PlanRefused` unless these very plans were judged and not refused, or when our clock is wrong;
        `TargetError` where a target must not be written to now (another load is under way, a right is missing), or what
        the targets raise on the way.
        """
        stop_wrong_clock(self._last_load_at(), pd.Timestamp.now("UTC"))
        stop_refused(plans.guards, plans.ipam, plans.dns)
        with self._phpipam.lock(), self._nameserver, self._standing.around(run_id, plans.ipam, plans.dns) as stand:
            self._stop_undone(run_id, plans.undone)
            self._preflight(plans.dns)
            let_through = approved(plans.guards)
            self._ledger.receipts.note(run_id, pd.Timestamp.now("UTC"), let_through)
            in_ipam = carry_out(
                plans.ipam,
                "phpipam",
                lambda plan, settle: self._phpipam.apply(plan, datetime.now(UTC), settle),
                self._ledger,
                run_id,
                undone=plans.undone,
            )
            in_dns = carry_out(plans.dns, "dns", self._nameserver.apply, self._ledger, run_id, undone=plans.undone)
            yield Answers(let_through, in_ipam, in_dns, stand)

    def followed(self, answers: Answers, limit_s: float) -> pd.DataFrame:
        """`tables.SERIALS` once the secondaries have what the load left, or have been waited for so long."""
        return self._standing.followed(answers.stand, limit_s)

    def _last_load_at(self) -> pd.Timestamp | None:
        """When a load was last noted, by the clock of then; None before the first."""
        return max((one.at for one in self._standing.last_load.left().values()), default=None)

    def _stop_undone(self, run_id: str, undone: pd.DataFrame) -> None:
        """Raises `PlanRefused` where another run took back the same, since this one read the targets."""
        read_at = self._ledger.index.read_at(run_id) if len(undone) else None
        if read_at is not None:
            run = str(undone["run_id"].iloc[0])
            stop_undone(run, self._ledger.receipts.undone_by(run, read_at))

    def _preflight(self, dns_plan: pd.DataFrame) -> None:
        """Both take what we are about to write. A zone that has taken a change of ours is not asked again."""
        self._phpipam.preflight(datetime.now(UTC))
        for zone, rows in work(dns_plan).groupby("zone"):
            if not self._ledger.receipts.is_proven(str(zone)):
                self._nameserver.prove_update(zone, rows["type"].iloc[0])
