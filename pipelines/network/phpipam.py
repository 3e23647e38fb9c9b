"""What network.toml says of phpIPAM's database."""

from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import model_validator

from pipelines.gateways import Part, Port
from pipelines.network.texts import TimeZone

IMPORTED = ("-- arp discovered --", "-- kea lease --", "-- autodiscovered --")
"""Descriptions that import jobs and phpIPAM's own discovery (discoveryCheck.php) leave: no person named these."""


class Phpipam(Part):
    """phpIPAM's database. With `ca`, a file beside network.toml, only TLS will do, by that authority's certificate."""

    driver: Literal["mysql+pymysql", "sqlite"] = "mysql+pymysql"
    host: str | None = None
    port: Port = 3306
    database: str
    user: str | None = None
    ca: str | None = None
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
