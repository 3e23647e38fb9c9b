"""What the command line answers by itself: `who` from the ledger, `why` from the tables, and what went wrong.

Nothing here imports Dagster, which takes seconds.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from sqlalchemy.exc import SQLAlchemyError

from pipelines.contract import Table
from pipelines.errors import ConfigError, NetcensusError, StateError
from pipelines.terminal import printable
from pipelines.who import as_csv, as_json, as_text, question
from pipelines.why import READ, why
from resources.history import History
from resources.network_file import network_path, read_network
from resources.stored_tables import StoredTables


def answer_who(arguments: argparse.Namespace) -> int:
    """Print who held what is asked for, from the ledger's history."""
    try:
        asked_for = question(arguments.subject, at=arguments.at, since=arguments.since, until=arguments.until)
        path = network_path()
        history = History(read_network(path).state.ledger_url(path.parent))
        rows, looks = history.holders(asked_for), history.looks(asked_for.at)
    except ConfigError as error:
        return fail([str(error)], 2)
    except (SQLAlchemyError, StateError) as error:  # whose own words may hold the database's URL, and so its password
        what = f"{path}: the [state] ledger cannot be read ({type(error).__name__}). See whether that database is there"
        return fail([what], 1)
    forms = {"csv": lambda: as_csv(rows), "json": lambda: as_json(asked_for, rows, looks) + "\n"}
    shown = forms.get(arguments.form, lambda: as_text(asked_for, rows, looks) + "\n")()
    sys.stdout.write(shown)
    return 0


def answer_why(subject: str) -> int:
    """Print why `subject` is as it is, from the last tables."""
    try:
        print(why(subject, read({table.name: table for table in READ})))  # noqa: T201 - the command's output
    except ConfigError as error:
        return fail([str(error)], 2)
    except FileNotFoundError:
        what = f"{network_path()}: no tables of this network are there yet"
        return fail([f"{what}. Run a census or a rehearsal first, or name its file in NETCENSUS_NETWORK"], 1)
    except NetcensusError as error:
        return fail([str(error)], 1)
    return 0


def read(wanted: Mapping[str, Table]) -> dict[str, pd.DataFrame]:
    """The tables of these names as the last run left them. Raises `ConfigError`, and as `StoredTables.read`."""
    path = network_path()
    stored = StoredTables(Path(read_network(path).state.tables(path.parent)))
    return {name: stored.read(name, table) for name, table in wanted.items()}


def fail(faults: Sequence[str], status: int) -> int:
    """Print what went wrong, each in a line of its own, and return the status to end with."""
    for fault in faults:
        print(f"netcensus: {printable(fault)}", file=sys.stderr)  # noqa: T201 - the command's own error output
    return status
