"""All gateways of the network as one resource: read one site by its name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.network import Network
from pipelines.snapshots import Snapshot
from resources.gateway import read_site


@dataclass(frozen=True)
class Gateways:
    """What is needed to read any site: network.toml, its path (known_hosts stands beside it) and our key."""

    network: Network
    network_file: str
    private_key: Callable[[], str]

    def read(self, site: str) -> list[Snapshot]:
        """A snapshot of each source of a site. Raises `ConfigError` when our key or known_hosts cannot be used."""
        return read_site(self.network.sites[site], self.network_file, self.private_key, lambda: datetime.now(UTC))
