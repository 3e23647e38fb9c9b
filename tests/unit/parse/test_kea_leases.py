"""Kea's lease answers as `tables.LEASES`: real captures, and what must not be believed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import kea_leases
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot

KEA = Path(__file__).parents[2] / "fixtures" / "kea"
T0 = datetime.fromtimestamp(json.loads((KEA / "captured_at.json").read_text())["t0"], UTC)
PAGES = [(KEA / f"lease4-get-page.{number}.json").read_bytes() for number in (1, 2, 3, 4)]
LEASE: dict[str, Any] = {
    "cltt": 1795387257,
    "fqdn-fwd": True,
    "fqdn-rev": True,
    "hostname": "devvm.viktorbarzin.lan",
    "hw-address": "52:54:00:10:00:10",
    "ip-address": "10.0.10.10",
    "state": 0,
    "subnet-id": 1,
    "valid-lft": 7200,
}


def parse(content: bytes, offset_s: int = 0, read_at: datetime = T0) -> Parsed:
    """What is read from it, by the contracts."""
    parsed = kea_leases.parse(Snapshot("sofia", "kea4.leases", read_at, content, clock_offset_s=offset_s))
    assert tables.LEASES.violations(parsed.table) == []
    assert tables.REJECTS.violations(parsed.rejects) == []
    return parsed


def fixture(name: str) -> Parsed:
    """What is read from a capture."""
    return parse((KEA / f"{name}.json").read_bytes())


def answer(*leases: object, announced: int | None = None) -> bytes:
    """Kea's answer to lease4-get-all."""
    count = len(leases) if announced is None else announced
    body = {"arguments": {"leases": leases}, "result": 0, "text": f"{count} IPv4 lease(s) found."}
    return json.dumps(body).encode()


def one(**changes: object) -> "pd.Series[Any]":
    """The only row of an answer with this one lease."""
    table = parse(answer(LEASE | {key.replace("_", "-"): value for key, value in changes.items()})).table
    assert len(table) == 1
    return table.iloc[0]


def test_every_lease_of_a_real_answer_is_a_row() -> None:
    """The capture's hundred leases are a hundred rows: one declined, two reclaimed, the others assigned."""
    parsed = fixture("lease4-get-all")
    assert parsed.table["state"].value_counts().to_dict() == {"assigned": 97, "reclaimed": 2, "declined": 1}
    assert parsed.rejects.empty


def test_a_declined_lease_has_neither_mac_nor_name() -> None:
    """Kea forgets who held a declined address: its MAC and name are null, not empty."""
    table = fixture("lease4-get-all").table
    assert table.loc[table["state"] == "declined", ["mac", "client_id", "hostname"]].isna().all(axis=None)


def test_pages_are_the_same_table_as_everything_at_once() -> None:
    """Four pages of at most forty leases give the very table that lease4-get-all gives."""
    pd.testing.assert_frame_equal(parse(b"\n".join(PAGES)).table, fixture("lease4-get-all").table)


@pytest.mark.parametrize("lines", [PAGES[:2], [PAGES[0], PAGES[2], PAGES[1]], PAGES[:1] * 3, [PAGES[3], PAGES[0]]])
def test_pages_without_their_end_are_no_answer(lines: list[bytes]) -> None:
    """Pages whose last one is not short do not prove that Kea had no more."""
    with pytest.raises(ParseError, match="the last one was not reached"):
        parse(b"\n".join(lines))


def test_a_short_last_page_ends_the_walk() -> None:
    """Twenty leases after forty and forty are the end, whether or not the empty page behind them was asked for."""
    assert len(parse(b"\n".join(PAGES[:3])).table) == 100


def test_a_full_single_page_is_not_the_end() -> None:
    """A page as long as the limit that is asked for must be followed by another."""
    leases = [LEASE | {"ip-address": f"10.1.{number // 250}.{number % 250}"} for number in range(kea_leases.PAGE_LIMIT)]
    page = json.loads(answer(*leases))
    page["arguments"]["count"] = len(leases)
    with pytest.raises(ParseError, match="the last one was not reached"):
        parse(json.dumps(page).encode())


@pytest.mark.parametrize("name", ["lease4-get-all.empty", "error-lease4-get-all-unknown-subnet", "lease4-get-page.4"])
def test_no_leases_is_an_answer(name: str) -> None:
    """A server without leases says so (result 3), and that is an empty table."""
    parsed = fixture(name)
    assert parsed.table.empty
    assert parsed.rejects.empty


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("error-hook-missing", "result 2"),
        ("error-malformed", "result 1"),
        ("error-partial-command-timeout", "result 1"),
        ("lease4-get-all.truncated", "8192 bytes are not one whole JSON value"),
        ("lease4-get-notfound", "not to lease4-get-page"),
        ("ctrl-agent.lease4-get", "not to lease4-get-page"),
        ("config-get", "not to lease4-get-page"),
    ],
)
def test_another_answer_is_never_an_empty_table(name: str, words: str) -> None:
    """An error of Kea's, a cut answer or the answer to another question is unreadable, not "no leases"."""
    with pytest.raises(ParseError, match=words):
        fixture(name)


def test_what_kea_announces_must_be_there() -> None:
    """An answer with fewer leases than Kea says it found is worth nothing."""
    with pytest.raises(ParseError, match=r"'2 IPv4 lease\(s\) found\.', but there came 1 lease"):
        parse(answer(LEASE, announced=2))


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"Enter an option: ", b"[]", b"NaN", b"[" * 100_000, b"\xef\xbb\xbf{}"]
)
def test_what_is_no_answer_of_keas_is_unreadable(content: bytes) -> None:
    """Nothing, a menu, or damage raises ParseError and nothing else."""
    with pytest.raises(ParseError):
        parse(content)


def test_the_control_agents_list_is_unwrapped() -> None:
    """kea-ctrl-agent puts the same answer into a list."""
    assert len(parse(b"[" + answer(LEASE) + b"]").table) == 1


def test_odd_leases_are_kept_as_they_are() -> None:
    """All 21 leases that lease4-add let in are rows; hostile names stay text, for the sinks to refuse."""
    table = fixture("lease4-get-all.odd-values").table.set_index("ip")
    assert len(table) == 21
    assert table.loc["10.0.10.103", "hostname"] == "trailing-dot.viktorbarzin.lan."
    assert table.loc["10.0.10.123", "hostname"] == "'; drop table leases;--"
    assert table.loc["10.0.10.107", "client_id"] == "01020000001007"
    assert pd.isna(table.loc["10.0.10.107", "mac"])


def test_a_lease_for_ever_never_ends() -> None:
    """A valid-lft of 2^32 - 1 means for ever: neither a length nor an end."""
    table = fixture("lease4-get-all.odd-values").table.set_index("ip")
    assert table.loc["10.0.10.111", ["valid_s", "expires_at"]].isna().all()


def test_names_are_read_as_the_utf8_they_were() -> None:
    r"""Kea prints a byte of a name as \u00XX: the bytes are put together again."""
    held = json.loads((KEA / "lease4-get.nonascii.json").read_text())["arguments"]
    parsed = parse(answer(held))
    assert parsed.table["hostname"].tolist() == [held["hostname"].encode("latin-1").decode().lower()]
    assert not parsed.table["hostname"][0].isascii()


def test_bytes_that_are_no_utf8_do_not_stop_the_table() -> None:
    """A name may hold any bytes, and a name from beyond Latin-1 cannot be Kea's: neither breaks the answer."""
    assert one(hostname="caf\xe9")["hostname"] == "caf\ufffd"
    assert one(hostname="\ud800\u20ac")["hostname"] == "??"


def test_times_are_by_our_clock() -> None:
    """A gateway whose clock is ten minutes ahead confirms its leases ten minutes earlier than it says."""
    ahead = parse(answer(LEASE), offset_s=600).table.iloc[0]
    assert ahead["cltt_at"] == datetime.fromtimestamp(LEASE["cltt"] - 600, UTC)
    assert ahead["expires_at"] == datetime.fromtimestamp(LEASE["cltt"] + 7200 - 600, UTC)


def test_nothing_is_confirmed_after_we_asked() -> None:
    """A lease renewed while we read was last confirmed when we asked, at the latest; its end is as Kea says."""
    early = datetime.fromtimestamp(LEASE["cltt"], UTC) - timedelta(seconds=5, microseconds=7)
    row = parse(answer(LEASE), read_at=early).table.iloc[0]
    assert early - timedelta(seconds=1) < row["cltt_at"] <= early
    assert row["expires_at"] == datetime.fromtimestamp(LEASE["cltt"] + 7200, UTC)


def test_all_of_keas_states_have_their_word() -> None:
    """States 0 to 4 are Kea's own, in its order."""
    states = [one(state=code)["state"] for code in range(5)]
    assert states == ["assigned", "declined", "reclaimed", "released", "registered"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": 5}, "state is 5, not 0 to 4; is this Kea newer than we know?"),
        ({"state": True}, "state is True, not int"),
        ({"ip-address": "10.0.10.256"}, "10.0.10.256"),
        ({"ip-address": "fe80::1%eth0"}, "fe80::1%eth0"),
        ({"cltt": "soon"}, "cltt is 'soon', not int"),
        ({"cltt": 10**20}, "cltt is"),
        ({"valid-lft": -1}, "valid-lft is -1"),
        ({"hostname": None}, "hostname is None, not str"),
        ({"client-id": "zz"}, "client-id 'zz'"),
        ({"fqdn-fwd": 1}, "fqdn-fwd is 1, not bool"),
    ],
)
def test_a_bad_lease_is_rejected_alone(changes: dict[str, object], reason: str) -> None:
    """A lease with a field that cannot be is a reject with its position, and the next lease is still a row."""
    parsed = parse(answer(LEASE | changes, LEASE))
    assert parsed.table["ip"].tolist() == ["10.0.10.10"]
    assert parsed.rejects["line"].tolist() == [1]
    assert reason in parsed.rejects["reason"][0]


def test_a_missing_field_is_named() -> None:
    """A lease without its cltt is rejected for just that."""
    parsed = parse(answer({key: value for key, value in LEASE.items() if key != "cltt"}, "not a lease"))
    assert parsed.rejects["reason"].tolist() == ["cltt is missing", "a lease is a JSON object"]


def test_a_lease_of_other_hardware_is_kept_without_its_address() -> None:
    """An InfiniBand address is no EUI-48: the lease stays, its MAC is null, and the rejects say so."""
    parsed = parse(answer(LEASE | {"hw-address": ":".join(["a0"] * 20)}))
    assert parsed.table["mac"].isna().tolist() == [True]
    assert "is no EUI-48; the lease is kept without it" in parsed.rejects["reason"][0]


def test_of_an_address_on_two_pages_the_later_counts() -> None:
    """Pages are asked for one after the other: what was said last is what is true."""
    table = parse(answer(LEASE, LEASE | {"hostname": "Later"})).table
    assert table["hostname"].tolist() == ["later"]
