"""A plan for phpIPAM as the rows to write: its changes by subnet and address, and the receipt they end in."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from pipelines import tables
from pipelines.parse.phpipam import decimal_of
from pipelines.plan.bookkeeping import work

TEXTS = ("hostname", "mac", "description")
TAG = "tag"  # the plan's word for what phpIPAM keeps in `state`


class Change(NamedTuple):
    """One row of `tables.IPAM_PLAN`, with None for what is missing."""

    site: str
    subnet_id_phpipam: int
    cidr: str
    ip: str
    id_phpipam: int | None
    action: str
    field: str
    before: str | None
    after: str | None
    reason: str


class Outcome(NamedTuple):
    """What became of one change (`tables.RECEIPT`)."""

    outcome: str
    detail: str | None = None


APPLIED = Outcome("applied")
Outcomes = dict[Change, Outcome]


@dataclass(frozen=True)
class Row:
    """The changes of one action to one address: one row of `ipaddresses` to write."""

    changes: tuple[Change, ...]

    @property
    def ip(self) -> str:
        """The address."""
        return self.changes[0].ip

    @property
    def id(self) -> int | None:
        """`ipaddresses.id`; None for a row to create."""
        return self.changes[0].id_phpipam

    @cached_property
    def decimal(self) -> str:
        """The address as phpIPAM keeps it."""
        return decimal_of(self.ip)

    @property
    def before(self) -> dict[str, str | None]:
        """What phpIPAM held when the plan was made, by column."""
        return {change.field: change.before for change in self.changes}

    @property
    def after(self) -> dict[str, str | None]:
        """What it should hold, by column."""
        return {change.field: change.after for change in self.changes}


def by_subnet(plan: pd.DataFrame) -> dict[int, list[Change]]:
    """The plan's changes by subnet, in its order; what is only to be remembered or forgotten is left out."""
    found: dict[int, list[Change]] = {}
    written = work(plan).sort_values("subnet_id_phpipam", kind="stable")
    # Python's own values: SQLite takes a numpy integer for a blob, and finds no row by it.
    columns = [written[name].to_numpy(dtype="object", na_value=None).tolist() for name in Change._fields]
    for change in map(Change._make, zip(*columns, strict=True)):
        found.setdefault(change.subnet_id_phpipam, []).append(change)
    return found


def rows(changes: list[Change], action: str) -> list[Row]:
    """The rows that one action writes, in the changes' order."""
    wanted: dict[str, list[Change]] = {}
    for change in changes:
        if change.action == action:
            wanted.setdefault(change.ip, []).append(change)
    return [Row(tuple(of_one)) for of_one in wanted.values()]


def outcome_of_all(found: list[Row], outcome: Outcome) -> Outcomes:
    """The same outcome for every change of these rows."""
    return {change: outcome for row in found for change in row.changes}


def receipt(changes: list[Change], outcomes: Mapping[Change, Outcome]) -> pd.DataFrame:
    """The rows of `tables.RECEIPT` for these changes, in their order."""
    return tables.RECEIPT.rows([_receipt_row(change, outcomes[change]) for change in changes])


def _receipt_row(change: Change, outcome: Outcome) -> tuple[Any, ...]:
    asked = (change.field, change.action, change.before, change.after)
    return ("phpipam", change.site, change.cidr, change.ip, *asked, *outcome)


def chunks(found: list[Row], size: int) -> list[list[Row]]:
    """The rows in lists of at most `size`."""
    return [found[at : at + size] for at in range(0, len(found), size)]
