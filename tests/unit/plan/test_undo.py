"""What an undo takes back, and what it leaves because somebody else changed it since."""

from collections.abc import Sequence

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import ConfigError
from pipelines.plan.guards import guards
from pipelines.plan.past import Past
from pipelines.plan.undo import Request, Wrote, chosen, run_of, stop_forgotten, undo
from tests.networks import ALICE, AT, NETWORK, Row, Tables, cells, census, frame, hour, in_zone, lease, ledger, only
from tests.targets import carried_out, written

RUN = "11111111-aaaa"
NAME, POINTER = "nas.example.lan.", "5.1.0.10.in-addr.arpa."
Done = tuple[Tables, pd.DataFrame, pd.DataFrame]


@pytest.fixture(scope="module")
def done() -> Done:
    """The targets after a census that made a row, A, PTR and two DHCIDs; the ledger; and what it wrote."""
    first = hour(leases=[lease("10.0.1.5", ALICE, "nas")])
    made, nothing = census(first), tables.APPLIED.empty()
    after, known = carried_out(first, made, nothing)
    return after, known, written(made, after, nothing, RUN)


def edited(after: Tables, name: str, **values: object) -> Tables:
    """The targets after somebody set these values in the row of phpIPAM (or the record) of this owner or address."""
    table = "zone_records" if name.endswith(".") else "ipam_addresses"
    rows = after[table].copy()
    is_it = (rows["owner"] == name) & (rows["type"] != "DHCID") if table == "zone_records" else rows["ip"] == name
    for column, value in values.items():
        rows.loc[is_it, column] = value
    return after | {table: rows}


def back(done: Done, after: Tables | None = None, since: pd.DataFrame | None = None) -> Tables:
    """The undo of all of it."""
    there, known, wrote = done
    later = tables.WRITTEN.empty() if since is None else since
    return undo(wrote, later, after or there, known, network=NETWORK)


def rules(made: Tables) -> dict[object, set[object]]:
    """The rules by which what is of each subject was left."""
    return {subject: set(rows["rule"]) for subject, rows in made["withheld"].groupby("subject")}


def subjects(made: Tables) -> set[object]:
    """What would be changed."""
    return {*made["ipam_plan"]["ip"], *made["dns_plan"]["owner"]}


def test_all_of_it_is_taken_back(done: Done) -> None:
    """The records go, with the TTL and the DHCID they were made with; the row is emptied and Offline."""
    made = back(done)
    assert cells(made["dns_plan"], "owner", "type", "action") == [
        (POINTER, "DHCID", "delete"), (POINTER, "PTR", "delete"), (NAME, "A", "delete"), (NAME, "DHCID", "delete"),
    ]  # fmt: skip
    assert cells(made["ipam_plan"], "field", "before", "after") == [
        ("hostname", "nas", None), ("mac", ALICE, None), ("tag", "Used", "Offline"),
    ]  # fmt: skip
    assert made["withheld"].empty


@pytest.mark.parametrize(("name", "values", "stays"), [
    (NAME, {"rdata": "10.0.1.9"}, {NAME}),
    (NAME, {"ttl_s": 60}, {NAME}),
    (POINTER, {"rdata": "else.example.lan."}, {POINTER}),
    ("10.0.1.5", {"description": "mine"}, {"10.0.1.5"}),
    ("10.0.1.5", {"hostname": "mine"}, {"10.0.1.5"}),
    ("10.0.1.5", {"tag": "DHCP"}, {"10.0.1.5"}),
    ("10.0.1.5", {"id_phpipam": 4}, {"10.0.1.5"}),
])  # fmt: skip
def test_what_a_person_changed_since_stays_and_the_rest_goes_on(
    done: Done, name: str, values: Row, stays: set[str]
) -> None:
    """Data, TTL, any text of the row, its tag, a row made anew: with a DHCID what it marks, and nothing else."""
    made = back(done, edited(done[0], name, **values))
    assert set(rules(made)) == stays
    assert set.union(*rules(made).values()) <= {"changed-since", "beside"}
    assert subjects(made) == {NAME, POINTER, "10.0.1.5"} - stays


def test_a_reserved_row_is_a_persons(done: Done) -> None:
    """As everywhere: gateway and reserved rows are not changed."""
    made = back(done, edited(done[0], "10.0.1.5", tag="Reserved"))
    assert rules(made) == {"10.0.1.5": {"locked"}}


def test_what_kea_took_over_stays(done: Done) -> None:
    """D2 replaced our DHCID by its own, or the ledger has let go of the name."""
    after, known, wrote = done
    taken = after["zone_records"].assign(
        rdata=after["zone_records"]["rdata"].mask(after["zone_records"]["type"] == "DHCID", "AAED")
    )
    assert set.union(*rules(back(done, after | {"zone_records": taken})).values()) == {"kea-name"}
    without = only(known, target="phpipam")
    made = undo(wrote, tables.WRITTEN.empty(), after, without, network=NETWORK)
    assert set(rules(made)) == {NAME, POINTER}


def test_what_a_later_run_wrote_is_told_with_that_run(done: Done) -> None:
    """The same value written again is that run's; an undo of this very run is why there is nothing to do."""
    wrote = done[2]
    again = wrote.assign(run_id="22222222-bbbb")
    assert set.union(*rules(back(done, since=again)).values()) == {"written-again"}
    assert set.union(*rules(back(done, since=again.assign(undoes=RUN))).values()) == {"already"}
    redone = tables.WRITTEN.concat([again.assign(undoes=RUN), again.assign(run_id="33333333-cccc")])
    assert set.union(*rules(back(done, since=redone)).values()) == {"written-again"}


def test_a_later_run_of_which_nothing_was_heard_stands_in_no_way(done: Done) -> None:
    """An undo whose answers were lost may be repeated: what reads as the run left it is taken back."""
    unheard = done[2].assign(run_id="22222222-bbbb", outcome="unknown")
    for since in (unheard, unheard.assign(undoes=RUN)):
        made = back(done, since=since)
        assert subjects(made) == {NAME, POINTER, "10.0.1.5"}
        assert made["withheld"].empty


def test_a_row_of_which_the_id_was_never_told_may_be_anybodys(done: Done) -> None:
    """A census that was killed before phpIPAM had answered made it, or a person did: it stays, and that is said."""
    after, known, wrote = done
    unheard = wrote[wrote["field"] != "row"].assign(outcome="unknown")
    made = undo(unheard, tables.WRITTEN.empty(), after, known, network=NETWORK)
    assert rules(made) == {"10.0.1.5": {"unconfirmed"}}
    assert subjects(made) == {NAME, POINTER}


def test_twice_does_nothing_the_second_time(done: Done) -> None:
    """What is gone already is as it was before; no row is planned and nothing is held."""
    after, known, wrote = done
    restored, then = carried_out(after, back(done), known)
    made = undo(wrote, tables.WRITTEN.empty(), restored, then, network=NETWORK)
    assert made["dns_plan"].empty
    assert set.union(*(rules(made)[name] for name in (NAME, POINTER))) == {"already"}


def test_what_was_only_adopted_is_adopted_again() -> None:
    """A name that stood there before us, changed and put back: it is still never ours to delete."""
    records = [in_zone(NAME, "A", "10.0.1.6"), in_zone(POINTER, "PTR", "old.example.lan.")]
    old = {"target": "dns", "scope": "1.0.10.in-addr.arpa.", "subject": POINTER, "field": "PTR", "is_adopted": True}
    known = ledger({**_WRITTEN, **old, "value": "old.example.lan."})
    first = hour(leases=[lease("10.0.1.5", ALICE, "tv")], zone_records=records)
    made = census(first, known)
    after, then = carried_out(first, made, known)
    taken = undo(written(made, after, known, RUN), tables.WRITTEN.empty(), after, then, network=NETWORK)["undone"]
    assert ("PTR", "old.example.lan.", "adopted") in cells(taken, "field", "restored", "restored_whose")


_WRITTEN: Row = {"ttl_s": 3600, "intended": None, "at": AT, "named_by": None, "missing_since_at": None}


@pytest.mark.parametrize(("request_", "left"), [
    (Request(RUN, target="dns"), {NAME, POINTER}),
    (Request(RUN, scope="example.lan"), {NAME}),
    (Request(RUN, subject="10.0.1.5"), {NAME, POINTER, "10.0.1.5"}),
    (Request(RUN, subject="NAS.example.lan"), {NAME, POINTER}),
    (Request(RUN, subject="nas"), {NAME, POINTER, "10.0.1.5"}),
])  # fmt: skip
def test_a_part_of_it_is_chosen_by_target_scope_or_subject(done: Done, request_: Request, left: set[str]) -> None:
    """A subject is an address or a name, and what speaks of it goes with it."""
    found = chosen(done[2], request_, NETWORK)
    assert {*found["subject"]} == left


def test_what_cannot_be_undone_is_said_in_a_sentence(done: Done) -> None:
    """Nothing written, nothing of that, receipts of an older release: each its own words."""
    wrote, ask = done[2], Request(RUN)
    touched = frame(tables.WRITTEN, [dict.fromkeys(tables.WRITTEN.names) | _RESENT])
    for rows, request_, words in (
        (wrote.head(0), ask, "wrote nothing to phpIPAM or DNS"),
        (touched, ask, "wrote nothing that can be undone"),
        (wrote.assign(before_whose=None), ask, "made by an older release"),
        (wrote, Request(RUN, subject="10.0.1.77"), "wrote nothing of '10.0.1.77'"),
    ):
        with pytest.raises(ConfigError, match=words):
            chosen(rows, request_, NETWORK)


def test_a_run_whose_receipts_were_let_go_is_named_with_its_time_the_setting_and_what_to_do(done: Done) -> None:
    """A run that is known to have written nothing is not told so; nor is one that is older than the ledger."""
    nothing, week = done[2].head(0), pd.Timedelta(days=7)
    with pytest.raises(ConfigError) as caught:
        stop_forgotten(RUN, nothing, AT, AT + week, days=400)
    for words in (f"run {RUN} of 2026-03-01 12:00 UTC", "400 days", "until 2026-03-08 12:00 UTC", "by hand"):
        assert words in str(caught.value)
    stop_forgotten(RUN, done[2], AT, AT + week, days=400)
    for read_at, gone_until in ((AT, None), (AT, AT - week), (None, AT)):
        stop_forgotten(RUN, nothing, read_at, gone_until, days=400)


_RESENT: Row = {
    "run_id": RUN, "at": AT, "target": "kea", "site": "home", "scope": "home", "subject": "10.0.1.5",
    "field": "lease4-resend-ddns", "action": "resend", "outcome": "applied",
}  # fmt: skip


def test_what_has_no_inverse_is_said_once(done: Done) -> None:
    """Two names asked of Kea are one line, and the rest is undone."""
    asked = frame(tables.WRITTEN, 2 * [dict.fromkeys(tables.WRITTEN.names) | _RESENT])
    after, known, wrote = done
    both = tables.WRITTEN.concat([wrote, asked])
    made = undo(both, tables.WRITTEN.empty(), after, known, network=NETWORK)
    assert cells(made["withheld"], "subject", "field", "rule") == [("2 times", "resend", "no-inverse")]


@pytest.mark.parametrize(("text", "known", "words"), [
    ("", [], "not said which run"),
    ("1111", [RUN], "too short"),
    ("99999999", [], "no run '99999999' is known"),
    ("11111111", [RUN, "11111111-bbbb"], "2 runs begin with"),
])  # fmt: skip
def test_a_run_that_is_not_clear_is_asked_for_with_the_last_that_wrote(
    text: str, known: Sequence[str], words: str
) -> None:
    """The sentence names what can be undone."""
    with pytest.raises(ConfigError, match=words) as caught:
        run_of(text, known, [Wrote(RUN, AT, 7, "00000000-dddd")])
    assert "11111111 of 2026-03-01 12:00 UTC (7 changes, the undo of 00000000)" in str(caught.value)


def test_a_run_is_known_by_its_first_signs() -> None:
    """As Dagster's UI shows it."""
    assert run_of("11111111", [RUN]) == RUN


def test_the_guards_count_an_undo_as_any_plan_and_tell_its_own_command(done: Done) -> None:
    """Deletions above the limit are refused; a site that nobody asked is no reason, for nothing rests on it."""
    after, known, _ = done
    few = NETWORK.guards.deletes.model_copy(update={"few": 0, "max_count": 0})
    strict = NETWORK.model_copy(update={"guards": NETWORK.guards.model_copy(update={"deletes": few})})
    targets = after | {"sources": only(after["sources"], site="*")}
    rows = guards(back(done), targets, known, network=strict, past=Past(), now=AT)
    refused = only(rows, verdict="refused")
    assert set(refused["guard"]) == {"deletes-per-site", "deletes-per-zone", "deletes-per-subnet"}


def test_a_row_with_a_mac_alone_is_emptied_of_it() -> None:
    """No name was entered, so none is cleared."""
    first = hour(leases=[lease("10.0.1.5", ALICE)])
    made, nothing = census(first), tables.APPLIED.empty()
    after, known = carried_out(first, made, nothing)
    taken = undo(written(made, after, nothing, RUN), tables.WRITTEN.empty(), after, known, network=NETWORK)
    assert cells(taken["ipam_plan"], "ip", "field", "after") == [
        ("10.0.1.5", "mac", None),
        ("10.0.1.5", "tag", "Offline"),
    ]
