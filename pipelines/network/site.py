"""What network.toml says of one site: its subnets, its gateway, and the names it gives."""

from typing import Self

from pydantic import Field, model_validator

from pipelines.gateways import AnyGateway, Part
from pipelines.network.cadence import EveryHours
from pipelines.network.texts import Label, PublicKey, TrackedSubnet


class Site(Part):
    """One place with one gateway. Without `gateway` it has no sources, and only what people name there is published.

    A census that its schedule starts asks the gateway only every `every_hours`; without the key every census does.
    """

    name: str = ""
    subnets: tuple[TrackedSubnet, ...]
    gateway: AnyGateway | None = None
    label: Label | None = None
    every_hours: EveryHours | None = None
    wireguard_peers: dict[PublicKey, str] = Field(default_factory=dict)

    @property
    def has_ipv6(self) -> bool:
        """Whether an IPv6 subnet is tracked here: without one nothing of IPv6 is asked for."""
        return any(subnet.version == 6 for subnet in self.subnets)  # noqa: PLR2004 - the IP version

    @model_validator(mode="after")
    def _has_somebody_to_ask(self) -> Self:
        if self.every_hours is not None and self.gateway is None:
            raise ValueError("every_hours says how often its gateway is asked, but it has none: take the key out")
        return self

    @model_validator(mode="after")
    def _has_peers_only_where_they_are_read(self) -> Self:
        if self.wireguard_peers and not getattr(self.gateway, "wireguard", False):
            raise ValueError("wireguard_peers have names, but nobody reads them: set gateway.wireguard = true")
        return self


def check_hop(name: str, site: Site, sites: dict[str, Site]) -> None:
    """Raises `ValueError` unless the site whose gateway is the hop has one that is reached directly."""
    if site.gateway is None or site.gateway.via is None:
        return
    hop = sites.get(site.gateway.via)
    if hop is None or hop.gateway is None or hop.gateway.via is not None:
        via = f"sites.{name}.gateway.via: {site.gateway.via!r:.80}"
        raise ValueError(f"{via} is no site whose gateway is reached directly")
