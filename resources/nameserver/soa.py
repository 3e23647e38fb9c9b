"""A zone's SOA, as proof that this server hosts just this zone, and as its state."""

from dataclasses import dataclass

from pipelines.errors import AccessDenied, SourceUnavailable
from pipelines.parse import dns_wire
from pipelines.parse.dns_wire import Malformed
from resources.nameserver import faults
from resources.nameserver.connection import Answer, Connection

_FORWARDER = "invalid."
"""The mailbox in the SOA Technitium makes up for a forwarder zone, which takes updates and transfers all the same."""


@dataclass(frozen=True)
class Soa:
    """What we use of a SOA: the state of the zone, its primary's name, and the longest TTL Technitium takes."""

    serial: int
    mname: str
    expire_s: int


def soa(connection: Connection, zone: str) -> Soa:
    """The zone's SOA. Raises `SourceUnavailable` when the server does not host just this zone, or cannot be asked.

    Technitium answers for the enclosing zone, and applies updates to it: so the owner of the SOA must be the apex. Its
    forwarder zones are none that we may fill.
    """
    answer = connection.ask(zone, "SOA")
    if answer.word not in {"NOERROR", "NXDOMAIN"}:
        raise unavailable(connection, answer.word, zone)
    text = _text(answer, zone)
    if text is None:
        fault = f"zone {zone.rstrip('.')} is not hosted there"
        remedy = "Create the zone there as a primary, or take it out of [dns] zones in network.toml"
        raise SourceUnavailable(connection.place, fault, remedy)
    mname, rname, serial, _, _, expire, _ = text.split()
    if rname == _FORWARDER:
        fault = f"zone {zone.rstrip('.')} is a conditional forwarder there"
        remedy = "What is written there hides what it forwards: take it out of [dns] zones, or make it a primary"
        raise SourceUnavailable(connection.place, fault, remedy)
    return Soa(int(serial), mname, int(expire))


def unavailable(connection: Connection, word: str, zone: str) -> SourceUnavailable:
    """The error of a query or transfer that was refused with `word`."""
    fault, remedy = faults.of_query(word, zone, str(connection.key.name))
    kind = AccessDenied if word in faults.ACCESS else SourceUnavailable
    return kind(connection.place, fault, remedy)


def _text(answer: Answer, zone: str) -> str | None:
    if answer.message is None or not answer.is_authoritative:
        return None
    for record in answer.records:
        is_its_own = record.section == dns_wire.ANSWER and record.owner == zone and record.rtype == dns_wire.SOA
        if is_its_own:
            try:
                return answer.message.text(record)
            except Malformed:
                return None
    return None
