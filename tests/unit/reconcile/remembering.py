"""Interfaces, and a network that remembers over many hours which device each of them is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from pipelines import network as network_file
from pipelines import tables
from pipelines.network import Network
from pipelines.reconcile.devices import device_interfaces, devices
from pipelines.reconcile.identity import changed, forgotten, remembered
from pipelines.reconcile.sightings import sightings
from tests.networks import AT, NETWORK, NETWORK_TOML, Row, cells, frame

LAPTOP, DOCK, OTHER = "3c:e1:a1:00:00:01", "00:e0:4c:00:00:02", "3c:e1:a1:00:00:03"
"""Makers' MACs."""
PRIVATE, FRESH, THIRD = "d2:10:22:00:00:01", "66:16:22:00:00:02", "8a:13:22:00:00:03"
"""MACs made up at random."""
DUID, OTHER_DUID = "00010001" + "2a0000003ce1a1000001", "00010001" + "2b0000003ce1a1000003"
"""What a DHCP client calls itself, whatever its card."""


def by_duid(duid: str, iaid: str = "a1000001") -> str:
    """The DHCPv4 client identifier that holds a DUID (RFC 4361)."""
    return "ff" + iaid + duid


def handwritten(text: str) -> Network:
    """The small network with such a section [devices]."""
    return network_file.parse(NETWORK_TOML + "[devices]\n" + text, "network.toml")


@dataclass
class Memory:
    """A network over many hours: each census knows what the one before has left in the ledger."""

    network: Network = NETWORK
    known: pd.DataFrame = field(default_factory=tables.DEVICE_IDS.empty)
    interfaces: pd.DataFrame = field(default_factory=tables.DEVICE_INTERFACES.empty)
    written: int = 0

    def census(self, hours: float = 0, frozen: tuple[str, ...] = (), **sources: list[Row]) -> dict[str, str]:
        """The device of each interface (bare when it is unique) so many hours after `AT`."""
        at = AT + pd.Timedelta(hours=hours)
        moved = {name: [_later(row, at - AT) for row in rows] for name, rows in sources.items()}
        leases, reservations, neighbours = (
            frame(table, moved.get(table.name, [])) for table in (tables.LEASES, tables.RESERVATIONS, tables.NEIGHBOURS)
        )
        seen = sightings(leases, neighbours, network=self.network, as_of=at)
        self.interfaces = device_interfaces(
            seen, leases, reservations, self.known, network=self.network, as_of=at, frozen=frozen
        )
        assert tables.DEVICE_INTERFACES.violations(self.interfaces) == []
        found = devices(self.interfaces, tables.NAME_CLAIMS.empty(), tables.BINDINGS.empty())
        assert tables.DEVICES.violations(found) == []
        wanted = remembered(self.interfaces, self.known)
        assert tables.DEVICE_IDS.violations(wanted) == []
        self.written = len(changed(wanted, self.known)) + len(forgotten(wanted, self.known))
        self.known = wanted
        return dict(cells(self.interfaces, "interface", "device_id"))  # type: ignore[arg-type]  # pairs

    def told(self, interface: str, column: str) -> object:
        """One value of an interface's row."""
        ((value,),) = cells(self.interfaces[self.interfaces["interface"] == interface], column)
        return value


def _later(row: Row, by: pd.Timedelta) -> Row:
    return {name: value + by if isinstance(value, pd.Timestamp) else value for name, value in row.items()}


def is_one(ids: Mapping[str, str], *interfaces: str) -> bool:
    """Whether these are all of one device."""
    return len({ids[one] for one in interfaces}) == 1
