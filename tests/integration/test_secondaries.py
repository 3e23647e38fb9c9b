"""Serials over real sockets: a BIND that copies another, late, never, or of a zone that was made anew."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import SourceUnavailable
from pipelines.network import Dns
from pipelines.reconcile.serials import PATIENCE, serials
from resources.nameserver import Serials
from tests.services.bind import Bind, running_bind
from tests.services.bind_copy import running_anew, running_copy
from tests.services.ports import free_port
from tests.services.process import AT_ONCE_S

pytestmark = pytest.mark.services("bind")
ZONE, NAME = "example.lan.", "example.lan"


@pytest.fixture
def until_closed() -> Iterator[ExitStack]:
    """What holds the primary: closing it ends the server."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def primary(until_closed: ExitStack) -> Bind:
    """A primary of its own for each test: some of them end it."""
    return until_closed.enter_context(running_bind([NAME]))


def servers(primary: Bind, *ports: int) -> Serials:
    """Our side, with secondaries on these ports."""
    settings = {
        "server": primary.host, "port": primary.port, "key": "netcensus", "zones": (ZONE,),
        "secondaries": [{"server": "localhost", "port": port} for port in ports],
    }  # fmt: skip
    return Serials(Dns.model_validate(settings), lambda: primary.secrets["netcensus"])


def seen(asked: Serials, wait_s: float = 0, before: pd.DataFrame | None = None) -> pd.DataFrame:
    """`tables.SERIALS` as a load would find it now."""
    left = asked.primary([ZONE], 5)
    at = pd.Timestamp.now("UTC")
    return serials(asked.looks(left, wait_s), tables.SERIALS.empty() if before is None else before, at=at)


def of_copies(rows: pd.DataFrame) -> list[str]:
    """The verdicts on the secondaries, in the order of their ports."""
    return list(rows[rows["server"].str.startswith("localhost")]["verdict"])


def test_a_secondary_is_waited_for_until_it_has_the_change(primary: Bind) -> None:
    """It asks every second; we go on as soon as it has it, long before the limit."""
    port = free_port()
    with running_copy(primary, NAME, port, refresh_s=1):
        asked = servers(primary, port)
        assert of_copies(seen(asked)) == ["equal"]
        primary.add(NAME, "new.example.lan", 60, "A", "10.0.0.9")
        began = time.monotonic()
        rows = seen(asked, wait_s=2 * AT_ONCE_S)
        assert time.monotonic() - began < AT_ONCE_S
    assert of_copies(rows) == ["equal"]
    assert set(rows["serial"]) == {primary.serial(NAME)}


def test_a_secondary_that_does_not_fetch_is_behind_and_then_stands_still(primary: Bind) -> None:
    """The limit passes and the run goes on; a quarter of an hour later the same serial is an alarm."""
    port = free_port()
    with running_copy(primary, NAME, port):
        asked = servers(primary, port)
        primary.add(NAME, "new.example.lan", 60, "A", "10.0.0.9")
        began = time.monotonic()
        first = seen(asked, wait_s=1)
        assert 1 <= time.monotonic() - began < AT_ONCE_S
        assert of_copies(first) == ["behind"]
        primary.add(NAME, "newer.example.lan", 60, "A", "10.0.0.10")
        assert of_copies(seen(asked, before=first.assign(since_at=first["since_at"] - PATIENCE))) == ["standing-still"]


def test_a_zone_made_anew_is_seen_at_the_primary_and_at_its_copy(primary: Bind, until_closed: ExitStack) -> None:
    """The primary's serial went down, the secondary has a higher one and will keep it."""
    port = free_port()
    for ordinal in range(5):
        primary.add(NAME, f"h{ordinal}.example.lan", 60, "A", "10.0.0.9")
    with running_copy(primary, NAME, port, refresh_s=1):
        asked = servers(primary, port)
        before = seen(asked)
        until_closed.close()
        with running_anew(primary.secrets["netcensus"], NAME, primary.port, serial=1):
            time.sleep(2)  # two of its refreshes: it asks, and fetches nothing
            rows = seen(asked, before=before)
    assert dict(zip(rows["server"].str.split().str[0], rows["verdict"], strict=True)) == {
        "127.0.0.1": "went-down",
        "localhost": "ahead",
    }
    assert set(rows["serial"]) == {1, 6}


def test_a_secondary_that_is_away_costs_seconds_and_is_told(primary: Bind) -> None:
    """Nothing else is held up: the one that is there is asked all the same, and nobody is waited for."""
    here, away = sorted((free_port(), free_port()))
    with running_copy(primary, NAME, here):
        began = time.monotonic()
        assert of_copies(seen(servers(primary, away, here))) == ["equal", "no-answer"]
        assert time.monotonic() - began < AT_ONCE_S


def test_a_server_that_does_not_host_the_zone_gives_no_answer(primary: Bind) -> None:
    """A refusal is no serial."""
    with running_bind(["other.lan"]) as other:
        assert of_copies(seen(servers(primary, other.port))) == ["no-answer"]


def test_a_primary_that_is_away_is_an_error_and_not_an_empty_answer(primary: Bind, until_closed: ExitStack) -> None:
    """Could not look is never nothing there."""
    asked = servers(primary)
    until_closed.close()
    with pytest.raises(SourceUnavailable, match="cannot connect"):
        asked.primary([ZONE], 5)
