"""What holds across columns, rows and tables, as plain data: each rule with what to do when it does not hold.

What one column's values may be stands in the contract (pipelines/tables). A rule is an error only where netcensus
would do harm by going on; what a person's own data may break is a warning.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pipelines import tables
from pipelines.contract import TEXT, Reference, Table
from pipelines.keys import merged
from pipelines.predicates import (
    NEVER_READS_AS,
    ONE_OF,
    Expectation,
    at_least,
    between,
    equal,
    no_repeat,
    not_null,
    null,
)

Frames = Mapping[str, pd.DataFrame]
LONGEST_S = 0xFFFFFFFF
LONGEST_TTL_S = 604_800  # a week: the most network.toml takes; RFC 8767 section 4 caps what resolvers believe there too
REPORT = "This is a fault of netcensus, or an answer it has never met: please report it, with these rows"


@dataclass(frozen=True)
class LookedUp:
    """A column `name`: the `value` of the row of table `to` that has the same `by`; null where there is none."""

    name: str
    by: tuple[str, ...]
    to: str
    value: str

    def column(self, frame: pd.DataFrame, others: Frames) -> "pd.Series[object]":
        """The column, for the rows of `frame`."""
        found = others[self.to][[*self.by, self.value]].drop_duplicates(list(self.by))
        found = found.rename(columns={self.value: self.name})
        looked = merged(frame[list(self.by)], found, on=list(self.by), how="left", validate="many_to_one")
        return looked[self.name].set_axis(frame.index)


@dataclass(frozen=True)
class Lowest:
    """A column `name`: the lowest `value` of the rows that have the same `by`."""

    name: str
    by: tuple[str, ...]
    value: str

    def column(self, frame: pd.DataFrame, _others: Frames) -> "pd.Series[object]":
        """The column, for the rows of `frame`."""
        return frame.groupby(list(self.by))[self.value].transform("min")


@dataclass(frozen=True)
class Ending:
    """A column `name`: `like`, where `value` is that or ends with it after a dot; else the whole of `value`."""

    name: str
    value: str
    like: str

    def column(self, frame: pd.DataFrame, _others: Frames) -> "pd.Series[object]":
        """The column, for the rows of `frame`."""
        pairs = zip(frame[self.value].tolist(), frame[self.like].tolist(), strict=True)
        return pd.Series([_end(text, like) for text, like in pairs], index=frame.index, dtype=TEXT)


def _end(text: object, like: object) -> str | None:
    if not isinstance(text, str) or not isinstance(like, str):
        return None  # null
    return like if text == like or text.endswith(f".{like}") else text


@dataclass(frozen=True)
class Rule:
    """One expectation of a table, what to do when it is not met, and the column it needs beside the table's own."""

    table: Table
    expectation: Expectation
    remedy: str = REPORT
    is_error: bool = True
    derived: LookedUp | Lowest | Ending | None = None


_INSIDE = Ending("end_of_owner", "owner", "zone")
_INSIDE_ITS_ZONE = equal("end_of_owner", "zone", "owner is the zone's apex or lies in the zone")
_GROUP = r"\A(?:.[13579bdf]|00:00:00:00:00:00)"
_A_DEVICES = Expectation(NEVER_READS_AS, ("mac",), "mac is a device's: no multicast, not zero", {"regex": _GROUP})
_ASKED = LookedUp("asked_at", ("site", "source"), "sources", "read_at")
_WHY = not_null("reason", where=("is_complete", False))
_LEASE_TIMES = "Compare the lease with the server's; if its clock was set meanwhile, the next renewal mends it"
_ONE_TTL = equal("lowest_ttl_s", "ttl_s", "all records of an RRset have one TTL (RFC 2181 section 5.2)")

RULES: tuple[Rule, ...] = (
    Rule(tables.SNAPSHOTS, _WHY),
    Rule(tables.SOURCES, _WHY),
    Rule(tables.LEASES, at_least("expires_at", "cltt_at", "expires_at is not before cltt_at"), _LEASE_TIMES),
    Rule(tables.LEASES, between("valid_s", 0, LONGEST_S), _LEASE_TIMES),
    Rule(
        tables.LEASES,
        at_least("asked_at", "cltt_at", "cltt_at is not after the source was asked"),
        "Compare the gateway's clock with this machine's (NTP)",
        derived=_ASKED,
    ),
    Rule(
        tables.ZONE_RECORDS,
        _ONE_TTL,
        "Give the RRset one TTL on the name server",
        is_error=False,
        derived=Lowest("lowest_ttl_s", ("owner", "type"), "ttl_s"),
    ),
    Rule(tables.ZONE_RECORDS, _INSIDE_ITS_ZONE, derived=_INSIDE),
    Rule(tables.SIGHTINGS, _A_DEVICES),
    Rule(
        tables.SIGHTINGS,
        at_least("asked_at", "last_seen_at", "last_seen_at is not after the source was asked"),
        "Compare the gateway's clock with this machine's (NTP)",
        derived=_ASKED,
    ),
    Rule(tables.NAME_CLAIMS, no_repeat(("site", "ip"), where=("verdict", "granted"))),
    Rule(tables.NAME_CLAIMS, not_null("name", where=("verdict", "granted"))),
    Rule(tables.RECORDS, _INSIDE_ITS_ZONE, derived=_INSIDE),
    Rule(tables.RECORDS, between("ttl_s", 1, LONGEST_TTL_S), "Set a TTL of 30 to 604800 under [dns.ttl]"),
    Rule(tables.RECORDS, between("longest_ttl_s", 1, LONGEST_S)),
    Rule(tables.RECORDS, _ONE_TTL, is_error=False, derived=Lowest("lowest_ttl_s", ("owner", "type"), "ttl_s")),
    Rule(tables.RECORDS, no_repeat(("zone", "owner"), where=("type", "PTR"))),
    Rule(tables.RECORDS, equal("rdata", "ip", "rdata is the host's own ip where type is A", where=("type", "A"))),
    Rule(tables.IPAM_PLAN, null("id_phpipam", where=("action", "create"))),
    Rule(tables.IPAM_PLAN, not_null("id_phpipam", where=("action", "update"))),
    Rule(tables.IPAM_PLAN, not_null("id_phpipam", where=("action", "touch"))),
    Rule(tables.DNS_PLAN, _INSIDE_ITS_ZONE, derived=_INSIDE),
    Rule(tables.DNS_PLAN, null("before", where=("action", "create"))),
    Rule(tables.DNS_PLAN, not_null("before", where=("action", "update"))),
    Rule(tables.DNS_PLAN, not_null("before", where=("action", "delete"))),
    Rule(tables.DNS_PLAN, null("after", where=("action", "delete"))),
    Rule(tables.DNS_PLAN, not_null("after", where=("action", "create"))),
    Rule(tables.DNS_PLAN, not_null("after", where=("action", "update"))),
    Rule(tables.DNS_PLAN, between("after_ttl_s", 1, LONGEST_TTL_S)),
    Rule(tables.HEAL_PLAN, between("tries", 1, LONGEST_S)),
)


def rules_of(table: Table) -> tuple[Rule, ...]:
    """All that is asked of a table's rows but its references: its contract's expectations, and the rules above."""
    return (
        *(Rule(table, one) for one in table.expectations),
        *(rule for rule in RULES if rule.table.name == table.name),
    )


def judged(table: Table, frame: pd.DataFrame, others: Frames) -> tuple[pd.DataFrame, tuple[Rule, ...]]:
    """The frame with the columns the rules need, and every rule that can be judged beside these `others`."""
    rules = [rule for rule in rules_of(table) if _can_be_derived(rule, others)]
    derived = {rule.derived.name: rule.derived.column(frame, others) for rule in rules if rule.derived is not None}
    pointing = [one for one in table.references if one.to in others]
    derived |= {" / ".join(one.columns): _joined(frame, one.columns) for one in pointing if len(one.columns) > 1}
    return frame.assign(**derived), (*rules, *(_points(table, one, others) for one in pointing))


def in_words(reference: Reference) -> str:
    """A reference as a clause a person reads."""
    verb = "stand" if len(reference.columns) > 1 else "stands"
    return f"{' and '.join(reference.columns)} {verb} in {reference.to} ({', '.join(reference.at)})"


def _can_be_derived(rule: Rule, others: Frames) -> bool:
    return not isinstance(rule.derived, LookedUp) or rule.derived.to in others


def _points(table: Table, reference: Reference, others: Frames) -> Rule:
    there = _joined(others[reference.to], reference.at)
    values = {"value_set": tuple(sorted(there.dropna().unique()))}
    column = " / ".join(reference.columns)
    return Rule(table, Expectation(ONE_OF, (column,), in_words(reference), values))


def _joined(frame: pd.DataFrame, columns: tuple[str, ...]) -> "pd.Series[object]":
    """The values of several columns as one text; null where one of them is. One column stays what it is."""
    first, *rest = (frame[column] for column in columns)
    for other in rest:
        first = first.str.cat(other, sep=" / ")
    return first
