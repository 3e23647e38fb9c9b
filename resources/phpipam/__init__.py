"""phpIPAM as a source and a target: read whole, refused where it is not what it must be, changed by plan."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

import pandas as pd

from pipelines import network
from pipelines.errors import TargetError
from pipelines.snapshots import Snapshot
from resources.phpipam import reading
from resources.phpipam.applying import Loader, OnSubnet
from resources.phpipam.database import Database
from resources.phpipam.preflight import Check, Preflight

__all__ = ["Phpipam", "Preflight"]


class Phpipam:
    """One phpIPAM's database. Holds no connection between calls.

    `password` is called at each connect; `network_file` is network.toml, beside which an SQLite database is looked for.
    `tracked` are the subnets whose names tell whether anybody changed something we would publish. `removes_rows` says
    that rows of ours may be deleted ([withdraw] remove_rows_after_days), for which it takes more rights.
    """

    def __init__(
        self,
        settings: network.Phpipam,
        password: Callable[[], str],
        network_file: str,
        tracked: Sequence[network.Subnet] = (),
        *,
        removes_rows: bool = False,
    ) -> None:
        self._settings = settings
        self._tracked = tracked
        self._removes_rows = removes_rows
        self._database = Database(settings, password, network_file, removes_rows=removes_rows)

    def read(self, at: datetime) -> list[Snapshot]:
        """The snapshots `phpipam.subnets` and `phpipam.addresses`, of one instant; `at` is when we asked.

        Raises `SourceUnavailable` or `AccessDenied`: an empty table comes only from an empty phpIPAM.
        """
        with self._database.engine() as engine, self._database.reading(engine) as connection:
            return reading.read(connection, at, self._tracked, is_bare_asked=self._removes_rows)

    def names(self, limit_s: int) -> reading.Names:
        """The names in the tracked subnets: how many and their digest. Each answer is waited for `limit_s` at most.

        Raises `SourceUnavailable` or `AccessDenied`.
        """
        with self._database.engine(limit_s) as engine, self._database.reading(engine) as connection:
            return reading.names(connection, self._tracked)

    def preflight(self, at: datetime) -> Preflight:
        """What was verified, and what could not be. Nothing is written; `at` is our clock, for comparison.

        Raises `PreflightFailed`, `AccessDenied` or `TargetError` where this phpIPAM must not be written to.
        """
        database, settings = self._database, self._settings
        with database.engine() as engine, database.told(TargetError, "nothing was written, "), engine.connect() as one:
            check = Check(one, database.place, settings.changelog_user, settings.zone_info)
            with one.begin() as transaction:
                found = check.all(at, removes_rows=self._removes_rows)
                transaction.rollback()
            return found

    def apply(self, plan: pd.DataFrame, at: datetime, on_subnet: OnSubnet = len) -> pd.DataFrame:
        """The receipt (`tables.RECEIPT`) of a plan (`tables.IPAM_PLAN`) carried out; adoptions have no row in it.

        `at` is the changelog's time. `on_subnet` is given each subnet's receipt as soon as that subnet is committed and
        read back, so that a failure at the next one loses nothing.

        Raises `TargetError`, `SourceUnavailable` or `AccessDenied` when the database fails on the way: what `on_subnet`
        was given stands, nothing of the other subnets was written.
        """
        settings = self._settings
        loader = Loader(self._database, settings.changelog_user, settings.zone_info, at)
        return loader.apply(plan, on_subnet)

    def lock(self) -> AbstractContextManager[None]:
        """Hold the lock of whoever loads while the block runs. Raises `TargetError` when another run holds it."""
        return self._database.load_lock()
