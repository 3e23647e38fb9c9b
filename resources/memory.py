"""What a census remembers beside what it wrote: how much its sources had, who is which device, who held what."""

from collections.abc import Mapping

import pandas as pd

from pipelines.breaches import left_out_sites
from pipelines.history import observations
from pipelines.reconcile.as_of import census_time
from pipelines.reconcile.conflicts.pools import use_to_note
from resources.history import History
from resources.known_devices import KnownDevices
from resources.ledger import Ledger
from resources.pool_use import PoolUse


class Memory:
    """The memories that a load alone writes to: a rehearsal remembers nothing."""

    TABLES = ("sources", "withheld", "device_interfaces", "pools", "bindings", "name_claims")
    """What they are made from."""

    def __init__(self, ledger: Ledger, known_devices: KnownDevices, pool_use: PoolUse, history: History) -> None:
        self._ledger = ledger
        self._known_devices = known_devices
        self._pool_use = pool_use
        self._history = history

    def note(self, run_id: str, read: Mapping[str, pd.DataFrame]) -> int:
        """Remember of a census, by its `TABLES`, what later ones go by; the number of new looks at sites."""
        sources, reads = read["sources"], self._ledger.past(run_id).reads
        self._pool_use.note(use_to_note(read["pools"], self._pool_use.noted(), reads, census_time(sources)))
        self._ledger.note_reads(sources[sources["is_complete"]])
        self._known_devices.note(read["device_interfaces"])
        left_out = left_out_sites(read["withheld"])["site"]
        seen = observations(read["bindings"], read["name_claims"], sources, left_out)
        return self._history.note(seen, run_id).looks
