"""dnsmasq's lease file: what of it is a lease, when that was last confirmed, and what a damaged file is worth."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import dnsmasq_leases
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot
from tests.networks import cells

FIXTURES = Path(__file__).parents[2] / "fixtures" / "dnsmasq"
AT = datetime.fromtimestamp(1795387289, UTC)
"""The captures' clock."""
HALF_DAY = 43_200


def parse(content: bytes | str, *, offset_s: int = 0, lease_s: int = HALF_DAY) -> Parsed:
    """The leases in this file, read at the captures' time."""
    content = content if isinstance(content, bytes) else content.encode()
    return dnsmasq_leases.parse(Snapshot("london", "dnsmasq.leases", AT, content, clock_offset_s=offset_s), lease_s)


def captured(name: str) -> bytes:
    """A fixture."""
    return (FIXTURES / name).read_bytes()


def line(expires: int, *, ip: str = "192.168.8.9", name: str = "tv", client: str = "*") -> str:
    """One lease."""
    return f"{expires} 94:83:c4:10:00:00 {ip} {name} {client}\n"


def reasons(parsed: Parsed) -> list[str]:
    """Why rows were rejected."""
    return list(parsed.rejects["reason"])


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("london/dhcp.leases", 14),
        ("valchedrym/dhcp.leases", 7),
        ("dhcp.leases.real-hostile-names", 49),
        ("dhcp.leases.real-with-dhcpv6", 23),
    ],
)
def test_every_lease_of_a_real_file_is_read(name: str, count: int) -> None:
    """Each lease is a row by the contract, those of DHCPv6 behind the line `duid` too."""
    parsed = parse(captured(name))
    assert tables.LEASES.violations(parsed.table) == []
    assert len(parsed.table) == count
    assert [reason for reason in reasons(parsed) if "to go" not in reason] == []


def test_an_asterisk_is_nothing() -> None:
    """No name and no client identifier are null, and never the name `*`."""
    found = parse(captured("valchedrym/dhcp.leases")).table.set_index("ip")
    assert pd.isna(found.loc["192.168.0.103", "hostname"])
    assert pd.isna(found.loc["192.168.0.101", "client_id"])
    assert found.loc["192.168.0.100", "client_id"] == "ff6b200000000100012a000000ec086b200000"


def test_a_lease_was_confirmed_its_length_before_its_end() -> None:
    """The end less the configured length; 12 hours unless network.toml says otherwise."""
    end = int(AT.timestamp()) + 3600
    (lease,) = parse(line(end)).table.itertuples()
    assert lease.expires_at == pd.Timestamp(end, unit="s", tz="UTC")
    assert lease.cltt_at == pd.Timestamp(end - HALF_DAY, unit="s", tz="UTC")
    assert lease.valid_s == HALF_DAY


def test_a_lease_without_end_bears_no_date() -> None:
    """Expiry 0 never ends, and nothing says when the device was last there."""
    (lease,) = parse(line(0)).table.itertuples()
    assert pd.isna(lease.expires_at)
    assert pd.isna(lease.cltt_at)
    assert pd.isna(lease.valid_s)


def test_a_lease_longer_than_configured_bears_no_date_and_is_told() -> None:
    """A length too short in network.toml would make the gone look alive: such a lease proves nothing, and says why."""
    parsed = parse(line(int(AT.timestamp()) + HALF_DAY + 3600))
    assert parsed.table["cltt_at"].isna().all()
    assert parsed.table["expires_at"].notna().all()
    assert "set gateway.lease_s in network.toml" in reasons(parsed)[0]


@pytest.mark.parametrize("late_s", [1, 59])
def test_no_lease_is_confirmed_after_we_asked(late_s: int) -> None:
    """Clocks that nearly agree put a fresh lease some seconds into the future; it is not."""
    (lease,) = parse(line(int(AT.timestamp()) + HALF_DAY + late_s)).table.itertuples()
    assert lease.cltt_at == pd.Timestamp(AT)


def test_the_routers_clock_is_what_its_times_are_by() -> None:
    """A router that believes it is 1970 has leases that end in 1970, and the same account comes of them."""
    offset_s = 86_400 - int(AT.timestamp())
    found = parse(captured("damaged/clock_1970.leases"), offset_s=offset_s).table
    by_ipv4 = found[~found["ip"].str.contains(":")]
    assert list(by_ipv4["expires_at"] - pd.Timestamp(AT)) == [timedelta(seconds=1800 + 1800 * n) for n in range(6)]
    assert (found["cltt_at"] <= pd.Timestamp(AT)).all()


def test_a_mark_and_carriage_returns_are_no_part_of_it() -> None:
    """A file with a byte order mark and Windows line ends holds the same leases."""
    damaged, whole = parse(captured("damaged/crlf_bom.leases")), parse(captured("valchedrym/dhcp.leases"))
    pd.testing.assert_frame_equal(damaged.table, whole.table)
    assert reasons(damaged) == []


def test_a_banner_is_rejected_line_by_line() -> None:
    """What a login prints before the file is noted, and the leases behind it stand."""
    parsed = parse(captured("damaged/motd_before.leases"))
    assert len(parsed.table) == 7
    assert list(parsed.rejects["line"]) == [2, 4]


def test_a_line_cut_in_its_middle_is_rejected() -> None:
    """Half a client identifier is none."""
    parsed = parse(captured("damaged/cut.leases"))
    assert len(parsed.table) == 3
    assert "neither hex octets" in reasons(parsed)[0]


def test_an_empty_file_is_no_leases() -> None:
    """A server that leased nothing says so by an empty file; that it was whole is proved elsewhere."""
    assert parse(captured("damaged/empty.leases")).table.empty


def test_a_file_of_something_else_is_unreadable() -> None:
    """Where no line is dnsmasq's, it is not "no leases"."""
    with pytest.raises(ParseError, match="none of 2 lines is a lease"):
        parse("cat: can't open '/tmp/dhcp.leases'\nNo such file\n")


def test_of_two_leases_of_one_address_the_first_counts() -> None:
    """The newest is written first; the other is told."""
    end = int(AT.timestamp()) + 60
    parsed = parse(line(end, name="new") + line(end, name="old"))
    assert cells(parsed.table, "hostname") == [("new",)]
    assert "is there twice" in reasons(parsed)[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1795389089 94:83:c4:10:00:00 192.168.8.9 tv", "the line is not"),
        ("-1 94:83:c4:10:00:00 192.168.8.9 tv *", "the line is not"),
        ("1795389089 94:83:c4 192.168.8.9 tv *", "MAC"),
        ("1795389089 94:83:c4:10:00:00 192.168.8.300 tv *", "192.168.8.300"),
        ("1795389089 94:83:c4:10:00:00 fd00::1 tv *", "fd00::1"),
        ("1795389089 94:83:c4:10:00:00 192.168.8.9 t\x1bv *", "no name dnsmasq would keep"),
        ("1795389089 94:83:c4:10:00:00 192.168.8.9 tv 0", "neither hex octets"),
        ("1795389089 00-aa:bb 192.168.8.9 tv *", "kept without it"),
        ("duid 00:01\n1795389089 94:83:c4:10:00:00 fd00::1 tv *", "is no IAID"),
        ("duid 00:01\n1795389089 77 192.168.8.9 tv *", "192.168.8.9"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(text: str, says: str) -> None:
    """The reason names the word, and the lease before it stands."""
    parsed = parse(line(1795389089, ip="192.168.8.1") + text + "\n")
    assert says in reasons(parsed)[0]
    assert parsed.table["ip"][0] == "192.168.8.1"


def test_a_dhcpv6_lease_has_a_duid_and_no_mac() -> None:
    """Behind `duid` the second field is an IAID and the last a DUID; a temporary address (T) is nobody's for long."""
    lines = ["duid 00:01", "1795394445 77 fd00:192::125 Nas 00:03:00:01:52:54:00:00:00:0a"]
    found = parse("\n".join([*lines, "1795394445 T78 fd00:192::9 * 00:04\n"]).encode())
    assert found.rejects.empty
    (lease,) = found.table.itertuples()
    assert (lease.ip, lease.hostname, lease.client_id) == ("fd00:192::125", "Nas", "ff000000000003000152540000000a")
    assert pd.isna(lease.mac)
