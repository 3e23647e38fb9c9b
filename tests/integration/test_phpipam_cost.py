"""What a load costs the server, by its own counters, and what it does not."""

import time

import pytest

from tests.integration.phpipam_case import AT, SEEN, Case, change, grants, on_mariadb, outcomes, plan
from tests.services.mariadb import Database

pytestmark = pytest.mark.services("mariadb")

IP = "10.0.10.50"


def test_a_thousand_new_rows_take_a_few_statements(case: Case) -> None:
    """A first run's rows, their changelog and reading them back: a few statements, not a thousand."""
    case.root.execute("UPDATE subnets SET subnet = '167772160', mask = '16' WHERE id = 7")
    rows = [
        ("sofia", 7, "10.0.0.0/16", f"10.0.{at // 250}.{at % 250 + 1}", None, "create", name, None, value, "r")
        for at in range(1000)
        for name, value in (("hostname", f"host{at}"), ("lastSeen", SEEN))
    ]
    wanted, before, start = plan(*rows), _statements(case), time.perf_counter()
    receipt = case.phpipam.apply(wanted, AT)
    took_s, statements = time.perf_counter() - start, _statements(case) - before
    assert set(receipt["outcome"]) == {"applied"}
    assert statements < 50
    print(f"1,000 creates: {took_s:.3f} s, {statements} statements")  # noqa: T201 - a figure worth seeing


def _statements(case: Case) -> int:
    counters = case.root.execute("SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_insert', 'Com_update')")
    return sum(int(row["Value"]) for row in counters)


def test_a_second_apply_writes_no_row(case: Case, phpipam_database: Database) -> None:
    """The server's own counters (but for redo, which moves by itself): no row inserted, updated or deleted."""
    identity = case.add(IP, hostname="old")
    changes = [change("touch", IP, "lastSeen", None, SEEN, identity)]
    case.apply(*changes)
    before = phpipam_database.counters()
    assert outcomes(case.apply(*changes)) == ["applied"]
    after = phpipam_database.counters()
    for name in ("Handler_update", "Handler_write", "Handler_delete"):
        assert after[name] == before[name], name


def test_the_grants_file_may_be_run_twice(phpipam_database: Database) -> None:
    """CREATE USER IF NOT EXISTS: run again after an upgrade, it only adds."""
    case = on_mariadb(phpipam_database)
    phpipam_database.script(grants())
    assert case.phpipam.preflight(AT).version.startswith("1.74")
