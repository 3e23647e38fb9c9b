"""Dagster's own storage tells the story that stock SQLite tells, for a fraction of the writes, to every process."""

import os
import secrets
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.plan.state import KnownExecutionState
from dagster._core.instance.ref import InstanceRef
from dagster._core.scheduler.instigation import InstigatorType, TickData, TickStatus
from dagster._daemon.types import DaemonHeartbeat
from dagster._utils.tags import TagConcurrencyLimitsCounter

from resources.old_runs import delete_runs
from tests.integration import storage_job
from tests.integration.storage_story import (
    CHECK,
    LEFT_OUT,
    REPOSITORY,
    events,
    home,
    instance_at,
    run_job,
    story,
    without_left_out,
)
from tests.services.mariadb import MariaDB
from tests.services.postgresql import PACKAGE, PostgreSQL, programs, running_postgresql
from tests.services.process import PATIENCE_S, eventually

STOCK = "telemetry: {enabled: false}\n"


@pytest.fixture
def our_home(tmp_path: Path) -> Path:
    """A DAGSTER_HOME with the repository's own dagster.yaml."""
    return home(tmp_path / "ours", (REPOSITORY / "dagster.yaml").read_text())


def execute(folder: Path, job: str) -> "subprocess.Popen[bytes]":
    """A run of `job` in a process of its own, by Dagster's command line."""
    argv = ["dagster", "job", "execute", "-f", storage_job.__file__, "-d", str(REPOSITORY), "-j", job]
    program = [str(Path(sys.executable).with_name(argv[0])), *argv[1:]]
    environment = {**os.environ, "DAGSTER_HOME": str(folder), "PYTHONPATH": str(REPOSITORY)}
    with (folder / f"{job}.out").open("wb") as output:
        return subprocess.Popen(program, env=environment, cwd=folder, stdout=output, stderr=output)


def bytes_written(child: "subprocess.Popen[bytes]") -> int:
    """What the process sent to block devices until it ended, successfully (proc(5), /proc/pid/io)."""
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    counts = dict(line.split(": ") for line in Path(f"/proc/{child.pid}/io").read_text().splitlines())
    assert child.wait() == 0
    return int(counts["write_bytes"])


@pytest.mark.parametrize("how", ["well", "empty", "raise", "exit"])
def test_the_story_is_stock_s(tmp_path: Path, our_home: Path, how: str) -> None:
    """However a run ends, log, assets, checks and run say what stock SQLite says, in order, but for `LEFT_OUT`."""
    with instance_at(home(tmp_path / "stock", STOCK)) as stock, instance_at(our_home) as ours:
        expected, found = (story(instance, run_job(instance, how)) for instance in (stock, ours))
    left_out = {kind for kind, *_ in expected["events"]} - {kind for kind, *_ in found["events"]}
    assert left_out <= LEFT_OUT
    assert found == without_left_out(expected)
    assert len(expected["events"]) > 20
    assert expected["status"] == (dg.DagsterRunStatus.SUCCESS if how == "well" else dg.DagsterRunStatus.FAILURE)


def test_a_failed_run_is_taken_up_where_stock_takes_it_up(tmp_path: Path, our_home: Path) -> None:
    """Re-execution from failure runs the same steps again by our log, which lacks what the steps yielded."""
    with instance_at(home(tmp_path / "stock", STOCK)) as stock, instance_at(our_home) as ours:
        expected, found = (steps_from_failure(instance, run_job(instance, "raise")) for instance in (stock, ours))
    assert found == expected == ["loaded", "table", "table_enough_rows"]


def steps_from_failure(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """The steps that Dagster would run again of a run that failed."""
    run = instance.get_run_by_id(run_id) or pytest.fail("no run")
    return sorted(KnownExecutionState.build_resume_retry_reexecution(instance, run)[0])


def test_a_second_run_updates_what_the_first_stored(tmp_path: Path, our_home: Path) -> None:
    """After a good run and a bad one, the asset and check tables hold of each what stock's hold."""
    with instance_at(home(tmp_path / "stock", STOCK)) as stock, instance_at(our_home) as ours:
        for instance in (stock, ours):
            run_job(instance, "well")
        expected, found = (story(instance, run_job(instance, "empty")) for instance in (stock, ours))
    assert found == without_left_out(expected)
    assert len(expected["checks"]) == 2


def test_another_process_sees_a_run_while_it_works_and_all_of_it_after_sigterm(our_home: Path) -> None:
    """A line logged in a step reaches other processes while the step still works; SIGTERM loses and repeats nothing."""
    seen: list[str] = []
    with instance_at(our_home) as instance:
        child = execute(our_home, "waiting")
        run = eventually(lambda: next(iter(instance.get_runs()), None), "the run")
        assert run
        instance.watch_event_logs(run.run_id, None, lambda entry, _cursor: seen.append(entry.user_message))
        eventually(lambda: "the table begins" in seen, "the step's line")
        child.send_signal(signal.SIGTERM)
        child.wait(PATIENCE_S)
        told = events(instance, run.run_id)
        # Whoever watches gets each event once, and the last of them too.
        eventually(lambda: len(seen) == len(told), "the rest of the events")
        ended = instance.get_run_by_id(run.run_id)
    assert ended
    assert ended.is_finished
    assert [entry[:2] for entry in told].count(("the table begins", "table")) == 1
    assert ("STEP_FAILURE", "table") in [entry[:2] for entry in told]


def test_a_killed_run_leaves_a_log_that_the_next_one_goes_on_with(our_home: Path) -> None:
    """After SIGKILL the file is whole, holds the beginning of the run, and the next run's story is as if alone."""
    with instance_at(our_home) as instance:
        child = execute(our_home, "waiting")
        run = eventually(lambda: next(iter(instance.get_runs()), None), "the run")
        assert run
        eventually(lambda: ("STEP_START", "table") in [entry[:2] for entry in events(instance, run.run_id)], "it")
        child.kill()
        child.wait(PATIENCE_S)
        assert "PIPELINE_START" in [entry[0] for entry in events(instance, run.run_id)]
        after = story(instance, run_job(instance, "well"))
        with sqlite3.connect(our_home / "history" / "event_log.db") as reader:
            assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert after["status"] == dg.DagsterRunStatus.SUCCESS
    assert ("STEP_SUCCESS", "table") in [entry[:2] for entry in after["events"]]


def test_a_run_s_own_process_reads_what_it_just_stored(our_home: Path) -> None:
    """An event is in the log for its own process at once, through any instance of the same home, though uncommitted."""
    with instance_at(our_home) as instance, instance_at(our_home) as other:
        run_id = run_job(instance, "well")
        before = len(other.all_logs(run_id))
        instance.report_engine_event("one more", run_id=run_id, job_name="census")
        assert len(other.all_logs(run_id)) == before + 1


def test_events_wait_for_more(our_home: Path) -> None:
    """An event inside a step is not committed alone, though its own process reads it; the run's end commits it."""
    with instance_at(our_home) as instance:
        run_id = run_job(instance, "well")
        with sqlite3.connect(our_home / "history" / "event_log.db") as reader:
            count = "SELECT count(*) FROM event_logs"
            before = reader.execute(count).fetchone()[0]
            instance.report_engine_event("one more", run_id=run_id, job_name="census")
            assert instance.all_logs(run_id)[-1].message == "one more"
            assert reader.execute(count).fetchone()[0] == before
            instance.report_run_failed(instance.get_run_by_id(run_id) or pytest.fail("no run"))
            assert reader.execute(count).fetchone()[0] == before + 2


def test_a_forked_child_stores_its_last_event(our_home: Path) -> None:
    """A multiprocessing child, which ends without atexit, loses nothing and repeats nothing of its parent's."""
    with instance_at(our_home) as instance:
        run_id = run_job(instance, "well")
        before = len(instance.all_logs(run_id))
        instance.report_engine_event("of the parent", run_id=run_id, job_name="census")
        child = get_context("fork").Process(
            target=instance.report_engine_event, args=("of the child",), kwargs={"run_id": run_id, "job_name": "census"}
        )
        child.start()
        child.join(PATIENCE_S)
        messages = [entry.message for entry in instance.all_logs(run_id)][before:]
    assert sorted(messages) == ["of the child", "of the parent"]


def test_a_run_writes_little(tmp_path: Path, our_home: Path) -> None:
    """A run of 4 assets writes less than 0.6 MB, and less than a twentieth of what stock SQLite writes."""
    stock_home = home(tmp_path / "stock", STOCK)
    for folder in (stock_home, our_home):
        assert execute(folder, "census").wait() == 0  # the first makes the tables
    stock, ours = (bytes_written(execute(folder, "census")) for folder in (stock_home, our_home))
    if stock == 0:
        pytest.skip(f"{tmp_path} is not on a block device: nothing is counted there. Set TMPDIR to a disk.")
    assert ours < 600_000
    assert ours * 20 < stock


def stored_ticks(folder: Path) -> int:
    """How many another process sees."""
    with sqlite3.connect(folder / "schedules" / "schedules.db") as reader:
        return int(reader.execute("SELECT count(*) FROM job_ticks").fetchone()[0])


def tick(kind: InstigatorType, status: TickStatus = TickStatus.STARTED) -> TickData:
    """A tick that has just begun."""
    return TickData("origin", "watch", kind, status, 1.0, selector_id="selector")


def test_a_sensor_s_look_that_starts_nothing_is_one_commit(our_home: Path) -> None:
    """Its own process sees the tick at once, others with what is written next, or after some seconds."""
    with instance_at(our_home) as instance:
        begun = instance.create_tick(tick(InstigatorType.SENSOR))
        instance.update_tick(begun.with_status(TickStatus.SKIPPED))
        assert [found.status for found in instance.get_ticks("origin", "selector")] == [TickStatus.SKIPPED]
        assert stored_ticks(our_home) == 0
        instance.create_tick(tick(InstigatorType.SCHEDULE))
        assert stored_ticks(our_home) == 2
        instance.create_tick(tick(InstigatorType.SENSOR))
        assert stored_ticks(our_home) == 2
        eventually(lambda: stored_ticks(our_home) == 3, "the last tick", 60)


def heartbeat(at: float) -> DaemonHeartbeat:
    """What the sensor daemon says of itself."""
    return DaemonHeartbeat(at, "SENSOR", "a-daemon", None)


def stored_heartbeats(folder: Path) -> int:
    """How many the database holds."""
    with sqlite3.connect(folder / "history" / "runs.db") as reader:
        return int(reader.execute("SELECT count(*) FROM daemon_heartbeats").fetchone()[0])


def test_heartbeats_stay_off_the_disk(our_home: Path) -> None:
    """A heartbeat is seen by every instance of the home and changes no byte of the databases."""
    with instance_at(our_home) as daemon, instance_at(our_home) as web_server:
        watched = sqlite3.connect(our_home / "history" / "runs.db")
        before = watched.execute("PRAGMA data_version").fetchone()
        for at in (1.0, 2.0):
            daemon.add_daemon_heartbeat(heartbeat(at))
        assert web_server.get_daemon_heartbeats() == {"SENSOR": heartbeat(2.0)}
        assert watched.execute("PRAGMA data_version").fetchone() == before
        daemon.wipe_daemon_heartbeats()
        assert web_server.get_daemon_heartbeats() == {}


def test_heartbeats_go_to_the_database_where_their_folder_is_not_ours_alone(our_home: Path) -> None:
    """A folder that others can write is not believed: the heartbeats are stored, and read, in the database."""
    with instance_at(our_home) as instance:
        instance.add_daemon_heartbeat(heartbeat(1.0))
        next(our_home.glob("netcensus-dagster-*")).chmod(0o777)
        assert instance.get_daemon_heartbeats() == {}
        instance.add_daemon_heartbeat(heartbeat(2.0))
        assert instance.get_daemon_heartbeats() == {"SENSOR": heartbeat(2.0)}
    assert stored_heartbeats(our_home) == 1


def in_a_server(folder: Path, monkeypatch: pytest.MonkeyPatch, yaml: str, **settings: object) -> Path:
    """A DAGSTER_HOME with this file of deploy/, and the environment it asks for."""
    for name, value in settings.items():
        monkeypatch.setenv(f"DAGSTER_DB_{name.upper()}", str(value))
    return home(folder, (REPOSITORY / "deploy" / yaml).read_text())


@pytest.mark.parametrize("how", ["well", "empty"])
def test_mariadb_by_changing_dagster_yaml(
    tmp_path: Path, our_home: Path, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """With deploy/dagster.mysql.yaml in dagster.yaml's place, MariaDB tells the same story."""
    database, password = mariadb.database("dagster"), secrets.token_urlsafe(16)
    database.script("DROP DATABASE dagster; CREATE DATABASE dagster")
    database.create_user("dagster", password, "GRANT ALL ON dagster.* TO 'dagster'@'%'")
    login = {"user": "dagster", "password": password, "name": "dagster"}
    folder = in_a_server(
        tmp_path / "m", monkeypatch, "dagster.mysql.yaml", host=mariadb.host, port=mariadb.port, **login
    )
    with instance_at(folder) as theirs, instance_at(our_home) as ours:
        assert without_left_out(story(theirs, run_job(theirs, how))) == story(ours, run_job(ours, how))
        assert all_deleted(theirs)
    database.drop_user("dagster")


def all_deleted(instance: dg.DagsterInstance) -> bool:
    """The nightly deletion of every run, after one more, says to this server what it understands."""
    run_job(instance, "well")
    delete_runs(instance, [run.run_id for run in instance.get_runs()])
    (last,) = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=5)
    return instance.get_runs() == [] and last.evaluation is not None


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    """PostgreSQL, empty; where it is not installed the test is skipped, or fails if servers are required."""
    directory = programs()
    if directory is None:
        (pytest.fail if os.environ.get("NETCENSUS_REQUIRE_SERVICES") == "1" else pytest.skip)(
            f"apt-get install {PACKAGE}"
        )
    with running_postgresql(directory) as server:
        yield server


@pytest.mark.services
def test_postgresql_by_changing_dagster_yaml(
    tmp_path: Path, our_home: Path, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With deploy/dagster.postgres.yaml in dagster.yaml's place, PostgreSQL tells the same story."""
    login = {"user": postgresql.user, "password": postgresql.password, "name": postgresql.database}
    where = {"host": postgresql.host, "port": postgresql.port}
    folder = in_a_server(tmp_path / "p", monkeypatch, "dagster.postgres.yaml", **where, **login)
    with instance_at(folder) as theirs, instance_at(our_home) as ours:
        for how in ("well", "empty"):
            assert without_left_out(story(theirs, run_job(theirs, how))) == story(ours, run_job(ours, how))
        assert all_deleted(theirs)


@pytest.mark.parametrize("yaml", ["dagster.yaml", "deploy/dagster.mysql.yaml", "deploy/dagster.postgres.yaml"])
def test_no_two_loads_at_once(tmp_path: Path, yaml: str) -> None:
    """While a run that loads is in progress, the queue of every instance holds back one that loads anything else."""
    folder = home(tmp_path / "home", (REPOSITORY / yaml).read_text())
    limits: Any = InstanceRef.from_dir(str(folder)).settings["concurrency"]
    census, dns_sync = (dg.DagsterRun(job_name=job, tags={"netcensus/loads": job}) for job in ("census", "dns_sync"))
    queue = TagConcurrencyLimitsCounter(limits["runs"]["tag_concurrency_limits"], [census])
    assert queue.is_blocked(dns_sync)
    assert not queue.is_blocked(dg.DagsterRun(job_name="rehearse"))
