"""A plan carried out: one short transaction per subnet, then one look at what the database holds (rules R6, R7).

All of a subnet's changes go in, less those somebody else was faster with. A lock is waited for and tried again; a
connection lost before the commit means nothing was written; one lost during it is settled by reading again.

Subnets of which only `lastSeen` moves, in a quiet hour all, go in together first: a commit each is 4 kB of the server's
log and a flush each.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import SystemRandom
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from pipelines import tables
from pipelines.errors import NetcensusError, PreflightFailed, SourceUnavailable, TargetError
from pipelines.plan.bookkeeping import ROW
from resources.phpipam import conventions, faults, readback, sink, statements
from resources.phpipam.changes import APPLIED, Change, Outcome, Outcomes, by_subnet, receipt, rows
from resources.phpipam.conventions import Conventions
from resources.phpipam.database import Database
from resources.phpipam.writing import Writer

OnSubnet = Callable[[pd.DataFrame], object]

_TRIES = 3
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 0.5
_LOCKED = Outcome("refused", "its rows stayed locked by somebody else; nothing was written, the next run tries again")
_UNREAD = Outcome("unknown", "written, but it could not be read back")
_UNKNOWN = Outcome("unknown", "the connection was lost during the commit, and phpIPAM could not be read since")


class _CommitLost(Exception):
    """The connection went while committing: what was sent may or may not stand."""

    def __init__(self, outcomes: Outcomes) -> None:
        super().__init__("the connection was lost during COMMIT")
        self.outcomes = outcomes


@dataclass(frozen=True)
class Loader:
    """Carries one plan out. `user` is the phpIPAM user the changelog names, `at` the time it says."""

    database: Database
    user: str
    zone: ZoneInfo
    at: datetime

    def apply(self, plan: pd.DataFrame, on_subnet: OnSubnet) -> pd.DataFrame:
        """The receipt (`tables.RECEIPT`), subnet by subnet; each subnet's part goes to `on_subnet` when it stands.

        `on_subnet` is also told the ids of the rows that were made (field `row`).

        Raises `TargetError`, `SourceUnavailable` or `AccessDenied` when the database fails on the way: the parts
        `on_subnet` was given stand, nothing of the others was written.
        """
        if found := tables.IPAM_PLAN.violations(plan):
            raise PreflightFailed("ipam_plan", found[0], "Materialize the plan again; nothing was written")
        subnets = list(by_subnet(plan).values())
        if not subnets:
            return tables.RECEIPT.empty()
        receipts = []
        with self.database.engine() as engine:
            run = _Run(self, engine, self._conventions(engine))
            run.touch_together(subnets)
            for changes in subnets:
                outcomes = run.outcomes(changes)
                receipts.append(receipt(changes, outcomes))
                on_subnet(tables.RECEIPT.concat([receipts[-1], run.made(changes, outcomes)]))
        return tables.RECEIPT.concat(receipts)

    def _conventions(self, engine: Engine) -> Conventions:
        with self.database.reading(engine) as connection:
            return conventions.read(connection, self.database.place, self.user)


@dataclass(frozen=True)
class _Run:
    """A plan's subnets, through one engine."""

    loader: Loader
    engine: Engine
    conventions: Conventions
    touched: Outcomes = field(default_factory=dict)

    def touch_together(self, subnets: list[list[Change]]) -> None:
        """Write those of which only `lastSeen` moves, in one transaction that hardly waits for others' locks.

        Whatever prevents it, each of them is then written by itself: to move it once more changes nothing.
        """
        at, outcomes = self.loader.at, Outcomes()
        seen = [[one for one in changes if not sink.fault(one, at)] for changes in subnets if _is_only_seen(changes)]
        if not any(seen):
            return
        with suppress(DBAPIError), self.loader.database.impatient(self.engine) as connection:
            for changes in filter(None, seen):
                outcomes |= self._writer(connection).write(changes)
            connection.commit()
            self.touched.update(outcomes)

    def outcomes(self, changes: list[Change]) -> Outcomes:
        """What became of one subnet's changes, verified."""
        found = {change: sink.fault(change, self.loader.at) for change in changes}
        found |= {change: fault for row in rows(changes, "delete") for change, fault in sink.of_all(row, found).items()}
        refused = {change: Outcome("refused", fault) for change, fault in found.items() if fault}
        sound = [change for change in changes if change not in refused]
        return refused | (self._verified(sound) if sound else {})

    def made(self, changes: list[Change], outcomes: Outcomes) -> pd.DataFrame:
        """The ids of the rows that were created, as rows of a receipt: what tells ours from one made later by hand."""
        new = [row for row in rows(changes, "create") if outcomes[row.changes[0]] == APPLIED]
        if not new:
            return tables.RECEIPT.empty()
        try:
            with self.loader.database.told(SourceUnavailable), self.engine.begin() as connection:
                ids = statements.ids(connection, new, new[0].changes[0].subnet_id_phpipam)
        except NetcensusError:
            return tables.RECEIPT.empty()  # then they count as not ours to delete
        born = [row.changes[0]._replace(field=ROW, after=str(ids[row.decimal])) for row in new if row.decimal in ids]
        return receipt(born, dict.fromkeys(born, APPLIED))

    def _verified(self, changes: list[Change]) -> Outcomes:
        scope = changes[0].cidr
        try:
            with self.loader.database.told(TargetError, f"{scope} was not written, "):
                outcomes = self._written(changes)
        except _CommitLost as lost:
            return self._read_back(readback.settled, lost.outcomes, _UNKNOWN)
        return self._read_back(readback.verified, outcomes, _UNREAD)

    def _read_back(self, look: readback.Look, outcomes: Outcomes, otherwise: Outcome) -> Outcomes:
        """The outcomes as a new look at the database finds them, or `otherwise` where it cannot be looked at."""
        try:
            with self.loader.database.told(SourceUnavailable), self.engine.begin() as connection:
                return look(connection, outcomes, self.loader.zone)
        except NetcensusError:
            return {change: otherwise if one == APPLIED else one for change, one in outcomes.items()}

    def _written(self, changes: list[Change]) -> Outcomes:
        if self.touched.keys() >= set(changes):
            return {change: self.touched[change] for change in changes}
        for _ in range(_TRIES):
            try:
                return self._transaction(changes)
            except DBAPIError as error:
                if not faults.is_transient(error):
                    raise
            time.sleep(SystemRandom().uniform(_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S))
        return dict.fromkeys(changes, _LOCKED)

    def _transaction(self, changes: list[Change]) -> Outcomes:
        with self.engine.connect() as connection:
            transaction = connection.begin()
            outcomes = self._writer(connection).write(changes)
            try:
                transaction.commit()
            except DBAPIError as error:
                if faults.is_connection_lost(error):
                    raise _CommitLost(outcomes) from None
                raise
            return outcomes

    def _writer(self, connection: Connection) -> Writer:
        return Writer(connection, self.conventions, self.loader.zone, self.loader.at)


def _is_only_seen(changes: list[Change]) -> bool:
    return all(change.action == "touch" for change in changes)
