"""The question `why`, from the launchpad: the answer is the run's metadata, in the command line's words."""

import dagster as dg
from pydantic import Field

from assets.declare import told
from pipelines.why import READ
from pipelines.why import why as answer
from resources.preview import verbatim
from resources.stored_tables import StoredTables


class Question(dg.Config):
    """What is asked for."""

    subject: str = Field(default="", description="An address, a name (bare or whole) or a MAC")


@dg.op
def explain(context: dg.OpExecutionContext, config: Question, stored_tables: dg.ResourceParam[StoredTables]) -> None:
    """The winning claim, the losing ones, the rule and the evidence, from the tables the last run left behind."""
    try:
        with told():
            text = answer(config.subject, {table.name: stored_tables.read(table.name, table) for table in READ})
    except FileNotFoundError:
        raise dg.Failure("There are no tables yet. Run the job census first", allow_retries=False) from None
    context.add_output_metadata({"why": dg.MetadataValue.md(verbatim(text))})


@dg.job(
    description="Why an address bears its name: put an address, a name or a MAC into the launchpad. Asks no server.",
)
def why() -> None:
    """One step."""
    explain()
