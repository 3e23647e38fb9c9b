"""The guards: whether the finished plans may be sent, or change more than a person would want unasked (rule R8).

A plan that meets one is refused whole: nothing of it is sent to either target. docs/decisions/0008-guards.md.
"""

from collections.abc import Mapping

import pandas as pd

from pipelines import contract
from pipelines.counted import counted
from pipelines.network import Guards, Limit, Network
from pipelines.plan import evidence
from pipelines.plan.approval import CENSUS, Approval, Job, digest, judged
from pipelines.plan.past import Past
from pipelines.plan.volume import CREATE, DELETE, DNS, PHPIPAM, UPDATE, changes, volumes

Tables = Mapping[str, pd.DataFrame]
_NOBODY = frozenset[Approval]()
_COLUMNS = ["target", "guard", "scope", "action", "count", "of", "percent", "limit", "reason"]
_WOULD = {
    (DNS, CREATE): "{changes} would be added to the {of} in {kind} {scope}",
    (DNS, UPDATE): "{count} of the {held} in {kind} {scope} would be changed",
    (DNS, DELETE): "{count} of our {held} in {kind} {scope} would be taken away",
    (PHPIPAM, CREATE): "{changes} would be entered or filled in beside the {of} phpIPAM has of {kind} {scope}",
    (PHPIPAM, UPDATE): "{count} of the {held} phpIPAM has of {kind} {scope} would be changed",
    (PHPIPAM, DELETE): "{count} of the {held} phpIPAM has of {kind} {scope} would be removed, set Offline or "
    "lose their name",
}


def guards(  # noqa: PLR0913 - three tables and five parameters, each by name
    made: Tables,
    parsed: Tables,
    applied: pd.DataFrame,
    *,
    network: Network,
    past: Past,
    now: pd.Timestamp,
    approvals: frozenset[Approval] = _NOBODY,
    by: str = "somebody",
    job: Job = CENSUS,
) -> pd.DataFrame:
    """`tables.GUARDS` for the plans in `made`; no row where nothing would change.

    `past` is the ledger's memory, `approvals` what a person let through, `by` who that is, `job` what made the plans.
    """
    changed = changes(made)
    found = evidence.met(changed, made, parsed, applied, network=network, past=past, now=now)
    others = pd.DataFrame(found, columns=list(evidence.Met._fields)).rename(columns={"subjects": "count"})
    others = others.assign(of=None, percent=None, limit=0)
    limited = _limited(volumes(changed, parsed, applied, network=network), network.guards)
    every = [rows[_COLUMNS].astype({"of": contract.INTEGER, "percent": contract.INTEGER}) for rows in (limited, others)]
    return judged(pd.concat(every, ignore_index=True), digest(made["ipam_plan"], made["dns_plan"]), approvals, by, job)


def _limited(rows: pd.DataFrame, policy: Guards) -> pd.DataFrame:
    """The volumes with the guard each is for, how many pass, and the sentence that says so."""
    limits: dict[str, Limit] = {CREATE: policy.creates, UPDATE: policy.updates, DELETE: policy.deletes}
    told = [_told(row, limits[str(row["action"])]) for row in rows.to_dict("records")]
    columns = ["guard", "percent", "limit", "reason"]
    return rows.join(pd.DataFrame(told, rows.index, columns=columns))


def _told(row: Mapping[str, object], limit: Limit) -> tuple[str, int | None, int, str]:
    count, of, action = int(str(row["count"])), int(str(row["of"])), str(row["action"])
    percent = round(100 * count / of) if of else None
    most = limit.most(of)
    share = "" if percent is None else f" ({percent} %)"
    where = f"[guards] {action}s in network.toml: few = {limit.few}, max_count = {limit.max_count}, "
    noun = "name" if row["target"] == DNS else "address"
    numbers = {"changes": counted(count, noun), "held": counted(of, noun), "scope": str(row["scope"]).rstrip(".")}
    would = _WOULD[str(row["target"]), action].format_map({**row, **numbers})
    reason = f"{would}{share}, and at most {most} may at once ({where}max_share = {limit.max_share:g})"
    return f"{action}s-per-{row['kind']}", percent, most, reason
