"""The faults of the matrix, what the run must say of each, and after which of them nothing may be written."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.scenarios.broken_database import (
    commit_unanswered,
    deadlock,
    killed_before_commit,
    load_locked,
    password_rotated,
    row_locked,
    sql_gone,
    sql_gone_committing,
    sql_gone_writing,
)
from tests.scenarios.broken_servers import (
    Broken,
    dns_gone,
    during,
    is_among_half,
    kea_restarting,
    leases_gone,
    other_host_key,
    ssh_cut,
    ssh_refused,
    ssh_stalls,
    transfer_cut,
    transfer_refused,
    update_late,
    update_lost,
    update_refused,
    update_unanswered,
    zone_moves,
)
from tests.scenarios.fault_world import FaultWorld

Break = Callable[[FaultWorld], Broken]


@dataclass(frozen=True)
class Case:
    """One fault. `says` are parts of one sentence of the run's; empty where the run is green."""

    stage: str
    fault: str
    broken: Break
    says: tuple[str, ...] = ()


READING = (
    Case("read sites", "SSH refused", ssh_refused, ("no SSH session", "Check that the gateway is up")),
    Case(
        "read sites",
        "SSH black-holed",
        lambda world: during(world.ssh, stalls_at=0),
        ("no SSH session within", "Check that the gateway is up"),
    ),
    Case("read sites", "SSH cut in mid-answer", ssh_cut, ("cut", "Run the census again")),
    Case("read sites", "SSH stalls in mid-answer", ssh_stalls, ("did not end within 5 s", "Run the census again")),
    Case("read sites", "wrong host key", other_host_key, ("host key has changed", "ssh-keygen -R")),
    Case("read sites", "Kea restarting", kea_restarting, ("no Kea control socket", "Start Kea")),
    Case("read phpIPAM", "MariaDB is down", sql_gone, ("phpIPAM at", "Check that the database runs")),
    Case("read zones", "transfer cut", transfer_cut, ("viktorbarzin.lan", "lost", "Check [dns] server")),
    Case("read zones", "transfer REFUSED", transfer_refused, ("viktorbarzin.lan", "REFUSED", "allow-transfer")),
    Case("read zones", "zone moves during transfer", zone_moves, ("changed during each of 3 transfers",)),
    Case("load", "password rotated", password_rotated, ("Access denied", "NETCENSUS_PHPIPAM_PASSWORD_FILE")),
    Case("load", "another run holds the lock", load_locked, ("another run is loading", "Wait for it to end")),
)
"""After these nothing is written."""

WRITING = (
    Case("read sites", "Kea has no leases", partial(leases_gone, keeps=lambda *_: False)),
    Case("read sites", "Kea has fewer than half its leases", partial(leases_gone, keeps=is_among_half)),
    Case("load phpIPAM", "MariaDB goes before commit", sql_gone_writing, ("was not written", "Check that the data")),
    Case("load phpIPAM", "MariaDB goes during commit", sql_gone_committing, ("phpIPAM at", "Check that the database")),
    Case("load phpIPAM", "the answer to COMMIT is lost", commit_unanswered),
    Case("load phpIPAM", "killed before COMMIT arrives", killed_before_commit, ("nothing was written",)),
    Case("load phpIPAM", "deadlock", deadlock),
    Case("load phpIPAM", "lock wait", row_locked, ("stayed locked", "the next run tries again")),
    Case("load DNS", "UPDATE lost", update_lost, ("did not answer in time", "Check [dns] server")),
    Case("load DNS", "UPDATE done, answer lost", update_unanswered),
    Case("load DNS", "UPDATE answered late", update_late),
    Case("load DNS", "UPDATE REFUSED", update_refused, ("refuses updates", "update-policy")),
    Case("load DNS", "server gone after one zone", dns_gone, ("lost before it answered", "Check [dns] server")),
)
"""After these some of it may be written."""
