"""What network.toml says of alerts: when something is stale, and who is told what is wrong."""

from typing import Annotated, Literal

from pydantic import Field

from pipelines.gateways import Part, Port

Url = Annotated[str, Field(pattern=r"^https?://[^\s@]+$")]
Mailbox = Annotated[str, Field(pattern=r"^[^\s@<>,;:\x00-\x1f]+@[^\s@<>,;:\x00-\x1f]+$")]


class Email(Part):
    """A mail server that takes our messages. With `user`, its password is the secret SMTP_PASSWORD."""

    server: str
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    sender: Mailbox
    to: tuple[Mailbox, ...]


class Alerts(Part):
    """Who is told what is wrong. `webhook` posts to the address that is the secret WEBHOOK_URL.

    The watch looks every so many minutes: a look at which nothing has changed is a tenth of a megabyte on the disk.
    A site or target that was not refreshed for `stale_after_minutes` is red; without it, as [cadence] suggests.
    """

    every_minutes: Annotated[int, Field(ge=1, le=60)] = 15
    stale_after_minutes: Annotated[int, Field(ge=5, le=10080)] | None = None
    runbook: str = "docs/runbook.md"
    log: bool = True
    webhook: bool = False
    email: Email | None = None
    textfile: str | None = None
    pushgateway: Url | None = None
