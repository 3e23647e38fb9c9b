"""How the targets stand beside how the last load left them, and whether the secondaries follow."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

import pandas as pd

from pipelines.errors import SourceUnavailable
from pipelines.plan.last_load import NAMES, left_behind, written
from pipelines.reconcile.serials import serials
from pipelines.snapshots import ZONE
from pipelines.values import owner_name
from resources.last_load import LastLoad
from resources.ledger import Ledger
from resources.nameserver import Serials
from resources.phpipam import Phpipam

_DNS_LIMIT_S = 20.0
_SQL_LIMIT_S = 10
_SERIALS = 2**32  # after the highest comes 0: RFC 1982


class Standing:
    """Both targets asked for no more than tells whether they moved, and the memory to compare that with."""

    def __init__(self, phpipam: Phpipam, servers: Serials, ledger: Ledger, last_load: LastLoad) -> None:
        self.last_load = last_load
        self._phpipam = phpipam
        self._servers = servers
        self._ledger = ledger

    def now(self) -> tuple[dict[str, str], int]:
        """The version of every zone and of phpIPAM's names, and how many names those are; within 45 seconds.

        Raises `SourceUnavailable` or `AccessDenied`.
        """
        zones = self._servers.primary(self._servers.zones, _DNS_LIMIT_S)
        names = self._phpipam.names(_SQL_LIMIT_S)
        return {**{_source(zone): str(serial) for zone, serial in zones.items()}, NAMES: names.digest}, names.count

    @contextmanager
    def around(self, run_id: str, ipam_plan: pd.DataFrame, dns_plan: pd.DataFrame) -> Iterator["Stand"]:
        """Note, when the block that carries these plans out is through, what it left behind; not when it raises."""
        most, read, stand = written(ipam_plan, dns_plan), self._ledger.index.versions(run_id), Stand()
        before = self._versions(most)
        yield stand
        after = self._versions(most)
        self.last_load.note_left(run_id, pd.Timestamp.now("UTC"), left_behind(read, before, after, most))
        known = {source: text for source, text in read.items() if source not in most} | after
        stand.zones = {owner_name(one.removeprefix(ZONE)): int(known[one]) for one in known if one.startswith(ZONE)}
        stand.has_moved = after != before
        stand.steps = sum(
            (int(after[one]) - int(before[one])) % _SERIALS for one in _zones_of(before) & _zones_of(after)
        )

    def followed(self, stand: "Stand", limit_s: float) -> pd.DataFrame:
        """`tables.SERIALS`: every server's serial, once it is the one that was left, or after `limit_s`.

        Nobody is waited for where nothing was changed. What is found is remembered.
        """
        looks = self._servers.looks(stand.zones, limit_s if stand.has_moved else 0.0)
        rows = serials(looks, self.last_load.serials(), at=pd.Timestamp.now("UTC"))
        self.last_load.note_serials(rows)
        return rows

    def _versions(self, sources: Collection[str]) -> dict[str, str]:
        """The versions of these sources that can be had; what cannot be asked now is no reason to stop a load."""
        found: dict[str, str] = {}
        zones = [owner_name(one.removeprefix(ZONE)) for one in sources if one.startswith(ZONE)]
        with suppress(SourceUnavailable):
            found |= {_source(zone): str(serial) for zone, serial in self._servers.primary(zones, _DNS_LIMIT_S).items()}
        if NAMES in sources:
            with suppress(SourceUnavailable):
                found[NAMES] = self._phpipam.names(_SQL_LIMIT_S).digest
        return found


class Stand:
    """The serials at which a load left the zones, whether anything moved meanwhile, and the serials by how much."""

    zones: dict[str, int]
    has_moved: bool = False
    steps: int = 0

    def __init__(self) -> None:
        self.zones = {}


def _zones_of(versions: Collection[str]) -> set[str]:
    """Those of these sources that are zones."""
    return {one for one in versions if one.startswith(ZONE)}


def _source(zone: str) -> str:
    return ZONE + zone.rstrip(".")
