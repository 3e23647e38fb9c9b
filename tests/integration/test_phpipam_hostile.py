"""Hostile text at phpIPAM's door: refused where it is ours to write, harmless where it is there already (rule R11)."""

from pathlib import Path

import pytest

from tests.integration.phpipam_case import Case, change, create, on_mariadb, on_sqlite, outcomes

IP = "10.0.10.50"


@pytest.fixture(params=[pytest.param("mariadb", marks=pytest.mark.services("mariadb")), "sqlite"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """The same phpIPAM on both kinds of database."""
    if request.param == "sqlite":
        return on_sqlite(tmp_path)
    return on_mariadb(request.getfixturevalue("phpipam_database"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hostname", "<img src=x onerror=alert(1)>"),
        ("hostname", "x'; DELETE FROM ipaddresses; -- "),
        ("hostname", "a" * 64),
        ("hostname", ".".join(["a" * 60] * 5)),
        ("hostname", "näs"),
        ("hostname", "nas\n"),
        ("description", "it's"),
        ("description", "a & b"),
        ("description", "x" * 65),
        ("description", "\u202egpj.exe"),
        ("description", "\x1b[2J"),
        ("mac", "AA:BB:CC:DD:EE:FF"),
        ("mac", "00:11:22:33:44:55:66:77"),
        ("lastSeen", "2026-01-15 11:00:00"),
        ("lastSeen", "2026-01-15T12:30:00+00:00"),
    ],
)
def test_what_phpipam_must_not_hold_is_refused_here(case: Case, field: str, value: str) -> None:
    """Markup, control characters, what is too long or not canonical is not sent, and the receipt says why."""
    before = case.everything()
    receipt = case.apply(*create(IP, **{field: value}))
    assert outcomes(receipt) == ["refused"]
    assert f"{field} not sent" in receipt["detail"].iloc[0]
    assert case.everything() == before


def test_a_refused_field_does_not_cost_the_row_its_others(case: Case) -> None:
    """A new row goes in without the field that was refused."""
    receipt = case.apply(*create(IP, hostname="nas", description="<b>"))
    assert outcomes(receipt) == ["applied", "refused"]
    assert (case.address(IP)["hostname"], case.address(IP)["description"]) == ("nas", None)


@pytest.mark.parametrize("ip", ["10.0.20.5", "::5"])
def test_an_address_outside_its_subnet_is_refused(case: Case, ip: str) -> None:
    """PhpIPAM could never edit such a row again."""
    assert outcomes(case.apply(*create(ip, hostname="nas"))) == ["refused"]


@pytest.mark.parametrize("hostile", ["x'; -- ", "<img src=x onerror=alert(1)>", "back\\slash", "%s %(x)s :bind", "💩"])
def test_hostile_text_is_found_replaced_and_logged_harmlessly(case: Case, hostile: str) -> None:
    """Whatever a field held, it is matched byte for byte, and the changelog shows it escaped, as phpIPAM's would."""
    identity = case.add(IP, hostname=hostile)
    assert case.parsed()["hostname"].iloc[0] == hostile
    assert outcomes(case.apply(change("update", IP, "hostname", hostile, "nas", identity))) == ["applied"]
    assert case.address(IP)["hostname"] == "nas"
    assert "<" not in case.changelog()[0][2]


def test_a_forged_line_in_an_old_value_stays_inside_its_line(case: Case) -> None:
    """A line end in what was there cannot add a line to the changelog."""
    identity = case.add(IP, hostname="a\r\n[owner]: b => c")
    case.apply(change("update", IP, "hostname", "a\r\n[owner]: b => c", "nas", identity))
    assert case.changelog()[0][2] == "[hostname]: a??[owner]. b =&gt; c => nas\r\n"
