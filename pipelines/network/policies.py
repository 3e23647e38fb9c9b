"""What network.toml decides: whose no name is, how long an answer holds, when a name goes, where our state is."""

from pathlib import PurePath
from typing import Annotated

from pydantic import Field

from pipelines.gateways import Part
from pipelines.network.texts import Label, TrackedSubnet

RESERVED_WORDS = frozenset({"wpad", "isatap", "localhost", "localdomain", "broadcasthost", "any", "null", "unknown"})
"""Names that mean something to resolvers and browsers: who takes `wpad` proxies everybody (RFC 6761, MS09-008)."""


class Names(Part):
    """Names no client may take: the reserved words, and this network's own infrastructure."""

    infrastructure: tuple[Label, ...] = ()
    reserved: tuple[Label, ...] = ()


class Sources(Part):
    """How long a gateway's answers hold for runs that do not ask it again (dns_sync), in minutes."""

    hold_minutes: Annotated[int, Field(gt=0, le=1440)] = 150


class Withdraw(Part):
    """When what we wrote is taken back, once it is no longer wanted (docs/decisions/0006-withdraw.md).

    A plan that takes back more of a zone's RRsets, or tags more of a subnet's addresses, than both `max_count` and
    `max_share` of ours is held back there as a whole. Rows of phpIPAM are removed so many days after they were set
    Offline; 0 is never.
    """

    enabled: bool = True
    first_days: Annotated[int, Field(ge=0, le=365)] = 7
    dynamic_grace_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    reservation_grace_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    guests: tuple[TrackedSubnet, ...] = ()
    offline_after_days: Annotated[int, Field(ge=1, le=3650)] = 7
    remove_rows_after_days: Annotated[int, Field(ge=0, le=3650)] = 0
    max_count: Annotated[int, Field(ge=0)] = 10
    max_share: Annotated[float, Field(ge=0, le=1)] = 0.1


class Conflicts(Part):
    """What is told as a conflict (docs/decisions/0013-conflicts.md).

    Two devices contradict each other only when both were confirmed within `within_minutes`: before that, the address,
    or the name, may have moved. `foreign` are subnets of other people: of addresses in them nothing is said.
    """

    within_minutes: Annotated[int, Field(ge=1, le=1440)] = 20
    reclaim_after_days: Annotated[int, Field(ge=1, le=3650)] = 30
    foreign: tuple[TrackedSubnet, ...] = ()


class State(Part):
    """Our own state: the archive's folder and the ledger's database."""

    archive: str = "var/archive"
    ledger: str = "sqlite:///var/ledger.sqlite"

    def ledger_url(self, folder: PurePath) -> str:
        """The ledger's database URL; the path of an SQLite file starts in `folder`, that of network.toml."""
        scheme, slashes, path = self.ledger.partition("sqlite:///")
        return f"{slashes}{folder / path}" if slashes and not scheme else self.ledger
