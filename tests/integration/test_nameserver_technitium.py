"""Where Technitium is not BIND, as the stand-in has it: our client works all the same, or says what is the matter."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest

from pipelines.errors import PreflightFailed
from pipelines.parse import zone as zone_parser
from tests.integration.dns_kit import DECIDED, DHCID, REVERSE, ZONE, client, outcomes, plan, row, update
from tests.integration.dns_proxy import running_proxy
from tests.services.process import PATIENCE_S
from tests.services.technitium import Technitium, TechnitiumZone, running_technitium, secondary_of
from tests.services.technitium.records import NoReply

ZONES = (ZONE, REVERSE)
READ_AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(params=["14.3", "15.2"])
def server(request: pytest.FixtureRequest) -> Iterator[Technitium]:
    """The stand-in with our zones, of both versions."""
    with running_technitium(["example.lan", "0.10.in-addr.arpa"], version=request.param) as running:
        yield running


def test_every_record_we_change_is_a_serial_and_what_stays_is_none(server: Technitium) -> None:
    """Of an RRset only what differs is sent, each a serial; refused and repeated plans are none."""
    with client(server) as ours:
        before = server.serial(ZONE)
        ours.apply(plan(row("pair", "10.0.0.1\n10.0.0.2"), row("one", "10.0.0.3")))
        assert server.serial(ZONE) - before == 3
        ours.apply(plan(update("pair", "10.0.0.1\n10.0.0.2", "10.0.0.1\n10.0.0.4")))
        assert server.serial(ZONE) - before == 5
        ours.prove_update(ZONE, "A")
        ours.apply(plan(row("pair", "10.0.0.9"), update("one", "10.0.0.3", "10.0.0.3", action="adopt")))
        assert server.serial(ZONE) - before == 5


def test_another_ttl_arrives_in_every_version(server: Technitium) -> None:
    """All of the RRset is deleted and added again in one message; a TTL alone would be ignored before 15.2."""
    with client(server) as ours:
        ours.apply(plan(row("pair", "10.0.0.1\n10.0.0.2")))
        change = plan(update("pair", "10.0.0.1\n10.0.0.2", "10.0.0.1\n10.0.0.2", after_ttl_s=77))
        assert outcomes(ours.apply(change)) == {"pair A": "applied"}
    assert {record[1] for record in server.records(ZONE) if record[0] == "pair.example.lan"} == {77}


def test_what_would_be_answered_with_silence_is_not_sent(server: Technitium) -> None:
    """No bad label and no TTL beyond the SOA's expire ever reaches the server."""
    names = ["_bad", "-edge", "edge-", "sp ace", "ü"]
    with client(server) as ours:
        receipt = ours.apply(
            plan(*(row(name, "10.0.0.1") for name in names), row("ttl", "10.0.0.1", after_ttl_s=86401))
        )
    assert set(receipt["outcome"]) == {"refused"}
    assert receipt["detail"].str.startswith("not sent").all()
    assert server.update_count() == 0


def test_an_update_that_threw_is_unknown_and_has_left_nothing(server: Technitium) -> None:
    """The server put all back and said nothing: read again, nothing of it stands there, and nothing more was sent."""
    commits = count(1)

    def throw() -> None:
        if next(commits) == 2:
            raise NoReply

    server.on_commit = throw
    with client(server, limits=DECIDED) as ours:
        receipt = ours.apply(plan(row("first", "10.0.0.1"), row("second", "10.0.0.2")))
    assert set(receipt["outcome"]) == {"unknown"}
    assert receipt["detail"].str.contains("it reads nothing; .*did not answer in time").all()


def test_half_an_update_is_told_apart_by_reading_back(server: Technitium) -> None:
    """While the server is still at it, what stands there is applied and what does not is unknown, never assumed."""
    is_read = threading.Event()
    commits = count(1)

    def wait_at_the_second() -> None:
        if next(commits) == 2:
            is_read.wait(PATIENCE_S)

    server.on_commit = wait_at_the_second
    with client(server, limits=DECIDED) as ours:
        receipt = ours.apply(plan(row("first", "10.0.0.1"), row("second", "10.0.0.2"), row("third", "10.0.0.3")))
        is_read.set()
        assert outcomes(receipt) == {"first A": "applied", "second A": "applied", "third A": "unknown"}
        assert server.wait_for("third.example.lan", "A") == ["10.0.0.3"]


def test_a_record_of_the_web_api_can_be_changed(server: Technitium) -> None:
    """Before 15.2 no prerequisite on its value holds: it is read, and changed or deleted if it reads as planned."""
    server.create(ZONE, "api.example.lan", 600, "A", "10.0.0.1")
    server.create(REVERSE, f"1.0.{REVERSE}", 600, "PTR", "api.example.lan.")
    with client(server) as ours:
        change = plan(
            update("api", "10.0.0.1", "10.0.0.2"),
            update(f"1.0.{REVERSE}", "api.example.lan.", "new.example.lan.", zone=REVERSE, type="PTR"),
        )
        assert outcomes(ours.apply(change)) == {"api A": "applied", "1 PTR": "applied"}
        assert server.query("api.example.lan", "A") == ["10.0.0.2"]
        gone = {"action": "delete", "before_ttl_s": 600, "after": None, "after_ttl_s": None, "is_name_free": False}
        server.create(ZONE, "old.example.lan", 600, "A", "10.0.0.3")
        assert outcomes(ours.apply(plan(row("old", "") | gone | {"before": "10.0.0.3"}))) == {"old A": "applied"}
    assert server.query("old.example.lan", "A") == []


def test_a_record_of_the_web_api_that_was_edited_or_is_keas_is_left_alone(server: Technitium) -> None:
    """It reads otherwise than planned, or a DHCID has come beside it: a lost race, as on any server."""
    for name in ("edited", "kea", "kept"):
        server.create(ZONE, f"{name}.example.lan", 600, "A", "10.0.0.1")
    server.create(ZONE, "edited.example.lan", 600, "A", "10.0.9.9")
    server.add(ZONE, "kea.example.lan", 600, "DHCID", DHCID)
    before = server.records(ZONE)
    with client(server) as ours:
        receipt = ours.apply(plan(*(update(name, "10.0.0.1", "10.0.0.2") for name in ("edited", "kea"))))
        assert outcomes(receipt) == {"edited A": "lost race", "kea A": "lost race"}
    assert server.records(ZONE) == before


def test_a_disabled_record_beside_ours_stays_disabled(server: Technitium) -> None:
    """Another TTL would bring it to life: such a change is a lost race, and one of the address alone is not."""
    server.create(ZONE, "both.example.lan", 600, "A", "10.0.0.9")
    server.disable(ZONE, "both.example.lan", "A")
    server.create(ZONE, "both.example.lan", 600, "A", "10.0.0.1")
    with client(server) as ours:
        other_ttl = update("both", "10.0.0.1", "10.0.0.1", after_ttl_s=77)
        assert outcomes(ours.apply(plan(other_ttl))) == {"both A": "lost race"}
        assert outcomes(ours.apply(plan(update("both", "10.0.0.1", "10.0.0.2")))) == {"both A": "applied"}
    assert server.query("both.example.lan", "A") == ["10.0.0.2"]


def test_a_disabled_record_is_not_overwritten_and_the_receipt_says_where_to_look(server: Technitium) -> None:
    """No query shows it, and yet the name is taken."""
    server.create(ZONE, "off.example.lan", 600, "A", "10.0.0.1")
    server.disable(ZONE, "off.example.lan", "A")
    with client(server) as ours:
        receipt = ours.apply(plan(row("off", "10.0.0.1")))
    assert receipt["outcome"].tolist() == ["lost race"]
    assert "a disabled one, which no query shows" in receipt["detail"][0]


def test_a_zone_listed_while_it_changed_is_read_again(server: Technitium) -> None:
    """Its SOAs are equal and yet it is a mixture: the serial after the transfer tells."""
    listings = count(1)

    def edit_the_first() -> None:
        if next(listings) == 1:
            server.create(ZONE, "late.example.lan", 60, "A", "10.0.0.1")

    server.on_listing = edit_the_first
    with client(server) as ours:
        snapshot = ours.read(ZONE, None, READ_AT)
        assert (snapshot.is_complete, snapshot.version) == (True, str(server.serial(ZONE)))
        assert "late.example.lan." in set(zone_parser.parse(snapshot).table["owner"])


def test_a_transfer_the_server_cut_is_no_transfer() -> None:
    """Whoever reads too slowly gets a part of the zone: it is missing, not short."""
    with running_technitium(["example.lan"], send_timeout_s=0.2) as server:
        for n in range(120):
            server.create(ZONE, f"t{n}.example.lan", 60, "TXT", " ".join(['"' + 250 * "x" + '"'] * 60))

        def late(answer: bytes) -> bytes:
            time.sleep(0.01)
            return answer

        with running_proxy(server.port) as slow:
            slow.answer = late
            with client(server, port=slow.port) as ours:
                snapshot = ours.read(ZONE, None, READ_AT)
        assert not snapshot.is_complete
        assert "lost before it answered" in str(snapshot.reason)
        server.sockets.send_timeout_s = PATIENCE_S
        with client(server) as ours:
            snapshot = ours.read(ZONE, None, READ_AT)
        assert snapshot.is_complete


def test_a_forwarder_zone_is_neither_read_nor_written() -> None:
    """It would take our records, and hide by them what it forwards."""
    text = "$TTL 0\n@ SOA ns.invalid. invalid. 1 900 300 604800 900\n@ NS ns.invalid.\n"
    with running_technitium([TechnitiumZone("example.lan", text, kind="forwarder")]) as server, client(server) as ours:
        with pytest.raises(PreflightFailed, match="is a conditional forwarder there"):
            ours.prove_update(ZONE, "A")
        assert outcomes(ours.apply(plan(row("nas", "10.0.0.1")))) == {"nas A": "refused"}
        snapshot = ours.read(ZONE, None, READ_AT)
        assert not snapshot.is_complete
        assert server.update_count() == 0


def test_a_secondary_in_place_of_the_primary_is_noticed(server: Technitium) -> None:
    """One that refuses is named as what it may be; one that passes updates on reads back as before."""
    with secondary_of(server) as closed, client(closed) as ours, pytest.raises(PreflightFailed, match="be its primary"):
        ours.prove_update(ZONE, "A")
    with secondary_of(server, is_update_passed_on=True) as between, client(between) as ours:
        receipt = ours.apply(plan(row("nas", "10.0.0.1")))
    assert receipt["outcome"].tolist() == ["refused"]
    assert "A secondary that passes updates on" in receipt["detail"][0]
    assert server.query("nas.example.lan", "A") == ["10.0.0.1"]
