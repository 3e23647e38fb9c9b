"""What network.toml means: sites, subnets, zones and policies, checked whole and frozen.

The file's form is declared here once; pydantic checks it. Nothing is read from disk here, and no secret is held.
"""

import ipaddress
import re
import tomllib
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import PurePath, PurePosixPath
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from pipelines.errors import ConfigError
from pipelines.gateways import KINDS, AnyGateway, Port
from pipelines.gateways import Part as _Part
from pipelines.values import Ip, OwnerName, host_name, is_below, owner_name, reverse_name

Subnet = IPv4Network | IPv6Network

RESERVED_WORDS = frozenset({"wpad", "isatap", "localhost", "localdomain", "broadcasthost", "any", "null", "unknown"})
"""Names that mean something to resolvers and browsers: who takes `wpad` proxies everybody (RFC 6761, MS09-008)."""

_OCTET_CUT = 24  # the longest prefix that in-addr.arpa can cut at a dot
_ZONE_LABEL = r"[a-z0-9_](?:[a-z0-9_/-]{0,61}[a-z0-9_])?"  # the slash is RFC 2317's
_APEX = re.compile(rf"{_ZONE_LABEL}(?:\.{_ZONE_LABEL})*\.")


def _apex(text: str) -> OwnerName:
    apex = owner_name(text)
    if not _APEX.fullmatch(apex):
        raise ValueError(f"{text!r:.80} is no domain name; write one such as example.lan or 10.0.10.in-addr.arpa")
    return apex


def _subnet(text: object) -> Subnet:
    try:
        return ipaddress.ip_network(str(text))
    except ValueError as error:
        raise ValueError(f"{error}; write a subnet such as 10.0.10.0/24") from None


def _without_slash(apex: OwnerName) -> OwnerName:
    if "/" in apex:
        raise ValueError(f"{apex} has a slash, which Technitium does not take; name the zone with a hyphen, as 0-25")
    return apex


def _classless(text: object) -> IPv4Network:
    subnet = _subnet(text)
    if not isinstance(subnet, IPv4Network) or subnet.prefixlen <= _OCTET_CUT:
        raise ValueError(f"{subnet} ends at an octet: its zone needs no RFC 2317, list it under [dns] zones")
    return subnet


def _time_zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError(f"{text!r} is no time zone; write one such as Europe/Sofia")
    return text


def _label(text: str) -> str:
    """One label: a name with dots in it would be compared with first labels, and never match."""
    if "." in text or text != text.strip():
        raise ValueError(f"{text!r:.80} is not one label; write the part before the first dot")
    host_name(text, "invalid")
    return text.lower()


def _site_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_]+", text):
        raise ValueError(f"{text!r:.80} is no site name: assets bear it, so letters, digits and underscores only")
    return text


TrackedSubnet = Annotated[Any, BeforeValidator(_subnet)]
ClasslessSubnet = Annotated[Any, BeforeValidator(_classless)]
Apex = Annotated[OwnerName, AfterValidator(_apex)]
ClasslessApex = Annotated[OwnerName, AfterValidator(_apex), AfterValidator(_without_slash)]
Label = Annotated[str, AfterValidator(_label)]
PublicKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]
SiteName = Annotated[str, AfterValidator(_site_name)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]


class Site(_Part):
    """One place with one gateway. Without `gateway` it has no sources, and only what people name there is published."""

    name: str = ""
    subnets: tuple[TrackedSubnet, ...]
    gateway: AnyGateway | None = None
    label: Label | None = None
    wireguard_peers: dict[PublicKey, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_peers_only_where_they_are_read(self) -> Self:
        if self.wireguard_peers and not getattr(self.gateway, "wireguard", False):
            raise ValueError("wireguard_peers have names, but nobody reads them: set gateway.wireguard = true")
        return self


def _check_hop(name: str, site: Site, sites: dict[str, Site]) -> None:
    """Raises `ValueError` unless the site whose gateway is the hop has one that is reached directly."""
    if site.gateway is None or site.gateway.via is None:
        return
    hop = sites.get(site.gateway.via)
    if hop is None or hop.gateway is None or hop.gateway.via is not None:
        via = f"sites.{name}.gateway.via: {site.gateway.via!r:.80}"
        raise ValueError(f"{via} is no site whose gateway is reached directly")


class Names(_Part):
    """Names no client may take: the reserved words, and this network's own infrastructure."""

    infrastructure: tuple[Label, ...] = ()
    reserved: tuple[Label, ...] = ()


IMPORTED = ("-- arp discovered --", "-- kea lease --", "-- autodiscovered --")
"""Descriptions that import jobs and phpIPAM's own discovery (discoveryCheck.php) leave: no person named these."""


class Phpipam(_Part):
    """phpIPAM's database."""

    driver: Literal["mysql+pymysql", "sqlite"] = "mysql+pymysql"
    host: str | None = None
    port: Port = 3306
    database: str
    user: str | None = None
    time_zone: TimeZone
    changelog_user: str
    section: str | None = None
    vrf: str | None = None
    imported: tuple[str, ...] = IMPORTED

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        lacking = [key for key in ("host", "user") if getattr(self, key) is None]
        if self.driver != "sqlite" and lacking:
            raise ValueError(f"{' and '.join(lacking)} must be there for {self.driver}")
        return self

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone phpIPAM's PHP keeps its naive times in."""
        return ZoneInfo(self.time_zone)


class Ttl(_Part):
    """TTLs by the class of a name, in seconds."""

    static: Annotated[int, Field(ge=30, le=604800)] = 3600
    dynamic: Annotated[int, Field(ge=30, le=604800)] = 600


class Secondary(_Part):
    """A name server that copies our zones from the primary: only ever asked for serials."""

    server: str
    port: Port = 53


class Dns(_Part):
    """The primary name server and the zones of it that are ours to write.

    `heal` says whether Kea is asked to register names again that DNS lacks.
    `rfc2317` are the zones of IPv4 subnets smaller than a /24, where the PTR of an address is its last octet's.
    """

    server: str
    port: Port = 53
    key: Apex
    algorithm: Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"] = "hmac-sha256"
    zones: tuple[Apex, ...]
    ttl: Ttl = Ttl()
    secondaries: tuple[Secondary, ...] = ()
    secondaries_limit_s: Annotated[int, Field(ge=0, le=120)] = 30
    rfc2317: dict[ClasslessSubnet, ClasslessApex] = Field(default_factory=dict)
    heal: bool = True

    @model_validator(mode="after")
    def _asks_each_server_once(self) -> Self:
        every = [(self.server, self.port), *((one.server, one.port) for one in self.secondaries)]
        twice = next((one for one in every if every.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"secondaries: {twice[0]} port {twice[1]} is there twice, or is the primary itself")
        return self

    @model_validator(mode="after")
    def _keeps_octets_apart(self) -> Self:
        wholes: dict[str, IPv4Network] = {}
        for subnet, apex in self.rfc2317.items():
            whole = subnet.supernet(new_prefix=_OCTET_CUT)
            if wholes.setdefault(apex, whole) != whole:
                raise ValueError(f"rfc2317: {apex} is given to {whole} and {wholes[apex]}, whose last octets clash")
        return self


class Sources(_Part):
    """How long a gateway's answers hold for runs that do not ask it again (dns_sync), in minutes."""

    hold_minutes: Annotated[int, Field(gt=0, le=1440)] = 150


class Withdraw(_Part):
    """When what we wrote is taken back, once it is no longer wanted (docs/decisions/0006-withdraw.md).

    A plan that takes back more of a zone's RRsets, or tags more of a subnet's addresses, than both `max_count` and
    `max_share` of ours is held back there as a whole.
    """

    enabled: bool = True
    first_days: Annotated[int, Field(ge=0, le=365)] = 7
    dynamic_grace_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    reservation_grace_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    guests: tuple[TrackedSubnet, ...] = ()
    offline_after_days: Annotated[int, Field(ge=1, le=3650)] = 7
    max_count: Annotated[int, Field(ge=0)] = 10
    max_share: Annotated[float, Field(ge=0, le=1)] = 0.1


class State(_Part):
    """Our own state: the archive's folder and the ledger's database."""

    archive: str = "var/archive"
    ledger: str = "sqlite:///var/ledger.sqlite"

    def ledger_url(self, folder: PurePath) -> str:
        """The ledger's database URL; the path of an SQLite file starts in `folder`, that of network.toml."""
        scheme, slashes, path = self.ledger.partition("sqlite:///")
        return f"{slashes}{folder / path}" if slashes and not scheme else self.ledger


class Network(_Part):
    """All we look after."""

    domain: Apex
    names: Names = Names()
    sites: dict[SiteName, Site]
    phpipam: Phpipam
    dns: Dns
    sources: Sources = Sources()
    withdraw: Withdraw = Withdraw()
    state: State = State()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        seen: dict[Subnet, str] = {}
        for name, site in self.sites.items():
            for subnet in site.subnets:
                clash = next(
                    (other for other in seen if other.version == subnet.version and other.overlaps(subnet)), None
                )
                if clash is not None:
                    raise ValueError(f"sites.{name}.subnets: {subnet} overlaps {clash} of {seen[clash]}")
                seen[subnet] = name
        if stranger := next((subnet for subnet in self.withdraw.guests if subnet not in seen), None):
            raise ValueError(f"withdraw.guests: {stranger} is no subnet of any site; write one as it is there")
        for name, site in self.sites.items():
            _check_hop(name, site, self.sites)
        if self.zone_of(self.domain) is None:
            raise ValueError(f"dns.zones: none of them holds the domain {self.domain}")
        return self

    @cached_property
    def site_of_subnet(self) -> dict[Subnet, str]:
        """Every tracked subnet and the site it belongs to."""
        return {subnet: name for name, site in self.sites.items() for subnet in site.subnets}

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
        holding = [zone for zone in self.dns.zones if is_below(name, zone)]
        return max(holding, key=len, default=None)

    def pointer_name(self, address: Ip | str) -> OwnerName:
        """The owner name of an address's PTR: the last octet in its RFC 2317 zone where it has one, else the usual."""
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


def parse(text: str, place: str) -> Network:
    """The network that the text of a network.toml describes; `place` is the file's name for errors.

    Raises `ConfigError` naming the file, the key and the remedy.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            place, f"is not TOML: {error}", "Mend that line; the shipped network.toml shows the form"
        ) from None
    for name, site in raw.get("sites", {}).items() if isinstance(raw.get("sites"), dict) else ():
        if isinstance(site, dict):
            site["name"] = name
    try:
        return Network.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(place, "; ".join(_sentence(one) for one in error.errors()[:5]), _REMEDY) from None


_REMEDY = "Compare with the shipped network.toml, which shows every key"


def _sentence(error: object) -> str:
    detail: dict[str, object] = dict(error)  # type: ignore[call-overload]  # pydantic's ErrorDetails is a TypedDict
    where = _path(detail["loc"])  # type: ignore[arg-type]  # a tuple
    if detail["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        return f"{where}.kind is none of {', '.join(KINDS)}"
    if detail["type"] == "extra_forbidden":
        return f"{where} is no key netcensus knows"
    if detail["type"] == "missing":
        return f"{where} is missing"
    text = str(detail["msg"]).removeprefix("Value error, ")
    return f"{where}: {text}" if where else text


def _path(keys: tuple[object, ...]) -> str:
    """The key's path as it stands in the file: pydantic puts a gateway's kind between it and its keys."""
    pairs = zip(("", *keys), keys, strict=False)
    return ".".join(str(key) for before, key in pairs if before != "gateway" or key not in KINDS)


def beside(place: str, path: str) -> str:
    """A path from network.toml as it is meant: a relative one starts in the folder of the file `place`."""
    return str(PurePosixPath(place).parent / path)
