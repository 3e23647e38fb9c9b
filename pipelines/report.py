"""One census as a person wants to read it: what was found, what was changed and why, what was withheld and why."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import pandas as pd

from pipelines.counted import counted
from pipelines.plan.approval import refusals
from pipelines.plan.bookkeeping import work
from pipelines.reconcile.conflicts.rows import NOTICE
from pipelines.snapshots import EVERYWHERE
from pipelines.terminal import plain, printable

EXAMPLES = 4  # of each kind; the whole tables are in the UI
_WIDEST_EVIDENCE = 200
Tables = Mapping[str, pd.DataFrame]


def report(tables: Tables) -> str:
    """The census whose tables these are (sources, conflicts, the plans, withheld, guards, and the receipts made)."""
    refused = [*_refused(tables["guards"])]
    sections: list[Iterator[str] | list[str]] = [
        *([refused] if refused else []),
        _found(tables["sources"]),
        [*_changed(tables), *_asked_again(tables)],
        _withheld(tables["withheld"]),
        _conflicts(tables["conflicts"]),
    ]
    return _joined(sections)


def report_of_undo(tables: Tables) -> str:
    """The undo whose tables these are (the plans, undone, withheld, guards, and the receipts made)."""
    undone = tables["undone"]
    head = [f"Undo of run {run}" for run in undone["run_id"].unique()] or ["Undo: nothing is left to undo"]
    refused = [*_refused(tables["guards"])]
    return _joined([*([refused] if refused else []), [*head, *_changed(tables)], _withheld(tables["withheld"])])


def _joined(sections: list[Iterator[str] | list[str]]) -> str:
    lines = [part for section in sections for line in [*section, ""] for part in line.split("\n")]
    return "\n".join(map(printable, lines))


def _refused(guards: pd.DataFrame) -> Iterator[str]:
    """What the guards refuse, by how much, and how to let it through; and what a person did let through."""
    if lines := refusals(guards):
        yield "REFUSED: nothing is sent to phpIPAM, DNS or Kea"
        yield from (f"  {printable(line)}" for line in lines)
    for row in guards[guards["verdict"] == "approved"].itertuples(index=False):
        yield f"Let through: plan {row.plan}, {row.guard}: {printable(row.reason)}"


def is_quiet(tables: Tables) -> bool:
    """Whether the census found nothing to do: no change planned for either target, nothing to ask of Kea."""
    return tables["heal_plan"].empty and all(work(tables[name]).empty for name in ("ipam_plan", "dns_plan"))


def _found(sources: pd.DataFrame) -> Iterator[str]:
    yield "Found"
    is_shared = sources["site"] == EVERYWHERE
    for row in pd.concat([sources[~is_shared], sources[is_shared]]).itertuples(index=False):
        rejected = f", {row.rejected} unreadable (see the table rejects)" if row.rejected else ""
        state = f"{counted(row.rows, 'row')}{rejected}" if row.is_complete else f"NOT READ: {row.reason}"
        site = "network" if row.site == EVERYWHERE else row.site
        yield f"  {site:<12} {row.source:<34} {state}"


def _changed(tables: Tables) -> Iterator[str]:
    changes = {
        "phpIPAM": tables["ipam_plan"].rename(columns={"cidr": "scope", "ip": "subject"}),
        "DNS": tables["dns_plan"].rename(columns={"zone": "scope", "owner": "subject", "type": "field"}),
    }
    receipts = {"phpIPAM": _answers(tables, "ipam_receipt", "phpipam"), "DNS": _answers(tables, "dns_receipt", "dns")}
    is_refused = bool(refusals(tables["guards"]))
    for target, rows in changes.items():
        written = work(rows)
        yield f"{_headline(target, written, receipts[target], is_refused=is_refused)}{_adopted(rows)}"
        yield from _by_kind(written) if len(written) else ()


def _answers(tables: Tables, name: str, target: str) -> pd.DataFrame | None:
    """What one of those answered that share a receipt; None where nothing was sent yet."""
    receipt = tables.get(name)
    return None if receipt is None else receipt[receipt["target"] == target]


def _asked_again(tables: Tables) -> Iterator[str]:
    """The leases whose names Kea is asked to register again; silent where there are none, as it is nearly always."""
    plan, receipt = tables["heal_plan"], _answers(tables, "dns_receipt", "kea")
    if len(plan):
        is_refused = bool(refusals(tables["guards"]))
        yield _headline("Kea, to register a name again", plan, receipt, is_refused=is_refused, what="request")
        for row in plan.head(EXAMPLES).itertuples(index=False):
            yield f"      {plain(row.ip)} {plain(row.name)}: {row.reason}"


def _headline(
    target: str, written: pd.DataFrame, receipt: pd.DataFrame | None, *, is_refused: bool, what: str = "change"
) -> str:
    """How much is written to a target, or is not and why. `receipt` is None where nothing was sent yet."""
    if written.empty:
        return f"{target}: nothing to change"
    if is_refused:
        return f"{target}: {counted(len(written), what)} not made, for the plan is refused"
    if receipt is None:
        return f"{target}: {counted(len(written), what)} would be made"
    done = int((receipt["outcome"] == "applied").sum())
    others = receipt.loc[receipt["outcome"] != "applied", "outcome"].value_counts()
    rest = "".join(f", {count} {outcome}" for outcome, count in others.items())
    return f"{target}: {counted(done, what)} made{rest}"


def _adopted(rows: pd.DataFrame) -> str:
    count = int((rows["action"] == "adopt").sum())
    return f" ({count} already right, and looked after from now on)" if count else ""


def _by_kind(written: pd.DataFrame) -> Iterator[str]:
    """What is written, by scope, action and reason, each with a few examples, but for what was only seen."""
    alike = written.assign(reason=_kind_of_reason(written)).groupby(["scope", "action", "reason"])
    examples = defaultdict(list)
    for row in alike.head(EXAMPLES).itertuples(index=False):
        examples[row.scope, row.action, row.reason].append(row)
    counts = alike["subject"].agg(["size", "nunique"])
    for kind, size, subjects in counts.itertuples(name=None):
        scope, action, reason = kind
        yield f"  {scope:<28} {action} {subjects}: {plain(reason)}"
        for row in examples[kind] if action != "touch" else ():
            yield f"      {plain(row.subject)} {row.field}: {plain(row.before)} -> {plain(row.after)}"
        if action != "touch" and size > EXAMPLES:
            yield f"      ... and {size - EXAMPLES} more"


def _kind_of_reason(rows: pd.DataFrame) -> "pd.Series[str]":
    """The part of a reason that many changes share: `x is 10.0.0.1, named by phpipam` is about `named by phpipam`."""
    return rows["reason"].str.split(", ").str[-1]


def _indented(reason: str) -> str:
    """A reason that ends in a script, with the script's lines below it."""
    return reason.replace("\n", "\n          ")


def _withheld(withheld: pd.DataFrame) -> Iterator[str]:
    yield "Withheld" if len(withheld) else "Withheld: nothing"
    for (target, rule), alike in withheld.groupby(["target", "rule"]):
        yield f"  {target} {rule}: {len(alike)}"
        for row in alike.head(EXAMPLES).itertuples(index=False):
            wanted = f" wants {plain(row.wanted)}" if pd.notna(row.wanted) else ""
            existing = f", has {plain(row.existing)}" if pd.notna(row.existing) else ""
            yield f"      {plain(row.subject)} {row.field}{wanted}{existing}: {_indented(row.reason)}"
        if len(alike) > EXAMPLES:
            yield f"      ... and {len(alike) - EXAMPLES} more"


def _conflicts(conflicts: pd.DataFrame) -> Iterator[str]:
    """What contradicts itself, kind by kind; of what may well be meant, only how often."""
    yield "Conflicts" if len(conflicts) else "Conflicts: none"
    told = conflicts[conflicts["severity"] != NOTICE]
    for (family, kind), alike in told.groupby(["family", "kind"]):
        yield f"  {family} {kind}: {len(alike)}"
        for row in alike.head(EXAMPLES).itertuples(index=False):
            yield f"      {plain(row.subject)}: {plain(row.evidence, _WIDEST_EVIDENCE)}"
        if len(alike) > EXAMPLES:
            yield f"      ... and {len(alike) - EXAMPLES} more"
        yield f"      {alike['advice'].iloc[0]}"
    if len(conflicts) > len(told):
        yield f"  and {counted(len(conflicts) - len(told), 'notice')}, in the table conflicts"
