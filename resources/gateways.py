"""The gateways, each read over one SSH connection: a snapshot for each of its sources, whole or with the reason why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pipelines.errors import SourceUnavailable
from pipelines.gateways import OpenwrtGateway, PfsenseGateway
from pipelines.network import Network, Site, beside
from pipelines.parse.kea_leases import PAGE_LIMIT
from pipelines.snapshots import Snapshot, missing
from resources import openwrt, pfsense, ssh
from resources.sections import Answer, Reading, Run, Stale

_CLOCKS_AGREE_S = 30  # within this, no offset is noted: an exec over a slow line takes seconds itself


class Product(NamedTuple):
    """How a kind of gateway is read: the names of its sources, and all its answers, in pages of so many rows.

    Both are told whether an IPv6 subnet of the site is tracked: without one nothing of IPv6 is asked for.
    """

    sources_of: Callable[..., tuple[str, ...]]
    read: Callable[[Run, Any, int, bool], Reading]


def _read_pfsense(run: Run, gateway: PfsenseGateway, page_limit: int, has_ipv6: bool) -> Reading:  # noqa: FBT001 - as Product says
    return pfsense.Pfsense(run, gateway, page_limit, has_ipv6=has_ipv6).read()


def _read_openwrt(run: Run, gateway: OpenwrtGateway, _: int, has_ipv6: bool) -> Reading:  # noqa: FBT001 - as Product says
    return openwrt.Openwrt(run, gateway, has_ipv6=has_ipv6).read()


PRODUCTS = {
    "pfsense": Product(pfsense.sources_of, _read_pfsense),
    "openwrt": Product(openwrt.sources_of, _read_openwrt),
}
"""Every kind of gateway that network.toml may name. What its answers mean is told in pipelines/parse/kinds.py."""


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

    def _hop(self, site: Site) -> ssh.Hop | None:
        """The gateway through which the site's is reached, by network.toml's `via`."""
        via = site.gateway.via if site.gateway is not None else None
        nearer = self.network.sites[via].gateway if via is not None else None
        if nearer is None:
            return None
        return ssh.Hop(nearer, beside(self.network_file, nearer.known_hosts), self.jump_key)


def read_site(  # noqa: PLR0913 - what a site is read with; the two limits are for the tests
    site: Site,
    network_file: str,
    private_key: Callable[[], str],
    at: Callable[[], datetime],
    *,
    hop: ssh.Hop | None = None,
    connect_limit_s: float = ssh.CONNECT_LIMIT_S,
    page_limit: int = PAGE_LIMIT,
) -> list[Snapshot]:
    """A snapshot of each of the site's sources; none for a site without a gateway. `at` is our clock (UTC).

    A source that cannot be looked at is a missing snapshot with the reason, never an exception and never empty (R1).
    Raises `ConfigError` when a key of ours or a file of host keys cannot be used.
    """
    if site.gateway is None:
        return []
    known_hosts = beside(network_file, site.gateway.known_hosts)
    product = PRODUCTS[site.gateway.kind]
    asked_at = at()
    try:
        with ssh.connected(site.gateway, known_hosts, private_key, connect_limit_s, hop) as connection:
            reading = product.read(connection.run, site.gateway, page_limit, site.has_ipv6)
    except SourceUnavailable as error:
        sources = product.sources_of(site.gateway, has_ipv6=site.has_ipv6)
        return [missing(site.name, source, asked_at, str(error)) for source in sources]
    offset_s = clock_offset_s(reading.clock_s, asked_at, at())
    return [_snapshot(site.name, source, asked_at, offset_s, answer) for source, answer in reading.answers.items()]


def resend_at(
    site: Site,
    network_file: str,
    private_key: Callable[[], str],
    ips: Sequence[str],
    *,
    hop: ssh.Hop | None = None,
) -> Mapping[str, str | None]:
    """Per lease why Kea would not register its name again; None where it queued it for its D2. One command for all.

    Kea's not being there is each lease's reason. Raises `ConfigError` when our key or known_hosts cannot be used.
    """
    if not isinstance(site.gateway, PfsenseGateway):
        return dict.fromkeys(ips, f"the gateway of {site.name} runs no Kea")
    known_hosts = beside(network_file, site.gateway.known_hosts)
    try:
        with ssh.connected(site.gateway, known_hosts, private_key, ssh.CONNECT_LIMIT_S, hop) as connection:
            return pfsense.Pfsense(connection.run, site.gateway).resend(ips)
    except SourceUnavailable as error:
        return dict.fromkeys(ips, str(error))


def _snapshot(site: str, source: str, read_at: datetime, offset_s: int, answer: Answer | SourceUnavailable) -> Snapshot:
    if isinstance(answer, SourceUnavailable):
        return missing(site, source, read_at, str(answer))
    if isinstance(answer, Stale):
        return Snapshot(
            site, source, read_at, answer.content, is_complete=False, reason=answer.reason, clock_offset_s=offset_s
        )
    return Snapshot(site, source, read_at, answer, clock_offset_s=offset_s)


def clock_offset_s(clock_s: int, asked_at: datetime, answered_at: datetime) -> int:
    """How far a gateway's clock is ahead of ours, if it told `clock_s` somewhen between asking and answering.

    0 while less than 30 s lie between: a slow answer must not look like a slow clock.
    """
    early, late = clock_s - asked_at.timestamp(), clock_s - answered_at.timestamp()
    nearest = late if late > 0 else min(early, 0)
    return round(nearest) if abs(nearest) >= _CLOCKS_AGREE_S else 0
