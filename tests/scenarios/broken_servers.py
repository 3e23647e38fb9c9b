"""What can break at a gateway, its Kea, and the name server: each a block within which it is broken."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import dns.message
import dns.name
import dns.rcode
from dns.rdatatype import RdataType

from tests.integration.dns_proxy import CLOSE, Fault, is_update
from tests.scenarios.fault_world import BACK, FaultWorld
from tests.services.process import HOST

ANSWER_S = 2.0
"""How long a census of these tests waits for the name server."""
NEAR_THE_END = 800  # bytes before the end of what the gateway sends over one connection: amid its answers
FORWARD = "viktorbarzin.lan"
Broken = AbstractContextManager[None]


@contextmanager
def during(thing: object, **values: object) -> Iterator[None]:
    """While the block runs, these attributes have these values."""
    before = {name: getattr(thing, name) for name in values}
    try:
        for name, value in values.items():
            setattr(thing, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(thing, name, value)


# --- SSH and Kea -------------------------------------------------------------------------------------------------


@contextmanager
def ssh_refused(world: FaultWorld) -> Iterator[None]:
    """Nobody listens."""
    world.ssh.close()
    yield
    world.ssh.open()


def ssh_cut(world: FaultWorld) -> Broken:
    """The connection ends amid the gateway's answers."""
    return during(world.ssh, cut_at=world.ssh_bytes - NEAR_THE_END)


def ssh_stalls(world: FaultWorld) -> Broken:
    """It stays open, and nothing more comes."""
    return during(world.ssh, stalls_at=world.ssh_bytes - NEAR_THE_END)


@contextmanager
def other_host_key(world: FaultWorld) -> Iterator[None]:
    """Another key is pinned than the gateway shows."""
    file, other = world.network.world.folder / "known_hosts", world.network.ssh.client_key.with_suffix(".pub")
    before = file.read_text(encoding="utf-8")
    key = " ".join(other.read_text(encoding="ascii").split()[:2])
    file.write_text(f"[{HOST}]:{world.ssh.port} {key}\n", encoding="utf-8")
    yield
    file.write_text(before, encoding="utf-8")


@contextmanager
def kea_restarting(world: FaultWorld) -> Iterator[None]:
    """Kea is down while the census looks, and comes back."""
    kea = world.network.kea
    kea.dhcp4.stop()
    yield
    kea.start()
    kea.configure(world.subnets())


@contextmanager
def leases_gone(world: FaultWorld, keeps: Callable[[int, str], bool]) -> Iterator[None]:
    """Kea tells, whole and in good order, of fewer leases."""
    for number, lease in enumerate(world.leases):
        if not keeps(number, lease["ip-address"]):
            world.network.kea.command("lease4-del", {"ip-address": lease["ip-address"]})
    yield
    world.restore_leases()


def is_among_half(number: int, ip: str) -> bool:
    """Every second lease, and none of those that have just come back."""
    return number % 2 == 1 and ip not in BACK.values()


# --- DNS ---------------------------------------------------------------------------------------------------------


def is_transfer(message: bytes) -> bool:
    """Whether a question, or an answer that repeats it, is of an AXFR."""
    end = 12
    while message[end]:
        end += message[end] + 1
    return int.from_bytes(message[end + 1 : end + 3], "big") == RdataType.AXFR


def refusal(world: FaultWorld, question: bytes) -> bytes:
    """REFUSED, signed as the server would sign it."""
    key = world.network.bind.key()
    request = dns.message.from_wire(question, keyring={dns.name.from_text("netcensus"): key})
    response = dns.message.make_response(request)
    response.set_rcode(dns.rcode.REFUSED)
    return response.to_wire()


@contextmanager
def transfers(world: FaultWorld, **faults: Fault) -> Iterator[None]:
    """A zone has moved, so that it is transferred; and then this happens."""
    bind = world.network.bind
    bind.add(FORWARD, f"moved.{FORWARD}", 60, "TXT", "x")
    bind.delete(FORWARD, f"moved.{FORWARD}")
    with during(world.dns, **faults):
        yield


def transfer_cut(world: FaultWorld) -> Broken:
    """The connection ends when the zone should come."""
    return transfers(world, answer=lambda answer: CLOSE if is_transfer(answer) else answer)


def transfer_refused(world: FaultWorld) -> Broken:
    """The key may not transfer the zone."""
    return transfers(world, instead=lambda question: refusal(world, question) if is_transfer(question) else None)


@contextmanager
def zone_moves(world: FaultWorld) -> Iterator[None]:
    """Somebody edits the zone during each of its transfers."""
    bind, names = world.network.bind, iter(range(1000))

    def edited(answer: bytes) -> bytes:
        if is_transfer(answer):
            bind.add(FORWARD, f"edit{next(names)}.{FORWARD}", 60, "TXT", "x")
        return answer

    with transfers(world, answer=edited):
        yield
    for number in range(next(names)):
        bind.delete(FORWARD, f"edit{number}.{FORWARD}")


def update_lost(world: FaultWorld) -> Broken:
    """No UPDATE arrives."""
    return during(world.dns, question=lambda question: None if is_update(question) else question)


def update_unanswered(world: FaultWorld) -> Broken:
    """Every UPDATE is carried out, and no answer comes back."""
    return during(world.dns, answer=lambda answer: None if is_update(answer) else answer)


def update_late(world: FaultWorld) -> Broken:
    """The answers come when nobody waits any more."""

    def late(answer: bytes) -> bytes:
        if is_update(answer):
            time.sleep(ANSWER_S + 0.5)
        return answer

    return during(world.dns, answer=late)


def update_refused(world: FaultWorld) -> Broken:
    """The key may not update."""
    return during(world.dns, instead=lambda question: refusal(world, question) if is_update(question) else None)


def dns_gone(world: FaultWorld) -> Broken:
    """After the first zone's UPDATE the server is gone."""
    updates: list[bytes] = []

    def gone(question: bytes) -> bytes:
        if is_update(question):
            updates.append(question)
        return CLOSE if len(updates) > 1 else question

    return during(world.dns, question=gone)
