"""Undo, broken in the middle: it can be repeated until it is done, and what it did can be taken back in its turn."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import count

import pytest

from pipelines import tables
from resources.nameserver import Limits
from tests.scenarios.broken_database import commit_unanswered, sql_gone_committing, sql_gone_writing
from tests.scenarios.broken_servers import ANSWER_S, dns_gone, update_lost, update_unanswered
from tests.scenarios.fault_kills import Loading, Plans, ended, forked, kill_self_at, killing_at_update, load
from tests.scenarios.fault_world import FaultWorld, Things, running_fault_world

pytestmark = [
    pytest.mark.services("bind", "kea", "mariadb", "sshd"),
    pytest.mark.skipif("NETCENSUS_FAULTS" not in os.environ, reason="takes minutes of CPU: make reliability"),
]
KILLED = "killed-in-the-middle"


@dataclass(frozen=True)
class Undoing:
    """The network after a census that had work of every kind, saved; and where its undo ends when nothing is broken."""

    world: FaultWorld
    wrote: str
    plans: Plans
    loading: Loading
    whole: Things
    end: Things

    def run(self, run_id: str) -> list[str]:
        """What went wrong in the undo of a run."""
        return self.world.network.world.run("undo", run_id=run_id)

    def undos(self) -> list[str]:
        """The runs that undid the census, the newest first."""
        by_age = dict.fromkeys(str(row[1]) for row in reversed(self.world.network.world.ledger("receipts")))
        return list(by_age)[: list(by_age).index(self.wrote)]

    def check_left_alone(self) -> None:
        """A census finds a half of it undone, and changes nothing."""
        before = things(self.world)
        assert self.world.census() == []
        assert things(self.world) ^ before == frozenset()

    def check_repeated(self) -> None:
        """The undo is asked for again and is done; censuses leave it so; taken back, all is as the census made it."""
        assert self.run(self.wrote) == []
        assert things(self.world) ^ self.end == frozenset()
        assert self.world.census() == []
        assert things(self.world) ^ self.end == frozenset()
        for undo in self.undos():
            assert self.run(undo) == []
        assert things(self.world) ^ self.whole == frozenset()
        self.world.restore()


def things(world: FaultWorld) -> Things:
    """Every row of phpIPAM and record of DNS; when a row was edited is not taken back, and not looked at."""
    return frozenset(one for one in world.things() if one[0] != "entry")


@pytest.fixture(scope="module")
def undoing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undoing]:
    """The network; its census was undone once undisturbed, and all put back."""
    with pytest.MonkeyPatch.context() as patch, running_fault_world(tmp_path_factory.mktemp("undo")) as world:
        patch.setattr("resources.nameserver.server.Limits", lambda: Limits(answer_s=ANSWER_S))
        own = world.network.world
        assert world.census() == []
        wrote, whole = own.last_that_wrote(), things(world)
        world.save()
        assert own.run("undo", run_id=wrote) == []
        plans = world.table("undo_ipam_plan", tables.IPAM_PLAN), world.table("undo_dns_plan", tables.DNS_PLAN)
        loading = partial(load, run_id=KILLED, undone=world.table("undone", tables.UNDONE))
        found = Undoing(world, wrote, plans, loading, whole, things(world))
        world.restore()
        yield found


def killed(undoing: Undoing) -> Iterator[int]:
    """Undos that are killed at each of their steps, until one ends by itself; how each ended."""
    for step in count(1):
        status = ended(forked(undoing.world, undoing.plans, partial(kill_self_at, step), undoing.loading))
        undoing.world.wait_until_alone()
        yield status
        if status >= 0:
            return


def killed_at_updates(undoing: Undoing, *, is_done: bool) -> Iterator[int]:
    """Undos that are killed at each of their UPDATE messages, before it arrives or when it `is_done`."""
    world = undoing.world
    for number in count(1):
        child: list[int] = []
        with killing_at_update(world, child, number, is_done=is_done):
            child.append(forked(world, undoing.plans, lambda: time.sleep(0.05), undoing.loading))
            status = ended(child[0])
        world.wait_until_alone()
        yield status
        if status >= 0:
            return


def test_killed_at_any_statement_or_commit_an_undo_is_repeated(undoing: Undoing) -> None:
    """SIGKILL before each commit, in phpIPAM and in the ledger, and before each statement that writes in phpIPAM."""
    ends = repeated(undoing, killed(undoing))
    assert len(ends) > 10


@pytest.mark.parametrize(
    ("is_done", "is_census_between"),
    [(False, False), (True, False), (True, True)],
    ids=["before", "after", "after-and-a-census"],
)
def test_killed_at_any_update_an_undo_is_repeated(undoing: Undoing, *, is_done: bool, is_census_between: bool) -> None:
    """SIGKILL before each UPDATE message arrives, and after the server has carried it out; perhaps a census follows."""
    ends = repeated(undoing, killed_at_updates(undoing, is_done=is_done), is_census_between=is_census_between)
    assert len(ends) == 4, "one message for each of three zones, and one undo that is whole"


def test_killed_at_any_step_an_undo_is_repeated_after_a_census(undoing: Undoing) -> None:
    """The hour goes on: a census comes first, does nothing again of what was undone, and stands in nobody's way."""
    ends = repeated(undoing, killed(undoing), is_census_between=True)
    assert len(ends) > 10


def repeated(undoing: Undoing, tries: Iterable[int], *, is_census_between: bool = False) -> list[int]:
    """How each try ended; after each, perhaps after a census, the undo was repeated and taken back."""
    ends = []
    for status in tries:
        ends.append(status)
        if is_census_between:
            undoing.check_left_alone()
        undoing.check_repeated()
    assert ends == [-signal.SIGKILL] * (len(ends) - 1) + [0]
    return ends


@pytest.mark.parametrize(
    "broken",
    [update_lost, update_unanswered, dns_gone, sql_gone_writing, sql_gone_committing, commit_unanswered],
    ids=lambda broken: broken.__name__,
)
def test_an_undo_of_which_a_part_was_lost_is_repeated(
    undoing: Undoing, broken: Callable[[FaultWorld], AbstractContextManager[object]]
) -> None:
    """What did not arrive, or may have: the second undo looks what is there, and says `already` of nothing else."""
    with broken(undoing.world):
        undoing.run(undoing.wrote)
    undoing.check_repeated()
