"""The question `who`, from the launchpad: the answer is the run's metadata, in the command line's words."""

import dagster as dg
from pydantic import Field

from assets.declare import told
from pipelines.who import as_text, question
from resources.history import History
from resources.preview import verbatim


class Asked(dg.Config):
    """Of whom is asked, and when; without any time, in the whole history."""

    subject: str = Field(default="", description="An address, a name (bare or whole) or a MAC")
    at: str = Field(default="", description="Who did at this time: ISO 8601, such as 2026-11-17T20:30Z")
    since: str = Field(default="", description="Who did at or after this time")
    until: str = Field(default="", description="Who did at or before this time")


@dg.op
def look_up(context: dg.OpExecutionContext, config: Asked, history: dg.ResourceParam[History]) -> None:
    """The holders of an address, from the ledger's history."""
    with told():
        asked = question(config.subject, at=config.at or None, since=config.since or None, until=config.until or None)
        text = as_text(asked, history.holders(asked), history.looks(asked.at))
    context.add_output_metadata({"who": dg.MetadataValue.md(verbatim(text))})


@dg.job(
    description="Who held an address: put an address, a name or a MAC into the launchpad, and a time. Asks no server.",
)
def who() -> None:
    """One step."""
    look_up()
