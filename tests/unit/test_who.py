"""Who: what is asked for, what a census has seen, and the answer in its three forms."""

import csv
import json
import time

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import ConfigError
from pipelines.history import observations
from pipelines.who import MOST_ROWS, Looks, Question, as_csv, as_json, as_text, question
from tests.networks import ALICE, AT, census, hour, lease, minutes_ago, neighbour, reservation, source

LOOKS = {"home": Looks(minutes_ago(600), AT, minutes_ago(60), AT)}


def held(name: str | None = "nas.example.lan.", *, count: int = 1) -> pd.DataFrame:
    """So many rows of one holder, an hour each."""
    times = [minutes_ago(60 * ago) for ago in range(count)]
    rows = [("home", "10.0.1.5", ALICE, None, name, "lease", "arp", at, at + pd.Timedelta(hours=1), at) for at in times]
    return tables.HOLDERS.rows(rows)


def test_what_is_asked_for_is_told_by_its_form() -> None:
    """An address, a MAC in any form, a whole name, or its first label."""
    assert question("FD00::05") == Question("ip", "fd00::5")
    assert question("5254.0000.000A") == Question("mac", ALICE)
    assert question("NAS.example.lan") == Question("name", "nas.example.lan.")
    assert question(" nas ") == Question("name", "nas", is_label=True)


def test_a_time_without_an_offset_is_local(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one with Z or an offset is what it says; the answer names UTC."""
    monkeypatch.setenv("TZ", "Europe/Sofia")
    time.tzset()
    try:
        asked = question("10.0.1.5", at="2026-11-17T22:30")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert asked == question("10.0.1.5", at="2026-11-17T20:30Z") == question("10.0.1.5", at="2026-11-17T21:30+01:00")
    assert asked.at == pd.Timestamp("2026-11-17T20:30Z")
    assert question("10.0.1.5", since="2026-11-17T20:30Z").at is None


@pytest.mark.parametrize(
    "times", [{"at": "yesterday"}, {"since": "2026-02-30"}, {"since": "2026-03-02", "until": "2026-03-01"}]
)
def test_a_time_that_is_none_is_refused_with_what_to_write(times: dict[str, str]) -> None:
    """Not guessed at."""
    with pytest.raises(ConfigError, match=r"Write it as|Swap them"):
        question("10.0.1.5", **times)


def test_the_answer_says_who_from_when_to_when_and_who_looked() -> None:
    """And what was between two looks is not claimed."""
    assert as_text(Question("ip", "10.0.1.5", since=AT, until=AT), held(), LOOKS).splitlines() == [
        "10.0.1.5 at 2026-03-01 12:00:00 UTC",
        "  10.0.1.5 (home)  52:54:00:00:00:0a  nas.example.lan.  lease, by arp",
        "      from 2026-03-01 12:00:00 UTC to 2026-03-01 13:00:00 UTC, last found so 2026-03-01 12:00:00 UTC",
        "  home was looked at 2026-03-01 11:00:00 UTC, and next 2026-03-01 12:00:00 UTC",
    ]


@pytest.mark.parametrize(
    ("looks", "says"),
    [
        (Looks(AT, AT, None, AT), "was not looked at before 2026-03-01 12:00:00 UTC: what was then is not known"),
        (Looks(AT, AT, AT, None), "was last looked at 2026-03-01 12:00:00 UTC: what came after is not known"),
    ],
)
def test_outside_the_looks_nothing_is_known(looks: Looks, says: str) -> None:
    """Nobody looked is not the same as nobody there (rule R1)."""
    answer = as_text(Question("ip", "10.0.1.9", since=AT, until=AT), held().head(0), {"home": looks})
    assert "no holder is known" in answer
    assert says in answer


def test_a_person_is_shown_fifty_rows_and_told_of_the_others() -> None:
    """The exports have all of them."""
    rows = held(count=MOST_ROWS + 3)
    assert "... and 3 more" in as_text(Question("ip", "10.0.1.5"), rows, LOOKS)
    assert len(as_csv(rows).splitlines()) == MOST_ROWS + 4
    assert len(json.loads(as_json(Question("ip", "10.0.1.5"), rows, LOOKS))["rows"]) == MOST_ROWS + 3


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(1)", " =1", "\t=1", "\x1b[2J", 'a",=1,"', "a\r\n=1"]
)
def test_no_terminal_and_no_spreadsheet_obeys_a_name(name: str) -> None:
    """A hostile text is its escapes; in CSV it is one cell, and no formula (rule R11)."""
    rows = held(name)
    for answer in (
        as_text(Question("name", name), rows, LOOKS),
        as_csv(rows),
        as_json(Question("name", name), rows, LOOKS),
    ):
        assert answer.replace("\n", "").replace("\r", "").isprintable()
    _, cells = csv.reader(as_csv(rows).splitlines(keepends=True))
    assert len(cells) == len(tables.HOLDERS.names)
    assert not cells[4].lstrip().startswith(("=", "+", "-", "@"))


# --- what a census has seen ----------------------------------------------------------------------------------------


def test_a_look_says_who_held_which_address_under_which_name() -> None:
    """The binding, the granted name, and the sources; a neighbour cache does not count beside a lease."""
    rows = {"leases": [lease("10.0.1.5", ALICE, "nas")], "neighbours": [neighbour("10.0.1.5", ALICE)]}
    parsed = hour(reservations=[reservation("10.0.1.6", None, "tv")], **rows)
    made = census(parsed)
    by_site = {one.site: one for one in observations(made["bindings"], made["name_claims"], parsed["sources"], [])}
    assert set(by_site) == {"home", "cabin"}
    assert by_site["home"].at == AT
    first, second = by_site["home"].holders.to_dict("records")
    assert (first["mac"], first["name"], first["kind"]) == (ALICE, "nas.example.lan.", "lease")
    assert first["evidence"] == "kea4.leases"
    assert second["evidence"] == "reservation"


def test_nobody_is_gone_where_nobody_looked() -> None:
    """A site with an unread source, or left out, has no look; with an unread target, none has."""
    parsed = hour(unread=[source("cabin", "arp", "no answer")], leases=[lease("10.0.1.5", ALICE, "nas")])
    made = census(parsed)

    def seen(sources: pd.DataFrame, left_out: list[str]) -> list[str]:
        return [one.site for one in observations(made["bindings"], made["name_claims"], sources, left_out)]

    assert seen(parsed["sources"], []) == ["home"]
    assert seen(parsed["sources"], ["home"]) == []
    assert seen(hour(unread=[source("*", "phpipam.addresses", "down")])["sources"], []) == []
