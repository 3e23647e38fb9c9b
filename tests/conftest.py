"""The real servers as fixtures, one of each per session; what cannot run here is said at the end of the run.

A test that names `kea`, `bind`, `mariadb` or `sshd` among its fixtures needs their programs; one that starts its own
says so with `@pytest.mark.services("bind")`. Where a program is missing the test is skipped, and the summary lists it
with the apt-get line. With NETCENSUS_REQUIRE_SERVICES=1 (continuous integration) it fails instead.

Generated examples are the same in every run, so that a red run is the change's fault; NETCENSUS_EXAMPLES=200 looks for
new ones.
"""

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.services.bind import Bind, running_bind
from tests.services.dns_server import DnsServer
from tests.services.dropbear import Dropbear, running_dropbear
from tests.services.kea import Kea, running_kea
from tests.services.kea6 import Kea6, running_kea6
from tests.services.mariadb import Database, MariaDB, running_mariadb
from tests.services.openssh import Sshd, running_sshd
from tests.services.programs import NEEDED_BY, missing_packages
from tests.services.technitium import Technitium, running_technitium

# The zones of network.toml: none for london's 192.168.8.0/24.
ZONES = (
    "viktorbarzin.lan",
    "10.0.10.in-addr.arpa",
    "20.0.10.in-addr.arpa",
    "1.168.192.in-addr.arpa",
    "2.3.10.in-addr.arpa",
    "0.168.192.in-addr.arpa",
)
_MISSING = "missing Debian package"
_LONGEST = ("soak", "scenarios", "bench", "properties", "integration")
"""The folders whose files take longest, the longest first."""

# A machine may be slow: how long an example takes says nothing of it (counts are asserted, times never are).
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
settings.register_profile("repeatable", derandomize=True, database=None)
if "NETCENSUS_EXAMPLES" not in os.environ:
    settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _no_instance_of_another_test() -> Iterator[None]:
    """Dagster keeps the instance entered last in a context variable; of two that end out of order a dead one stays."""
    if "dagster" not in sys.modules:
        yield
        return
    from dagster._core.storage.defs_state.base import (  # noqa: PLC0415 - a second, for the tests that need it
        set_defs_state_storage,
    )

    with set_defs_state_storage(None):
        yield


def _services_of(item: pytest.Item) -> set[str]:
    """The services a test needs: by its fixtures, theirs, and its marker's words."""
    fixtures = set(getattr(item, "fixturenames", ()))
    marked = {word for marker in item.iter_markers("services") for word in marker.args}
    return (fixtures & NEEDED_BY.keys()) | marked


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every test that needs a server, so that `-m 'not services'` leaves them all out; and the long ones first."""
    for item in items:
        if _services_of(item):
            item.add_marker(pytest.mark.services)
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def pytest_collection_finish() -> None:
    """What was imported stays to the end: looking through it for garbage, again and again, took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


def _turn(item: pytest.Item) -> int:
    """Where a file's tests come among several workers'; without --no-loadscope-reorder xdist has its own order.

    A minute's file that begins last is a minute in which the other workers have nothing to do.
    """
    return next((turn for turn, folder in enumerate(_LONGEST) if folder in item.path.parts), len(_LONGEST))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail, a test whose servers are not installed, and leave a note for the summary."""
    missing = missing_packages(_services_of(item))
    if not missing:
        return
    item.user_properties.extend((_MISSING, package) for package in missing)
    reason = f"not installed: apt-get install {' '.join(missing)}"
    if os.environ.get("NETCENSUS_REQUIRE_SERVICES") == "1":
        pytest.fail(f"NETCENSUS_REQUIRE_SERVICES=1, but {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests did not run for want of a server, and what would bring it."""
    reports = [report for kind in ("skipped", "error", "failed") for report in terminalreporter.stats.get(kind, [])]
    # The report of a file that could not be imported has no properties.
    tests = [report for report in reports if hasattr(report, "user_properties")]
    left_out = [report for report in tests if any(key == _MISSING for key, _ in report.user_properties)]
    if not left_out:
        return
    packages = sorted({value for report in left_out for key, value in report.user_properties if key == _MISSING})
    terminalreporter.section(f"NOT PROVED HERE: {len(left_out)} tests without their servers", sep="!", red=True)
    for report in left_out:
        terminalreporter.line(f"  {report.nodeid}")
    terminalreporter.line(f"To run them: apt-get install --no-install-recommends {' '.join(packages)}")


@pytest.fixture(scope="session")
def bind() -> Iterator[Bind]:
    """BIND with the zones of network.toml."""
    with running_bind(ZONES) as server:
        yield server


@pytest.fixture(scope="session")
def technitium() -> Iterator[Technitium]:
    """The stand-in of Technitium 14.3 with the zones of network.toml; it needs no program."""
    with running_technitium(ZONES) as server:
        yield server


@pytest.fixture(params=[pytest.param("bind", marks=pytest.mark.services("bind")), "technitium"])
def name_server(request: pytest.FixtureRequest) -> DnsServer:
    """`bind`, then `technitium`, every zone as it first was: for what must be the same on both."""
    server: DnsServer = request.getfixturevalue(request.param)
    server.restore()
    return server


@pytest.fixture(scope="session")
def kea(bind: Bind) -> Iterator[Kea]:
    """Kea with Sofia's subnets, its D2 writing to `bind`: on for 10.0.10.0/24 and 10.0.20.0/24, off for the LAN."""
    with running_kea(bind) as server:
        yield server


@pytest.fixture
def kea6() -> Iterator[Kea6]:
    """Kea's DHCPv6 server with one subnet and no lease."""
    with running_kea6() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """MariaDB, with no database yet."""
    with running_mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def sshd() -> Iterator[Sshd]:
    """OpenSSH as pfSense's: its menu, its stand-in `arp`."""
    with running_sshd() as server:
        yield server


@pytest.fixture(scope="session")
def dropbear() -> Iterator[Dropbear]:
    """A dropbear as an OpenWRT router's."""
    with running_dropbear() as server:
        yield server


@pytest.fixture
def zones(bind: Bind) -> Bind:
    """`bind` with every zone as it first was."""
    bind.restore()
    return bind


@pytest.fixture
def dhcp(kea: Kea) -> Kea:
    """`kea` in its first configuration with no leases, and the zones of its `bind` as they first were."""
    kea.restore()
    kea.bind.restore()
    return kea


@pytest.fixture
def phpipam_database(mariadb: MariaDB) -> Database:
    """The database of phpIPAM with its first rows and no other."""
    return mariadb.database("phpipam")


@pytest.fixture
def gateway_host(sshd: Sshd) -> Sshd:
    """`sshd` with an empty ARP table and /bin/sh behind the menu."""
    sshd.restore()
    return sshd


@pytest.fixture
def router(dropbear: Dropbear, sshd: Sshd) -> Dropbear:
    """`dropbear` without leases and neighbours, which lets in `sshd`'s client."""
    dropbear.restore(sshd.client_key.with_suffix(".pub"))
    return dropbear
