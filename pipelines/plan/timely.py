"""Whether it is the time to load: the plan is of this run, nobody was faster, and our clock is not plainly wrong."""

import pandas as pd

from pipelines.errors import PlanRefused
from pipelines.parse.kinds import PHPIPAM, ZONES, is_of
from pipelines.plan.evidence import A_RUN

BEGINNING = pd.Timestamp("2026-01-01", tz="UTC")
"""Before this there was no netcensus: a clock that says so has been reset."""


def stop_wrong_clock(last_load_at: pd.Timestamp | None, now: pd.Timestamp) -> None:
    """Raises `PlanRefused` where our clock is wrong, or was when a load was last noted, at `last_load_at`.

    What is remembered of a time that has not come counts as news for as long: for graces, history and lastSeen.
    """
    if now < BEGINNING:
        raise PlanRefused("the clock", f"it says {now:%Y-%m-%d}, so it has lost the time", _SET_IT)
    if last_load_at is None or last_load_at - now <= A_RUN:
        return
    fault = f"it says {now:%Y-%m-%d %H:%M} UTC, but the last load was noted at {last_load_at:%Y-%m-%d %H:%M} UTC"
    was_wrong = "If it was ahead then and is right now, start the job clock_was_wrong once, in Dagster's UI"
    raise PlanRefused("the clock", fault, f"{_SET_IT}. {was_wrong}")


def stop_undone(run_id: str, by_run_id: str | None) -> None:
    """Raises `PlanRefused` where a run `by_run_id` took back, or began to, what this plan is to take back of a run."""
    if by_run_id is not None:
        fault = f"run {by_run_id} has undone run {run_id} while this plan was made; nothing was sent twice"
        raise PlanRefused("undo", fault, f"See what it left: python netcensus.py undo {run_id} --rehearse")


def stop_stale(sources: pd.DataFrame, now: pd.Timestamp) -> None:
    """Raises `PlanRefused` where a plan that rests on these sources is not of the run that is to load it.

    A load that somebody starts by itself, hours after its plan was made, would send what was right then.
    """
    targets = sources[sources["source"].map(lambda source: is_of(source, PHPIPAM, ZONES)).astype(bool)]
    age = now - targets["read_at"].min()
    if not age <= A_RUN:  # nor where there is none
        minutes = int(age.total_seconds() // 60) if len(targets) else "an unknown number of"
        fault = f"it was made for what phpIPAM and DNS held {minutes} minutes ago"
        raise PlanRefused("plan", fault, "Start a whole job (census, dns_sync or undo), not a part")


_SET_IT = "Set this machine's clock (timedatectl), and start a whole job"
