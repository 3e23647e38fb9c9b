"""The stand-in of Technitium does what its source says it does. The client is dnspython's, not ours."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.update
import dns.xfr
import dns.zone
import pytest

from tests.services.dns_server import DnsServer
from tests.services.process import PATIENCE_S, eventually
from tests.services.technitium import Technitium, TechnitiumZone, running_technitium, secondary_of

ZONE = "example.lan"
HOST = "nas.example.lan."
DEEPER = "deep.example.lan"


@pytest.fixture
def server() -> Iterator[Technitium]:
    """Version 14.3 with a zone, and one below it."""
    with running_technitium([ZONE, DEEPER]) as running:
        yield running


def update(server: DnsServer, zone: str = ZONE, key: str | None = "hand") -> dns.update.UpdateMessage:
    """An empty UPDATE message."""
    return dns.update.UpdateMessage(f"{zone}.", keyring=server.key(key) if key else None)


def said(server: DnsServer, message: dns.message.Message, patience_s: float = PATIENCE_S) -> str:
    """The answer's code; `silence` when none comes in time."""
    try:
        return dns.rcode.to_text(dns.query.tcp(message, server.host, patience_s, server.port).rcode())
    except dns.exception.Timeout:
        return "silence"


def added(server: DnsServer, *owners: str, ttl: int = 60, zone: str = ZONE, key: str | None = "hand") -> str:
    """What is said to one message that adds an A to each name."""
    message = update(server, zone, key)
    for owner in owners:
        message.add(dns.name.from_text(owner), ttl, "A", "10.0.0.1")
    return said(server, message)


def test_every_changed_record_costs_a_serial_and_nothing_changed_costs_none(server: Technitium) -> None:
    """Three records of one message are three serials; the same again, or the deletion of nothing, is none."""
    before, history = server.serial(ZONE), server.state(ZONE).history_records
    owners = ["a.example.lan", "b.example.lan", "c.example.lan"]
    assert added(server, *owners) == "NOERROR"
    assert server.serial(ZONE) == before + 3
    assert server.state(ZONE).history_records == history + 9, "old SOA, new SOA, added record, each time"
    assert added(server, *owners) == "NOERROR"
    server.delete(ZONE, "absent.example.lan")
    assert server.serial(ZONE) == before + 3
    server.delete(ZONE, "a.example.lan")
    assert (server.serial(ZONE), server.state(ZONE).serial_bumps) == (before + 4, 4)
    assert server.update_count() == 4


@pytest.mark.parametrize(("version", "ttl"), [("14.3", 60), ("15.2", 61)])
def test_an_add_that_differs_by_its_ttl_alone_is_ignored_before_15_2(version: str, ttl: int) -> None:
    """NOERROR, and the old TTL stays; deletion and addition in one message change it in every version."""
    with running_technitium([ZONE], version=version) as server:
        added(server, HOST)
        assert added(server, HOST, ttl=61) == "NOERROR"
        assert ("nas.example.lan", ttl, "A", "10.0.0.1") in server.records(ZONE)
        both = update(server)
        both.delete(dns.name.from_text(HOST), "A", "10.0.0.1")
        both.add(dns.name.from_text(HOST), 77, "A", "10.0.0.1")
        assert said(server, both) == "NOERROR"
        assert ("nas.example.lan", 77, "A", "10.0.0.1") in server.records(ZONE)


@pytest.mark.parametrize(
    "owner", ["bad label.example.lan.", "-edge.example.lan.", "edge-.example.lan.", "\\252.example.lan."]
)
def test_a_label_outside_its_letters_is_answered_with_silence(server: Technitium, owner: str) -> None:
    """No reply at all; an underscore or a slash inside is as good as a letter."""
    message = update(server)
    message.add(dns.name.from_text(owner), 60, "A", "10.0.0.1")
    assert said(server, message, 0.2) == "silence"
    assert added(server, "_srv.example.lan", "0/25.example.lan") == "NOERROR"


def test_what_throws_puts_the_touched_records_back_and_costs_serials_all_the_same(server: Technitium) -> None:
    """A TTL above the SOA's expire, or a FWD record, undoes the message; the connection stays open."""
    added(server, HOST)
    records, serial = server.records(ZONE), server.serial(ZONE)
    message = update(server)
    message.delete(dns.name.from_text(HOST))
    message.add(dns.name.from_text("new.example.lan"), 60, "A", "10.0.0.1")
    message.add(dns.name.from_text("late.example.lan"), 86401, "A", "10.0.0.1")
    with socket.create_connection((server.host, server.port)) as stream:
        stream.settimeout(0)
        dns.query.send_tcp(stream, message)
        with pytest.raises(dns.exception.Timeout):
            dns.query.receive_tcp(stream, time.time() + 0.2)
        dns.query.send_tcp(stream, dns.message.make_query(ZONE, "SOA"))
        assert dns.query.receive_tcp(stream, time.time() + PATIENCE_S)[0].rcode() == dns.rcode.NOERROR
    soa = {record for record in records if record[2] == "SOA"}
    assert records - soa == {record for record in server.records(ZONE) if record[2] != "SOA"}
    assert server.serial(ZONE) == serial + 4
    forwarder = update(server)
    forwarder.add(dns.name.from_text("fwd.example.lan"), 60, "TYPE65281", "\\# 1 00")
    assert said(server, forwarder, 0.2) == "silence"


def test_a_reader_sees_half_of_an_update(server: Technitium) -> None:
    """Records go live one by one, each under its own serial, while the message is still at work."""
    seen: list[tuple[int, list[str]]] = []
    first = server.serial(ZONE)
    server.on_commit = lambda: seen.append((server.serial(ZONE) - first, server.query("b.example.lan", "A")))
    assert added(server, "a.example.lan", "b.example.lan") == "NOERROR"
    assert seen == [(1, []), (2, ["10.0.0.1"])]


def test_a_change_during_a_transfer_leaves_a_mixture_with_equal_soas(server: Technitium) -> None:
    """The SOA of both ends is read before the records are listed; only a later SOA query tells."""
    serial = server.serial(ZONE)
    server.on_listing = lambda: server.create(ZONE, HOST, 60, "A", "10.0.0.1")
    copied = server.records(ZONE)
    assert ("nas.example.lan", 60, "A", "10.0.0.1") in copied
    assert [record[3].split()[2] for record in copied if record[2] == "SOA"] == [str(serial)]
    assert server.serial(ZONE) == serial + 1


@pytest.mark.parametrize(("version", "code"), [("14.3", "NXRRSET"), ("15.2", "NOERROR")])
def test_a_prerequisite_on_a_value_fails_for_what_came_not_by_wire(version: str, code: str) -> None:
    """Before 15.2 it fails for a record of the web API, and for a SOA that ever changed; without a value it holds."""
    with running_technitium([ZONE], version=version) as server:
        server.create(ZONE, "api.example.lan", 60, "A", "10.0.0.1")
        added(server, "wire.example.lan")
        for owner, expected in (("wire.example.lan", "NOERROR"), ("api.example.lan", code)):
            message = update(server)
            message.present(dns.name.from_text(owner), "A", "10.0.0.1")
            assert said(server, message) == expected
            message = update(server)
            message.present(dns.name.from_text(owner), "A")
            assert said(server, message) == "NOERROR"
        message = update(server)
        message.present(dns.name.from_text(ZONE), "SOA", *server.query(ZONE, "SOA"))
        assert said(server, message) == code


def test_prerequisites_come_before_the_permission(server: Technitium) -> None:
    """Who may change nothing learns what stands there all the same."""
    added(server, HOST)
    stranger = update(server, key=None)
    stranger.absent(dns.name.from_text(HOST))
    stranger.add(dns.name.from_text(HOST), 60, "A", "10.0.0.2")
    assert said(server, stranger) == "YXDOMAIN"
    assert added(server, HOST, key=None) == "REFUSED"


def test_a_policy_is_of_a_key_a_pattern_and_types(server: Technitium) -> None:
    """`*.z` is what lies below z and not z; one record that may not is the end of all; whole names need ANY."""
    assert added(server, HOST, key="netcensus") == "NOERROR"
    assert added(server, ZONE, key="netcensus") == "REFUSED"
    mixed = update(server, key="netcensus")
    mixed.add(dns.name.from_text("good.example.lan"), 60, "A", "10.0.0.1")
    mixed.add(dns.name.from_text("good.example.lan"), 60, "TXT", "text")
    assert said(server, mixed) == "REFUSED"
    assert server.query("good.example.lan", "A") == []
    whole = update(server, key="netcensus")
    whole.delete(dns.name.from_text(HOST))
    assert said(server, whole) == "REFUSED"


def test_without_policies_no_key_is_asked_for_and_the_address_comes_first() -> None:
    """An open zone takes anybody's update from an allowed address; from another not even the right key's."""
    closed = TechnitiumZone("closed.lan", is_address_allowed=False)
    with running_technitium([TechnitiumZone(ZONE), closed]) as server:
        assert added(server, HOST, key=None) == "NOERROR"
        assert added(server, "a.closed.lan", zone="closed.lan") == "REFUSED"


def test_the_zone_is_the_closest_that_encloses(server: Technitium) -> None:
    """A name inside is taken for its zone; a record of a deeper one is NOTZONE; no zone at all is NOTAUTH."""
    assert added(server, "a.sub.example.lan", zone="sub.example.lan") == "NOERROR"
    assert added(server, "a.deep.example.lan") == "NOTZONE"
    assert added(server, "a.other.lan", zone="other.lan") == "NOTAUTH"
    question = update(server, key=None)
    question.add(dns.name.from_text(HOST), 60, "A", "10.0.0.1")
    question.zone[0].rdtype = dns.rdatatype.A
    assert said(server, question) == "FORMERR"
    with running_technitium([TechnitiumZone(ZONE, is_disabled=True)]) as other:
        assert added(other, HOST, key=None) == "NOTAUTH"


def test_a_record_beside_an_alias_is_skipped_without_a_word(server: Technitium) -> None:
    """NOERROR, and nothing done, both ways round."""
    server.add(ZONE, "alias.example.lan", 60, "CNAME", HOST)
    added(server, HOST)
    serial = server.serial(ZONE)
    assert added(server, "alias.example.lan") == "NOERROR"
    server.add(ZONE, HOST, 60, "CNAME", "alias.example.lan.")
    assert server.serial(ZONE) == serial
    assert server.query(HOST, "A") == ["10.0.0.1"]


def test_a_disabled_record_is_hidden_and_stays_disabled(server: Technitium) -> None:
    """Queries and transfers leave it out; its like added is NOERROR and no help; a sibling's TTL makes it live."""
    added(server, HOST)
    server.disable(ZONE, HOST, "A")
    assert added(server, HOST) == "NOERROR"
    assert server.query(HOST, "A") == []
    assert not [record for record in server.records(ZONE) if record[0] == "nas.example.lan"]
    server.add(ZONE, HOST, 99, "A", "10.0.0.2")
    assert server.query(HOST, "A") == ["10.0.0.1", "10.0.0.2"]


def _axfr(server: DnsServer, stream: socket.socket) -> None:
    question, _ = dns.xfr.make_query(dns.zone.Zone(dns.name.from_text(ZONE)), keyring=server.key())
    dns.query.send_tcp(stream, question)


def _message(stream: Any) -> bytes:
    """The next message, or what came of it before the end."""
    length = stream.read(2)
    return bytes(stream.read(struct.unpack("!H", length)[0])) if length else b""


def test_a_transfer_comes_in_signed_messages_of_sixteen_kilobytes(server: Technitium) -> None:
    """Each one is signed, and none holds more than 16 KiB of records."""
    for n in range(1000):
        server.create(ZONE, f"host-{n}.example.lan", 60, "A", "10.0.0.1")
    with socket.create_connection((server.host, server.port)) as stream, stream.makefile("rb") as reader:
        _axfr(server, stream)
        messages = [_message(reader) for _ in range(3)]
    assert all(b"\x09netcensus\0" in message and len(message) <= 16384 + 200 for message in messages)
    assert len(server.records(ZONE)) == 1002


def test_a_transfer_that_is_not_read_in_time_is_cut() -> None:
    """The send time limit is of the whole transfer; what is left after it never comes."""
    with running_technitium([ZONE], send_timeout_s=0.2) as server:
        for n in range(40):
            server.create(ZONE, f"t{n}.{ZONE}", 60, "TXT", " ".join(['"' + 250 * "x" + '"'] * 60))
        with socket.socket() as stream:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stream.connect((server.host, server.port))
            begun = threading.Event()
            server.on_listing = begun.set
            _axfr(server, stream)
            assert begun.wait(PATIENCE_S)
            eventually(lambda: not server.sockets.is_serving, "the cut")
            stream.settimeout(PATIENCE_S)
            assert len(b"".join(iter(lambda: stream.recv(65536), b""))) < 40 * 60 * 250
        server.sockets.send_timeout_s = PATIENCE_S
        assert len(server.records(ZONE)) == 42


def test_a_transfer_is_of_an_exact_zone_over_tcp_and_not_of_a_stub(server: Technitium) -> None:
    """REFUSED where there is no such zone; FORMERR over UDP."""
    question, _ = dns.xfr.make_query(dns.zone.Zone(dns.name.from_text("sub.example.lan")), keyring=server.key())
    assert said(server, question) == "REFUSED"
    question, _ = dns.xfr.make_query(dns.zone.Zone(dns.name.from_text(ZONE)), keyring=server.key())
    assert dns.query.udp(question, server.host, PATIENCE_S, server.port).rcode() == dns.rcode.FORMERR
    with running_technitium([TechnitiumZone(ZONE, kind="stub")]) as other, pytest.raises(dns.xfr.TransferError):
        other.records(ZONE)


def test_a_secondary_refuses_updates_or_passes_them_on(server: Technitium) -> None:
    """By default REFUSED; allowed, it forwards to the primary and itself reads as before."""
    with secondary_of(server) as closed:
        assert added(closed, HOST) == "REFUSED"
    with secondary_of(server, is_update_passed_on=True) as between:
        assert added(between, HOST) == "NOERROR"
        assert (server.query(HOST, "A"), between.query(HOST, "A")) == (["10.0.0.1"], [])


def test_a_secondary_stands_still_until_told_and_can_go_down(server: Technitium) -> None:
    """Its serial is the primary's of when it last followed; down it answers nobody, and comes back as it was."""
    with secondary_of(server) as second:
        added(server, HOST)
        assert second.serial(ZONE) == server.serial(ZONE) - 1
        second.follow(ZONE)
        assert second.serial(ZONE) == server.serial(ZONE)
        assert second.query(HOST, "A") == ["10.0.0.1"]
        second.go_down()
        with pytest.raises(OSError, match="refused"):
            dns.query.tcp(dns.message.make_query(ZONE, "SOA"), second.host, PATIENCE_S, second.port)
        second.come_back()
        assert second.serial(ZONE) == server.serial(ZONE)


def test_both_servers_take_the_edits_of_a_test_and_are_put_back(name_server: DnsServer) -> None:
    """What a test asks of BIND it can ask of the stand-in; only the serial's steps differ."""
    zone = "viktorbarzin.lan"
    first, count = {record for record in name_server.records(zone) if record[2] != "SOA"}, name_server.update_count()
    name_server.add(zone, "MiXed.viktorbarzin.lan", 60, "A", "10.0.10.9")
    assert name_server.wait_for("mixed.viktorbarzin.lan", "A") == ["10.0.10.9"]
    name_server.restore()
    name_server.wait_until_gone("mixed.viktorbarzin.lan", "A")
    assert {record for record in name_server.records(zone) if record[2] != "SOA"} == first
    assert name_server.update_count() - count == 2
