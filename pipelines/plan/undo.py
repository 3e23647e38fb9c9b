"""Undo: what one run wrote, taken back where it still reads so. A plan as any other, with the same guards.

Refused row by row is what somebody else changed since, a person, Kea's D2 or a later run of ours; the rest goes on.
docs/decisions/0016-undo.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import pandas as pd

from pipelines import contract, tables
from pipelines.counted import counted
from pipelines.errors import ConfigError
from pipelines.network import Network
from pipelines.plan.bookkeeping import KEY, WRITES
from pipelines.plan.dns import marks_beside
from pipelines.plan.undo_dns import undo_dns
from pipelines.plan.undo_ipam import undo_ipam
from pipelines.snapshots import EVERYWHERE
from pipelines.values import ip

Tables = Mapping[str, pd.DataFrame]
_SENT = ("applied", "unknown")
_SHORTEST = 8  # of a run's id: what Dagster's UI shows
_SINGLE = {
    "resend": "Kea was asked to register names again; that cannot be asked back, and D2 looks after them now",
    "approve": "a person let a plan through; what it wrote is undone, the permission was for that run only",
}


@dataclass(frozen=True)
class Request:
    """What a person wants undone: a run, and of what it wrote only what is of this target, scope and subject.

    A subject is an address or a name: with it goes all that speaks of it, its PTR among it.
    """

    run_id: str
    target: str | None = None
    scope: str | None = None
    subject: str | None = None

    def told(self) -> dict[str, str]:
        """What a person writes to ask for it."""
        return {name: text for name, text in asdict(self).items() if text is not None}


class Wrote(NamedTuple):
    """A run that wrote something: when, how many changes, and the run it undid, if it was an undo."""

    run_id: str
    at: pd.Timestamp
    changes: int
    undoes: str | None

    def __str__(self) -> str:
        """As a person picks it out of a list."""
        undid = f", the undo of {self.undoes[:_SHORTEST]}" if self.undoes else ""
        return f"{self.run_id[:_SHORTEST]} of {self.at:%Y-%m-%d %H:%M} UTC ({counted(self.changes, 'change')}{undid})"


def run_of(text: str, known: Sequence[str], latest: Sequence[Wrote] = ()) -> str:
    """The one run whose id begins with `text`, of those the ledger knows.

    Raises `ConfigError` for none or several, which names the `latest` that wrote something.
    """
    last = "The last that wrote: " + ", ".join(map(str, latest)) if latest else "No run has written anything yet"
    if not text:
        raise ConfigError("undo", "it is not said which run", f"Give its id (run_id), as Dagster's UI shows it. {last}")
    if len(text) < _SHORTEST:
        raise ConfigError("undo", f"{text!a:.40} is too short for a run's id", f"Give {_SHORTEST} signs. {last}")
    found = [one for one in known if one.startswith(text)]
    if not found:
        raise ConfigError("undo", f"no run {text!a:.40} is known to this ledger", last)
    if len(found) > 1:
        raise ConfigError("undo", f"{len(found)} runs begin with {text!a:.40}", f"Give more of it. {last}")
    return found[0]


def stop_forgotten(
    run_id: str, written: pd.DataFrame, read_at: pd.Timestamp | None, gone_until: pd.Timestamp | None, *, days: int
) -> None:
    """Return when it is known what a run wrote (`tables.WRITTEN`), be it nothing; `ConfigError` when it was let go.

    `read_at` is when the run read its first source, `gone_until` up to when receipts were let go, kept for `days`.
    """
    if len(written) or read_at is None or gone_until is None or read_at > gone_until:
        return
    fault = (
        f"what run {run_id} of {read_at:%Y-%m-%d %H:%M} UTC wrote is not known any more, if it wrote anything: the "
        f"ledger keeps receipts for {counted(days, 'day')}, and let go of those until {gone_until:%Y-%m-%d %H:%M} UTC"
    )
    remedy = (
        "Put it back by hand: phpIPAM's changelog has what stood there before, netcensus.py who tells who held which "
        "address. Later runs can be undone for longer with a higher receipts_days under [state] in network.toml"
    )
    raise ConfigError("undo", fault, remedy)


def chosen(written: pd.DataFrame, request: Request, network: Network) -> pd.DataFrame:
    """The rows of a run's `tables.WRITTEN` that are to be undone.

    Raises `ConfigError` where there are none: it wrote nothing, nothing of that, or its receipts are too old.
    """
    run, sent = request.run_id, written[written["outcome"].isin(_SENT)]
    changes = sent[sent["action"].isin(WRITES)]
    if changes.empty:
        what = "nothing that can be undone: only times of being seen, and requests to Kea" if len(sent) else "nothing"
        raise ConfigError("undo", f"run {run} wrote {what} to phpIPAM or DNS", "There is nothing to do")
    if changes["before_whose"].isna().all():
        fault = f"run {run} was made by an older release, whose receipts do not hold what it takes to undo them"
        raise ConfigError(
            "undo", fault, "They say what was there before (ipam_receipt, dns_receipt): put it back by hand"
        )
    found = sent[_is_meant(sent, request, network)]
    if found["action"].isin(WRITES).sum() == 0:
        said = ", ".join(text for text in (request.target, request.scope, request.subject) if text)
        fault = f"run {run} wrote nothing of {said!a:.80}"
        raise ConfigError(
            "undo", fault, f"It wrote to {counted(len(changes), 'other')}: leave out --target, --scope and --subject"
        )
    return found.reset_index(drop=True)


def _is_meant(rows: pd.DataFrame, request: Request, network: Network) -> "pd.Series[bool]":
    is_meant = pd.Series(data=True, index=rows.index)
    if request.target is not None:
        is_meant &= rows["target"].isin({request.target} | ({"kea"} if request.target == "dns" else set()))
    if request.scope is not None:
        is_meant &= rows["scope"].str.rstrip(".") == request.scope.rstrip(".").lower()
    if request.subject is not None:
        names = _names(request.subject, network)
        texts = rows["subject"] + "\n" + rows["before"].fillna("") + "\n" + rows["after"].fillna("")
        speaks_of = [any(line.rstrip(".") in names for line in text.split("\n")) for text in texts]
        is_meant &= pd.Series(speaks_of, rows.index, dtype=bool)
    return is_meant


def _names(subject: str, network: Network) -> set[str]:
    """What a subject is called in both targets, without final dots."""
    text = subject.strip().lower().rstrip(".")
    try:
        address = ip(text)
    except ValueError:
        return {text, f"{text}.{network.domain.rstrip('.')}"}
    return {address, network.pointer_name(address).rstrip(".")}


def undo(  # noqa: PLR0913 - three tables and three parameters, each by name
    written: pd.DataFrame,
    since: pd.DataFrame,
    parsed: Tables,
    applied: pd.DataFrame,
    *,
    network: Network,
    is_redo: bool = False,
) -> dict[str, pd.DataFrame]:
    """The stage's tables by name: ipam_plan, dns_plan, undone, withheld.

    `written` is what is to be undone (`chosen`), `since` what later runs wrote (both `tables.WRITTEN`), `parsed` what
    both targets hold now. `is_redo`: an undo is undone, so nothing is held against the census.
    """
    changes = written[written["action"].isin(WRITES)].reset_index(drop=True)
    changes = changes.assign(objection=_objections(changes, since))
    in_ipam = undo_ipam(changes[changes["target"] == "phpipam"], parsed, applied, network=network)
    in_dns = undo_dns(changes[changes["target"] == "dns"], parsed, applied, network=network)
    dns_plan = tables.DNS_PLAN.concat([in_dns.plan, marks_beside(in_dns.plan, parsed["zone_records"], applied)])
    taken = pd.concat([in_ipam.taken, in_dns.taken])
    undone = taken.assign(
        restored=taken["before"], undone=taken["after"], restored_whose=taken["before_whose"], is_held=not is_redo
    )
    return {
        "ipam_plan": tables.IPAM_PLAN.frame(in_ipam.plan.sort_values(list(tables.IPAM_PLAN.key))),
        "dns_plan": tables.DNS_PLAN.frame(dns_plan.sort_values(list(tables.DNS_PLAN.key))),
        "undone": tables.UNDONE.frame(undone.sort_values(KEY)),
        "withheld": tables.WITHHELD.concat([_without_inverse(written), in_ipam.withheld, in_dns.withheld]),
    }


def _objections(changes: pd.DataFrame, since: pd.DataFrame) -> "pd.Series[str]":
    """What our own memory has against undoing each change, as `rule: reason`; null where nothing."""
    later = since[since["outcome"] == "applied"].drop_duplicates(KEY, keep="last")  # unknown: the target tells
    later = later[[*KEY, "run_id", "undoes"]].rename(columns={"run_id": "later", "undoes": "later_undoes"})
    rows = changes.merge(later, on=KEY, how="left", validate="many_to_one")
    text = pd.Series(None, index=rows.index, dtype=contract.TEXT)
    text = text.mask(rows["later"].notna(), "written-again: run " + rows["later"] + " wrote it since; undo that first")
    is_done = rows["later_undoes"].notna() & (rows["later_undoes"] == rows["run_id"])
    text = text.mask(is_done, "already: run " + rows["later"] + " undid it")
    return text.mask(rows["before_whose"].isna(), _OLD)


_OLD = "older-release: its receipt does not hold what it takes to undo it; put it back by hand"


def _without_inverse(written: pd.DataFrame) -> pd.DataFrame:
    """One row for each kind of what a run did that cannot be taken back."""
    counts = written["action"].value_counts()
    rows = [
        ("dns", EVERYWHERE, counted(counts[action], "time"), action, None, None, "no-inverse", why)
        for action, why in _SINGLE.items()
        if action in counts
    ]
    return tables.WITHHELD.rows(rows)
