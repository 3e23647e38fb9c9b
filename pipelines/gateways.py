"""What network.toml says of a site's gateway: how it is reached, and what can be read there, by its `kind`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

KEA_SOCKETS = ("/var/run/kea/kea4-ctrl-socket", "/var/run/kea4-ctrl-socket", "/tmp/kea4-ctrl-socket")  # noqa: S108 - pfSense's choice
"""Where pfSense kept Kea's control socket, newest first: since 2.8.1, at 2.8.0, before."""

KEA6_SOCKETS = tuple(path.replace("kea4", "kea6") for path in KEA_SOCKETS)
KEA_LEASE_FILES = ("/var/db/kea/dhcp4.leases", "/var/lib/kea/dhcp4.leases")
"""Where pfSense's Kea keeps its leases: since 2.8.1, before. They are read when its socket does not answer."""

KEA6_LEASE_FILES = tuple(path.replace("dhcp4", "dhcp6") for path in KEA_LEASE_FILES)

DNSMASQ_LEASE_FILES = ("/tmp/dhcp.leases",)  # noqa: S108 - OpenWRT's choice
"""Where OpenWRT's dnsmasq keeps its leases unless `uci get dhcp.@dnsmasq[0].leasefile` names another file."""

Port = Annotated[int, Field(gt=0, lt=65536)]
ShellSafePath = Annotated[str, Field(pattern=r"^/[A-Za-z0-9._/-]+$")]


class Part(BaseModel):
    """A table of the file. An unknown key is an error: it is nearly always a misspelt one."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Gateway(Part):
    """How to reach a gateway by SSH. `via` is the site whose gateway is the hop to it."""

    host: str
    port: Port = 22
    user: str
    known_hosts: str = "known_hosts"
    via: str | None = None
    command_limit_s: Annotated[int, Field(gt=0)] = 60

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems read there, as the lineage calls them: words of `SYSTEMS`."""
        raise NotImplementedError


class PfsenseGateway(Gateway):
    """pfSense: Kea, ARP, NDP where the site has IPv6 subnets and, where it is said, WireGuard.

    `dhcp6` says whether Kea serves DHCPv6 there; by itself it is found out, by the socket and the lease files.
    """

    kind: Literal["pfsense"]
    kea_sockets: tuple[ShellSafePath, ...] = KEA_SOCKETS
    kea_lease_files: tuple[ShellSafePath, ...] = KEA_LEASE_FILES
    dhcp6: bool | None = None
    kea6_sockets: tuple[ShellSafePath, ...] = KEA6_SOCKETS
    kea6_lease_files: tuple[ShellSafePath, ...] = KEA6_LEASE_FILES
    wireguard: bool = False

    @property
    def systems(self) -> tuple[str, ...]:
        """Kea and ARP; WireGuard where it is asked for."""
        return ("kea", "arp", "wireguard") if self.wireguard else ("kea", "arp")


class OpenwrtGateway(Gateway):
    """OpenWRT and its kin: dnsmasq, odhcpd, the kernel's neighbour tables.

    `lease_s` is the longest lease they give. They write only when a lease ends; when it began follows from this. Too
    short, and a device that is gone looks as if it had just been there.
    """

    kind: Literal["openwrt"]
    lease_files: tuple[ShellSafePath, ...] = DNSMASQ_LEASE_FILES
    lease_s: Annotated[int, Field(ge=120, le=31_536_000)] = 43_200  # dnsmasq(8): 2 minutes at least; OpenWRT gives 12 h

    @property
    def systems(self) -> tuple[str, ...]:
        """The DHCP server and the neighbour tables."""
        return ("dnsmasq", "arp")


AnyGateway = Annotated[PfsenseGateway | OpenwrtGateway, Field(discriminator="kind")]
KINDS = ("pfsense", "openwrt")
SYSTEMS = {
    "kea": "Kea's leases and configuration",
    "dnsmasq": "The leases of dnsmasq and odhcpd",
    "arp": "The neighbour tables",
    "wireguard": "The peers of WireGuard",
}
"""What is read at gateways, by the word for it, and what that is."""
