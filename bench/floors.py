"""What nobody can go below: the bare programs, asked for one thing each, and Dagster asked for nothing."""

import os
import sys
from collections.abc import Iterator
from tempfile import TemporaryDirectory

import pandas as pd

from bench import layout
from bench.contenders import nsupdate
from bench.hosts import hosts
from bench.measuring import Spent, python, spend
from bench.records import records
from bench.result import Result, result
from bench.servers import ZONES
from tests.services.bind import Bind, running_bind
from tests.services.mariadb import MariaDB, running_mariadb

PART = "floor"
EMPTY_JOB = "Dagster, a job that does nothing"
_INSERT = "INSERT INTO ipaddresses (subnetId, ip_addr, hostname, state) VALUES "


def floors(count: int) -> Iterator[Result]:
    """The floors beside a census of so many hosts."""
    for name, spent in {**_starts(), **_of_dns(records(hosts(count))), **_of_ipam(count)}.items():
        yield result(PART, name, "", count, spent)


def _starts() -> dict[str, Spent]:
    """An interpreter, one with what we import, and Dagster; the last of two runs, so that bytecode is there."""
    with TemporaryDirectory() as home:
        environment = {**os.environ, "DAGSTER_HOME": home}
        imports = [sys.executable, "-c", "import pandas, sqlalchemy, pydantic, paramiko, dns.message"]
        ways = {
            "Python, nothing": [sys.executable, "-c", "pass"],
            "Python and the libraries but Dagster": imports,
            EMPTY_JOB: python("bench.empty_job"),
        }
        return {name: [spend(argv, environment) for _ in range(2)][-1] for name, argv in ways.items()}


def _of_dns(rows: pd.DataFrame) -> dict[str, Spent]:
    with running_bind(ZONES) as bind:
        told = spend(nsupdate.argv(bind), os.environ, text=nsupdate.script(rows, bind))
        one = rows.tail(1).assign(
            owner=f"one-more.{layout.DOMAIN}.", zone=f"{layout.DOMAIN}.", type="A", rdata="10.0.0.9"
        )
        return {
            "nsupdate, all records": told,
            "nsupdate, one record": spend(nsupdate.argv(bind), os.environ, text=nsupdate.script(one, bind)),
            "dig AXFR of the forward zone": spend(_dig(bind, layout.DOMAIN, kind="AXFR"), os.environ),
            "dig AXFR of every zone": spend(_dig(bind, *layout.ZONES, kind="AXFR"), os.environ),
            "dig SOA of every zone": spend(_dig(bind, *layout.ZONES, kind="SOA"), os.environ),
        }


def _dig(bind: Bind, *zones: str, kind: str) -> list[str]:
    """One process, a question to each zone."""
    server = [f"@{bind.host}", "-p", str(bind.port), "-y", f"hmac-sha256:netcensus:{bind.secrets['netcensus']}"]
    return ["dig", *server, "+tcp", *(word for zone in zones for word in (zone, kind))]


def _of_ipam(count: int) -> dict[str, Spent]:
    with running_mariadb() as mariadb:
        mariadb.database("phpipam")
        rows = [f"(7, '{number}', 'h{number}', 2)" for number in range(1, count + 1)]
        return {
            "mariadb, one INSERT of one row": _sql(mariadb, f"{_INSERT}(8, '1', 'one', 2)"),
            "mariadb, one INSERT of every host": _sql(mariadb, _INSERT + ", ".join(rows)),
            "mariadb, one SELECT of every host": _sql(mariadb, "SELECT * FROM ipaddresses"),
        }


def _sql(mariadb: MariaDB, statement: str) -> Spent:
    argv = ["mariadb", f"--socket={mariadb.socket}", "--user=root", "phpipam"]
    return spend(argv, os.environ, text=statement)
