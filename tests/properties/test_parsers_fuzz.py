"""Whatever a gateway sends, the parsers of its answers raise ParseError or give tables by their contracts (R11)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import network as network_file
from pipelines import tables
from pipelines.contract import Table
from pipelines.errors import ParseError
from pipelines.network import Network
from pipelines.parse import (
    arp,
    dnsmasq_leases,
    kea_config,
    kea_leases,
    kea_memfile,
    kubernetes,
    linux_neighbours,
    ndp,
    odhcpd_leases,
    static_list,
    wireguard,
    zone_file,
)
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot
from tests.networks import NETWORK_TOML

FIXTURES = Path(__file__).parents[1] / "fixtures"
AT = datetime(2026, 11, 22, 22, 41, 29, 123456, tzinfo=UTC)
Parser = Callable[[Snapshot], Parsed]
LISTING = network_file.parse(NETWORK_TOML + '[sources.house]\nkind = "static-list"\npath = "x"\n', "network.toml")


def listed(parse: Callable[[Snapshot, Network], Parsed]) -> Parser:
    """The parser of a source under [sources]."""
    return lambda one: parse(replace(one, site="*", source="static-list/house"), LISTING)


PARSERS: list[tuple[Parser, Table, str]] = [
    (kea_leases.parse, tables.LEASES, "kea/lease4-get-all.odd-values.json"),
    (kea_config.parse_reservations, tables.RESERVATIONS, "kea/config-get.shared-networks.json"),
    (kea_config.parse_subnets, tables.DHCP_SUBNETS, "kea/config-get.shared-networks.json"),
    (arp.parse, tables.NEIGHBOURS, "arp/freebsd_arp_an.libxo.json"),
    (arp.parse, tables.NEIGHBOURS, "arp/freebsd_arp_an.txt"),
    (dnsmasq_leases.parse, tables.LEASES, "dnsmasq/dhcp.leases.real-with-dhcpv6"),
    (odhcpd_leases.parse, tables.LEASES, "odhcpd/odhcpd.leases"),
    (odhcpd_leases.parse, tables.LEASES, "odhcpd/ubus_dhcp_ipv4leases.json"),
    (linux_neighbours.parse, tables.NEIGHBOURS, "arp/linux_proc_net_arp.txt"),
    (kea_leases.parse6, tables.LEASES, "kea/lease6-get-all.json"),
    (ndp.parse, tables.NEIGHBOURS, "arp/freebsd_ndp_an.txt"),
    (listed(static_list.parse), tables.HOSTS, "static-list/hosts.toml"),
    (listed(static_list.parse), tables.HOSTS, "static-list/hosts.csv"),
    (listed(zone_file.parse), tables.OUTSIDE_RECORDS, "zone-file/cloudflare.example.me.txt"),
    (listed(zone_file.parse), tables.OUTSIDE_RECORDS, "zone-file/bind.example.me.zone"),
    (listed(kubernetes.parse), tables.SERVICES, "kubernetes/services.json"),
]
each_parser = pytest.mark.parametrize(("parser", "table", "file"), PARSERS)

# Values that are nearly right do more harm than noise.
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, 3, 2**32 - 1, 2**63, 10**30, -1])
    | st.text(max_size=12)
    | st.sampled_from(["", "10.0.10.10", "::1", "fe80::1%eth0", "10.0.0.0/8", "10.0.0.1-10.0.0.9", "a b", ".", "'x'"])
    | st.sampled_from(["52:54:00:10:00:10", "01:02", "0 IPv4 lease(s) found.", "\ud800", "caf\xc3\xa9"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def row(*keys: str) -> st.SearchStrategy[dict[str, object]]:
    """Objects with some of these keys, whatever under them."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(keys, _values))


_leases = st.lists(
    row("cltt", "valid-lft", "hostname", "hw-address", "client-id", "ip-address", "state", "fqdn-fwd", "fqdn-rev"),
    max_size=3,
)
_leases6 = st.lists(
    row("cltt", "valid-lft", "hostname", "hw-address", "duid", "ip-address", "state", "fqdn-fwd", "fqdn-rev", "type"),
    max_size=3,
)
_reservations = st.lists(row("hw-address", "client-id", "ip-address", "hostname"), max_size=3)
_scope = row("subnet", "ddns-send-updates", "ddns-qualifying-suffix", "pools")
_neighbours = st.lists(
    row("ip-address", "mac-address", "interface", "expires", "permanent", "published", "expired", "incomplete"),
    max_size=3,
)


def lease_answer(leases: Sequence[object], version: int = 4) -> object:
    """Kea's proved answer with these leases."""
    return {"result": 0, "text": f"{len(leases)} IPv{version} lease(s) found.", "arguments": {"leases": leases}}


_offered = st.lists(row("mac", "hostname", "ip", "address", "valid", "flags"), max_size=3)


def configuration(scope: dict[str, object], reservations: list[object]) -> object:
    """A configuration with one subnet of these settings."""
    return {"Dhcp4": {"dhcp-ddns": scope, "subnet4": [scope | {"reservations": reservations}], **scope}}


_ingress = st.lists(row("ip", "hostname"), max_size=2) | _values
_meta = st.fixed_dictionaries(
    {"name": st.just("web") | _values, "namespace": st.just("x") | _values},
    optional={"annotations": st.fixed_dictionaries({}, optional={kubernetes.ANNOTATION: _values}) | _values},
)
_services = st.lists(
    st.builds(
        lambda meta, ingress: {"metadata": meta, "status": {"loadBalancer": {"ingress": ingress}}}, _meta, _ingress
    )
    | _values,
    max_size=3,
)

SHAPED: list[tuple[Parser, Table, st.SearchStrategy[object]]] = [
    (kea_leases.parse, tables.LEASES, _leases.map(lease_answer)),
    (kea_leases.parse6, tables.LEASES, _leases6.map(lambda leases: lease_answer(leases, 6))),
    (kea_config.parse_reservations, tables.RESERVATIONS, st.builds(configuration, _scope, _reservations)),
    (kea_config.parse_subnets, tables.DHCP_SUBNETS, st.builds(configuration, _scope, _reservations)),
    (odhcpd_leases.parse, tables.LEASES, _offered.map(lambda rows: {"device": {"br-lan": {"leases": rows}}})),
    (listed(kubernetes.parse), tables.SERVICES, _services.map(lambda items: {"items": items})),
    (arp.parse, tables.NEIGHBOURS, _neighbours.map(lambda rows: {"arp": {"arp-cache": rows}})),
]


_word = (
    st.text(max_size=6)
    | st.sampled_from(["0", "1795395000", "9999999999", "02:aa:bb:00:00:01", "06-00:11", "*", "nas", "192.168.1.9"])
    | st.sampled_from(["::1", "duid", "T7", "0x1", "0x2", "0xc", "dev", "br-lan", "lladdr", "used", "0/0/0", "9/9/9"])
    | st.sampled_from(["REACHABLE", "STALE", "FAILED", "proxy", "PERMANENT"])
    | st.sampled_from(
        ["fd00::1", "fe80::1%em0", "(incomplete)", "permanent", "expired", "1d2h3m4s", "R", "S", "P", "Rp"]
    )
)
_lines = st.lists(st.lists(_word, min_size=4, max_size=9).map(" ".join), max_size=4).map("\n".join)
_NDP_HEAD = "Neighbor   Linklayer Address  Netif Expire    S Flags\n"
_HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"


@given(lines=_lines, offset_s=st.integers(-(10**10), 10**10))
def test_lines_of_the_right_words_in_any_order(lines: str, offset_s: int) -> None:
    """A router's files with every word in every place, and any clock."""
    check(dnsmasq_leases.parse, tables.LEASES, lines.encode("utf-8", "replace"), offset_s)
    check(ndp.parse, tables.NEIGHBOURS, (_NDP_HEAD + lines).encode("utf-8", "replace"), offset_s)
    check(linux_neighbours.parse, tables.NEIGHBOURS, (_HEAD + lines).encode("utf-8", "replace"), offset_s)


_CSV_HEAD4 = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"
_CSV_HEAD6 = (
    "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,hostname,"
    "hwaddr,state,user_context,hwtype,hwaddr_source\n"
)
_cell = (
    st.text(max_size=5)
    | st.sampled_from(
        ["10.0.0.7", "fd00::7", "52:54:00:00:00:07", "00:03:00:01:52:54:00:00:00:07", "0", "1", "2", "00"]
    )
    | st.sampled_from(["7200", "4294967295", "1795394457", "9999999999999999999", "nas", "&#x2c", "&#x26", "", "\xff"])
)
_odhcpd_word = (
    st.text(max_size=6)
    | st.sampled_from(
        ["9483c4100000", "94:83:c4:10:0:0", "00010001aabbccdd9483c4100002", "ipv4", "2a3b4c5d", "-", "tv"]
    )
    | st.sampled_from(["broken\\x20", "1795395000", "-1", "0", "9999999999", "c0a80864", "a3c", "32", "128", "62"])
    | st.sampled_from(["192.168.8.100/32", "fd00::a3c/128", "fd00:8::/62", "/"])
)
_odhcpd_line = st.lists(_odhcpd_word, min_size=6, max_size=10).map(lambda words: " ".join(["# br-lan", *words]))


@given(lines=st.lists(_odhcpd_line, max_size=3).map("\n".join), offset_s=st.integers(-(10**10), 10**10))
def test_odhcpds_words_in_any_order(lines: str, offset_s: int) -> None:
    """The state file of odhcpd with every word in every place, and any clock."""
    hosts = "192.168.8.9\ttv.lan\ttv\n"
    check(odhcpd_leases.parse, tables.LEASES, (hosts + lines).encode("utf-8", "replace"), offset_s)


_csv = st.lists(st.lists(_cell, min_size=9, max_size=18).map(",".join), max_size=4).map("\n".join)


@given(texts=st.dictionaries(st.sampled_from(["", ".1", ".completed", ".2"]), _csv, min_size=1), is_6=st.booleans())
def test_lease_files_of_the_right_words_in_any_order(texts: dict[str, str], *, is_6: bool) -> None:
    """Kea's lease files with anything in a row, at any moment of a clean-up."""
    head = _CSV_HEAD6 if is_6 else _CSV_HEAD4
    files = {suffix: (head + text).encode("utf-8", "replace") for suffix, text in texts.items()}
    check(kea_memfile.parse6 if is_6 else kea_memfile.parse, tables.LEASES, kea_memfile.pack(files))


@given(data=st.data())
def test_a_real_lease_file_damaged(data: st.DataObject) -> None:
    """A real file with bytes lost, doubled or changed anywhere, beneath its packing."""
    real = (FIXTURES / "kea" / "memfile.odd-values" / "dhcp4.leases").read_bytes()
    start = data.draw(st.integers(0, len(real)))
    end = data.draw(st.integers(start, min(start + 60, len(real))))
    damaged = real[:start] + data.draw(st.binary(max_size=20)) + real[end:]
    check(kea_memfile.parse, tables.LEASES, kea_memfile.pack({"": damaged}))


_KEY = "RklYVFVSRS1QRUVSLTEtUFVCTElDLUtFWS0tLS0tLS0="
_wg_word = st.text(max_size=6) | st.sampled_from(
    [_KEY, "tun_wg0", "0", "1795387002", "9999999999", "(none)", "10.3.2.2/32", "10.3.2.2/32 fd00::/64", "10.3.2.1/24"]
)
_wg_line = st.builds("tun_wg0\t{}\t{}".format, st.just(_KEY) | _wg_word, _wg_word) | _wg_word


@given(st.lists(_wg_line, max_size=3), st.lists(_wg_line, max_size=3), st.integers(-(10**10), 10**10))
def test_peers_of_the_right_words_in_any_order(handshakes: list[str], ranges: list[str], offset_s: int) -> None:
    """WireGuard's two views with anything in a line, and any clock."""
    lines = ["# latest-handshakes", *handshakes, "# allowed-ips", *ranges]
    check(wireguard.parse, tables.PEERS, "\n".join(lines).encode("utf-8", "replace"), offset_s)


def check(parser: Parser, table: Table, content: bytes, offset_s: int = 0) -> None:
    """A table by its contract, or ParseError; anything else fails the test."""
    try:
        parsed = parser(Snapshot("sofia", "fuzzed", AT, content, clock_offset_s=offset_s))
    except ParseError:
        return
    assert table.violations(parsed.table) == []
    assert tables.REJECTS.violations(parsed.rejects) == []


@each_parser
@given(content=st.binary(max_size=200))
def test_any_bytes(parser: Parser, table: Table, file: str, content: bytes) -> None:
    """Noise is unreadable, and that is all."""
    del file
    check(parser, table, content)


@each_parser
@given(data=st.data())
def test_a_real_answer_damaged(parser: Parser, table: Table, file: str, data: st.DataObject) -> None:
    """A real answer with bytes lost, doubled or changed anywhere."""
    real = (FIXTURES / file).read_bytes()
    start = data.draw(st.integers(0, len(real)))
    end = data.draw(st.integers(start, min(start + 60, len(real))))
    check(parser, table, real[:start] + data.draw(st.binary(max_size=20)) + real[end:])


@pytest.mark.parametrize(("parser", "table", "shape"), SHAPED)
@given(data=st.data(), offset_s=st.integers(-(10**10), 10**10))
def test_the_right_shape_with_anything_in_it(
    parser: Parser, table: Table, shape: st.SearchStrategy[object], data: st.DataObject, offset_s: int
) -> None:
    """JSON of the right shape, with wrong kinds, huge numbers, half surrogates and any clock."""
    check(parser, table, json.dumps(data.draw(shape)).encode(), offset_s)


@each_parser
@given(data=st.data())
def test_a_cut_answer_is_never_a_shorter_table(parser: Parser, table: Table, file: str, data: st.DataObject) -> None:
    """What was cut in mid-answer is unreadable (JSON), or lacks lines at the end alone (text, which has end marks)."""
    real = (FIXTURES / file).read_bytes().strip()
    shortest = 1 if file.startswith("odhcpd/") else 0  # nothing at all is an empty state file, and no answer of ubus's
    cut = Snapshot("sofia", "fuzzed", AT, real[: data.draw(st.integers(shortest, len(real) - 1))])
    if file.endswith(".json"):
        with pytest.raises(ParseError):
            parser(cut)
    else:
        check(parser, table, cut.content)
