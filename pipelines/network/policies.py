"""What network.toml decides: whose no name is, how long an answer holds, when a name goes, how much may, our state."""

import math
from datetime import date
from pathlib import PurePath
from typing import Annotated

from pydantic import Field, model_validator

from pipelines.gateways import Part
from pipelines.network.texts import Label, TrackedSubnet

RESERVED_WORDS = frozenset({"wpad", "isatap", "localhost", "localdomain", "broadcasthost", "any", "null", "unknown"})
"""Names that mean something to resolvers and browsers: who takes `wpad` proxies everybody (RFC 6761, MS09-008)."""


class Names(Part):
    """Names no client may take: the reserved words, and this network's own infrastructure."""

    infrastructure: tuple[Label, ...] = ()
    reserved: tuple[Label, ...] = ()


class Withdraw(Part):
    """When what we wrote is taken back, once it is no longer wanted (docs/decisions/0006-withdraw.md).

    Rows of phpIPAM are removed so many days after they were set Offline; 0 is never. How much may go at once: [guards].
    """

    enabled: bool = True
    first_days: Annotated[int, Field(ge=0, le=365)] = 7
    dynamic_grace_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    reservation_grace_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    guests: tuple[TrackedSubnet, ...] = ()
    offline_after_days: Annotated[int, Field(ge=1, le=3650)] = 7
    remove_rows_after_days: Annotated[int, Field(ge=0, le=3650)] = 0

    @model_validator(mode="before")
    @classmethod
    def _has_no_limits(cls, keys: object) -> object:
        """How much may go at once has moved to where every other limit is."""
        if isinstance(keys, dict) and (moved := sorted({"max_count", "max_share"} & keys.keys())):
            raise ValueError(
                f"{' and '.join(moved)} moved to [guards]: delete it here, and where the default is not right write "
                "deletes = {max_count = 100, max_share = 0.3} there"
            )
        return keys


class Limit(Part):
    """How many changes of one kind pass in one scope: at most `max_count`, and `max_share` of what is there.

    `few` pass whatever their share is, for a share means little where little is.
    """

    few: Annotated[int, Field(ge=0)]
    max_count: Annotated[int, Field(ge=0)]
    max_share: Annotated[float, Field(ge=0, le=1000)]

    def most(self, standing: int) -> int:
        """How many changes pass where so many stand."""
        share = math.floor(self.max_share * standing + 1e-9)  # 0.29 of 100 are 29
        return min(self.max_count, max(self.few, share))


class Creates(Limit):
    """Something where nothing was: a first census passes, names running away do not."""

    few: Annotated[int, Field(ge=0)] = 200
    max_count: Annotated[int, Field(ge=0)] = 500
    max_share: Annotated[float, Field(ge=0, le=1000)] = 1.0


class Updates(Limit):
    """Something of ours in another's place."""

    few: Annotated[int, Field(ge=0)] = 20
    max_count: Annotated[int, Field(ge=0)] = 300
    max_share: Annotated[float, Field(ge=0, le=1000)] = 0.5


class Deletes(Limit):
    """Something is taken away: records and rows removed, addresses set Offline, names cleared."""

    few: Annotated[int, Field(ge=0)] = 3
    max_count: Annotated[int, Field(ge=0)] = 100
    max_share: Annotated[float, Field(ge=0, le=1000)] = 0.3


class Guards(Part):
    """When a plan is refused: too much of one kind in one site, zone or subnet (docs/decisions/0008-guards.md)."""

    creates: Creates = Creates()
    updates: Updates = Updates()
    deletes: Deletes = Deletes()


class Conflicts(Part):
    """What is told as a conflict (docs/decisions/0013-conflicts.md).

    Two devices contradict each other only when both were confirmed within `within_minutes`: before that, the address,
    or the name, may have moved. `foreign` are subnets of other people: of addresses in them nothing is said.
    """

    within_minutes: Annotated[int, Field(ge=1, le=1440)] = 20
    reclaim_after_days: Annotated[int, Field(ge=1, le=3650)] = 30
    foreign: tuple[TrackedSubnet, ...] = ()


class Budget(Part):
    """What one run may write to this machine's disks before `write_budget` turns amber: kB (1000 bytes).

    `quiet_kb` when nothing changed, and `change_kb` more for each row and RRset that did.
    """

    quiet_kb: Annotated[int, Field(ge=1)] = 4000
    change_kb: Annotated[int, Field(ge=0)] = 20


class State(Part):
    """Our own state: the archive's folder, how much is kept there, and the ledger's database.

    An answer is kept for `archive_days` after it was last read, `archive_max_mb` (10^6 bytes on the disk) at most; what
    a run wrote, and with it the means to undo it, for `receipts_days`.
    Dagster's UI shows the hours from `first_day` (UTC) on.
    """

    archive: str = "var/archive"
    ledger: str = "sqlite:///var/ledger.sqlite"
    archive_days: Annotated[int, Field(ge=1, le=36500)] = 400
    archive_max_mb: Annotated[int, Field(ge=1)] = 2000
    receipts_days: Annotated[int, Field(ge=1, le=36500)] = 400
    first_day: date = date(2026, 1, 1)

    def tables(self, folder: PurePath) -> PurePath:
        """Where the tables are kept, beside the archive; its path starts in `folder`, that of network.toml."""
        return (folder / self.archive).parent / "tables"

    def ledger_url(self, folder: PurePath) -> str:
        """The ledger's database URL; the path of an SQLite file starts in `folder`, that of network.toml."""
        scheme, slashes, path = self.ledger.partition("sqlite:///")
        return f"{slashes}{folder / path}" if slashes and not scheme else self.ledger
