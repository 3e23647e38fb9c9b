"""Every fixture of every source, damaged byte by byte: rows by their contract, rejects, or ParseError, nothing else."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from pipelines import network as network_file
from pipelines import tables
from pipelines.contract import Table
from pipelines.errors import ParseError
from pipelines.parse import kea_memfile
from pipelines.parse.kinds import KINDS, kind_of
from pipelines.snapshots import Snapshot
from tests.hostile import ALL
from tests.networks import NETWORK_TOML
from tests.unit.parse.test_phpipam import ADDRESS, SUBNET
from tests.unit.parse.test_zone import transfer

FIXTURES = Path(__file__).parents[1] / "fixtures"
AT = datetime(2026, 11, 22, 22, 41, 29, 123456, tzinfo=UTC)
_LISTED = '[sources.cloud]\nkind = "zone-file"\npath = "x"\norigin = "example.me"\n'
NETWORK = network_file.parse(NETWORK_TOML + _LISTED, "network.toml")
TABLES = {table.name: table for table in tables.ALL}
EACH = 160
"""Damaged copies of each fixture."""
FILES: Mapping[str, tuple[str, ...]] = {
    "kea4.leases": (
        "kea/lease4-get-all.odd-values.json", "kea/lease4-get-page.3.json", "kea/lease4-get-all.empty.json",
        "kea/error-hook-missing.json", "kea/lease4-get.nonascii.json",
    ),
    "kea4.config": (
        "kea/config-get.json", "kea/config-get.shared-networks.json", "kea/pfsense-shape.kea-dhcp4.conf.json",
        "kea/kea-dhcp4.input.conf.json",
    ),
    "kea6.leases": ("kea/lease6-get-all.json", "kea/lease6-get-page.1.json"),
    "kea6.config": ("kea/config-get.dhcp6.json",),
    "arp": (
        "arp/freebsd_arp_an.libxo.json", "arp/freebsd_arp_an.txt", "arp/busybox_arp_an.txt",
        "arp/linux_nettools_arp_an.txt",
    ),
    "ndp": ("arp/freebsd_ndp_an.txt",),
    "dnsmasq.leases": (
        "dnsmasq/dhcp.leases.real-hostile-names", "dnsmasq/dhcp.leases.real-with-dhcpv6", "dnsmasq/london/dhcp.leases",
        "dnsmasq/valchedrym/dhcp.leases", "dnsmasq/damaged/motd_before.leases",
    ),
    "odhcpd.leases": ("odhcpd/odhcpd.leases", "odhcpd/ubus_dhcp_ipv4leases.json"),
    "static-list/rack": ("static-list/hosts.csv", "static-list/hosts.toml"),
    "zone-file/cloud": ("zone-file/cloudflare.example.me.txt", "zone-file/bind.example.me.zone"),
    "kubernetes/prod": ("kubernetes/services.json",),
    "linux.neighbours": ("arp/linux_proc_net_arp.txt", "dnsmasq/london/proc_net_arp"),
}  # fmt: skip


def whole() -> Iterator[tuple[str, bytes]]:
    """Each kind of source, and every answer of it that we have."""
    for source, files in FILES.items():
        yield from ((source, (FIXTURES / file).read_bytes()) for file in files)
    for source, file in (
        ("kea4.memfile", "memfile.odd-values/dhcp4.leases"),
        ("kea6.memfile", "memfile6.t0/dhcp6.leases"),
    ):
        yield source, (FIXTURES / "kea" / file).read_bytes()
    views = [
        f"# {view}\n{(FIXTURES / f'wireguard/wg_show_all_{view}.txt').read_text()}"
        for view in ("latest-handshakes", "allowed-ips")
    ]
    yield "wireguard", "".join(views).encode()
    for source, row in (("phpipam.subnets", SUBNET), ("phpipam.addresses", ADDRESS)):
        lines = [*(row | {"id": number, "ip_addr": str(167774720 + number)} for number in range(1, 9)), {"rows": 8}]
        yield source, "".join(json.dumps(line) + "\n" for line in lines).encode()
    hosts = [(f"h{number}.example.lan.", 300, "A", f"10.0.0.{number}") for number in range(20)]
    yield "zone/example.lan", transfer(*hosts, ("h1.example.lan.", 60, "TXT", '"x"'))


_NEARLY = (
    b"0",
    b"-1",
    b"null",
    b"true",
    b'""',
    b"[]",
    b"{}",
    b"1e999",
    b"18446744073709551616",
    b"\0",
    b"\xff",
    b"\r\n",
)


def damaged(content: bytes, count: int, seed: int) -> list[bytes]:
    """So many damaged copies: cut at evenly spaced places, then bytes flipped, lost, doubled, noise, lines moved."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    cuts = [content[: len(content) * number // (count // 4)] for number in range(count // 4)]
    return [*cuts, *(_broken(content, chance) for _ in range(count - len(cuts)))]


def _broken(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    end = at + chance.randrange(1, 40)
    lines = content.split(b"\n")
    chance.shuffle(lines)
    return chance.choice(
        [
            content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :],
            content[:at] + content[end:],
            content[:end] + content[at:],
            content[:at] + chance.randbytes(chance.randrange(1, 9)) + content[at:],
            content[:at] + chance.choice(_NEARLY) + content[end:],
            content[:at] + chance.choice(ALL)[:200].encode("utf-8", "surrogatepass") + content[at:],
            b"\n".join(lines),
        ]
    )


def read(source: str, content: bytes, said: list[str]) -> dict[str, list[pd.DataFrame]]:
    """What the parsers of a source make of an answer, by table, and what they say where it cannot be read."""
    packed = kea_memfile.pack({"": content}) if source.endswith("memfile") else content
    found: dict[str, list[pd.DataFrame]] = {}
    for table, parse in kind_of(source).parsers.items():
        try:
            parsed = parse(Snapshot("home", source, AT, packed), NETWORK)
        except ParseError as error:
            said.append(str(error))
            continue
        found.setdefault(table, []).append(parsed.table)
        found.setdefault("rejects", []).append(parsed.rejects)
    return found


def test_thousands_of_damaged_answers_break_no_contract() -> None:
    """Cut anywhere, bytes flipped, lost or doubled, lines moved, hostile text within: rows, or a clear fault."""
    count, kinds, said = 0, set(), list[str]()
    for seed, (source, content) in enumerate(whole()):
        made: dict[str, list[pd.DataFrame]] = {}
        for broken in damaged(content, EACH, seed):
            count += 1
            for table, frames in read(source, broken, said).items():
                made.setdefault(table, []).extend(frames)
        assert [text for table, frames in made.items() for text in violations(TABLES[table], frames)] == [], source
        kinds.add(source.partition("/")[0])
    assert [one for one in said if not one.isprintable()] == [], "no terminal obeys an answer that is told"
    assert kinds == {kind for kind, one in KINDS.items() if one.parsers}, (
        "a source without a fixture here is not damaged"
    )
    assert count >= 5_000


def violations(table: Table, frames: list[pd.DataFrame]) -> list[str]:
    """What is wrong with any of these frames of a table, looked at all at once: one by one is a minute of pandas."""
    every = pd.concat(frames, keys=range(len(frames)), names=["copy"])
    repeated = every.reset_index("copy").duplicated(["copy", *table.key]).sum() if table.key else 0
    return [*replace(table, key=()).violations(every), *[f"{table.name}: rows repeat the key"][: int(repeated)]]
