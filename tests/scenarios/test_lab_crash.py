"""Censuses are killed in the middle; then one runs undisturbed, and all is as if none had been killed."""

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.lab_world import Lab, Records, running_lab
from tests.scenarios.world import World

Moment = Callable[[Lab, World], bool]
_LIMIT_S = 300
_CHANGELOG = """
    SELECT a.ip_addr, c.caction, c.cdiff FROM changelog c LEFT JOIN ipaddresses a ON a.id = c.coid ORDER BY 1, 2, 3
"""
_NO_TIMES = "subnetId, ip_addr, hostname, mac, description, state, is_gateway, owner, note"


def _intended(world: World) -> int:
    with closing(sqlite3.connect(f"file:{world.folder / 'ledger.sqlite'}?mode=ro", uri=True)) as ledger:
        return int(ledger.execute("SELECT count(*) FROM applied WHERE intended IS NOT NULL").fetchone()[0])


def intentions_are_noted(_: Lab, world: World) -> bool:
    """The ledger says what is about to be written."""
    try:
        return _intended(world) > 0
    except sqlite3.OperationalError:  # not made yet
        return False


def phpipam_is_being_written(lab: Lab, _: World) -> bool:
    """At least one subnet has its rows."""
    return bool(lab.sql("SELECT 1 FROM changelog WHERE ctype = 'ip_addr' LIMIT 1"))


def dns_is_being_written(lab: Lab, _: World) -> bool:
    """At least one zone has taken a change."""
    return int(lab.dns_status()["changing_updates"]) > 0


def half_of_dns_is_written(lab: Lab, _: World) -> bool:
    """The forward zone, the last by name, has taken a change."""
    return any(rtype == "A" and owner.startswith("mqtt.") for owner, rtype, _ in lab.records())


MOMENTS: list[Moment] = [intentions_are_noted, phpipam_is_being_written, dns_is_being_written, half_of_dns_is_written]


def killed_when(moment: Moment, lab: Lab, world: World) -> int:
    """The exit status of a census that is killed outright as soon as the moment has come."""
    end = time.monotonic() + _LIMIT_S
    with subprocess.Popen(
        world.argv(), env=world.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as census:
        while census.poll() is None and not moment(lab, world):
            assert time.monotonic() < end, f"{moment.__name__} never came"
            time.sleep(0.002)
        census.kill()
        return census.wait()


def result(lab: Lab) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], Records]:
    """What the targets say in the end, but for times and numbers given in order of arrival."""
    addresses = lab.sql(f"SELECT {_NO_TIMES} FROM ipaddresses ORDER BY 1, 2")  # noqa: S608 - the names above
    return addresses, lab.sql(_CHANGELOG), lab.records()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, World]]:
    """A lab of which one census was taken."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with running_lab(folder / "lab") as lab:
        world = lab.world(folder / "own").judged()
        assert world.run() == []
        lab.wait_for_d2()
        yield lab, world


def test_a_census_after_killed_ones_ends_where_an_undisturbed_one_does(
    tmp_path: Path, undisturbed: tuple[Lab, World]
) -> None:
    """Killed at any moment, the work is found again and finished: nothing doubled, lost, or taken for another's.

    That we made a row is known of fewer rows, those whose number came back in time: the others are never removed.
    """
    with running_lab(tmp_path / "lab") as lab:
        world = lab.world(tmp_path / "own").judged()
        for moment in MOMENTS:
            assert killed_when(moment, lab, world) == -signal.SIGKILL, moment.__name__
        assert world.run() == []
        lab.wait_for_d2()
        found, expected = result(lab), result(undisturbed[0])
        assert found[0] == expected[0]
        assert _without_times(found[1]) == _without_times(expected[1])
        assert found[2] == expected[2]
        assert _managed(world) == _managed(undisturbed[1])
        assert _made(world) <= _made(undisturbed[1])
        before = lab.everything()
        assert world.run() == []
        assert lab.everything() == before


def _without_times(changelog: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Of what was added, everything but the line of lastSeen, which tells when."""
    return [
        (ip, action, [line for line in str(text).split("\r\n") if "lastSeen" not in line])
        for ip, action, text in changelog
    ]


_AT = 8  # the column `at` of the ledger's table `applied`


_FIELD = 3
_ADDRESS = slice(0, _FIELD)


def _managed(world: World) -> list[tuple[object, ...]]:
    """What the ledger knows of fields and RRsets, but for its times."""
    return [row[:_AT] + row[_AT + 1 :] for row in world.ledger("applied") if row[_FIELD] != "row"]


def _made(world: World) -> set[tuple[object, ...]]:
    """The addresses whose rows the ledger knows to be made by us."""
    return {row[_ADDRESS] for row in world.ledger("applied") if row[_FIELD] == "row"}
