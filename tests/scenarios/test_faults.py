"""The fault matrix: in a network with work of every kind, each thing is broken during one census, by real sockets.

After each: nothing is gone that should live, nothing is written that an undisturbed census would not write, whatever
was written has a record in the ledger, and the run says what is wrong. The next census ends where an undisturbed one
does. States that are the same in both targets and in the ledger need that proof but once.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count

import pytest

from resources.gateways import read_site
from resources.nameserver import Limits
from resources.phpipam.database import Database
from tests.scenarios.broken_servers import ANSWER_S, during
from tests.scenarios.fault_cases import READING, WRITING, Case
from tests.scenarios.fault_kills import (
    Plans,
    ended,
    fill_disk,
    forked,
    held_at_the_first_row,
    kill_self_at,
    killing_at_update,
    load,
)
from tests.scenarios.fault_world import FaultWorld, State, running_fault_world
from tests.scenarios.reliability import agree
from tests.services.process import HOST, PATIENCE_S

pytestmark = [
    pytest.mark.services("bind", "kea", "mariadb", "sshd"),
    pytest.mark.skipif("NETCENSUS_FAULTS" not in os.environ, reason="takes minutes of CPU: make reliability"),
]
COLUMNS = ("stage", "fault", "the run says", "it wrote", "wrong deletes", "the next run")
_CONNECT_S = 4.0


@dataclass
class Matrix:
    """The prepared network, where an undisturbed census ends, and what was found."""

    world: FaultWorld
    end: State
    rows: dict[str, tuple[str, ...]] = field(default_factory=dict)
    proven: set[State] = field(default_factory=set)
    """States from which a census ended where the undisturbed one did."""

    def check(self, case: Case) -> None:
        """One row of the matrix."""
        try:
            with case.broken(self.world):
                told = self.world.census()
            after = self.world.state()
            check_told(case, told)
            wrote = self.world.check_written(after, self.end)
            self.check_convergence(after)
        finally:
            if self.world.state() != self.world.before:
                self.world.restore()
        said = f"“{case.says[0]}”, red" if case.says else "nothing, green"
        self.rows[case.fault] = (case.stage, case.fault, said, wrote, "0", "same end")

    def check_convergence(self, after: State) -> None:
        """An undisturbed census from here ends where it does from the beginning."""
        if after not in self.proven:
            assert self.world.census() == []
            now = self.world.state()
            assert sorted(map(str, now[0] ^ self.end[0])) == []
            assert now == self.end
            self.proven.add(after)


def check_told(case: Case, told: list[str]) -> None:
    """One sentence has all that is expected of it; or there is none, where all went well."""
    assert bool(told) == bool(case.says), told
    if told:
        assert any(all(part in sentence for part in case.says) for sentence in told), f"{case.says} in {told}"


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """The network; a census of it was taken undisturbed, and all put back."""
    with pytest.MonkeyPatch.context() as patch, running_fault_world(tmp_path_factory.mktemp("faults")) as world:
        patch.setitem(read_site.__kwdefaults__ or {}, "connect_limit_s", _CONNECT_S)  # else each fault takes minutes
        patch.setattr("resources.nameserver.server.Limits", lambda: Limits(answer_s=ANSWER_S))
        patch.setattr("resources.phpipam.database._SESSION", "SET SESSION innodb_lock_wait_timeout = 1")
        assert world.census() == []
        end = world.state()
        world.ssh_bytes = world.ssh.carried
        assert world.census() == []
        assert world.state() == end, "it has nothing left to do"
        world.restore()
        yield Matrix(world, end, proven={world.before})


@pytest.mark.parametrize("case", READING, ids=lambda case: case.fault)
def test_what_cannot_be_read_or_written_stays_as_it_is(matrix: Matrix, case: Case) -> None:
    """Nothing at all is written, and the run says why."""
    matrix.check(case)
    assert matrix.rows[case.fault][3] == "nothing"


def test_after_all_of_these_in_a_row_a_census_is_as_if_nothing_had_been(matrix: Matrix) -> None:
    """The ledger remembers the failures, and that changes nothing."""
    assert matrix.world.census() == []
    assert matrix.world.state() == matrix.end
    matrix.world.restore()


@pytest.mark.parametrize("case", WRITING, ids=lambda case: case.fault)
def test_what_is_broken_in_the_middle_is_finished_by_the_next(matrix: Matrix, case: Case) -> None:
    """A part may be written; all of it is right, on record, and completed by the next census."""
    matrix.check(case)


# --- the load is killed, or its disk is full ---------------------------------------------------------------------


def check_all(matrix: Matrix, tries: Iterable[Callable[[Plans], int]], is_over: Callable[[int], bool]) -> list[int]:
    """How each try of a load ended, until `is_over`; nothing is lost, and a census finishes each state they left."""
    plans, ends = matrix.world.plans(), []
    for one in tries:
        ends.append(one(plans))
        matrix.world.wait_until_alone()
        after = matrix.world.state()
        matrix.world.check_written(after, matrix.end)
        matrix.check_convergence(after)
        if after != matrix.world.before:
            matrix.world.restore()
        if is_over(ends[-1]):
            break
    return ends


@pytest.fixture
def planned(matrix: Matrix) -> Matrix:
    """The network, and what there is to do in the tables."""
    assert matrix.world.network.world.run("rehearse") == []
    return matrix


def test_killed_at_any_statement_or_commit_the_load_is_finished_by_the_next(planned: Matrix) -> None:
    """SIGKILL before each commit, in phpIPAM and in the ledger, and before each statement that writes in phpIPAM."""
    world = planned.world
    tries = (lambda plans, step=step: ended(forked(world, plans, partial(kill_self_at, step))) for step in count(1))
    ends = check_all(planned, tries, lambda status: status >= 0)
    assert ends == [-signal.SIGKILL] * (len(ends) - 1) + [0]
    assert len(ends) > 15
    assert planned.world.before in planned.proven
    print(f"{len(ends) - 1} kills; {len(planned.proven)} different states so far")  # noqa: T201 - a measure


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
def test_killed_at_any_update_the_load_is_finished_by_the_next(planned: Matrix, *, is_done: bool) -> None:
    """SIGKILL before each UPDATE message arrives, and after the server has carried it out."""
    world = planned.world

    def killed(plans: Plans, number: int) -> int:
        child: list[int] = []
        with killing_at_update(world, child, number, is_done=is_done):
            child.append(forked(world, plans, lambda: time.sleep(0.05)))
            return ended(child[0])

    ends = check_all(planned, (partial(killed, number=number) for number in count(1)), lambda status: status >= 0)
    assert ends == [-signal.SIGKILL] * 3 + [0], "one message for each of three zones"


def test_a_load_that_was_killed_is_undone_as_far_as_it_came(planned: Matrix) -> None:
    """Killed after a zone was written and before that was noted: an undo puts back that zone's records as well."""
    world, child = planned.world, list[int]()
    with killing_at_update(world, child, 2, is_done=True):
        child.append(forked(world, world.plans(), lambda: time.sleep(0.05), partial(load, run_id="killed-load")))
        assert ended(child[0]) == -signal.SIGKILL
    world.wait_until_alone()
    assert world.network.world.run("undo", run_id="killed-load") == []
    before, now = ({one for one in state if one[0] != "entry"} for state in (world.before[0], world.things()))
    assert before <= now
    _, _, _, *texts_and_tag = zip(*(now - before), strict=True)
    assert texts_and_tag[:4] == [(None, None)] * 3 + [(1, 1)], "two rows that it made, emptied and Offline"
    world.restore()


def test_a_disk_that_fills_up_leaves_no_half_load_without_a_record(planned: Matrix) -> None:
    """The ledger cannot grow beyond 4, 8, 16, ... kB: what it could not note is not sent, and all is finished later."""
    world = planned.world
    tries = (
        lambda plans, kib=kib: ended(forked(world, plans, partial(fill_disk, kib * 1024))) for kib in (0, 4, 8, 16, 32)
    )
    ends = check_all(planned, tries, lambda _: False)
    assert ends[0] == 1, "without room for the intentions nothing is sent"


def test_of_two_loads_at_once_one_is_refused_and_the_other_whole(planned: Matrix) -> None:
    """The second asks for the lock in phpIPAM's database while the first writes: it fails, nothing is done twice."""
    world, plans = planned.world, planned.world.plans()
    with held_at_the_first_row(world) as waits:
        first = forked(world, plans, int)
        assert waits.wait(PATIENCE_S)
        assert ended(forked(world, plans, int)) == 1
    assert ended(first) == 0
    assert world.things() == planned.end[0]
    world.restore()


def test_two_censuses_at_once_end_as_one(matrix: Matrix) -> None:
    """Two processes start together: each is through, or told that another run is loading; once is all that is done."""
    own = matrix.world.network.world
    both = [
        subprocess.Popen(own.argv(), env=own.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=300)[1] for process in both]
    assert all(process.returncode == 0 or is_beaten(text) for process, text in zip(both, told, strict=True)), told
    assert 0 in {process.returncode for process in both}
    matrix.check_convergence(matrix.world.state())
    matrix.world.restore()


def is_beaten(text: str) -> bool:
    """Whether a census says that the other one loads, or was faster."""
    return any(words in text for words in ("another run is loading", "lost race", "looked at again at the next run"))


def test_where_everything_is_a_black_hole_a_census_ends_in_seconds(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSH, DNS and the database take the connection and are silent: each is given up and named, nothing is written."""
    world = matrix.world
    monkeypatch.setattr(Database.engine.__wrapped__, "__defaults__", (3,))  # type: ignore[attr-defined]  # seconds
    with socket.create_server((HOST, 0)) as silent, ExitStack() as stack:
        stack.enter_context(during(world.ssh, stalls_at=0))
        stack.enter_context(during(world.dns, question=lambda _: None))
        stack.enter_context(during(world.sql, server=silent.getsockname()))
        began = time.monotonic()
        told = "\n".join(world.census())
    assert time.monotonic() - began < 300, "seconds on an idle machine; what waits for an answer here waits for ever"
    assert all(part in told for part in ("no SSH session", "phpIPAM at", "did not answer in time")), told
    assert world.state() == world.before


# --- what is told of it ------------------------------------------------------------------------------------------


def test_the_matrix_is_the_one_in_the_documentation(matrix: Matrix) -> None:
    """docs/reliability.md says what was found here."""
    if len(matrix.rows) < len(READING + WRITING):
        pytest.skip("only some of the faults were tried")
    agree("faults", COLUMNS, list(matrix.rows.values()))
