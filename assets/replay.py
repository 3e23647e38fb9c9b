"""Replay: past hours made again from the archive, by today's code, as squares one can fill. No target is in reach.

The step asks for the archive, the ledger's index of it and the history, and for nothing that could write elsewhere.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import dagster as dg
from pydantic import Field

from assets.declare import told
from assets.extract import snapshot_names
from pipelines.counted import counted
from pipelines.errors import NetcensusError
from pipelines.network import Network
from pipelines.replay import Hour, Retold, Told, retold
from resources.history import History
from resources.past_hours import PastHours
from resources.preview import inert, markdown

GROUP = "replay"
HOURS, ARCHIVE = "hours", "archive"
_MOST_TOLD = 20  # bad hours, in the failure of a run
Metadata = dict[str, dg.MetadataValue[Any]]
_log = logging.getLogger(__name__)


class Anew(dg.Config):
    """What a person may ask for beside the hours."""

    anew: bool = Field(
        default=False,
        description="Let what today's code says take the place of what the history holds of these hours. Otherwise the "
        "history only gets what is missing in it, and the hour says how much differs.",
    )


def hours(network: Network) -> dg.HourlyPartitionsDefinition:
    """The hours there are: UTC, so that no clock change makes two of one; the one that is running among them."""
    return dg.HourlyPartitionsDefinition(
        start_date=datetime.combine(network.state.first_day, datetime.min.time()), end_offset=1
    )


def archive_asset(network: Network) -> dg.AssetSpec:
    """What every answer goes into, and all that the hours rest on.

    They do not name the snapshots themselves: then each new census would make Dagster call every past hour "Unsynced".
    """
    return dg.AssetSpec(
        ARCHIVE,
        group_name=GROUP,
        description="Every answer the sources ever gave, each once, for as long as [state] says.",
        deps=snapshot_names(network),
        kinds={"file"},
    )


def replay_asset(network: Network) -> dg.AssetsDefinition:
    """One step that makes as many hours as it is asked for, each a materialization of its own."""

    @dg.multi_asset(
        name=HOURS,
        specs=[
            dg.AssetSpec(
                HOURS,
                group_name=GROUP,
                description="The hours somebody looked, and what was concluded. A backfill makes them again from the "
                "archive, with today's code, and asks nobody (docs/decisions/0015-replay.md).",
                deps=[ARCHIVE],
                partitions_def=hours(network),
                kinds={"pandas"},
                skippable=True,  # the step makes a materialization for each hour; Dagster would add one for all
            )
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def replay(
        context: dg.AssetExecutionContext,
        config: Anew,
        past_hours: dg.ResourceParam[PastHours],
        history: dg.ResourceParam[History],
    ) -> Iterator[dg.AssetMaterialization]:
        wanted, bad = [Hour.from_key(key) for key in context.partition_keys], []
        with told():
            past = _Past(past_hours, history, network, wanted, anew=config.anew)
        for hour in wanted:
            try:
                yield looked_at(hour, past.told_again(hour))
            except NetcensusError as error:
                bad.append(str(error))
            except Exception as error:  # noqa: BLE001 - a fault of ours in one hour must not hide the others
                _log.exception("replay of %s", hour.key)
                bad.append(f"{hour.key}: {type(error).__name__}: {error}. This should not happen: please report it")
        if bad:
            raise dg.Failure(_summary(bad, len(wanted)), allow_retries=False)

    return replay


def looked_at(hour: Hour, metadata: Metadata) -> dg.AssetMaterialization:
    """The square of an hour, filled."""
    return dg.AssetMaterialization(HOURS, partition=hour.key, metadata=metadata)


class _Past:
    """What the hours of one run are made from, looked up once for all of them."""

    def __init__(
        self, past_hours: PastHours, history: History, network: Network, wanted: list[Hour], *, anew: bool
    ) -> None:
        self._past_hours, self._history, self._network, self._anew = past_hours, history, network, anew
        self._reads, self._known = past_hours.reads(min(wanted), max(wanted), network), history.told()

    def told_again(self, hour: Hour) -> Metadata:
        """What the last census of an hour found, for the UI; what each of them saw is in the history from now on."""
        begun, account = self._reads.get(hour, []), Told()
        whole = [read for read in begun if read.is_whole]
        if not whole:
            raise self._past_hours.why_none(hour, has_begun=bool(begun))
        for read in whole:
            at, answers = read.rows["read_at"].max(), self._past_hours.snapshots(read, hour)
            applied, displaced = self._past_hours.applied(at), self._past_hours.displaced(at)
            made = retold(answers, applied, network=self._network, held=read.held, displaced=displaced)
            account += self._remembered(made, read.run_id)
        return {**_shown(made), "history": dg.MetadataValue.text(str(account))}

    def _remembered(self, made: Retold, run_id: str) -> Told:
        if not self._anew and run_id not in self._known:
            return Told(censuses=1, untold=1)
        noted = self._history.note(made.seen, run_id, anew=self._anew)
        unlike = sum(map(self._history.unlike, made.seen))
        return Told(1, len(made.seen), noted.looks, noted.rows, unlike)


def _shown(made: Retold) -> Metadata:
    """What an hour says of itself: each source with its time and its rows, and how many hold an address."""
    sources = made.tables["sources"]
    columns = ["site", "source", "read_at", "rows", "rejected", "reason"]
    shown: Metadata = {
        "holders": dg.MetadataValue.int(len(made.tables["bindings"])),
        "names": dg.MetadataValue.int(int((made.tables["name_claims"]["verdict"] == "granted").sum())),
        "sources": dg.MetadataValue.md(markdown(sources[columns].assign(read_at=sources["read_at"].dt.floor("s")))),
    }
    rejects = made.tables["rejects"]
    if len(rejects):
        shown["rejects"] = dg.MetadataValue.md(markdown(rejects, 5))
    if made.lacking:
        shown["frozen"] = dg.MetadataValue.md("  \n".join(map(inert, made.lacking)))
    return shown


def _summary(bad: list[str], count: int) -> str:
    more = len(bad) - _MOST_TOLD
    rest = "; the others were" if len(bad) < count else ""
    lines = [f"{len(bad)} of {counted(count, 'hour')} could not be made again{rest}.", *bad[:_MOST_TOLD]]
    return "\n".join([*lines, *([f"... and {more} more"] if more > 0 else [])])
