"""What network.toml says of the sources beside the gateways, [sources.<name>]: one class for each `kind`.

How to add one: docs/adding-a-source.md.
"""

from collections.abc import Collection
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pipelines.gateways import Part
from pipelines.network.texts import Apex, SiteName


class Listed(Part):
    """A source of any kind. `sites` are those it tells of; all, unless they are named.

    While it cannot be read, nothing is concluded of them.
    """

    meaning: ClassVar[str]
    bears_on_sites: ClassVar[bool] = True

    sites: tuple[SiteName, ...] | None = None


class File(Listed):
    """A source that is a file; a relative path starts beside network.toml.

    One that was not written anew for `max_age_minutes` is stale: it counts as not read.
    """

    meaning: ClassVar[str] = "A file"

    path: str
    max_age_minutes: Annotated[int, Field(gt=0)] | None = None


class StaticList(File):
    """Hosts that a person lists: TOML or CSV."""

    kind: Literal["static-list"]
    meaning: ClassVar[str] = "A list of hosts kept by hand"


class Kubernetes(Listed):
    """The services of a cluster that have addresses of their own, asked of its API or read from a file.

    `server` is the API's URL, `ca` the file of the certificate its own must be signed by; the token is a secret
    (README). `path` is what `kubectl get svc -A -o json` printed; stale when it is older than `max_age_minutes`.
    """

    kind: Literal["kubernetes"]
    meaning: ClassVar[str] = "The LoadBalancer services of Kubernetes"

    server: Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.:\[\]-]+$")] | None = None
    ca: str | None = None
    path: str | None = None
    max_age_minutes: Annotated[int, Field(gt=0)] = 150

    @model_validator(mode="after")
    def _is_read_in_one_way(self) -> Self:
        if (self.server is None) == (self.path is None) or (self.server is None) != (self.ca is None):
            raise ValueError("write either server and ca, or path")
        return self


class ZoneFile(File):
    """A zone as somebody else publishes it: an RFC 1035 master file, such as Cloudflare exports. Evidence, no more.

    `origin` is its apex where the file itself does not say. `expect` are names that should be in it.
    """

    kind: Literal["zone-file"]
    meaning: ClassVar[str] = "A zone that is published elsewhere"
    bears_on_sites: ClassVar[bool] = False

    origin: Apex | None = None
    expect: tuple[Apex, ...] = ()

    @model_validator(mode="after")
    def _tells_of_no_site(self) -> Self:
        if self.sites is not None:
            raise ValueError("sites: a zone file tells of none; take the key out")
        return self


AnySource = Annotated[StaticList | Kubernetes | ZoneFile, Field(discriminator="kind")]
SOURCE_KINDS = ("static-list", "kubernetes", "zone-file")
SourceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,32}$")]


class Sources(Part):
    """How long answers hold for runs that do not ask again (dns_sync), in minutes; and the sources beside the gateways.

    Without `hold_minutes`, as [cadence] suggests. Each of the sources is a table of its own, [sources.<name>].
    """

    hold_minutes: Annotated[int, Field(gt=0, le=10080)] | None = None
    listed: dict[SourceName, AnySource] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _listed_apart(cls, raw: object) -> object:
        if not isinstance(raw, dict):
            return raw
        listed = {name: value for name, value in raw.items() if isinstance(value, dict)}
        return {"listed": listed, **{name: value for name, value in raw.items() if name not in listed}}


def check_sites(sources: Sources, sites: Collection[str]) -> None:
    """Raises `ValueError` for a source that tells of a site network.toml does not have."""
    for name, source in sources.listed.items():
        stranger = next((site for site in source.sites or () if site not in sites), None)
        if stranger is not None:
            raise ValueError(f"sources.{name}.sites: {stranger!r:.80} is no site; name one of {', '.join(sites)}")
