"""odhcpd's state file and ubus's answer: what of them is a lease, and what a damaged one is worth."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import odhcpd_leases
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot
from tests.networks import cells

FIXTURES = Path(__file__).parents[2] / "fixtures" / "odhcpd"
AT = datetime.fromtimestamp(1795387289, UTC)
"""The captures' clock."""
HALF_DAY = 43_200
TV = "# br-lan 9483c4100000 ipv4 tv 1795390000 c0a80864 32 192.168.8.100/32\n"
V6 = "# br-lan 00030001525400000001 7 nas {end} a3c {length} {addresses}\n"


def parse(content: bytes | str, *, offset_s: int = 0) -> Parsed:
    """The leases in this answer, read at the captures' time."""
    content = content if isinstance(content, bytes) else content.encode()
    return odhcpd_leases.parse(Snapshot("london", "odhcpd.leases", AT, content, clock_offset_s=offset_s), HALF_DAY)


def at(seconds: int) -> pd.Timestamp:
    """An instant."""
    return pd.Timestamp(seconds, unit="s", tz="UTC").as_unit("us")


def expected(*rows: tuple[object, ...]) -> pd.DataFrame:
    """`tables.LEASES` of these: address, MAC, client identifier, name, when it began and ends."""
    return tables.LEASES.rows(
        [
            ("london", "odhcpd.leases", *who, "assigned", begun, None if ends is None else HALF_DAY, ends, False, False)
            for *who, begun, ends in rows
        ]
    )


def test_the_state_file_is_its_two_leases() -> None:
    """A DHCPv4 lease by its MAC and end, a DHCPv6 lease without end or name by its DUID; no more."""
    parsed = parse((FIXTURES / "odhcpd.leases").read_bytes())
    duid = "ff00000000" + "00010001aabbccdd9483c4100002"
    ends = 1795429300
    pd.testing.assert_frame_equal(
        parsed.table,
        expected(
            ("192.168.8.100", "94:83:c4:10:00:00", None, "tv-london", at(ends - HALF_DAY), at(ends)),
            ("fd12:3456:789a::a3c", None, duid, None, None, None),
        ),
    )
    assert parsed.rejects.empty


def test_ubus_answer_is_its_two_leases() -> None:
    """The seconds left count from the look, 2^32 - 1 is no end, and an empty name is none."""
    parsed = parse((FIXTURES / "ubus_dhcp_ipv4leases.json").read_bytes())
    ends = int(AT.timestamp()) + 42011
    pd.testing.assert_frame_equal(
        parsed.table,
        expected(
            ("192.168.8.100", "94:83:c4:10:00:00", None, "tv-london", at(ends - HALF_DAY), at(ends)),
            ("192.168.8.101", "94:83:c4:10:00:01", None, None, None, None),
        ),
    )
    assert parsed.rejects.empty


def test_a_router_whose_ipv4_is_dnsmasqs_has_no_leases_of_odhcpds() -> None:
    """No interface in ubus's answer is no lease, and no fault."""
    parsed = parse((FIXTURES / "ubus_dhcp_ipv4leases.dnsmasq-only.json").read_bytes())
    assert parsed.table.empty
    assert parsed.rejects.empty


def test_the_routers_clock_is_what_its_times_are_by() -> None:
    """A router that believes it is 1970 writes ends of 1970; the seconds left in ubus's answer are so by any clock."""
    offset_s = 86_400 - int(AT.timestamp())
    (lease,) = parse(TV.replace("1795390000", str(86_400 + 600)), offset_s=offset_s).table.itertuples()
    assert lease.expires_at == at(int(AT.timestamp()) + 600)
    answer = (FIXTURES / "ubus_dhcp_ipv4leases.json").read_bytes()
    pd.testing.assert_frame_equal(parse(answer, offset_s=offset_s).table, parse(answer).table)


def test_each_address_of_a_client_is_a_lease_and_no_prefix_is() -> None:
    """IPv6: several addresses in a line are several leases; a delegated prefix is another router's."""
    both = V6.format(end=-1, length=128, addresses="fd00::a3c/128 fd00:1::a3c/128")
    assert cells(parse(both).table, "ip", "hostname") == [("fd00:1::a3c", "nas"), ("fd00::a3c", "nas")]
    assert parse(V6.format(end=-1, length=62, addresses="fd00:8::/62")).table.empty


def test_a_lease_that_has_ended_is_none() -> None:
    """It is kept for a while, with 0 as its end; nor is what ubus tells of an address that is only offered."""
    ended = TV.replace("1795390000", "0") + "# br-lan 00030001525400000001 7 nas 0 a3c 128\n"
    assert parse(ended).table.empty
    assert parse(ended).rejects.empty
    lease = '{{"mac": "9483c4100000", "hostname": "", "address": "10.0.0.9", {}}}'
    row = '{{"device": {{"br-lan": {{"leases": [' + lease + "]}}}}}}"
    assert parse(row.format('"valid": 0')).table.empty
    assert parse(row.format('"valid": 9, "flags": []')).table.empty
    assert cells(parse(row.format('"valid": -1, "flags": ["bound"]')).table, "ip") == [("10.0.0.9",)]


def test_what_is_no_host_name_is_none() -> None:
    """It is marked, and odhcpd leaves in it whatever the client sent, spaces and numbers too."""
    assert cells(parse(TV.replace("tv", r"broken\x20my tv 5 c0a80801 32")).table, "hostname") == [(None,)]


def test_a_mac_without_leading_zeros_is_read() -> None:
    """Newer ones write it by ether_ntoa(3)."""
    assert cells(parse(TV.replace("9483c4100000", "94:83:c4:10:0:0")).table, "mac") == [("94:83:c4:10:00:00",)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# br-lan 9483c4100000 ipv4 tv 1795390000 c0a808", "the line is not"),
        (TV.replace("1795390000", "-2"), "the line is not"),
        (TV.replace("9483c4100000", "9483c4"), "MAC"),
        (TV.replace("c0a80864", "c0a80865"), "is not the one address"),
        (TV.replace("100/32", "100/24"), "is not the one address"),
        (TV.replace("tv", "t\x1bv"), "no name odhcpd would keep"),
        (TV.replace("ipv4", "xyz"), "no DUID and IAID"),
        (V6.format(end=-1, length=128, addresses="fd00::a3c/64"), "fd00::a3c/64"),
        ("Welcome!", "Welcome!"),
        (TV + TV, "is there twice"),
        (TV.replace("1795390000", "1795990000"), "set gateway.lease_s in network.toml"),
    ],
)
def test_a_bad_line_is_told(text: str, says: str) -> None:
    """One reason for each bad line, and the lease before it stands."""
    parsed = parse("# br-lan 9483c4100009 ipv4 other -1 c0a80809 32 192.168.8.9/32\n" + text)
    (reason,) = parsed.rejects["reason"]
    assert says in reason
    assert "192.168.8.9" in set(parsed.table["ip"])


@pytest.mark.parametrize(
    "text", ["cat: no such file\n", "{", '{"device": {"br-lan": {"leases": 7}}}', '{"leases": []}']
)
def test_what_is_something_else_is_unreadable(text: str) -> None:
    """Neither form: it is not "no leases"."""
    with pytest.raises(ParseError, match=r"odhcpd\.leasefile"):
        parse(text)
