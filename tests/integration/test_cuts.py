"""Every answer cut at many bytes, over real sockets: what breaks off is never taken for the whole, nor half written."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.errors import NetcensusError, SourceUnavailable
from pipelines.network import Site
from pipelines.snapshots import Snapshot
from resources import sections
from resources.gateways import read_site
from resources.nameserver import Limits
from resources.phpipam import Phpipam
from tests.integration.dns_kit import IMPATIENT, client
from tests.integration.phpipam_case import PASSWORD, Case, create, mysql_settings, outcomes, plan
from tests.integration.test_gateway import gateway_at
from tests.scenarios.reliability import agree
from tests.services.bind import Bind
from tests.services.kea import Kea
from tests.services.line import Line, running_line
from tests.services.openssh import Sshd
from tests.services.process import PATIENCE_S

AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
COLUMNS = ("what is cut", "at so many places", "taken for the whole", "written by halves")
TRIED: dict[str, tuple[str, int, int, int]] = {}
SAMPLES = 40


def spread(total: int, count: int = SAMPLES) -> list[int]:
    """So many places, evenly from the first byte to the last but one."""
    return sorted({number * (total - 1) // (count - 1) for number in range(count)})


def tried(what: str, places: Sequence[int], whole: int = 0, halves: int = 0) -> None:
    """A row for the documentation."""
    TRIED[what] = (what, len(places), whole, halves)


# --- a gateway ---------------------------------------------------------------------------------------------------


def test_an_ssh_connection_cut_anywhere_gives_no_source(dhcp: Kea, gateway_host: Sshd, tmp_path: Path) -> None:
    """Banner, key exchange, login, answers: wherever it ends, every source is missing, with the reason."""
    gateway_host.arp_table('{"__version": "1", "arp": {"arp-cache": []}}')
    dhcp.command("lease4-add", {"ip-address": "10.0.10.7", "hw-address": "02:00:00:00:00:07", "hostname": "h7"})
    with running_line(gateway_host.port) as line:
        (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{line.port} {gateway_host.host_key}\n", encoding="utf-8")
        gateway = gateway_at(line.port, kea_sockets=(dhcp.control_socket,))
        site = Site(name="sofia", subnets=("10.0.10.0/24",), gateway=gateway)

        def read() -> list[Snapshot]:
            key = gateway_host.client_key.read_text
            return read_site(
                site, str(tmp_path / "network.toml"), key, lambda: datetime.now(UTC), connect_limit_s=PATIENCE_S
            )

        assert all(one.is_complete for one in read())
        # The connection's own end, which comes after the answers, may be lost without harm.
        places = spread(line.carried - 600)
        for line.cut_at in places:
            assert not any(one.is_complete or one.content for one in read()), line.cut_at
    tried("SSH connection to a gateway", places)


def test_a_gateways_output_cut_at_any_byte_is_no_answer() -> None:
    """All that the script printed, less its last bytes: only the whole of it has the end mark."""
    body = b"x" * 50 + b"\n12 IPv4 lease(s) found."

    def printed(script: str) -> bytes:
        found = re.search(r"MARK=(\w+)", script)
        assert found is not None
        mark = found[1].encode()
        return b"\n%b notes a\n\n%b body a\n%b\n%b end a 0\n\n%b done 1768478400\n" % (mark, mark, body, mark, mark)

    found, clock_s = sections.ask(printed, "there", "", {"a": "true"})
    assert (found["a"].body, clock_s) == (body, 1768478400)
    places = range(len(printed("MARK=" + 32 * "0")))
    for place in places:
        with pytest.raises(SourceUnavailable, match="cut in mid-answer"):
            sections.ask(lambda script, place=place: printed(script)[:place], "there", "", {"a": "true"})  # type: ignore[misc]  # it is called at once
    tried("a gateway's output, every byte", places)


# --- a zone ------------------------------------------------------------------------------------------------------


def test_a_zone_transfer_cut_anywhere_is_none(bind: Bind) -> None:
    """A zone is its records up to the closing SOA under a signature, or a missing snapshot."""
    zone = "20.0.10.in-addr.arpa."
    with running_line(bind.port) as line:

        def read(limits: Limits = IMPATIENT) -> Snapshot:
            with client(bind, port=line.port, zones=(zone,), limits=limits) as server:
                return server.read(zone, None, AT)

        whole = read(Limits())
        assert whole.is_complete
        serial = (line.carried - len(whole.content)) // 2  # its serial is asked before and after, the last time anew
        places = spread(line.carried - serial)
        for line.cut_at in places:
            cut = read()
            assert not cut.is_complete, line.cut_at
            assert cut.content == b"", line.cut_at
    tried("zone transfer", places)


# --- phpIPAM's database --------------------------------------------------------------------------------------------


@pytest.fixture
def line(case: Case) -> Iterator[Line]:
    """The line to it."""
    with running_line(case.settings.port) as line:
        yield line


_AFTERWARDS = 3 * 11
"""Bytes of the answers that say nothing of what was read: SQLAlchemy's ROLLBACK, SET SESSION and COMMIT at the end."""


def through(line: Line) -> Phpipam:
    """PhpIPAM at the other end of the line."""
    return Phpipam(mysql_settings(line.port), lambda: PASSWORD, "network.toml")


def test_a_database_answer_cut_anywhere_is_no_empty_phpipam(line: Line) -> None:
    """Greeting, login, rows: wherever it ends there is an error, and no table."""
    through(line).read(AT)
    places = spread(line.carried - _AFTERWARDS)
    for line.cut_at in places:
        with pytest.raises(NetcensusError, match="phpIPAM at"):
            through(line).read(AT)
    tried("phpIPAM's answers while it is read", places)


def test_a_load_cut_anywhere_writes_rows_whole_or_not_at_all(case: Case, line: Line) -> None:
    """A new row has its changelog entry or is not there; `applied` is there, `lost race` is not."""
    through(line).apply(plan(*create("10.0.10.200", hostname="h200")), AT)
    places = spread(line.carried)
    for number, line.cut_at in enumerate(places):
        ip, entries = f"10.0.10.{number + 100}", len(case.changelog())
        try:
            said = outcomes(through(line).apply(plan(*create(ip, hostname=f"h{number}")), AT))
        except NetcensusError:
            said = ["nothing"]
        rows = case.root.execute("SELECT id FROM ipaddresses WHERE hostname = %s", [f"h{number}"])
        assert len(case.changelog()) - entries == len(rows)
        assert said in (["applied"], ["unknown"]) if rows else said in (["nothing"], ["lost race"], ["unknown"])
    tried("the database's answers while it is written", places)


def test_the_counts_are_those_in_the_documentation() -> None:
    """docs/reliability.md says how many places were tried."""
    if len(TRIED) < 5:
        pytest.skip("only some of it was cut")
    agree("cuts", COLUMNS, list(TRIED.values()))
