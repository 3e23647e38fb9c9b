"""Replay: hours of the past from the archive, through Dagster, on a real archive, ledger and history."""

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

import dagster as dg
import pandas as pd
import pytest

from assets.replay import HOURS, replay_asset
from composition import build_defs
from pipelines import network as network_file
from pipelines.replay import Hour, retold
from tests.archived import NETWORK, Archived, key
from tests.networks import ALICE, AT, BOB, CAROL, NETWORK_TOML, written
from tests.scenarios.world import ROOT

NAS, TV = ("10.0.1.5", "10.9.0.6")
ALICES, BOBS = {NAS: (ALICE, "nas")}, {NAS: (BOB, "nas"), TV: (ALICE, "tv")}
CABIN = NETWORK_TOML[NETWORK_TOML.index("[sites.cabin]") : NETWORK_TOML.index("[phpipam]")]
OURS = written("phpipam", "10.0.1.0/24", "10.0.1.9", "hostname", "printer")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hours 0 to 5: Alice's address becomes Bob's, a name that was a person's becomes ours, the cabin is lost once.

    Hour 3 is missing: nobody took a census. In hour 4 there are two, and in hour 5 the cabin is not asked again.
    """
    hours = Archived(tmp_path_factory.mktemp("hours"))
    hours.census(0, ALICES, {NAS: "nas", "10.0.1.9": "printer"})
    hours.census(1, ALICES | {"10.0.1.9": (BOB, "guest")}, {"10.0.1.9": "printer"}, writes=OURS)
    hours.census(2, BOBS | {"10.0.1.9": (BOB, "guest")}, {"10.0.1.9": "printer"}, unread="cabin")
    hours.census(4, BOBS)
    hours.census(4.5, ALICES | {TV: (ALICE, "tv")})
    hours.census(5, BOBS | {"10.0.1.9": (CAROL, "tv.cabin.example.lan")}, spared="cabin")
    return hours.folder


@pytest.fixture
def archived(template: Path, tmp_path: Path) -> Archived:
    """These hours, for one test alone."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Archived(tmp_path)


@dataclass
class Replayed:
    """A run of the job."""

    result: dg.ExecuteInProcessResult

    @property
    def said(self) -> dict[str, dict[str, object]]:
        """Each hour that was made, and its metadata."""
        made = self.result.get_asset_materialization_events()
        return {
            str(one.partition): {
                name: value.value for name, value in one.step_materialization_data.materialization.metadata.items()
            }
            for one in made
        }

    @property
    def failure(self) -> str:
        """What the run failed with; empty when it did not."""
        failed = [event.step_failure_data.user_failure_data for event in self.result.get_step_failure_events()]
        return "\n".join(str(one.description) for one in failed if one is not None)


@cache
def definitions() -> dg.Definitions:
    """Nothing but the asset and its job."""
    return dg.Definitions(
        assets=[replay_asset(NETWORK)],
        jobs=[dg.define_asset_job("replay", selection=[HOURS])],
        resources=dict.fromkeys(("past_hours", "history"), dg.ResourceDefinition.none_resource()),
    )


def replayed(archived: Archived, first: int, last: int | None = None, *, anew: bool = False) -> Replayed:
    """One run over some hours."""
    job = definitions().resolve_job_def("replay")
    resources = {"past_hours": archived.past_hours, "history": archived.history}
    ends = {"start": key(first), "end": key(first if last is None else last)}
    tags = {f"dagster/asset_partition_range_{end}": one for end, one in ends.items()}
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    config = quiet | {"ops": {"hours": {"config": {"anew": anew}}}}
    return Replayed(job.execute_in_process(tags=tags, run_config=config, raise_on_error=False, resources=resources))


def rows(archived: Archived, *tables: str) -> list[tuple[object, ...]]:
    """Every row of the history, whole."""
    with closing(sqlite3.connect(archived.folder / "ledger.sqlite")) as database:
        return [row for name in tables or ("looks", "binding_history") for row in database.execute(_EVERY[name])]


HOUR = Hour.from_key(key(4))
_EVERY = {
    "looks": "SELECT * FROM looks ORDER BY 1, 2",
    "binding_history": "SELECT * FROM binding_history ORDER BY 1, 2, 3",
}


def empty(archived: Archived) -> None:
    """What an operator does to have the history told from the beginning."""
    with closing(sqlite3.connect(archived.folder / "ledger.sqlite")) as database, database:
        for name in _EVERY:
            database.execute(f"DELETE FROM {name}")  # noqa: S608 - our own names


def in_any_order(hours: Sequence[int]) -> list[int]:
    """Shuffled, the same each time."""
    return Random(3).sample(hours, len(hours))  # noqa: S311 - a shuffle


def test_hours_in_any_order_and_twice_rebuild_the_history_that_the_censuses_told(archived: Archived) -> None:
    """Row by row, also where the verdict hung on what we had written by then."""
    before = rows(archived)
    assert any("printer" in str(row) for row in before)
    empty(archived)
    for hour in in_any_order([0, 1, 2, 4, 5]):
        assert replayed(archived, hour).result.success
    assert rows(archived) == before
    for hour in (5, 0):
        assert replayed(archived, hour).result.success
    assert rows(archived) == before


def test_one_run_over_many_hours_makes_the_others_where_some_are_lost(archived: Archived) -> None:
    """It is red and names the bad hours; each good one is a materialization of its own, and the history is whole."""
    archived.damage(archived.digests("run-1")["kea4.leases"])
    before = rows(archived, "looks")
    empty(archived)
    run = replayed(archived, 0, 6)
    assert not run.result.success
    assert list(run.said) == [key(hour) for hour in (0, 2, 4, 5)]
    assert "3 of 7 hours could not be made again" in run.failure
    assert f"{key(1)}: 1 of the 11 answers read between 13:00 and 14:00 UTC on 2026-03-01 cannot be had" in run.failure
    assert "is damaged" in run.failure
    assert f"{key(3)}: nothing is archived: no census asked any gateway between 15:00 and 16:00 UTC" in run.failure
    assert "asked before: 2026-03-01 14:00, after: 2026-03-01 16:00" in run.failure
    assert len(rows(archived, "looks")) == len(before) - 2


def test_what_was_let_go_and_what_was_broken_off_are_told_apart(archived: Archived) -> None:
    """An hour whose answers retention removed, and one whose census never came to phpIPAM and the zones."""
    archived.archive.remove(archived.digests("run-5")["kea4.leases"])
    index = archived.ledger.index.between(AT, AT + pd.Timedelta(hours=1))
    later = index.assign(read_at=index["read_at"] + pd.Timedelta(hours=6))
    archived.ledger.index.note("run-6", later[later["site"] == "home"].drop(columns="run_id"))
    assert "let go ([state] archive_days" in replayed(archived, 5).failure
    assert "came so far as to read phpIPAM and all zones" in replayed(archived, 6).failure


def test_a_site_that_was_not_read_is_frozen_as_it_was_then(archived: Archived) -> None:
    """The hour succeeds, says which site and why, and holds no look at it."""
    said = replayed(archived, 2).said[key(2)]
    assert said["frozen"] == "cabin&#58; no answer"
    assert str(said["history"]).startswith("1 look in 1 census, 0 of them new")


@pytest.mark.parametrize(
    ("was", "now", "sites"),
    [
        ('zones = ["example.lan", "0.0.10.in-addr.arpa", ', 'zones = ["example.lan", ', ["home", "cabin"]),
        ("example.lan", "other.lan", ["home", "cabin"]),
        (CABIN, "", ["home"]),
    ],
    ids=["a zone", "the domain", "a site"],
)
def test_an_hour_is_made_without_what_network_toml_lists_no_longer(
    archived: Archived, was: str, now: str, sites: list[str]
) -> None:
    """That is no fault of the hour's answers, nor of the code: the others are told, and nothing is called frozen."""
    text = f"{NETWORK_TOML}\n[state]\nfirst_day = 2026-03-01\n"
    assert was in text
    network = network_file.parse(text.replace(was, now), "network.toml")
    read = archived.past_hours.reads(HOUR, HOUR, network)[HOUR][0]
    made = retold(archived.past_hours.snapshots(read, HOUR), archived.ledger.applied(), network=network)
    assert [one.site for one in made.seen] == sites
    assert made.lacking == []


def test_history_is_told_anew_only_when_asked_to(archived: Archived) -> None:
    """As after a parser was mended: the hour says how much differs, and with `anew` today's word stands."""
    before = rows(archived)
    past = archived.past_hours
    read = past.reads(HOUR, HOUR, NETWORK)[HOUR][0]
    (home, _) = retold(past.snapshots(read, HOUR), archived.ledger.applied(), network=NETWORK).seen
    archived.history.note([replace(home, holders=home.holders.assign(mac=CAROL))], "run-4", anew=True)
    kept = rows(archived)
    assert kept != before
    assert "otherwise of 1 address" in str(replayed(archived, 4).said[key(4)]["history"])
    assert rows(archived) == kept
    replayed(archived, 4, anew=True)
    assert rows(archived) == before
    assert "otherwise" not in str(replayed(archived, 4).said[key(4)]["history"])


def test_what_a_rehearsal_read_is_told_only_with_anew(archived: Archived) -> None:
    """A rehearsal remembers nothing; what it read is archived all the same."""
    before = rows(archived)
    archived.census(3, ALICES, is_load=False)
    assert "loaded nothing" in str(replayed(archived, 3).said[key(3)]["history"])
    assert rows(archived) == before
    replayed(archived, 3, anew=True)
    assert len(rows(archived, "looks")) == len([row for row in before if len(row) == 2]) + 2
    empty(archived)
    replayed(archived, 3)
    assert len(rows(archived, "looks")) == 2


def test_a_replay_has_nothing_in_hand_that_could_write_to_a_target() -> None:
    """By construction: the job asks for the archive with its index and for the history, and for no other resource."""
    (step,) = build_defs(ROOT / "network.toml").resolve_job_def("replay").nodes
    assert isinstance(step.definition, dg.OpDefinition)
    assert step.definition.required_resource_keys == {"past_hours", "history"}
