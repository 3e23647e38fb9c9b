"""What network.toml says of the sources beside the gateways, [sources.<name>]: one class for each `kind`.

How to add one: docs/adding-a-source.md.
"""

from collections.abc import Collection
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from pipelines.gateways import Part
from pipelines.network.texts import SiteName


class File(Part):
    """A source that is a file; a relative path starts beside network.toml.

    `sites` are those it tells of (all, unless they are named): while it cannot be read, nothing is concluded of them.
    One that was not written anew for `max_age_minutes` counts as not read.
    """

    meaning: ClassVar[str]
    bears_on_sites: ClassVar[bool] = True

    path: str
    sites: tuple[SiteName, ...] | None = None
    max_age_minutes: Annotated[int, Field(gt=0)] | None = None


class StaticList(File):
    """Hosts that a person lists: TOML or CSV."""

    kind: Literal["static-list"]
    meaning: ClassVar[str] = "A list of hosts kept by hand"


AnySource = Annotated[StaticList, Field(discriminator="kind")]
SOURCE_KINDS = ("static-list",)
SourceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,32}$")]


class Sources(Part):
    """How long answers hold for runs that do not ask again (dns_sync), in minutes; and the sources beside the gateways.

    Each of those is a table of its own, [sources.<name>].
    """

    hold_minutes: Annotated[int, Field(gt=0, le=1440)] = 150
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
