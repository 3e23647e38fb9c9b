"""Kea's D2: registers a lease's name by signed dynamic updates, as nc_add.cc does with conflict resolution on."""

import contextlib
from typing import Any

import dns.exception
import dns.name
import dns.query
import dns.rcode
import dns.reversename
import dns.tsig
import dns.update
from dns.rrset import RRset

from lab import records

LIMIT_S = 5


class D2:
    """The DDNS daemon, pointed at the lab's name server."""

    def __init__(self, port: int, key: dns.tsig.Key) -> None:
        self.port = port
        self.key = key

    def register(self, lease: dict[str, Any]) -> None:
        """Write A + DHCID, then PTR + DHCID; when the name is somebody else's, nothing, and nobody is told."""
        owner = records.fqdn(lease)
        if owner is None:
            return
        address, mark, *reverse = records.pair(lease, owner)
        with contextlib.suppress(dns.exception.DNSException, OSError):
            if self._add_forward(address, mark):
                self._replace_reverse(reverse)

    def _add_forward(self, address: RRset, mark: RRset) -> bool:
        """First try: the name is free. Second: it is this very client's, and only its address is replaced."""
        fresh = self._message("viktorbarzin.lan.")
        fresh.absent(address.name)
        fresh.add(address.name, address)
        fresh.add(mark.name, mark)
        if self._send(fresh) == dns.rcode.NOERROR:
            return True
        again = self._message("viktorbarzin.lan.")
        again.present(mark.name, mark[0])
        again.replace(address.name, address)
        return self._send(again) == dns.rcode.NOERROR

    def _replace_reverse(self, reverse: list[RRset]) -> None:
        """The reverse has no prerequisite: what is there is overwritten."""
        zone = next(zone for zone in records.ZONES if reverse[0].name.is_subdomain(dns.name.from_text(zone)))
        message = self._message(zone)
        for rrset in reverse:
            message.replace(rrset.name, rrset)
        self._send(message)

    def _message(self, zone: str) -> dns.update.UpdateMessage:
        return dns.update.UpdateMessage(zone, keyring=self.key)

    def _send(self, message: dns.update.UpdateMessage) -> dns.rcode.Rcode:
        return dns.query.tcp(message, "127.0.0.1", timeout=LIMIT_S, port=self.port).rcode()
