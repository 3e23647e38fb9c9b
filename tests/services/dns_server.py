"""What a test may ask of a name server, whichever program it is: BIND, or our stand-in of Technitium.

All of it goes over the wire with dnspython: queries, transfers, and the edits of a person by the key `hand`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.tsig
import dns.update
import dns.xfr
import dns.zone

from tests.services.process import HOST, PATIENCE_S, eventually

# `hand` belongs to the tests: the edits of a person, allowed where the other two are refused.
KEYS = ("kea-ddns", "netcensus", "hand")
_BATCH = 500  # changes to a message when a zone is put back: well under 64 KiB


@dataclass(frozen=True)
class Zone:
    """A primary zone: its first text (or SOA and NS alone), and what the keys may do with it.

    With `policy`, which only BIND knows, an update-policy of these lines stands in place of what the keys may update.
    """

    name: str
    text: str = "$TTL 3600\n@ SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 300\n@ NS ns.invalid.\n"
    is_transfer_allowed: bool = True
    is_update_allowed: bool = True
    policy: str | None = None


@dataclass
class DnsServer:
    """A running name server and what a test may ask of it."""

    port: int
    secrets: dict[str, str]
    zones: Sequence[Zone]
    host: str = field(default=HOST, kw_only=True)
    _first: dict[str, dns.zone.Zone] = field(default_factory=dict, kw_only=True, repr=False)

    def key(self, name: str = "netcensus") -> dns.tsig.Key:
        """A TSIG key, hmac-sha256."""
        return dns.tsig.Key(name, self.secrets[name], algorithm="hmac-sha256")

    def query(self, owner: str, rdtype: str) -> list[str]:
        """The records' texts, sorted; empty where the name or the type is not there."""
        question = dns.message.make_query(_absolute(owner), rdtype)
        answer, _ = dns.query.udp_with_fallback(question, self.host, PATIENCE_S, self.port)
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise AssertionError(f"{self._name} answered {dns.rcode.to_text(answer.rcode())} to {owner} {rdtype}")
        return sorted(_text(rdata) for rrset in answer.answer for rdata in rrset)

    def wait_for(self, owner: str, rdtype: str, timeout_s: float = PATIENCE_S) -> list[str]:
        """The records' texts as soon as there are any."""
        return eventually(lambda: self.query(owner, rdtype), f"{owner} {rdtype} in {self._name}", timeout_s)

    def wait_until_gone(self, owner: str, rdtype: str, timeout_s: float = PATIENCE_S) -> None:
        """Return once the RRset is not there."""
        eventually(lambda: not self.query(owner, rdtype), f"the end of {owner} {rdtype} in {self._name}", timeout_s)

    def serial(self, zone: str) -> int:
        """The zone's SOA serial."""
        return int(self.query(zone, "SOA")[0].split()[2])

    def records(self, zone: str) -> set[tuple[str, int, str, str]]:
        """Every record of the zone by transfer: absolute owner without final dot, TTL, type, rdata."""
        return {
            (owner.to_text(omit_final_dot=True), ttl, dns.rdatatype.to_text(rdata.rdtype), _text(rdata))
            for owner, ttl, rdata in self._transfer(zone).iterate_rdatas()
        }

    def update_count(self) -> int:
        """How many UPDATE messages, from whomever, it has received: refused and empty ones too."""
        raise NotImplementedError

    def add(self, zone: str, owner: str, ttl: int, rdtype: str, rdata: str) -> None:
        """Add one record as a person would: by the key `hand`, in one UPDATE message."""
        message = self._update(zone)
        message.add(_absolute(owner), ttl, rdtype, rdata)
        self._send(message)

    def replace(self, zone: str, owner: str, ttl: int, rdtype: str, rdata: str) -> None:
        """Put one record in place of an RRset as a person would, in one UPDATE message."""
        message = self._update(zone)
        message.replace(_absolute(owner), ttl, rdtype, rdata)
        self._send(message)

    def delete(self, zone: str, owner: str, rdtype: str = "ANY") -> None:
        """Delete an RRset, or all of a name's, as a person would."""
        message = self._update(zone)
        message.delete(_absolute(owner), *([] if rdtype == "ANY" else [rdtype]))
        self._send(message)

    def remember_zones(self) -> None:
        """Take the zones as they are now for what `restore` puts back."""
        self._first.update({zone.name: self._transfer(zone.name) for zone in self.zones})

    def restore(self) -> None:
        """Put every zone back to its first records; only its serial tells that it was changed."""
        for zone in self.zones:
            self._restore_zone(zone.name)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _restore_zone(self, zone: str) -> None:
        first, now = _rrsets(self._first[zone]), _rrsets(self._transfer(zone))
        edits = [key for key in first.keys() | now.keys() if first.get(key) != now.get(key)]
        for start_at in range(0, len(edits), _BATCH):
            message = self._update(zone)
            for owner, rdtype in edits[start_at : start_at + _BATCH]:
                message.delete(owner, rdtype)
                if (owner, rdtype) in first:
                    message.add(owner, first[owner, rdtype])
            self._send(message)

    def _update(self, zone: str) -> dns.update.UpdateMessage:
        return dns.update.UpdateMessage(_absolute(zone), keyring=self.key("hand"))

    def _send(self, message: dns.update.UpdateMessage) -> None:
        answer = dns.query.tcp(message, self.host, PATIENCE_S, self.port)
        if answer.rcode() != dns.rcode.NOERROR:
            said = dns.rcode.to_text(answer.rcode())
            raise AssertionError(f"{self._name} answered {said} to a test's own edit:\n{message}")

    def _transfer(self, zone: str) -> dns.zone.Zone:
        copy = dns.zone.Zone(_absolute(zone), relativize=False)
        question, _ = dns.xfr.make_query(copy, keyring=self.key("hand"))
        dns.query.inbound_xfr(self.host, copy, question, self.port, PATIENCE_S)
        return copy


def _absolute(name: str) -> dns.name.Name:
    return dns.name.from_text(name)


def _text(rdata: dns.rdata.Rdata) -> str:
    return rdata.to_text(chunksize=0)  # a DHCID in one piece, as one computes it


def _rrsets(zone: dns.zone.Zone) -> dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rdataset.Rdataset]:
    """What can be put back: all but the SOA, whose serial only goes up."""
    return {
        (owner, rdataset.rdtype): rdataset
        for owner, rdataset in zone.iterate_rdatasets()
        if rdataset.rdtype != dns.rdatatype.SOA
    }
