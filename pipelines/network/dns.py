"""What network.toml says of the name servers and the zones on them."""

from ipaddress import IPv4Network  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipelines.gateways import Part, Port
from pipelines.network.texts import OCTET_CUT, Apex, ClasslessApex, ClasslessSubnet


class Ttl(Part):
    """TTLs by the class of a name, in seconds."""

    static: Annotated[int, Field(ge=30, le=604800)] = 3600
    dynamic: Annotated[int, Field(ge=30, le=604800)] = 600


class Secondary(Part):
    """A name server that copies our zones from the primary: only ever asked for serials."""

    server: str
    port: Port = 53


class Dns(Part):
    """The primary name server and the zones of it that are ours to write.

    `heal` says whether Kea is asked to register names again that DNS lacks. `incremental` asks for what changed in a
    zone (IXFR) instead of the whole of it.
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
    incremental: bool = False

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
            whole = subnet.supernet(new_prefix=OCTET_CUT)
            if wholes.setdefault(apex, whole) != whole:
                raise ValueError(f"rfc2317: {apex} is given to {whole} and {wholes[apex]}, whose last octets clash")
        return self
