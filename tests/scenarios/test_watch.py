"""The watch over a lab: red checks, failed runs and stale sites are told once, and shown in the UI without a run."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
import sqlalchemy as sa

import netcensus
from composition import build_defs
from resources.preview import spoken
from tests.scenarios.lab_world import Lab, running_lab
from tests.scenarios.world import World
from tests.services.inboxes import Inbox, web_inbox

FRESH = dg.AssetCheckKey(dg.AssetKey(["source", "kea_sofia"]), "is_fresh")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab for the module."""
    with running_lab(tmp_path_factory.mktemp("watch") / "lab") as running:
        yield running


@pytest.fixture
def web() -> Iterator[Inbox]:
    """Where the webhook goes."""
    with web_inbox() as inbox:
        yield inbox


def watched(lab: Lab, folder: Path, web: Inbox) -> World:
    """A netcensus of the lab that tells a web server what is wrong."""
    world = lab.world(folder, edit=lambda text: text + "\n[alerts]\nwebhook = true\nlog = false\n").judged()
    return replace(world, variables={**world.variables, "NETCENSUS_WEBHOOK_URL": f"http://127.0.0.1:{web.port}/"})


def tick(world: World) -> tuple[str, list[tuple[str, bool]]]:
    """One tick of the sensor as the daemon does it: its reason, and the results it reports without a run."""
    with world.entered():
        netcensus.prepare_home(world.home)
    with world.entered(), dg.DagsterInstance.get() as instance:
        defs = build_defs()
        repository = defs.get_repository_def()
        needed = {name: (defs.resources or {})[name] for name in ("ledger", "last_load", "alerting")}
        with dg.build_sensor_context(instance, repository_def=repository, resources=needed) as context:
            done = repository.get_sensor_def("watch").evaluate_tick(context)
        for event in done.asset_events:
            instance.report_runless_asset_event(event)
    found = [(one.asset_check_key.to_user_string(), one.passed) for one in done.asset_events]  # type: ignore[union-attr]  # all are checks
    return str(done.skip_message), found


def heard(web: Inbox) -> list[str]:
    """The lines that arrived since the last look."""
    lines = [line for _, body in web.came for line in json.loads(body)["text"].splitlines()]
    web.came.clear()
    return lines


def test_a_site_that_fails_is_told_once_and_its_mending_as_well(lab: Lab, tmp_path: Path, web: Inbox) -> None:
    """What is wrong, since when and what to try; silence while it lasts; the end when it is over."""
    world = watched(lab, tmp_path / "own", web)
    assert world.run() == []
    reason, reported = tick(world)
    assert reason == "0 wrong, 0 messages sent"
    assert {passed for _, passed in reported} == {True}
    assert heard(web) == []
    lab.break_down({"london": "refused"})
    world.run()
    lab.break_down({})
    assert tick(world)[1] == []
    lines = heard(web)
    assert [line.split(",")[0] for line in lines] == [
        "dns_receipt:the_census_is_whole", "london_snapshots:every_source_answered", "run of census",
    ]  # fmt: skip
    assert "london: 127.0.0.1 port" in lines[1]
    assert lines[1].endswith("See docs/runbook.md#every_source_answered")
    tick(world)
    assert heard(web) == []
    assert world.run() == []
    tick(world)
    assert {line.split(",")[0].removeprefix("over: ") for line in heard(web)} == {line.split(",")[0] for line in lines}


def test_no_run_at_all_is_noticed(lab: Lab, tmp_path: Path, web: Inbox) -> None:
    """Three hours after the last census every site and target is red in the UI, though no run has failed."""
    world = watched(lab, tmp_path / "own", web)
    assert tick(world)[0] == "5 wrong, 5 messages sent"
    assert [line.split(",")[0] for line in heard(web)] == [
        "is_fresh dns", "is_fresh london", "is_fresh phpipam", "is_fresh sofia", "is_fresh valchedrym",
    ]  # fmt: skip
    assert world.run() == []
    tick(world)
    assert len([line for line in heard(web) if line.startswith("over: is_fresh")]) == 5
    _age(world, hours=3)
    _, reported = tick(world)
    assert {passed for _, passed in reported} == {False}
    assert FRESH.to_user_string() in {key for key, _ in reported}
    assert "was last loaded at" in heard(web)[0]
    with world.entered(), dg.DagsterInstance.get() as instance:
        record = instance.event_log_storage.get_latest_asset_check_execution_by_key([FRESH])[FRESH]
    assert record.evaluation is not None
    (said,) = spoken(record.evaluation.description)
    assert "was last read whole at" in said
    assert "regular_census" in said


def _age(world: World, hours: float) -> None:
    """Make everything the ledger remembers so much older."""
    engine = sa.create_engine(f"sqlite:///{world.folder / 'ledger.sqlite'}")
    with engine.begin() as connection:
        for table, column in (("snapshots", "read_at"), ("left_behind", "at")):
            for key, at in connection.execute(sa.text(f"SELECT rowid, {column} FROM {table}")).all():  # noqa: S608 - ours
                older = (pd.Timestamp(at) - pd.Timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M:%S.%f")
                connection.execute(
                    sa.text(f"UPDATE {table} SET {column} = :at WHERE rowid = :key"),  # noqa: S608 - our own names
                    {"at": older, "key": key},
                )
