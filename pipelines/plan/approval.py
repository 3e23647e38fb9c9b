"""Letting a plan through: its digest, what a person's approval says, and what load asks before it writes."""

import hashlib
import json
import re
import shlex
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from pipelines import tables
from pipelines.contract import TEXT
from pipelines.errors import ConfigError, PlanRefused
from pipelines.plan.bookkeeping import SIGHTING, work
from pipelines.plan.evidence import SHRANK
from pipelines.snapshots import EVERYWHERE
from pipelines.tables.plan import SCOPES

APPROVABLE = (*(f"{action}s-per-{scope}" for action in ("create", "update", "delete") for scope in SCOPES), SHRANK)
"""The guards a person may let a plan pass. Not what could not be looked at (rule R1), and never the never-list."""
_MOST_REASONS = 3  # a wall of sentences is not read; the table has them all
_FORM = re.compile(r"(?P<plan>[0-9a-f]{12}):(?P<guard>[a-z-]+)")
_IPAM = ["subnet_id_phpipam", "cidr", "ip", "id_phpipam", "field", "action", "before", "after"]
_DNS = ["zone", "owner", "type", "action", "before", "before_ttl_s", "after"]


class Job(NamedTuple):
    """How a plan comes about again: the job, the step that makes it, and what else it is told."""

    name: str = "census"
    step: str = "plan"
    config: Mapping[str, str] = MappingProxyType({})

    def command(self, needed: Iterable["Approval"]) -> str:
        """The command that lets the plan through."""
        told = [f"--{key} {shlex.quote(text)}" for key, text in self.config.items() if key != RUN_ID]
        words = [self.name, *([shlex.quote(self.config[RUN_ID])] if RUN_ID in self.config else []), *told]
        return " ".join(["python netcensus.py", *words, *(f"--approve {one}" for one in needed)])

    def launchpad(self, needed: Iterable["Approval"]) -> str:
        """The same in Dagster's launchpad."""
        told = "".join(f"{key}: {json.dumps(text)}, " for key, text in self.config.items())
        approve = json.dumps([str(one) for one in needed])
        return (
            f"in the launchpad of the job {self.name}: ops: {{{self.step}: {{config: {{{told}approve: {approve}}}}}}}"
        )


RUN_ID = "run_id"
CENSUS = Job()


class Approval(NamedTuple):
    """One guard that one plan may pass."""

    plan: str
    guard: str

    def __str__(self) -> str:
        """As it is written in a command or in the launchpad."""
        return f"{self.plan}:{self.guard}"


def asked(texts: Iterable[str]) -> frozenset[Approval]:
    """The approvals a person wrote. Raises `ConfigError` for what is none, or for a guard nobody passes."""
    return frozenset(_approval(text) for text in texts)


def _approval(text: str) -> Approval:
    found = _FORM.fullmatch(text.strip())
    if found is None:
        form = "Write the plan's digest and one guard, as the refusal names them: 0123456789ab:deletes-per-zone"
        raise ConfigError("approve", f"{text!r:.80} is no approval", form)
    if found["guard"] not in APPROVABLE:
        raise ConfigError(
            "approve", f"{found['guard']!r:.80} lets nobody through", f"These guards do: {', '.join(APPROVABLE)}"
        )
    return Approval(found["plan"], found["guard"])


def digest(ipam_plan: pd.DataFrame, dns_plan: pd.DataFrame) -> str:
    """What both plans would write, and in place of what, as 12 hex digits.

    Left out is what the passing of time alone changes: `lastSeen`, the TTLs that are cut to a lease's rest, reasons.
    """
    ipam = work(ipam_plan[ipam_plan["field"] != SIGHTING])
    return hashlib.sha256(json.dumps([_plain(ipam, _IPAM), _plain(work(dns_plan), _DNS)]).encode()).hexdigest()[:12]


def _plain(rows: pd.DataFrame, columns: list[str]) -> list[tuple[object, ...]]:
    cells = [rows[name].to_numpy(dtype="object", na_value=None).tolist() for name in columns]
    return sorted(zip(*cells, strict=True), key=str)


def judged(met: pd.DataFrame, plan: str, approvals: frozenset[Approval], by: str, job: Job = CENSUS) -> pd.DataFrame:
    """`tables.GUARDS` of the guards that were counted: refused where the count is above the limit, unless approved."""
    is_refused = met["count"] > met["limit"]
    given = {one.guard for one in approvals if one.plan == plan}
    is_approved = is_refused & met["guard"].isin(given)
    verdict = is_refused.map({True: "refused", False: "passed"}).mask(is_approved, "approved").astype(TEXT)
    reason = met["reason"].mask(is_approved, met["reason"] + "; let through by " + by)
    open_guards = dict.fromkeys(met.loc[is_refused, "guard"])
    remedy = _remedy([Approval(plan, guard) for guard in open_guards if guard in APPROVABLE], approvals, plan, job)
    is_open = met["guard"].isin(APPROVABLE)
    remedies = pd.Series(remedy, met.index, dtype=TEXT).where(is_open, met["guard"].map(_MEND).fillna(_BUG))
    rows = met.assign(verdict=verdict, reason=reason, remedy=remedies.where(verdict == "refused"), plan=plan)
    return tables.GUARDS.frame(rows.sort_values(list(tables.GUARDS.key)))


_BUG = "Nobody can let that through. It should never be planned: please report it"
_MEND = {
    "source-not-seen": "Nobody can let that through: mend the source, the next census looks again",
    "stale-snapshot": "Nobody can let that through: run a census, which asks anew",
}


def _remedy(needed: list[Approval], given: frozenset[Approval], plan: str, job: Job) -> str:
    """How all of this plan is let through: as a command, and in the launchpad."""
    others = sorted({one.plan for one in given} - {plan})
    moved = f"The approval of {', '.join(others)} is for another plan: something has moved since. " if others else ""
    ways = f"{job.command(needed)}, or {job.launchpad(needed)}"
    return f"{moved}If that is right, let this one plan through: {ways}; or raise the limit"


def refusals(guards: pd.DataFrame, target: str | None = None) -> list[str]:
    """Why the plans (or one target's) are refused and what to do: a few sentences, what they share said once."""
    rows = guards[guards["verdict"] == "refused"]
    rows = rows if target is None else rows[rows["target"] == target]
    reasons = "plan " + rows["plan"] + " is refused by " + rows["guard"] + ": " + rows["reason"] + "."
    more = len(rows) - _MOST_REASONS
    rest = [f"And {more} more limits are passed: see the table guards."] if more > 0 else []
    return [*reasons.head(_MOST_REASONS), *rest, *dict.fromkeys(rows["remedy"])]


def stop_refused(guards: pd.DataFrame, ipam_plan: pd.DataFrame, dns_plan: pd.DataFrame) -> None:
    """Raises `PlanRefused` unless these very plans were judged and not refused.

    The checks stop their own run only: a load that somebody starts by itself takes the tables as they were left.
    """
    if reasons := refusals(guards):
        raise PlanRefused("plan", "; ".join(reasons[:-1]), reasons[-1])
    if work(ipam_plan[ipam_plan["field"] != SIGHTING]).empty and work(dns_plan).empty:
        return
    plan = digest(ipam_plan, dns_plan)
    if set(guards["plan"]) != {plan}:
        raise PlanRefused(
            f"plan {plan}", "no guard has judged it", "Start a whole job (census, dns_sync or undo), not a part"
        )


def approved(guards: pd.DataFrame) -> pd.DataFrame:
    """`tables.RECEIPT` rows of what a person let through: which guard, which plan, what it met, and who."""
    rows = guards[guards["verdict"] == "approved"]
    is_site = rows["guard"].str.endswith("-per-site") | (rows["guard"] == SHRANK)
    return tables.RECEIPT.frame(
        rows.assign(
            target="guards",
            site=rows["scope"].where(is_site, EVERYWHERE),
            scope=rows["target"] + " " + rows["scope"],
            subject=rows["plan"],
            field=rows["guard"],
            action="approve",
            before=None,
            after=None,
            outcome="applied",
            detail=rows["reason"],
        )
    )
