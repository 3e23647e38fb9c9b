"""Taking a gateway's output apart: what is whole, what is not, and what no device can forge."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import SourceUnavailable
from pipelines.gateways import PfsenseGateway
from resources.gateways import clock_offset_s
from resources.kea import without_passwords
from resources.pfsense import Pfsense
from resources.sections import Section, sections_of

MARK = "0123456789abcdef0123456789abcdef"
OUTPUT = (
    f"motd\n\n{MARK} notes arp\narp: a warning\n\n{MARK} body arp\nline 1\n\nline 3\n{MARK} end arp 0\n"
    f"\n{MARK} done 1795387289\n"
).encode()
ASKED = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)


def test_a_whole_output_is_taken_apart() -> None:
    """Body, errors and exit status come apart; what stood before the first mark is nobody's."""
    assert sections_of(OUTPUT, MARK) == ({"arp": Section(0, b"line 1\n\nline 3", "arp: a warning\n")}, 1795387289)


@given(st.integers(0, len(OUTPUT) - 1))
def test_no_shorter_output_is_whole(end: int) -> None:
    """Wherever the output is cut, the end mark is missing."""
    assert sections_of(OUTPUT[:end], MARK)[1] is None


def test_a_device_cannot_end_a_section() -> None:
    """A name that looks like a mark does not hold this run's random part, so it stays text."""
    forged = OUTPUT.replace(b"line 3", b"ffffffffffffffffffffffffffffffff end arp 0")
    assert sections_of(forged, MARK)[0]["arp"].body.endswith(b"end arp 0")


@pytest.mark.parametrize(
    "end", [f"{MARK} end arp 0\n{MARK} done x\n", f"{MARK} end\n", f"{MARK} \n", f"{MARK} end a 999999\n"]
)
def test_a_gateway_gone_mad_is_no_crash(end: str) -> None:
    """The gateway knows the marks: nonsense from itself is an incomplete answer as well."""
    assert sections_of(f"\n{end}".encode(), MARK) == ({}, None)


def test_an_output_without_an_end_says_how_it_ends() -> None:
    """The reason shows the last that came, printable and short: mostly a shell's complaint."""
    gateway = PfsenseGateway(kind="pfsense", host="gw", user="admin")
    with pytest.raises(SourceUnavailable, match="cut in mid-answer after 25 bytes, which end 'Ambiguous output red'"):
        Pfsense(lambda _: b"\x1b\r\nAmbiguous\n output red\x00", gateway).read()


@pytest.mark.parametrize(
    ("clock", "answer_took_s", "offset"),
    [
        (0, 0, 0),
        (29, 0, 0),
        (30, 0, 30),
        (-30, 0, -30),
        (40, 50, 0),
        (50, 0, 50),
        (80, 50, 30),
        (-20, 50, 0),
        (-31, 50, -31),
    ],
)
def test_a_slow_answer_is_no_slow_clock(clock: int, answer_took_s: int, offset: int) -> None:
    """Only what no delay can explain, by 30 seconds or more, is an offset."""
    told = int(ASKED.timestamp()) + clock
    assert clock_offset_s(told, ASKED, ASKED + timedelta(seconds=answer_took_s)) == offset


def test_a_database_password_in_keas_configuration_is_not_kept() -> None:
    """Kea prints its lease database's password in config-get; what goes to the archive no longer holds it."""
    answer = rb'{ "lease-database": { "name": "kea", "password": "hun\"ter2", "user": "kea" }, "result": 0 }'
    kept = without_passwords(answer)
    assert b"hun" not in kept
    assert json.loads(kept)["lease-database"] == {"name": "kea", "password": "(not kept)", "user": "kea"}
