"""Hours of a small network as a census archives them: the bytes of every source, the index, and the ledger of then."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipelines import network as network_file
from pipelines.network import Network
from pipelines.parse.phpipam import decimal_of
from pipelines.replay import Hour, retold
from pipelines.snapshots import EVERYWHERE, ZONE, Snapshot, as_table, missing
from resources.archive import Archive
from resources.history import History
from resources.ledger import Ledger
from resources.past_hours import PastHours
from tests.networks import AT, NETWORK_TOML, Row, ledger
from tests.unit.parse.test_zone import message, stream

NETWORK: Network = network_file.parse(f"{NETWORK_TOML}\n[state]\nfirst_day = 2026-03-01\n", "network.toml")
_SITES = {"home": ("10.0.1.", 8, "10.0.1.0/24"), "cabin": ("10.9.0.", 9, "10.9.0.0/24")}
_SOA = "ns1.example.lan. admin.example.lan. 7 3600 600 604800 300"
_PLAIN = {
    "section": "Home", "vrfId": 0, "vrf": None, "masterSubnetId": 0, "isFolder": 0, "pingSubnet": 1, "isPool": 0,
}  # fmt: skip
Held = Mapping[str, tuple[str, str]]
"""Who holds a lease: the MAC and the name, by address."""


@dataclass
class Archived:
    """An archive, a ledger and a history in a folder, and the censuses that are told into them."""

    folder: Path
    since: pd.Timestamp = AT
    archive: Archive = field(init=False)
    ledger: Ledger = field(init=False)
    history: History = field(init=False)
    _last: list[Snapshot] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        url = f"sqlite:///{self.folder}/ledger.sqlite"
        self.archive, self.ledger, self.history = Archive(self.folder / "archive"), Ledger(url), History(url)

    @property
    def past_hours(self) -> PastHours:
        """What a replay reads."""
        return PastHours(self.archive, self.ledger)

    def census(  # noqa: PLR0913 - what there may be to say of one
        self,
        hour: float,
        held: Held,
        in_ipam: Mapping[str, str] | None = None,
        writes: Row | None = None,
        *,
        unread: str | None = None,
        spared: str | None = None,
        is_load: bool = True,
    ) -> str:
        """The run of a census so many hours after `since`: archived, indexed, told to the history, and a row written.

        `unread` is a site whose ARP cache could not be read, `spared` one that is not asked: its last answers stand.
        Without `is_load` it is a rehearsal.
        """
        run_id, at = f"run-{hour:g}", self.since + pd.Timedelta(hours=hour)
        read = [one for one in _answers(at, held, in_ipam or {}, unread) if one.site != spared]
        for one in read:
            self.archive.put(one.content)
        self.ledger.index.note(run_id, as_table(read))
        self._last = [*read, *(one for one in self._last if one.site == spared)]
        if is_load:
            self.history.note(retold(self._last, self.ledger.applied(), network=NETWORK).seen, run_id)
        if is_load and writes is not None:
            self.ledger.replace_applied(ledger(writes | {"at": at + pd.Timedelta(minutes=1)}))
        return run_id

    def digests(self, run_id: str) -> pd.Series:
        """Where the answers of one run are, by source, of the site `home` or of none."""
        index = self.ledger.index.between(self.since, self.since + pd.Timedelta(days=40))
        own = index[(index["run_id"] == run_id) & (index["site"] != "cabin")]
        return own.set_index("source")["digest"]

    def damage(self, digest: str) -> None:
        """Cut a stored answer short."""
        place = self.archive.root / digest[:2] / f"{digest}.gz"
        place.write_bytes(place.read_bytes()[:-9])


def key(hour: int) -> str:
    """The square so many hours after `AT`."""
    return Hour.of(AT + pd.Timedelta(hours=hour)).key


def _answers(at: pd.Timestamp, held: Held, in_ipam: Mapping[str, str], unread: str | None) -> list[Snapshot]:
    read_at = at.to_pydatetime()
    found = []
    for site, (prefix, number, cidr) in _SITES.items():
        here = {ip: one for ip, one in held.items() if ip.startswith(prefix)}
        config = {"Dhcp4": {"subnet4": [{"id": number, "subnet": cidr, "reservations": []}]}}
        found += [
            Snapshot(site, "kea4.leases", read_at, _leases(here, int(at.timestamp()))),
            Snapshot(site, "kea4.config", read_at, json.dumps({"result": 0, "arguments": config}).encode()),
            missing(site, "arp", read_at, "no answer") if site == unread else Snapshot(site, "arp", read_at, _ARP),
        ]
    zones = [f"{ZONE}{zone.rstrip('.')}" for zone in NETWORK.dns.zones]
    return [
        *found,
        Snapshot(EVERYWHERE, "phpipam.subnets", read_at, _SUBNETS),
        Snapshot(EVERYWHERE, "phpipam.addresses", read_at, _lines([*map(_address, enumerate(in_ipam.items(), 1))])),
        *(Snapshot(EVERYWHERE, source, read_at, _zone(source), version="7") for source in zones),
    ]


def _leases(held: Held, now: int) -> bytes:
    rows = [
        {
            "ip-address": ip, "hw-address": mac, "hostname": name, "state": 0, "cltt": now - 600, "valid-lft": 7200,
            "fqdn-fwd": False, "fqdn-rev": False,
        }
        for ip, (mac, name) in held.items()
    ]  # fmt: skip
    found = {"text": f"{len(rows)} IPv4 lease(s) found.", "arguments": {"leases": rows}}
    return json.dumps({"result": 0 if rows else 3, **found}).encode()


def _address(numbered: tuple[int, tuple[str, str]]) -> Row:
    number, (ip, name) = numbered
    (subnet,) = [subnet for prefix, subnet, _ in _SITES.values() if ip.startswith(prefix)]
    texts = {"hostname": name, "mac": None, "description": None, "tag": "Used", "lastSeen": "2026-03-01 14:00:00"}
    return {"id": number, "subnetId": subnet, "ip_addr": decimal_of(ip), "has_subnet": 1, "is_gateway": 0, **texts}


def _zone(source: str) -> bytes:
    apex = f"{source.removeprefix(ZONE)}."
    return stream(message((apex, 60, "SOA", _SOA), (apex, 60, "SOA", _SOA)))


def _lines(rows: list[Row]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in [*rows, {"rows": len(rows)}]).encode()


_ARP = json.dumps({"__version": "1", "arp": {"arp-cache": []}}).encode()
_CIDRS = {"10.0.0.0/24": 7, **{cidr: number for _, number, cidr in _SITES.values()}}
_SUBNETS = _lines(
    [
        {"id": number, "subnet": decimal_of(cidr.partition("/")[0]), "mask": cidr.partition("/")[2], **_PLAIN}
        for cidr, number in _CIDRS.items()
    ]
)
