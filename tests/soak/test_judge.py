"""The judge of the soak sees what it is there to see."""

from dataclasses import replace

import pytest

from tests.soak import judge
from tests.soak.judge import End, Holder
from tests.soak.person import DOMAIN, Person
from tests.soak.updates import D2, PERSON, US, Write, against_d2, against_the_person

PHONE = Holder("10.0.10.100", f"phone.{DOMAIN}", "02:00:00:00:00:31", "AAAB")
NAME, POINTER = PHONE.name, PHONE.pointer
RRSETS = {
    (NAME, "A"): frozenset({PHONE.ip}), (NAME, "DHCID"): frozenset({"AAAB"}),
    (POINTER, "PTR"): frozenset({f"{NAME}."}), (POINTER, "DHCID"): frozenset({"AAAB"}),
}  # fmt: skip
ADDED = [Write(D2, owner, rtype, "x") for owner, rtype in RRSETS]
END = End([PHONE], RRSETS, {1: (PHONE.ip, "phone")}, ADDED, set(), set(), {})


def person(names: dict[int, str | None] | None = None, rrsets: dict[tuple[str, str], str] | None = None) -> Person:
    """A person who has typed this."""
    typed = {key: frozenset({data}) for key, data in (rrsets or {}).items()}
    return Person(None, 0, names=names or {}, rrsets=typed)  # type: ignore[arg-type]  # no network: nothing is edited


def without(*keys: tuple[str, str], **more: str) -> End:
    """The good end without some RRsets, and with the phone's A as `more` has it."""
    rrsets = {key: data for key, data in RRSETS.items() if key not in keys}
    return replace(END, rrsets=rrsets | {(NAME, rtype): frozenset({data}) for rtype, data in more.items()})


def test_a_good_end_is_good() -> None:
    """No rule says anything."""
    one = person({1: "phone"}, {(NAME, "A"): PHONE.ip})
    assert not [*judge.unresolved(END, person()), *judge.zombies(END, person()), *judge.taken_for_ours(END)]
    assert not [*judge.forbidden(END), *judge.lost_edits(END, one), *against_d2(ADDED), *against_the_person(ADDED)]


@pytest.mark.parametrize(
    "end",
    [
        without((NAME, "A")),
        without((NAME, "DHCID")),
        without((POINTER, "PTR")),
        without((POINTER, "DHCID")),
        without(A="10.0.10.101"),
        without(DHCID="AAAC"),
    ],
)
def test_a_lease_that_does_not_resolve(end: End) -> None:
    """Without its A, PTR or either DHCID, or with another's."""
    assert [*judge.unresolved(end, person())]


def test_an_impostor_that_came_first_keeps_the_owner_out() -> None:
    """While it is there; a name with the DHCID of nobody who is there is at fault."""
    owner = Holder("192.168.1.10", f"nas.{DOMAIN}", "b8:27:eb:01:00:50", "AAAN")
    impostor = replace(PHONE, name=owner.name)
    taken = {(owner.name, "A"): frozenset({impostor.ip}), (owner.name, "DHCID"): frozenset({impostor.mark})}
    assert not [*judge.unresolved(replace(END, holders=[owner, impostor], rrsets=taken), person())]
    assert [*judge.unresolved(replace(END, holders=[owner], rrsets=taken), person())]


def test_what_stands_there_for_nobody() -> None:
    """Each of the four RRsets of a lease that is over."""
    ended = replace(END, holders=[], phpipam={})
    assert len([*judge.zombies(ended, person())]) == 4
    assert not [*judge.zombies(ended, person(rrsets=dict.fromkeys(RRSETS, "x")))]


def test_the_mark_of_a_device_that_left_stays_while_d2_is_asked_for_its_name() -> None:
    """Whose name another device claims where D2 is on is not touched; the mark is nobody's once that has gone."""
    pretender = replace(PHONE, ip="10.0.20.100", mac="02:00:00:00:00:32", mark="AAAC")
    for holders, found in (([pretender], 0), ([], 1)):
        end = replace(without((POINTER, "PTR"), (POINTER, "DHCID")), holders=holders)
        assert len([*judge.zombies(end, person())]) == found


def test_what_d2_could_not_take_away_is_not_ours() -> None:
    """The pointer of a device that had gone on under the same name; but not when we wrote there, too."""
    left = replace(without((NAME, "A"), (NAME, "DHCID")), holders=[], phpipam={}, left_by_d2={NAME})
    assert not [*judge.zombies(left, person())]
    assert [*judge.zombies(replace(left, writes=[*ADDED, Write(US, POINTER, "PTR", "x")]), person())]


@pytest.mark.parametrize("added", [None, "10.0.10.77"])
@pytest.mark.parametrize("rtype", ["A", "AAAA", "DHCID"])
def test_a_write_of_ours_where_d2_has_something(rtype: str, added: str | None) -> None:
    """Whatever is added or deleted, of whatever type; not any more once D2 has taken all of it away."""
    ours = Write(US, NAME, rtype, added)
    assert against_d2([*ADDED, ours])
    assert not against_d2([*ADDED, Write(D2, NAME, None, None), ours])


def test_a_write_of_ours_over_the_person_s() -> None:
    """Over what they had added, or deleted; not once D2 has the name."""
    ours = Write(US, NAME, "A", "10.0.10.77")
    for edit in (Write(PERSON, NAME, "A", "1"), Write(PERSON, NAME, "A", None)):
        assert against_the_person([edit, ours])
        assert not against_the_person([edit, Write(D2, NAME, None, None), ours])


def test_an_edit_that_is_lost() -> None:
    """In phpIPAM another name, or a row that is back; in DNS other data."""
    assert [*judge.lost_edits(END, person({1: "typed"}))]
    assert [*judge.lost_edits(END, person({1: None}))]
    assert [*judge.lost_edits(END, Person(None, 0, deleted={1}))]  # type: ignore[arg-type]  # as above
    ours = replace(END, writes=[Write(US, NAME, "A", "x")])
    assert [*judge.lost_edits(ours, person(rrsets={(NAME, "A"): "10.0.10.77"}))]


def test_a_name_fought_over_in_phpipam() -> None:
    """We changed what a person had typed."""
    typed = {"id": 1, "who": "root@localhost", "before": "a", "after": "b"}
    assert [*judge.fought_over([typed, typed | {"who": "netcensus@127.0.0.1"}])]
    assert not [*judge.fought_over([typed | {"who": "netcensus@127.0.0.1"}, typed])]


def test_what_the_ledger_must_not_hold_and_what_is_never_published() -> None:
    """D2's names as ours; `wpad` for anybody; a reserved name for another than its owner."""
    assert [*judge.taken_for_ours(replace(END, ledger={(NAME, "A")}, writes=[]))] == []
    assert [*judge.taken_for_ours(replace(END, ledger={(NAME, "A")}))]
    for label in ("wpad", "nas"):
        assert [*judge.forbidden(replace(END, writes=[Write(US, f"{label}.{DOMAIN}", "A", "192.168.1.77")]))]


def test_only_lost_races_may_be_told() -> None:
    """Anything else a run complains of is a fault."""
    assert [*judge.only_lost_races(["1 change did not; looked at again at the next run", "the disk is full"])] == [
        "the disk is full"
    ]
