"""What may be written into phpIPAM, and how its changelog tells it: the pure parts."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.phpipam import changelog
from resources.phpipam.changes import Change, Row, rows
from resources.phpipam.sink import fault, seen_at

AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def wish(field: str, after: str | None, action: str = "update", ip: str = "10.0.10.5") -> Change:
    """One change of an existing address."""
    identity = None if action == "create" else 5
    return Change("sofia", 7, "10.0.10.0/24", ip, identity, action, field, None, after, "r")


@pytest.mark.parametrize("name", ["nas", "NAS", "nas-2.valchedrym", "_srv.x_y", "a" * 63, "5"])
def test_host_names_pass(name: str) -> None:
    """Letters, digits, hyphen, underscore and dots between labels of up to 63."""
    assert fault(wish("hostname", name), AT) is None


@given(st.text(max_size=70))
def test_no_text_that_passes_can_be_markup(text: str) -> None:
    """Whatever is let through is short, visible, and inert inside HTML, attribute or not."""
    for field in ("hostname", "description"):
        if fault(wish(field, text), AT) is None:
            assert 0 < len(text) <= 64
            assert not set(text) & set("<>\"'&`\r\n\t\x00\x7f\u202e\u2028")
            assert all(unicodedata.category(one)[0] != "C" for one in text)


@given(st.text())
def test_a_refusal_is_one_printable_line(text: str) -> None:
    """The reason quotes what was refused without its control characters, and not much of it."""
    for field in ("hostname", "mac", "lastSeen", "description"):
        said = fault(wish(field, text, "touch" if field == "lastSeen" else "update"), AT) or ""
        assert said.isascii()
        assert said.isprintable()
        assert len(said) < 200


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (wish("lastSeen", AT.isoformat(), "update"), "lastSeen, and only it, is touched"),
        (wish("hostname", "nas", "touch"), "lastSeen, and only it, is touched"),
        (wish("lastSeen", None, "touch"), "lastSeen not sent"),
        (wish("hostname", "nas", ip="10.0.11.5"), "is not in 10.0.10.0/24"),
        (wish("hostname", "nas")._replace(id_phpipam=None), "no ipaddresses.id"),
        (wish("hostname", "nas", "create")._replace(id_phpipam=4), "has id 4"),
    ],
)
def test_a_change_without_sense_is_refused(change: Change, said: str) -> None:
    """What no plan should hold is not sent either."""
    assert said in (fault(change, AT) or "")


def test_a_little_ahead_is_no_fault() -> None:
    """Clocks differ by minutes; an hour is a broken one."""
    assert fault(wish("lastSeen", (AT + timedelta(minutes=14)).isoformat(), "touch"), AT) is None
    assert "ahead of our clock" in (fault(wish("lastSeen", (AT + timedelta(hours=1)).isoformat(), "touch"), AT) or "")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "1970-01-01T00:00:01+00:00", "", "now"])
def test_what_is_no_sighting_is_no_instant(text: str) -> None:
    """The beginning of time is phpIPAM's "never", and the calendar's end no error of another kind."""
    assert "no instant after 1970" in (fault(wish("lastSeen", text, "touch"), AT) or "")


def test_an_instant_says_its_zone() -> None:
    """Any offset will do, none will not."""
    assert seen_at("2026-01-15T14:00:00+02:00") == AT
    with pytest.raises(ValueError, match="no instant after 1970"):
        seen_at("2026-01-15T12:00:00")


def test_rows_gather_the_fields_of_one_address() -> None:
    """Two changes of one action to one address are one row; other actions are other rows."""
    changes = [wish("hostname", "nas"), wish("lastSeen", AT.isoformat(), "touch"), wish("mac", "aa:bb:cc:dd:ee:ff")]
    assert rows(changes, "update") == [Row((changes[0], changes[2]))]
    assert rows(changes, "touch") == [Row((changes[1],))]


def test_an_edit_reads_as_phpipam_writes_it() -> None:
    """`[field]: old => new`, NULL for none, full stops for colons, and nothing for what did not change."""
    before = {"hostname": None, "mac": "aa:bb:cc:dd:ee:ff", "description": "same"}
    after = {"hostname": "nas", "mac": "aa:bb:cc:dd:ee:00", "description": "same"}
    text = "[hostname]: NULL => nas\r\n[mac]: aa.bb.cc.dd.ee.ff => aa.bb.cc.dd.ee.00\r\n"
    assert changelog.edited(before, after) == text


def test_a_subnet_without_a_description_has_no_brackets() -> None:
    """As class.Log.php formats it."""
    assert changelog.subnet("10.0.10.0/24", None, 7) == "10.0.10.0/24 (id 7)"
    assert changelog.subnet("10.0.10.0/24", "Mgmt", 7) == "10.0.10.0/24 [Mgmt] (id 7)"


@given(st.text(), st.text())
def test_no_value_can_forge_a_changelog_line(old: str, new: str) -> None:
    """One changed field is one line, whatever stands in it, and it holds no tag."""
    text = changelog.edited({"hostname": old}, {"hostname": new})
    assert text.count("\n") == (old != new)
    assert "<" not in text
