"""Every wait has a limit (rule R10): they are listed in docs/reliability.md, from the code, and fit into each other."""

from pathlib import Path

import yaml  # type: ignore[import-untyped]  # it has none of its own

from pipelines.gateways import Gateway
from pipelines.network import Dns
from resources import own_database, ssh, standing
from resources.alerting import ends
from resources.nameserver import Limits, serials
from resources.phpipam import applying, database
from schedules import jobs
from tests.networks import NETWORK
from tests.scenarios.reliability import agree

ROOT = Path(__file__).parents[2]
COLUMNS = ("layer", "what is waited for", "at most", "where it is set")
DNS = Limits()
COMMAND_S = Gateway.model_fields["command_limit_s"].default
SECONDARIES_S = Dns.model_fields["secondaries_limit_s"].default
STALE_S = NETWORK.stale_after().total_seconds()


def monitoring(file: Path) -> dict[str, int]:
    """What Dagster's run monitoring is told there."""
    found: dict[str, int] = yaml.safe_load(file.read_text(encoding="utf-8"))["run_monitoring"]
    return found


MONITORING = monitoring(ROOT / "dagster.yaml")
# Private names are read here so that nothing outside their modules has to change with them.
LIMITS = [
    ("connect", "SSH: TCP, banner, key exchange, login, channel, each", ssh.CONNECT_LIMIT_S, "resources/ssh.py"),
    ("connect", "name server", DNS.connect_s, "resources/nameserver/limits.py"),
    ("connect", "phpIPAM's database", database._CONNECT_LIMIT_S, "resources/phpipam/database.py"),  # noqa: SLF001 - see above
    ("answer", "one message of the name server", DNS.answer_s, "resources/nameserver/limits.py"),
    ("answer", "a secondary's serial, twice", serials._ANSWER_S, "resources/nameserver/serials.py"),  # noqa: SLF001 - see above
    ("answer", "one packet of phpIPAM's database", database._ANSWER_LIMIT_S, "resources/phpipam/database.py"),  # noqa: SLF001 - see above
    ("answer", "an alert's receiver", ends.LIMIT_S, "resources/alerting/ends.py"),
    ("command", "one script at a gateway", COMMAND_S, "command_limit_s of the gateway in network.toml"),
    ("command", "all scripts of one connection", ssh._COMMANDS * COMMAND_S, "five times that"),  # noqa: SLF001 - see above
    ("command", "one zone transfer", DNS.transfer_s, "resources/nameserver/limits.py"),
    ("statement", "a lock in phpIPAM's database", database._LOCK_WAIT_LIMIT_S, "resources/phpipam/database.py"),  # noqa: SLF001 - see above
    ("statement", "the ledger's SQLite file", own_database.BUSY_LIMIT_S, "resources/own_database.py"),
    ("step", "the serials of all zones", standing._DNS_LIMIT_S, "resources/standing.py"),  # noqa: SLF001 - see above
    ("step", "all UPDATE messages of a load", DNS.apply_s, "resources/nameserver/limits.py"),
    ("step", "the secondaries, after a change", SECONDARIES_S, "secondaries_limit_s in network.toml"),
    ("run", "a census, dns_sync or rehearse", jobs.LIMIT_S, "dagster/max_runtime in schedules/jobs.py"),
    ("run", "any other run", MONITORING["max_runtime_seconds"], "run_monitoring in dagster.yaml"),
    ("run", "a run's start", MONITORING["start_timeout_seconds"], "run_monitoring in dagster.yaml"),
    ("run", "the load's lock, its machine gone", database._IDLE_LIMIT_S, "resources/phpipam/database.py"),  # noqa: SLF001 - see above
    ("no run", "a source or target to be refreshed", STALE_S, "[cadence] in network.toml, or stale_after_minutes"),
]


def test_the_limits_are_those_in_the_documentation() -> None:
    """docs/reliability.md lists what the code says."""
    agree("limits", COLUMNS, [(*limit[:2], f"{limit[2]:g} s", limit[3]) for limit in LIMITS])


def test_the_run_has_the_longest_limit_but_its_monitor() -> None:
    """Whatever a layer waits for ends before the run is ended, and Dagster itself ends it, by every dagster.yaml."""
    assert max(limit[2] for limit in LIMITS if limit[0] not in {"run", "no run"}) < jobs.LIMIT_S
    for file in (ROOT / "dagster.yaml", *sorted((ROOT / "deploy").glob("dagster.*.yaml"))):
        told = monitoring(file)
        assert told["enabled"], file
        assert told["max_runtime_seconds"] >= jobs.LIMIT_S, file
    for job in (jobs.census, jobs.dns_sync, jobs.rehearse):
        assert (job.tags or {})["dagster/max_runtime"] == str(jobs.LIMIT_S)


def test_one_that_never_answers_costs_a_census_a_fraction_of_its_limit() -> None:
    """Three sites, six zones and phpIPAM that take connections and say nothing are given up in a third of the time."""
    assert 3 * ssh.CONNECT_LIMIT_S + 6 * DNS.answer_s + database._ANSWER_LIMIT_S < jobs.LIMIT_S / 3  # noqa: SLF001 - see above


def test_locks_are_given_up_before_the_answer_is() -> None:
    """A row that stays locked is told as that, not as a server that is silent."""
    assert applying._TRIES * database._LOCK_WAIT_LIMIT_S < database._ANSWER_LIMIT_S  # noqa: SLF001 - see above
