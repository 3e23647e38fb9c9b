"""The names of the tracked subnets as one digest: by one query, for a sensor that asks every quarter of an hour."""

import time
from ipaddress import ip_network
from pathlib import Path

import pytest

from resources.phpipam import Phpipam
from tests.integration.phpipam_case import AT, CIDR, MGMT, PASSWORD, SEEN, Case, change, create, on_mariadb, on_sqlite
from tests.services.mariadb import Database

IP = "10.0.10.50"
_LIMIT_S = 10


@pytest.fixture(params=[pytest.param("mariadb", marks=pytest.mark.services("mariadb")), "sqlite"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """PhpIPAM on the real server with the rights of the grants file, or the lab's."""
    if request.param == "sqlite":
        return on_sqlite(tmp_path)
    database: Database = request.getfixturevalue("phpipam_database")
    return on_mariadb(database)


def watching(case: Case, *cidrs: str) -> Phpipam:
    """Our phpIPAM with these subnets tracked."""
    return Phpipam(case.settings, lambda: PASSWORD, case.network_file, tuple(map(ip_network, cidrs or (CIDR,))))


def test_the_digest_is_that_of_the_addresses_as_read(case: Case) -> None:
    """What the census read and what the sensor asks for are compared, so they are made alike."""
    case.add(IP, hostname="näs & <co>")
    ours = watching(case)
    assert ours.names(_LIMIT_S).digest == ours.read(AT)[1].version


def test_a_name_that_comes_changes_or_goes_is_another_digest(case: Case) -> None:
    """Each of the three is somebody's edit; and putting it back is the first digest again."""
    ours = watching(case)
    found = [ours.names(_LIMIT_S)]
    identity = case.add(IP, hostname="nas")
    found.append(ours.names(_LIMIT_S))
    for name in ("nas2", "nas", None):
        case.root.execute("UPDATE ipaddresses SET hostname = %s WHERE id = %s", [name, identity])
        found.append(ours.names(_LIMIT_S))
    assert found[3] == found[1]
    assert found[4] == found[0]
    assert len({one.digest for one in found}) == 3
    assert found[1].count == found[0].count + 1


def test_what_is_no_name_of_a_tracked_subnet_changes_nothing(case: Case) -> None:
    """A sighting, a MAC, a note, a nameless address, and a name elsewhere."""
    identity = case.add(IP, hostname="nas")
    ours = watching(case)
    before = ours.names(_LIMIT_S)
    case.apply(change("touch", IP, "lastSeen", None, SEEN, identity), *create("10.0.10.51", mac="52:54:00:00:00:0a"))
    case.root.execute("UPDATE ipaddresses SET note = 'x' WHERE id = %s", [identity])
    case.root.execute("INSERT INTO ipaddresses (subnetId, ip_addr, hostname) VALUES (8, '167777285', 'elsewhere')")
    assert ours.names(_LIMIT_S) == before
    assert watching(case, "203.0.113.0/24").names(_LIMIT_S).count == 0


@pytest.mark.services("mariadb")
def test_ten_thousand_names_are_digested_fast(phpipam_database: Database) -> None:
    """One SELECT, some tens of milliseconds of our CPU."""
    case = on_mariadb(phpipam_database)
    values = ", ".join(f"({MGMT}, '{167_772_160 + at}', 'host{at}')" for at in range(10_000))
    case.root.execute(f"INSERT INTO ipaddresses (subnetId, ip_addr, hostname) VALUES {values}")  # noqa: S608 - numbers
    ours = watching(case)
    ours.names(_LIMIT_S)
    before, began = phpipam_database.counters()["Com_select"], time.thread_time()
    assert ours.names(_LIMIT_S).count >= 10_000
    used_s = time.thread_time() - began
    print(f"10,000 names: {used_s * 1000:.0f} ms CPU, {phpipam_database.counters()['Com_select'] - before} SELECTs")  # noqa: T201 - a figure worth seeing
    assert used_s < 0.5
