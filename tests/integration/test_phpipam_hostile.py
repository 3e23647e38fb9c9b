"""Hostile text at phpIPAM's door: refused where it is ours to write, harmless where it is there already (rule R11)."""

import re
from pathlib import Path

import pytest

from tests.hostile import ALL
from tests.integration.phpipam_case import MGMT, Case, change, create, on_mariadb, on_sqlite, outcomes

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


def test_no_name_of_the_corpus_arrives_as_markup(case: Case) -> None:
    """Handed straight to the sink: nothing with a meaning in HTML arrives, and nobody's row changes."""
    corpus = [name for name in ALL if name][:240]
    case.add("10.0.10.253", hostname="theirs", note="<b>theirs</b>")
    before = case.address("10.0.10.253")
    news = [one for at, name in enumerate(corpus, start=1) for one in create(f"10.0.10.{at}", hostname=name)]
    found = set(outcomes(case.apply(*news)))
    assert found == {"applied", "refused"}
    rows = case.root.execute("SELECT hostname FROM ipaddresses WHERE subnetId = %s", [MGMT])
    arrived = {row["hostname"] for row in rows} & set(corpus)
    assert {name for name in arrived if not re.fullmatch(r"[A-Za-z0-9._-]{1,253}", name)} == set()
    assert case.address("10.0.10.253") == before
    assert "<" not in "".join(text for _, _, text in case.changelog())


def test_the_whole_corpus_is_read_byte_for_byte(case: Case) -> None:
    """What a person typed into phpIPAM comes as it is, whatever it is: nothing is lost on the way to being judged."""
    texts = [name for name in ALL if 0 < len(name) < 64 and not re.search("[\ud800-\udfff]", name)]
    corpus = texts[::6]
    for number, name in enumerate(corpus, start=100):
        case.add(f"10.0.10.{number}", hostname=name)
    read = dict(zip(case.parsed()["ip"], case.parsed()["hostname"], strict=True))
    for number, name in enumerate(corpus, start=100):
        assert read[f"10.0.10.{number}"] == name
