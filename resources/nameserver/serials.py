"""SOA serials, asked for fast: the primary's by its key, and those of the servers that copy it, as any client asks."""

import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rdatatype

from pipelines.errors import SourceUnavailable
from pipelines.network import Dns, Secondary
from pipelines.reconcile.serials import Look, distance
from resources.nameserver import soa
from resources.nameserver.connection import Connection
from resources.nameserver.limits import Limits

_ANSWER_S = 2.0  # a datagram that is lost is lost: it is asked for twice
_PAUSES_S = (0.1, 0.2, 0.4, 0.8, 1.6)
_Pair = tuple[str, Secondary]


class Serials:
    """All servers of network.toml's zones, for their serials only. Holds no connection between calls."""

    def __init__(self, settings: Dns, secret: Callable[[], str], limits: Limits | None = None) -> None:
        self.zones = settings.zones
        self.has_secondaries = bool(settings.secondaries)
        self._settings = settings
        self._secret = secret
        self._limits = limits or Limits()

    def primary(self, zones: Iterable[str], limit_s: float) -> dict[str, int]:
        """The primary's serial of each zone: one query each, on one connection.

        Raises `SourceUnavailable` when it does not host one of them, cannot be asked, or takes more than `limit_s`.
        """
        deadline = time.monotonic() + limit_s
        limits = replace(self._limits, connect_s=min(self._limits.connect_s, 5.0), answer_s=5.0)
        connection = Connection(self._settings, self._secret, limits)
        found: dict[str, int] = {}
        try:
            for zone in zones:
                if time.monotonic() > deadline:
                    fault = f"{len(found)} serials took longer than {limit_s:.0f} s"
                    raise SourceUnavailable(connection.place, fault, "Look into the server's load and the network")
                found[zone] = soa.soa(connection, zone).serial
        finally:
            connection.close()
        return found

    def looks(self, left: Mapping[str, int], wait_s: float) -> list[Look]:
        """One look at each server and zone of `left` (the serials that must arrive), the primary first.

        The secondaries are asked until each has what was left, or `wait_s` have passed. Whoever is beyond it makes us
        ask the primary again: somebody else may have moved the zone since.
        """
        found = self._followed(left, wait_s)
        beyond = {
            zone for (zone, _), serial in found.items() if serial is not None and distance(left[zone], serial) > 0
        }
        newest = {**left, **self._newest(beyond)}
        own = [
            Look(zone, _name(self._settings), newest[zone], left[zone], newest[zone], is_primary=True) for zone in left
        ]
        return own + [
            Look(zone, _name(server), serial, left[zone], newest[zone]) for (zone, server), serial in found.items()
        ]

    def _newest(self, zones: set[str]) -> dict[str, int]:
        try:
            return self.primary(sorted(zones), 20.0) if zones else {}
        except SourceUnavailable:
            return {}

    def _followed(self, left: Mapping[str, int], wait_s: float) -> dict[_Pair, int | None]:
        """The serial of every pair once it has arrived, or the last that was seen."""
        deadline, attempt = time.monotonic() + wait_s, 0
        found = _asked([(zone, server) for server in self._settings.secondaries for zone in left])
        while open_pairs := [pair for pair, serial in found.items() if not _has(serial, left[pair[0]])]:
            if time.monotonic() >= deadline:
                break
            time.sleep(_PAUSES_S[min(attempt, len(_PAUSES_S) - 1)])
            found |= _asked(open_pairs)
            attempt += 1
        return found


def _has(serial: int | None, left: int) -> bool:
    return serial is not None and distance(left, serial) >= 0


def _name(server: Dns | Secondary) -> str:
    return f"{server.server} port {server.port}"


def _asked(pairs: Iterable[_Pair]) -> dict[_Pair, int | None]:
    """The serial of each pair, None where there is no answer. A server that is silent once is not asked on."""
    found: dict[_Pair, int | None] = {}
    silent: set[str] = set()
    for zone, server in pairs:
        try:
            found[zone, server] = None if _name(server) in silent else _serial(zone, server)
        except (dns.exception.Timeout, OSError):
            found[zone, server] = None
            silent.add(_name(server))
    return found


def _serial(zone: str, server: Secondary) -> int | None:
    """The serial a server gives as its own; None when it refuses, is not authoritative, or sends what nobody can read.

    Raises dnspython's `Timeout` or `OSError` when nothing comes, twice.
    """
    question = dns.message.make_query(zone, "SOA", flags=0)
    address = str(socket.getaddrinfo(server.server, server.port, type=socket.SOCK_DGRAM)[0][4][0])
    ask = partial(dns.query.udp_with_fallback, question, address, _ANSWER_S, server.port, ignore_unexpected=True)
    try:
        try:
            answer, _ = ask()
        except dns.exception.Timeout:
            answer, _ = ask()
        rrset = answer.get_rrset(
            answer.answer, question.question[0].name, question.question[0].rdclass, dns.rdatatype.SOA
        )
    except dns.exception.Timeout:
        raise
    except (dns.exception.DNSException, ValueError, EOFError):
        return None
    is_its_own = bool(answer.flags & dns.flags.AA) and rrset is not None and len(rrset) == 1
    return int(rrset[0].serial) if is_its_own and rrset is not None else None
