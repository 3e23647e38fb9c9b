"""A DNS plan carried out on a real BIND, on a stand-in of Technitium, and on either when it misbehaves."""

import ipaddress
import time
from collections.abc import Iterator

import pytest

from pipelines.errors import PreflightFailed
from resources.nameserver import Limits, NameServer
from tests.hostile import ALL
from tests.integration.dns_kit import (
    CLOSED,
    DECIDED,
    DHCID,
    IMPATIENT,
    OTHER_DHCID,
    REVERSE,
    SERVERS,
    ZONE,
    client,
    outcomes,
    plan,
    row,
    running_zones,
    update,
)
from tests.integration.dns_proxy import Proxy, is_update, running_proxy
from tests.services.bind import running_bind
from tests.services.dns_server import DnsServer
from tests.services.process import AT_ONCE_S


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[DnsServer]:
    """A name server with our zones, for the tests of this file: each runs against BIND and the other one."""
    with running_zones(request.param) as running:
        yield running


@pytest.fixture
def proxy(server: DnsServer) -> Iterator[Proxy]:
    """A name server in front of it that can be made to misbehave."""
    with running_proxy(server.port) as between:
        yield between


@pytest.fixture
def ours(server: DnsServer) -> Iterator[NameServer]:
    """Our client, connected to it."""
    with client(server) as nameserver:
        yield nameserver


def test_the_preflight_proves_the_right_and_changes_nothing(server: DnsServer, ours: NameServer) -> None:
    """A deletion of what is not there is allowed or refused as a real change would be, and leaves the serial alone."""
    before = server.serial(ZONE), server.serial(REVERSE)
    ours.prove_update(ZONE, "A")
    ours.prove_update(ZONE, "DHCID")
    ours.prove_update(REVERSE, "PTR")
    assert (server.serial(ZONE), server.serial(REVERSE)) == before
    with pytest.raises(PreflightFailed, match="grant netcensus zonesub A AAAA PTR DHCID"):
        ours.prove_update(CLOSED, "A")
    with pytest.raises(PreflightFailed, match="not hosted"):
        ours.prove_update("sub.example.lan.", "A")


def test_creates_and_updates_arrive_and_a_second_run_sends_nothing(server: DnsServer, ours: NameServer) -> None:
    """The zone says what the plan says; planning again leaves nothing to send, and the serial stays."""
    sizes: list[int] = []
    first = plan(
        row("new", "10.0.0.1"),
        row("new", DHCID, type="DHCID"),
        row("pair", "10.0.0.2\n10.0.0.3"),
        row(f"1.0.{REVERSE}", "new.example.lan.", zone=REVERSE, type="PTR"),
    )
    receipt = ours.apply(first, on_batch=lambda frame: sizes.append(len(frame)))
    assert set(outcomes(receipt).values()) == {"applied"}
    assert sizes == [1, 3]
    assert server.query("pair.example.lan", "A") == ["10.0.0.2", "10.0.0.3"]
    assert server.query(f"1.0.{REVERSE}", "PTR") == ["new.example.lan."]
    change = plan(update("pair", "10.0.0.2\n10.0.0.3", "10.0.0.3\n10.0.0.4", after_ttl_s=60))
    assert outcomes(ours.apply(change)) == {"pair A": "applied"}
    assert ("pair.example.lan", 60, "A", "10.0.0.4") in server.records(ZONE)
    sent, serial = ours.messages.copy(), server.serial(ZONE)
    assert ours.apply(plan(update("pair", "x", "x", action="adopt"))).empty
    assert ours.apply(plan()).empty
    assert (ours.messages, server.serial(ZONE)) == (sent, serial)


def test_another_ttl_alone_arrives(server: DnsServer, ours: NameServer) -> None:
    """Delete and add of the same data in one message is an RRset with the new TTL."""
    ours.apply(plan(row("ttl", "10.0.0.1")))
    ours.apply(plan(update("ttl", "10.0.0.1", "10.0.0.1", after_ttl_s=77)))
    assert ("ttl.example.lan", 77, "A", "10.0.0.1") in server.records(ZONE)


def test_who_loses_a_race_is_found_and_the_rest_goes_through(server: DnsServer, ours: NameServer) -> None:
    """Of many changes in one message only those fail whose name was taken or changed since the plan."""
    ours.apply(plan(row("edited", "10.0.0.1"), row("kept", "10.0.0.2")))
    server.delete(ZONE, "edited.example.lan")
    server.add(ZONE, "edited.example.lan", 60, "A", "10.0.9.9")
    server.add(ZONE, "taken.example.lan", 60, "TXT", "mine")
    hosts = [row(f"race-{n}", f"10.0.1.{n}") for n in range(50)]
    changes = [
        row("taken", "10.0.0.3"),
        update("edited", "10.0.0.1", "10.0.0.4"),
        update("kept", "10.0.0.2", "10.0.0.5"),
    ]
    receipt = ours.apply(plan(*hosts[:25], *changes, *hosts[25:]))
    found = outcomes(receipt)
    assert {name for name, outcome in found.items() if outcome != "applied"} == {"taken A", "edited A"}
    assert (found["taken A"], found["edited A"]) == ("lost race", "lost race")
    assert server.query("edited.example.lan", "A") == ["10.0.9.9"]
    assert server.query("taken.example.lan", "A") == []
    assert server.query("kept.example.lan", "A") == ["10.0.0.5"]
    details = receipt.set_index("subject")["detail"]
    assert "YXDOMAIN" in details["taken.example.lan."]
    assert "NXRRSET" in details["edited.example.lan."]


def test_a_name_kea_took_since_the_plan_is_left_alone(server: DnsServer, ours: NameServer) -> None:
    """A DHCID that came between plan and apply stops every change at the name, ours by the ledger or not (rule R5)."""
    ours.apply(plan(row("was-ours", "10.0.0.1")))
    server.add(ZONE, "was-ours.example.lan", 600, "DHCID", DHCID)
    server.add(ZONE, "was-free.example.lan", 600, "A", "10.0.0.9")
    server.add(ZONE, "was-free.example.lan", 600, "DHCID", DHCID)
    before = server.records(ZONE)
    changes = plan(
        update("was-ours", "10.0.0.1", "10.0.0.2"),
        row("was-free", "10.0.0.3"),
        row("was-ours", "fd00::3", type="AAAA", is_name_free=False),
    )
    assert set(outcomes(ours.apply(changes)).values()) == {"lost race"}
    assert server.records(ZONE) == before


def test_a_name_with_our_own_dhcid_is_changed_while_it_is_still_that_one(server: DnsServer, ours: NameServer) -> None:
    """Where Kea's D2 is off we write the DHCID: it does not lock us out, but another one does."""
    ours.apply(plan(row("d2-off", "10.0.0.1"), row("d2-off", DHCID, type="DHCID")))
    held = update("d2-off", DHCID, DHCID, type="DHCID", action="adopt")
    assert outcomes(ours.apply(plan(update("d2-off", "10.0.0.1", "10.0.0.2"), held))) == {"d2-off A": "applied"}
    other = held | {"before": OTHER_DHCID, "after": OTHER_DHCID}
    assert outcomes(ours.apply(plan(update("d2-off", "10.0.0.2", "10.0.0.3"), other))) == {"d2-off A": "lost race"}
    assert server.query("d2-off.example.lan", "A") == ["10.0.0.2"]


def test_an_alias_that_took_the_name_is_a_lost_race(server: DnsServer, ours: NameServer) -> None:
    """Both servers answer NOERROR to an A beside a CNAME and drop it: the prerequisite keeps it from being sent."""
    server.add(ZONE, "alias.example.lan", 60, "CNAME", "nas.example.lan.")
    changes = plan(row("alias", "10.0.0.1", is_name_free=False), row("no-alias", "10.0.0.1"))
    assert outcomes(ours.apply(changes)) == {"alias A": "lost race", "no-alias A": "applied"}
    assert server.query("alias.example.lan", "CNAME") == ["nas.example.lan."]


@pytest.mark.parametrize("limits", [Limits(), Limits(read_one_by_one=0)], ids=["by query", "by transfer"])
def test_noerror_without_an_effect_is_no_success(server: DnsServer, proxy: Proxy, limits: Limits) -> None:
    """Whatever made the record vanish after NOERROR, the read-back tells, and says what stands there (rule R7)."""

    def undo(answer: bytes) -> bytes:
        if is_update(answer):
            server.delete(ZONE, "undone.example.lan")
            server.add(ZONE, "undone.example.lan", 60, "CNAME", "nas.example.lan.")
        return answer

    server.delete(ZONE, "undone.example.lan")
    proxy.answer = undo
    with client(server, port=proxy.port, limits=limits) as nameserver:
        receipt = nameserver.apply(plan(row("undone", "10.0.0.1")))
    assert receipt["outcome"].tolist() == ["refused"]
    assert "said NOERROR and did not do it; it reads a CNAME, nas.example.lan. with TTL 60" in receipt["detail"][0]


def test_a_zone_that_is_not_ours_is_not_written(server: DnsServer) -> None:
    """Even where the server would let us: a zone that network.toml does not name is refused unsent."""
    with client(server, zones=(REVERSE,)) as nameserver:
        assert outcomes(nameserver.apply(plan(row("foreign", "10.0.0.1")))) == {"foreign A": "refused"}
        assert nameserver.messages.total() == 0


def test_a_zone_that_refuses_stops_alone(server: DnsServer, ours: NameServer) -> None:
    """A refusal is reported with its remedy for every change of that zone; the other zones go on."""
    closed = [row(f"c-{n}.{CLOSED}", "10.0.0.1", zone=CLOSED) for n in range(3)]
    with client(server, key="hand", secret=server.secrets["hand"]) as nameserver:
        assert set(outcomes(nameserver.apply(plan(row("hand", "10.0.0.1")))).values()) == {"applied"}
    receipt = ours.apply(plan(*closed, row("open", "10.0.0.2")))
    assert outcomes(receipt) == {"c-0 A": "refused", "c-1 A": "refused", "c-2 A": "refused", "open A": "applied"}
    assert receipt["detail"].str.contains("REFUSED").sum() == 3


def test_an_invalid_change_is_refused_before_sending(ours: NameServer) -> None:
    """What Technitium would answer with silence never reaches the server, and does not hold up the others."""
    receipt = ours.apply(
        plan(row("_bad", "10.0.0.1"), row("valid", "10.0.0.2"), row("old", "10.0.0.3", after_ttl_s=86401))
    )
    assert outcomes(receipt) == {"_bad A": "refused", "valid A": "applied", "old A": "refused"}
    assert "TTL 86401 is not 0 to 86400" in receipt["detail"][2]


def test_a_lost_answer_is_decided_by_reading_back(server: DnsServer, proxy: Proxy) -> None:
    """The server did it and its answer was lost: read again, it is applied."""
    proxy.answer = lambda answer: None if is_update(answer) else answer
    with client(server, port=proxy.port, limits=DECIDED) as nameserver:
        receipt = nameserver.apply(plan(row("unheard", "10.0.0.1")))
    assert outcomes(receipt) == {"unheard A": "applied"}
    assert "did not answer in time" in receipt["detail"][0]


def test_a_server_that_never_answers_leaves_it_unknown(server: DnsServer, proxy: Proxy) -> None:
    """An update without an answer or an effect is unknown, never applied; nothing more is sent to that zone."""
    proxy.question = lambda question: None if is_update(question) else question
    rows = [row(f"silent-{n}", "\n".join(f"10.{n}.{m}.1" for m in range(250))) for n in range(10)]
    with client(server, port=proxy.port, limits=DECIDED) as nameserver:
        receipt = nameserver.apply(plan(*rows))
        assert nameserver.messages["UPDATE"] == 1
    assert set(receipt["outcome"]) == {"unknown", "refused"}
    assert receipt.loc[receipt["outcome"] == "refused", "detail"].str.startswith("not sent").all()
    assert server.query("silent-0.example.lan", "A") == []


def test_a_dead_server_is_refused_in_bounded_time(server: DnsServer, proxy: Proxy) -> None:
    """Not even the SOA is answered: nothing was sent, and that is what the receipt says."""
    proxy.question = lambda _: None
    started = time.monotonic()
    with client(server, port=proxy.port, limits=IMPATIENT) as nameserver:
        receipt = nameserver.apply(plan(row("dead", "10.0.0.1")))
    assert outcomes(receipt) == {"dead A": "refused"}
    assert time.monotonic() - started < AT_ONCE_S


def test_when_too_many_lose_the_rest_is_left_for_the_next_run(server: DnsServer) -> None:
    """A stale plan does not become thousands of messages."""
    with client(server, limits=Limits(bisections=20)) as nameserver:
        rows = [row(f"stale-{n}", "10.0.0.1") for n in range(64)]
        nameserver.apply(plan(*rows))
        receipt = nameserver.apply(plan(*rows))
        assert nameserver.messages["UPDATE"] <= 1 + 21
    assert set(receipt["outcome"]) == {"lost race", "refused"}


@pytest.mark.services("bind")
def test_ten_thousand_hosts_cold_cost_a_message_per_sixty_kilobytes() -> None:
    """Twenty thousand RRsets: as few messages as fit, one transfer a zone to read back, a second of CPU (ten pass)."""
    addresses = [str(ipaddress.IPv4Address("10.0.0.0") + 251 * (n // 250) + n) for n in range(10_000)]
    rows = []
    for n, address in enumerate(addresses):
        pointer = ipaddress.ip_address(address).reverse_pointer + "."
        rows.append(row(f"host-{n}", address))
        rows.append(row(pointer, f"host-{n}.{ZONE}", zone="10.in-addr.arpa.", type="PTR"))
    wanted = plan(*rows)
    zones = (ZONE, "10.in-addr.arpa.")
    with running_bind(zones) as bind, client(bind, zones=zones) as nameserver:
        nameserver.prove_update(ZONE, "A")
        serial, queries = bind.serial(ZONE), nameserver.messages["QUERY"]
        started = time.process_time()
        receipt = nameserver.apply(wanted)
        cpu_s = time.process_time() - started
        assert set(receipt["outcome"]) == {"applied"}
        assert nameserver.messages["UPDATE"] - 1 <= 20
        assert nameserver.messages["QUERY"] - queries == 4
        assert bind.serial(ZONE) - serial <= 10
        assert cpu_s < 10


def test_no_name_of_the_corpus_arrives_as_another_s_record(server: DnsServer, ours: NameServer) -> None:
    """Handed to the sink past every check before it: a record of its own below our zone, or a refusal; nothing else."""
    before = server.records(ZONE.rstrip("."))
    rows = [row(f"{name}.{ZONE}", "10.0.9.9") for name in ALL if 0 < len(name) < 300]
    receipt = ours.apply(plan(*rows))
    added = server.records(ZONE.rstrip(".")) - before
    assert set(receipt["outcome"]) <= {"applied", "refused", "lost", "unconfirmed"}
    assert {rtype for _, _, rtype, _ in added} <= {"A", "SOA"}
    assert {data for _, _, rtype, data in added if rtype == "A"} == {"10.0.9.9"}
    gone = before - server.records(ZONE.rstrip("."))
    assert {rtype for _, _, rtype, _ in gone} <= {"SOA"}
