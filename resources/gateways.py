"""All gateways of the network as one resource: read one site by its name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.network import Network, Site, beside
from pipelines.snapshots import Snapshot
from resources.gateway import read_site, resend_at
from resources.ssh import Hop


@dataclass(frozen=True)
class Gateways:
    """What is needed to read any site: network.toml, its path (known_hosts stands beside it) and our keys.

    `jump_key` is the one for hops, which need not be able to do anything there but pass.
    """

    network: Network
    network_file: str
    private_key: Callable[[], str]
    jump_key: Callable[[], str]

    def read(self, site: str) -> list[Snapshot]:
        """A snapshot of each source of a site. Raises `ConfigError` when our key or known_hosts cannot be used."""
        asked = self.network.sites[site]
        return read_site(asked, self.network_file, self.private_key, lambda: datetime.now(UTC), hop=self._hop(asked))

    def resend(self, site: str, ips: Sequence[str]) -> Mapping[str, str | None]:
        """Ask the site's Kea to register the names of these leases again: per address why it would not, or None.

        Raises `ConfigError` when our key or known_hosts cannot be used.
        """
        asked = self.network.sites[site]
        return resend_at(asked, self.network_file, self.private_key, ips, hop=self._hop(asked))

    def _hop(self, site: Site) -> Hop | None:
        """The gateway through which the site's is reached, by network.toml's `via`."""
        via = site.gateway.via if site.gateway is not None else None
        nearer = self.network.sites[via].gateway if via is not None else None
        if nearer is None:
            return None
        return Hop(nearer, beside(self.network_file, nearer.known_hosts), self.jump_key)
