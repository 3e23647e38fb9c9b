"""dns_sync on the lab: what starts it, what does not, and what it does with a person's edits."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import dns.name
import dns.query
import dns.tsig
import dns.update
import pytest

import composition
import netcensus
from schedules.dns_sync import dns_sync_when_changed
from tests.scenarios.lab_world import Lab, running_lab
from tests.scenarios.world import World
from tests.services.process import PATIENCE_S

ZONE, FREE_IP = "viktorbarzin.lan", "10.0.10.201"


@dataclass(frozen=True)
class Watched:
    """A lab whose names and zones are as the last census left them."""

    lab: Lab
    world: World

    def tick(self) -> dg.RunRequest | str:
        """What one tick of the sensor decides: a run, or why there is none."""
        with self.world.entered(), dg.DagsterInstance.get() as instance:
            return _decision(composition.build_defs(), instance)

    def ran(self, request: dg.RunRequest, *, is_carried_out: bool = True) -> None:
        """The run that a tick asked for; or one that is only noted, as a failed one."""
        if is_carried_out:
            assert self.world.run("dns_sync") == []
            return
        tags = {**request.tags, "dagster/run_key": str(request.run_key)}
        with self.world.entered(), dg.DagsterInstance.get() as instance:
            job = composition.build_defs().resolve_job_def("dns_sync")
            run = instance.create_run_for_job(job, tags=tags)
            instance.report_run_failed(run)

    def updates(self) -> int:
        """The UPDATE messages so far."""
        return int(self.lab.dns_status()["updates"])

    def by_d2(self, owner: str, address: str) -> None:
        """A record that Kea's D2 adds."""
        secret = (self.lab.folder / "tsig_secret.kea-ddns").read_text(encoding="ascii").strip()
        message = dns.update.UpdateMessage(ZONE, keyring=dns.tsig.Key("kea-ddns", secret))
        message.add(dns.name.from_text(f"{owner}.{ZONE}"), 600, "A", address)
        dns.query.tcp(message, "127.0.0.1", port=_port(self.world), timeout=PATIENCE_S)

    def rename(self, hostname: str, ip: str = FREE_IP) -> None:
        """A name that a person types into phpIPAM, at an address that is made where it is not there."""
        number = sum(int(part) << shift for part, shift in zip(ip.split("."), (24, 16, 8, 0), strict=True))
        self.lab.sql(f"DELETE FROM ipaddresses WHERE ip_addr = '{number}'")  # noqa: S608 - our own values
        self.lab.sql(f"INSERT INTO ipaddresses (subnetId, ip_addr, hostname) VALUES (7, '{number}', '{hostname}')")  # noqa: S608 - as above


def _decision(built: dg.Definitions, instance: dg.DagsterInstance) -> dg.RunRequest | str:
    context = dg.build_sensor_context(
        instance=instance, definitions=built, resources={"standing": (built.resources or {})["standing"]}
    )
    data = dns_sync_when_changed(900).evaluate_tick(context)
    if data.run_requests:
        (request,) = data.run_requests
        return request
    return str(data.skip_message)


def _port(world: World) -> int:
    text = world.network_toml.read_text(encoding="utf-8")
    return int(text.split("[dns]")[1].split("port = ")[1].split()[0])


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The lab after its first census."""
    folder = tmp_path_factory.mktemp("watched")
    with running_lab(folder / "lab") as lab:
        one = Watched(lab, lab.world(folder / "own").judged())
        netcensus.prepare_home(one.world.home)
        assert one.tick() == "No load has been noted yet: run the job census first"
        assert one.world.run() == []
        lab.wait_for_d2()
        yield one


@pytest.fixture(autouse=True)
def _settled(watched: Watched) -> None:
    """Each test begins with nothing to do."""
    if isinstance(watched.tick(), dg.RunRequest):
        assert watched.world.run("dns_sync") == []


def _request(decision: dg.RunRequest | str) -> dg.RunRequest:
    assert isinstance(decision, dg.RunRequest), decision
    return decision


def test_our_own_census_starts_nothing(watched: Watched) -> None:
    """The census wrote to every zone and to phpIPAM; the next tick says in one line that nobody else did."""
    decision = watched.tick()
    assert isinstance(decision, str)
    assert decision.startswith("Nothing moved since ")
    assert decision.split(": ")[1].startswith("7 serials, ")
    assert "\n" not in decision


def test_a_record_of_d2_starts_a_run(watched: Watched) -> None:
    """The tick names the zone; after the run, which had nothing to write, all is quiet again."""
    watched.by_d2("fresh-phone", "10.0.10.150")
    request = _request(watched.tick())
    assert request.tags["netcensus/moved"] == f"zone/{ZONE}"
    before = watched.updates()
    watched.ran(request)
    assert watched.updates() == before
    assert str(watched.tick()).startswith("Nothing moved")


def test_a_name_typed_into_phpipam_is_pushed_once(watched: Watched) -> None:
    """The run publishes A and PTR; neither its own UPDATEs nor a second run find anything to do."""
    watched.rename("typed-by-hand")
    request = _request(watched.tick())
    assert request.tags["netcensus/moved"] == "phpipam.addresses"
    watched.ran(request)
    assert (f"typed-by-hand.{ZONE}.", "A", FREE_IP) in watched.lab.records()
    assert ("201.10.0.10.in-addr.arpa.", "PTR", f"typed-by-hand.{ZONE}.") in watched.lab.records()
    assert str(watched.tick()).startswith("Nothing moved")
    before = watched.lab.everything()
    assert watched.world.run("dns_sync") == []
    assert watched.lab.everything() == before


def test_the_gateways_are_not_asked_again(watched: Watched) -> None:
    """A dns_sync goes on with what the census found, though the gateway is away."""
    with _broken(watched.lab, {"kea": "refused", "arp": "fail"}):
        watched.rename("while-it-is-away")
        assert watched.world.run("dns_sync") == []
    assert (f"while-it-is-away.{ZONE}.", "A", FREE_IP) in watched.lab.records()


def test_a_run_that_failed_for_a_change_is_not_started_again(watched: Watched) -> None:
    """Nor with a lost cursor, of which there is none: a later tick says which run it was; another change starts one."""
    watched.rename("first-change")
    first = _request(watched.tick())
    watched.ran(first, is_carried_out=False)
    assert str(watched.tick()).startswith("phpipam.addresses moved since ")
    assert "ended as FAILURE" in str(watched.tick())
    watched.rename("second-change")
    assert _request(watched.tick()).run_key != first.run_key


def test_the_same_tick_twice_asks_for_the_same_run(watched: Watched) -> None:
    """Dagster starts a run key once: two ticks between change and run are one run."""
    watched.rename("one-change")
    assert _request(watched.tick()).run_key == _request(watched.tick()).run_key


@pytest.mark.parametrize("job", ["census", "dns_sync"])
def test_nothing_is_started_beside_a_run_that_loads(watched: Watched, job: str) -> None:
    """Never two loads at once: the tick says which run it left alone, and does not even look."""
    watched.rename(f"beside-{job.replace('_', '-')}")
    with watched.world.entered(), dg.DagsterInstance.get() as instance:
        built = composition.build_defs().resolve_job_def(job)
        run = instance.create_run_for_job(built, status=dg.DagsterRunStatus.STARTED, tags=dict(built.tags))
        assert watched.tick() == f"{job} {run.run_id} is under way"
        instance.report_run_failed(run)
    _request(watched.tick())


def test_a_server_that_cannot_be_asked_is_said_and_starts_nothing(watched: Watched) -> None:
    """The reason is in the tick, and phpIPAM's fault is told as well as the name server's."""
    moved_away = watched.lab.database.with_suffix(".away")
    watched.lab.database.rename(moved_away)
    try:
        assert str(watched.tick()).startswith("Could not look, so nothing is started: phpIPAM in ")
    finally:
        moved_away.rename(watched.lab.database)
    text = watched.world.network_toml.read_text(encoding="utf-8")
    watched.world.network_toml.write_text(text.replace(f"port = {_port(watched.world)}\nkey", "port = 1\nkey"))
    try:
        assert str(watched.tick()).startswith("Could not look, so nothing is started: name server 127.0.0.1 port 1")
    finally:
        watched.world.network_toml.write_text(text, encoding="utf-8")


def test_gateways_answers_that_are_too_old_stop_the_run(watched: Watched) -> None:
    """With a census this long ago nothing new follows: the run says so, red, and writes nothing."""
    text = watched.world.network_toml.read_text(encoding="utf-8")
    store = watched.world.folder / "tables" / "sofia_snapshots.json.gz"
    kept = store.read_bytes()
    _made_older(store, hours=3)
    watched.rename("too-old")
    before = watched.updates()
    try:
        faults = watched.world.run("dns_sync")
        assert any("was last asked 1" in fault and "run a census" in fault for fault in faults), faults
        watched.world.network_toml.write_text(text + "\n[sources]\nhold_minutes = 600\n", encoding="utf-8")
        assert watched.updates() == before
        assert watched.world.run("dns_sync") == []
    finally:
        store.write_bytes(kept)
        watched.world.network_toml.write_text(text, encoding="utf-8")
    assert watched.updates() > before


def _made_older(store: Path, hours: int) -> None:
    content: dict[str, Any] = json.loads(gzip.decompress(store.read_bytes()))
    earlier = [int(at) - hours * 3_600_000_000 for at in content["columns"]["read_at"]]
    content["columns"]["read_at"] = earlier
    store.write_bytes(gzip.compress(json.dumps(content).encode()))


@contextmanager
def _broken(lab: Lab, faults: dict[str, Any]) -> Iterator[None]:
    lab.break_down(faults)
    try:
        yield
    finally:
        lab.break_down({})
