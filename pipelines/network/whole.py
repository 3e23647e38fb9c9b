"""All that network.toml says, hanging together: the questions the other modules ask of it."""

import ipaddress
from datetime import timedelta
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from pipelines.gateways import AnyGateway, Part
from pipelines.network.alerts import Alerts
from pipelines.network.cadence import Cadence, held, stale
from pipelines.network.devices import Devices
from pipelines.network.dns import Dns
from pipelines.network.listed import AnySource, Sources, check_sites
from pipelines.network.phpipam import Phpipam
from pipelines.network.policies import RESERVED_WORDS, Budget, Conflicts, Guards, Names, State, Withdraw
from pipelines.network.ranges import AddressRange
from pipelines.network.site import Site, check_hop
from pipelines.network.texts import Apex, Label, SiteName, Subnet
from pipelines.values import Ip, OwnerName, apex_over, reverse_name


class Network(Part):
    """All we look after."""

    domain: Apex
    names: Names = Names()
    sites: dict[SiteName, Site]
    phpipam: Phpipam
    dns: Dns
    cadence: Cadence = Cadence()
    sources: Sources = Sources()
    withdraw: Withdraw = Withdraw()
    devices: Devices = Devices()
    alerts: Alerts = Alerts()
    guards: Guards = Guards()
    conflicts: Conflicts = Conflicts()
    pools: dict[Label, AddressRange] = Field(default_factory=dict)
    budget: Budget = Budget()
    state: State = State()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        self._check_subnets()
        self._check_what_lies_in_them()
        for name, site in self.sites.items():
            check_hop(name, site, self.sites)
        self._check_times()
        check_sites(self.sources, self.sites)
        if self.zone_of(self.domain) is None:
            raise ValueError(f"dns.zones: none of them holds the domain {self.domain}")
        return self

    def _check_subnets(self) -> None:
        """Raises `ValueError` where two of them overlap."""
        seen: dict[Subnet, str] = {}
        for name, site in self.sites.items():
            for subnet in site.subnets:
                clash = next(
                    (other for other in seen if other.version == subnet.version and other.overlaps(subnet)), None
                )
                if clash is not None:
                    raise ValueError(f"sites.{name}.subnets: {subnet} overlaps {clash} of {seen[clash]}")
                seen[subnet] = name

    def _check_what_lies_in_them(self) -> None:
        """Raises `ValueError` for guests or a pool in no subnet of a site."""
        if stranger := next((subnet for subnet in self.withdraw.guests if subnet not in self.site_of_subnet), None):
            raise ValueError(f"withdraw.guests: {stranger} is no subnet of any site; write one as it is there")
        for name, pool in self.pools.items():
            if not any(pool.is_in(subnet) for subnet in self.site_of_subnet):
                raise ValueError(f"pools.{name}: {pool} lies in no subnet of any site; mend it, or add the subnet")

    def _check_times(self) -> None:
        """Raises `ValueError` where the intervals do not fit into each other."""
        every = self.cadence.census_every_minutes
        for name, site in self.sites.items():
            if site.every_hours is not None and site.every_hours * 60 % every:
                multiple = f"a multiple of cadence.census_every_minutes ({every}), for only a census asks a gateway"
                raise ValueError(f"sites.{name}.every_hours: {site.every_hours} h is not {multiple}")
        if self.alerts.stale_after_minutes is not None and self.alerts.stale_after_minutes <= every:
            what = (
                f"with a census every {every} minutes (cadence.census_every_minutes) all would be stale before the next"
            )
            raise ValueError(f"alerts.stale_after_minutes: {what}; write more, or leave the key out")

    def interval(self, site: str | None = None) -> timedelta:
        """How often a site's gateway is asked; without a site how often there is a census."""
        own = self._own_hours(site)
        return timedelta(minutes=self.cadence.census_every_minutes) if own is None else timedelta(hours=own)

    def hold(self, site: str | None = None) -> timedelta:
        """How long what a site's gateway said is good for runs that do not ask it; or what any other source said."""
        least = timedelta(minutes=self.sources.hold_minutes or 0)
        own = held(self.interval(site))
        return max(least, own) if self._own_hours(site) is not None else least or own

    def stale_after(self, site: str | None = None) -> timedelta:
        """For how long a site may not have been read; without a site, a target not loaded."""
        least = timedelta(minutes=self.alerts.stale_after_minutes or 0)
        own = stale(self.interval(site))
        return max(least, own) if self._own_hours(site) is not None else least or own

    def _own_hours(self, site: str | None) -> int | None:
        found = self.sites.get(site) if site is not None else None
        return None if found is None else found.every_hours

    @property
    def census_cron(self) -> str:
        """The times of the census, for cron in UTC, with this network's share of the jitter."""
        return self.cadence.census_cron(self.jitter_minutes)

    @property
    def jitter_minutes(self) -> int:
        """The share of the jitter that is this network's: always the same while domain and targets are."""
        return self.cadence.jitter(f"{self.domain} {self.phpipam.host} {self.dns.server}")

    @property
    def night_zone(self) -> str:
        """The time zone in which `prune_at` is a time."""
        return self.cadence.time_zone or self.phpipam.time_zone

    @cached_property
    def gateways(self) -> dict[str, AnyGateway]:
        """The gateway of each site that has one, by the site."""
        return {name: site.gateway for name, site in self.sites.items() if site.gateway is not None}

    @cached_property
    def site_of_subnet(self) -> dict[Subnet, str]:
        """Every tracked subnet and the site it belongs to."""
        return {subnet: name for name, site in self.sites.items() for subnet in site.subnets}

    def told_by(self, source: str) -> tuple[str, ...]:
        """The sites of which a source under [sources] tells (`static-list/house`); none for what is not there."""
        listed = self.listed(source)
        if listed is None or not listed.bears_on_sites:
            return ()
        return tuple(self.sites) if listed.sites is None else listed.sites

    def listed(self, source: str) -> AnySource | None:
        """What is said under [sources] of a source such as `static-list/house`; None where it is not (any more)."""
        kind, _, name = source.partition("/")
        found = self.sources.listed.get(name)
        return found if found is not None and found.kind == kind else None

    def suffix(self, site: str) -> str:
        """The domain under which a site's bare names live, without the final dot."""
        domain = self.domain.rstrip(".")
        label = self.sites[site].label
        return f"{label}.{domain}" if label else domain

    def subnet_of(self, address: Ip) -> Subnet | None:
        """The tracked subnet an address belongs to (they never overlap)."""
        value = ipaddress.ip_address(address)
        return next((subnet for subnet in self.site_of_subnet if value in subnet), None)

    def zone_of(self, name: str) -> OwnerName | None:
        """The longest of our zones that holds an owner name; None where no zone of ours does."""
        return apex_over(name, self._zones)

    @cached_property
    def _zones(self) -> frozenset[str]:
        return frozenset(self.dns.zones)

    def is_classless(self, address: Ip | str) -> bool:
        """Whether the PTR of an address stands in an RFC 2317 zone."""
        return bool(self.dns.rfc2317) and self.pointer_name(address) != reverse_name(address)

    def pointer_name(self, address: Ip | str) -> OwnerName:
        """The owner name of an address's PTR: the last octet in its RFC 2317 zone where it has one, else the usual."""
        if not self.dns.rfc2317:
            return reverse_name(address)
        value = ipaddress.ip_address(address)
        holding = [subnet for subnet in self.dns.rfc2317 if value in subnet]
        if not holding:
            return reverse_name(address)
        apex = self.dns.rfc2317[max(holding, key=lambda subnet: subnet.prefixlen)]
        return OwnerName(f"{address.rpartition('.')[2]}.{apex}")

    @cached_property
    def forbidden_names(self) -> frozenset[str]:
        """First labels no DHCP client may claim."""
        return RESERVED_WORDS | set(self.names.infrastructure) | set(self.names.reserved)
