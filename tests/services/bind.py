"""BIND 9 as the primary name server: TSIG, dynamic updates and transfers, as Technitium does them too."""

import base64
import json
import secrets
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

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

from tests.services.process import (
    HOST,
    Process,
    eventually,
    free_dns_port,
    free_port,
    is_listening,
    private_directory,
    start,
)
from tests.services.programs import path_of

# `hand` belongs to the tests: the edits of a person, allowed where the other two are refused.
KEYS = ("kea-ddns", "netcensus", "hand")
_TIMEOUT_S = 5.0
_BATCH = 500  # changes to a message when a zone is put back: well under 64 KiB


@dataclass(frozen=True)
class Zone:
    """A primary zone: its first text (or SOA and NS alone), and what the keys may do with it."""

    name: str
    text: str = "$TTL 3600\n@ SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 300\n@ NS ns.invalid.\n"
    is_transfer_allowed: bool = True
    is_update_allowed: bool = True


@dataclass
class Bind:
    """A running name server and what a test may ask of it."""

    port: int
    secrets: dict[str, str]
    zones: Sequence[Zone]
    statistics_port: int
    host: str = HOST
    _first: dict[str, dns.zone.Zone] = field(default_factory=dict)

    def key(self, name: str = "netcensus") -> dns.tsig.Key:
        """A TSIG key, hmac-sha256."""
        return dns.tsig.Key(name, self.secrets[name], algorithm="hmac-sha256")

    def query(self, owner: str, rdtype: str) -> list[str]:
        """The records' texts, sorted; empty where the name or the type is not there."""
        question = dns.message.make_query(_absolute(owner), rdtype)
        answer, _ = dns.query.udp_with_fallback(question, self.host, _TIMEOUT_S, self.port)
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise AssertionError(f"BIND answered {dns.rcode.to_text(answer.rcode())} to {owner} {rdtype}")
        return sorted(_text(rdata) for rrset in answer.answer for rdata in rrset)

    def wait_for(self, owner: str, rdtype: str, timeout_s: float = 5) -> list[str]:
        """The records' texts as soon as there are any."""
        return eventually(lambda: self.query(owner, rdtype), f"{owner} {rdtype} in BIND", timeout_s)

    def wait_until_gone(self, owner: str, rdtype: str, timeout_s: float = 5) -> None:
        """Return once the RRset is not there."""
        eventually(lambda: not self.query(owner, rdtype), f"the end of {owner} {rdtype} in BIND", timeout_s)

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
        """How many UPDATE messages, from whomever, BIND has received: refused and empty ones too."""
        url = f"http://{self.host}:{self.statistics_port}/json/v1/server"
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            return int(json.load(answer)["opcodes"]["UPDATE"])

    def add(self, zone: str, owner: str, ttl: int, rdtype: str, rdata: str) -> None:
        """Add one record as a person would: by the key `hand`, in one UPDATE message."""
        message = self._update(zone)
        message.add(_absolute(owner), ttl, rdtype, rdata)
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
        answer = dns.query.tcp(message, self.host, _TIMEOUT_S, self.port)
        if answer.rcode() != dns.rcode.NOERROR:
            raise AssertionError(f"BIND answered {dns.rcode.to_text(answer.rcode())} to a test's own edit:\n{message}")

    def _transfer(self, zone: str) -> dns.zone.Zone:
        copy = dns.zone.Zone(_absolute(zone), relativize=False)
        question, _ = dns.xfr.make_query(copy, keyring=self.key("hand"))
        dns.query.inbound_xfr(self.host, copy, question, self.port, _TIMEOUT_S)
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


def _zone_statement(zone: Zone, file: Path) -> str:
    def keys(*, are_all_allowed: bool) -> str:
        return " ".join(f'key "{key}";' for key in (KEYS if are_all_allowed else ("hand",)))

    return f"""zone "{zone.name}" {{
  type primary; file "{file}";
  allow-transfer {{ {keys(are_all_allowed=zone.is_transfer_allowed)} }};
  allow-update {{ {keys(are_all_allowed=zone.is_update_allowed)} }};
}};
"""


def _configuration(bind: Bind, directory: Path) -> str:
    """named.conf. `max-records-per-type 0` lifts BIND's limit of 100, which Technitium does not have."""
    keys = "".join(f'key "{k}" {{ algorithm hmac-sha256; secret "{s}"; }};\n' for k, s in bind.secrets.items())
    zones = "".join(_zone_statement(zone, directory / f"{zone.name}.zone") for zone in bind.zones)
    return f"""{keys}
options {{
  directory "{directory}";
  listen-on port {bind.port} {{ {bind.host}; }}; listen-on-v6 {{ none; }};
  pid-file none; session-keyfile none; recursion no; dnssec-validation no; notify no; empty-zones-enable no;
  max-records-per-type 0; max-types-per-name 0;
}};
controls {{ }};
statistics-channels {{ inet {bind.host} port {bind.statistics_port} allow {{ {bind.host}; }}; }};
{zones}"""


def _write_files(bind: Bind, directory: Path) -> Path:
    for zone in bind.zones:
        (directory / f"{zone.name}.zone").write_text(zone.text)
    file = directory / "named.conf"
    file.write_text(_configuration(bind, directory))
    return file


def _is_answering(bind: Bind, process: Process) -> bool:
    # "running" comes after every zone was loaded or refused: a zone with a mistake fails below, by its name.
    return " running\n" in process.log_text() and is_listening(bind.port)


@contextmanager
def running_bind(zones: Sequence[Zone | str]) -> Iterator[Bind]:
    """A name server with these zones, until the block ends."""
    secret_of = {key: base64.b64encode(secrets.token_bytes(32)).decode() for key in KEYS}
    wanted = [Zone(zone) if isinstance(zone, str) else zone for zone in zones]
    bind = Bind(free_dns_port(), secret_of, wanted, free_port())
    with private_directory() as directory:
        argv = [path_of("named"), "-g", "-4", "-n", "1", "-c", str(_write_files(bind, directory))]
        process = start("named", argv, log=directory / "named.log")
        try:
            process.wait_until(lambda: _is_answering(bind, process), "all zones loaded")
            bind.remember_zones()
            yield bind
        finally:
            process.stop()
