"""phpIPAM's rows, as our reader writes them down, become the contract's tables."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse.phpipam import decimal_of, instant_of, ip_of, local_text, parse_addresses, parse_subnets
from pipelines.snapshots import EVERYWHERE, Snapshot

SOFIA = ZoneInfo("Europe/Sofia")
READ_AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
SUBNET: dict[str, Any] = {
    "id": 7, "subnet": "167774720", "mask": "24", "section": "Home", "vrfId": 0, "vrf": None, "masterSubnetId": 0,
    "isFolder": 0, "pingSubnet": 1, "isPool": 0,
}  # fmt: skip
ADDRESS: dict[str, Any] = {
    "id": 1, "subnetId": 7, "has_subnet": 1, "ip_addr": "167774730", "hostname": "nas", "mac": "AA-BB", "tag": "Used",
    "description": "", "is_gateway": 0, "lastSeen": "2026-01-15 13:00:00",
}  # fmt: skip


def snapshot(*rows: dict[str, Any], count: int | None = None) -> Snapshot:
    """What our reader makes of these rows."""
    lines = [*rows, {"rows": len(rows) if count is None else count}]
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    return Snapshot(EVERYWHERE, "phpipam.test", READ_AT, content)


def reasons(rejects: pd.DataFrame) -> str:
    """All the reasons, one a line."""
    return "\n".join(rejects["reason"])


def test_a_subnet_reads_as_the_contract_says() -> None:
    """A subnet becomes its CIDR with the section's name and the default VRF."""
    parsed = parse_subnets(snapshot(SUBNET))
    assert parsed.table.to_dict("records") == [
        {
            "id_phpipam": 7, "cidr": "10.0.10.0/24", "section": "Home", "vrf": "default", "is_leaf": True,
            "is_pinged": True, "is_pool": False,
        }
    ]  # fmt: skip
    assert tables.IPAM_SUBNETS.violations(parsed.table) == []


def test_folders_are_left_out_without_a_reject() -> None:
    """A folder is no subnet: subnet 0 and an empty mask are not garbage there."""
    folder = SUBNET | {"id": 5, "subnet": "0", "mask": "", "isFolder": 1}
    parsed = parse_subnets(snapshot(folder))
    assert parsed.table.empty
    assert parsed.rejects.empty


def test_a_subnet_with_children_is_no_leaf() -> None:
    """A child makes its master no leaf, even a child that cannot be read itself."""
    child = SUBNET | {"id": 8, "masterSubnetId": 7, "mask": "garbage"}
    parsed = parse_subnets(snapshot(SUBNET, child))
    assert parsed.table["is_leaf"].tolist() == [False]
    assert "'garbage' is no mask" in reasons(parsed.rejects)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"subnet": "10.0.10.0"}, "unsigned decimal"),
        ({"subnet": "167774721"}, "host bits"),
        ({"mask": "33"}, "'10.0.10.0/33' does not appear"),
        ({"section": None}, "section does not exist"),
        ({"vrfId": 3}, "VRF 3 does not exist"),
        ({"id": None}, "not a row's number"),
        ({"isFolder": "x"}, "neither 0 nor 1"),
    ],
)
def test_a_damaged_subnet_is_rejected_with_its_reason(damage: dict[str, Any], said: str) -> None:
    """A bad row is rejected by its own reason, and the good one beside it stays."""
    parsed = parse_subnets(snapshot(SUBNET | {"id": 9}, SUBNET | damage))
    assert parsed.table["id_phpipam"].tolist() == [9]
    assert said in reasons(parsed.rejects)


def test_ipv6_subnets_are_read() -> None:
    """The sample IPv6 subnet phpIPAM ships reads as its /64."""
    parsed = parse_subnets(snapshot(SUBNET | {"subnet": "336395549904799703390415618052362076160", "mask": "64"}))
    assert parsed.table["cidr"].tolist() == ["fd13:6d20:29dc:cf27::/64"]


def test_an_address_keeps_its_texts_byte_for_byte() -> None:
    """Hostname and MAC stay as phpIPAM holds them, empty text is null, and lastSeen becomes UTC."""
    parsed = parse_addresses(snapshot(ADDRESS | {"hostname": "Nas "}), SOFIA)
    row = parsed.table.iloc[0]
    assert (row["ip"], row["hostname"], row["mac"], row["tag"]) == ("10.0.10.10", "Nas ", "AA-BB", "Used")
    assert pd.isna(row["description"])
    assert row["last_seen_at"] == pd.Timestamp("2026-01-15T11:00:00Z")
    assert tables.IPAM_ADDRESSES.violations(parsed.table) == []


@pytest.mark.parametrize("never", [None, "1970-01-01 00:00:01", "0000-00-00 00:00:00", ""])
def test_never_seen_is_null(never: str | None) -> None:
    """The default, the agent's reset and NULL all mean never."""
    assert parse_addresses(snapshot(ADDRESS | {"lastSeen": never}), SOFIA).table["last_seen_at"].isna().all()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"ip_addr": "10.0.10.10"}, "the subnet page of phpIPAM answers 500 until it is mended"),
        ({"ip_addr": ""}, "the row with id 1"),
        ({"ip_addr": "0167774730"}, "unsigned decimal"),
        ({"ip_addr": str(2**128)}, "unsigned decimal"),
        ({"ip_addr": "١٢"}, "unsigned decimal"),
        ({"subnetId": None}, "in no subnet"),
        ({"has_subnet": 0}, "its subnet 7 does not exist"),
        ({"lastSeen": "yesterday"}, "is no time"),
        ({"lastSeen": "9999-12-31 23:59:59", "zone": "America/Lima"}, "is no time"),
        ({"hostname": 5}, "not a text"),
        ({"hostname": "\ud800"}, "surrogates"),
    ],
)
def test_a_damaged_address_is_rejected_and_the_others_stay(damage: dict[str, Any], said: str) -> None:
    """One garbage row costs that row only, and its reject says what to do."""
    zone = ZoneInfo(damage.pop("zone", "Europe/Sofia"))
    parsed = parse_addresses(snapshot(ADDRESS | {"id": 2, "ip_addr": "167774731"}, ADDRESS | damage), zone)
    assert parsed.table["ip"].tolist() == ["10.0.10.11"]
    assert said in reasons(parsed.rejects)


def test_a_doubled_address_is_rejected_once() -> None:
    """The first of two rows with one address stays, so the key holds."""
    parsed = parse_addresses(snapshot(ADDRESS, ADDRESS | {"id": 2}), SOFIA)
    assert parsed.table["id_phpipam"].tolist() == [1]
    assert "stands twice in subnet 7" in reasons(parsed.rejects)


def test_no_rows_is_an_empty_table_only_with_its_proof() -> None:
    """An empty phpIPAM says so; an empty answer is an error."""
    assert parse_subnets(snapshot()).table.empty
    with pytest.raises(ParseError, match="do not end with their number"):
        parse_subnets(Snapshot(EVERYWHERE, "phpipam.subnets", READ_AT, b""))


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_cut_answer_is_no_answer(cut: int) -> None:
    """Whatever is missing at the end, the whole snapshot is refused."""
    whole = snapshot(SUBNET, SUBNET | {"id": 8})
    with pytest.raises(ParseError):
        parse_subnets(Snapshot(EVERYWHERE, "phpipam.subnets", READ_AT, whole.content[:-cut]))


def test_a_wrong_count_is_no_answer() -> None:
    """A line lost in the middle is noticed by the number at the end."""
    with pytest.raises(ParseError, match="do not end with their number"):
        parse_subnets(snapshot(SUBNET, count=2))


def test_ipv4_ends_where_phpipam_ends_it() -> None:
    """The highest IPv4 number is IPv4, the next is IPv6; and what phpIPAM would misread cannot be written."""
    assert ip_of("4294967295") == "255.255.255.255"
    assert ip_of("4294967296") == "::1:0:0"
    with pytest.raises(ValueError, match="reads its number as an IPv4"):
        decimal_of("::5")


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6).filter(lambda ip: int(ip) > 4294967295)))
def test_an_address_survives_its_decimal_text(address: object) -> None:
    """Decimal text and back is the same address, in both families."""
    assert ip_of(decimal_of(str(address))) == str(address)


def test_a_skipped_hour_reads_as_php_reads_it() -> None:
    """03:30 of 29 March 2026 never was in Sofia; PHP makes it 04:30."""
    assert instant_of("2026-03-29 03:30:00", SOFIA) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_doubled_hour_reads_as_the_first() -> None:
    """03:30 of 25 October 2026 was twice in Sofia; the earlier claims no freshness that may not be."""
    assert instant_of("2026-10-25 03:30:00", SOFIA) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)))  # noqa: DTZ001 - made UTC below
def test_local_text_and_back_is_the_same_second_but_in_the_doubled_hour(naive: datetime) -> None:
    """What is written is read back, or one hour too early where the clocks ran twice: never too late."""
    instant = naive.replace(microsecond=0, tzinfo=UTC)
    back = instant_of(local_text(instant, SOFIA), SOFIA)
    assert back is not None
    assert (instant - back).total_seconds() in {0, 3600}


_JSON: st.SearchStrategy[object] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just([{}])
)


@given(st.binary())
def test_no_bytes_raise_anything_but_a_parse_error(content: bytes) -> None:
    """Any bytes are read or refused."""
    try:
        parse_addresses(Snapshot(EVERYWHERE, "phpipam.addresses", READ_AT, content), SOFIA)
    except ParseError as error:
        said = str(error)
    else:
        said = "phpipam.addresses was read"
    assert said.startswith("phpipam.addresses")


@given(st.sampled_from([SUBNET, ADDRESS]), st.dictionaries(st.sampled_from([*SUBNET, *ADDRESS]), _JSON, max_size=4))
def test_no_row_of_json_raises(row: dict[str, Any], damage: dict[str, Any]) -> None:
    """Whatever stands in a column, the row is read by contract or rejected."""
    addresses = parse_addresses(snapshot(row | damage), SOFIA)
    subnets = parse_subnets(snapshot(row | damage))
    assert tables.IPAM_ADDRESSES.violations(addresses.table) == []
    assert tables.IPAM_SUBNETS.violations(subnets.table) == []
    assert len(addresses.table) + len(addresses.rejects) == 1
