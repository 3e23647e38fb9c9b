"""What goes into an UPDATE message, as dnspython reads it back; and what is never put into one."""

import base64
from typing import Any

import dns.message
import dns.name
import dns.rdataclass
import dns.tsig
import dns.update
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import tables
from resources.nameserver import signing
from resources.nameserver.changes import Prepared, prepare
from resources.nameserver.messages import ROOM, Group, batches, message

ZONE = "example.lan."
EXPIRE_S = 604_800
DHCID = "AAABR3v0cA4+L0WBcSoIANwvg+L3JrBXHzUi+eQqJBXibBs="
OTHER_DHCID = "AAAB2v/SZUeG6XTT8+7Z6BJ2iY8p8zk8OxdT1Z8XH9l6kxE="
KEY = signing.key("netcensus.", base64.b64encode(bytes(32)).decode(), "hmac-sha256")


def row(**others: Any) -> dict[str, Any]:
    """One row of a plan: create A nas.example.lan. where no name stands, unless said otherwise."""
    given = {
        "site": "sofia",
        "zone": ZONE,
        "owner": "nas.example.lan.",
        "type": "A",
        "action": "create",
        "before": None,
        "before_ttl_s": None,
        "after": "10.0.0.7",
        "after_ttl_s": 600,
        "is_name_free": True,
        "reason": "a test",
    }
    return given | others


def update(before: str, after: str, **others: Any) -> dict[str, Any]:
    """A row that replaces data of ours."""
    return row(action="update", before=before, after=after, is_name_free=False) | {"before_ttl_s": 600} | others


def prepared(*rows: dict[str, Any]) -> Prepared:
    """The rows as groups, and what was refused."""
    return prepare(tables.DNS_PLAN.frame(pd.DataFrame(rows, columns=tables.DNS_PLAN.names)), ZONE, EXPIRE_S)


def spoken(*rows: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Prerequisites and updates of the one message these rows become, in dnspython's words."""
    plan = prepared(*rows)
    assert plan.refused == {}
    read = dns.message.from_wire(message(ZONE, plan.groups))
    assert isinstance(read, dns.update.UpdateMessage)
    assert read.zone[0].to_text() == "example.lan. IN SOA"
    return [_words(rrset) for rrset in read.prerequisite], [_words(rrset) for rrset in read.update]


def _words(rrset: Any) -> str:
    rdclass = dns.rdataclass.to_text(rrset.deleting or rrset.rdclass)
    rtype = dns.rdatatype.to_text(rrset.rdtype)
    data = "".join(" " + one.to_text().replace(" ", "") for one in rrset)  # dnspython breaks base64 into words
    return f"{rrset.name} {rrset.ttl} {rdclass} {rtype}{data}"


def test_a_new_name_must_be_unused() -> None:
    """Where the plan found no name, the server must find none either: RFC 2136 section 2.4.5."""
    wanted = ["nas.example.lan. 0 NONE ANY"], ["nas.example.lan. 600 IN A 10.0.0.7"]
    assert spoken(row()) == wanted


def test_a_deletion_says_what_must_stand_there_and_that_the_name_is_not_keas() -> None:
    """The RRset must be just what we wrote, with no DHCID beside it; what goes is named record by record."""
    gone = row(action="delete", before="10.0.0.7\n10.0.0.8", before_ttl_s=600, after=None, after_ttl_s=None)
    prerequisites, updates = spoken(gone)
    assert prerequisites == [
        "nas.example.lan. 0 NONE DHCID", "nas.example.lan. 0 IN A 10.0.0.7", "nas.example.lan. 0 IN A 10.0.0.8",
    ]  # fmt: skip
    assert updates == ["nas.example.lan. 0 NONE A 10.0.0.7", "nas.example.lan. 0 NONE A 10.0.0.8"]


def test_our_own_dhcid_goes_with_its_address() -> None:
    """Both in one message, each as it was; and an address is not deleted while its DHCID would stay."""
    gone = {"action": "delete", "before_ttl_s": 600, "after": None, "after_ttl_s": None, "is_name_free": False}
    address, mark = row(before="10.0.0.7", **gone), row(type="DHCID", before=DHCID, **gone)
    prerequisites, updates = spoken(address, mark)
    assert prerequisites == [f"nas.example.lan. 0 IN DHCID {DHCID}", "nas.example.lan. 0 IN A 10.0.0.7"]
    assert updates == ["nas.example.lan. 0 NONE A 10.0.0.7", f"nas.example.lan. 0 NONE DHCID {DHCID}"]
    kept = row(type="DHCID", action="keep", before=DHCID, before_ttl_s=600, after=DHCID)
    assert "left behind" in prepared(address, kept).refused[0]


@pytest.mark.parametrize("bad", [{"before": None}, {"after": "10.0.0.9"}])
def test_a_deletion_of_nothing_or_for_something_is_refused(bad: dict[str, str | None]) -> None:
    """It must say what stands there, and leave nothing."""
    given = {"action": "delete", "before": "10.0.0.7", "before_ttl_s": 600, "after": None, "after_ttl_s": None}
    assert set(prepared(row(**given | bad)).refused) == {0}


def test_address_and_dhcid_of_a_name_go_together() -> None:
    """A name is free for both or for none: one prerequisite stands for the two, in one message."""
    plan = prepared(row(), row(type="DHCID", after=DHCID), row(owner="other.example.lan."))
    assert [group.rows for group in plan.groups] == [(0, 1), (2,)]
    prerequisites, updates = spoken(row(), row(type="DHCID", after=DHCID))
    assert prerequisites == ["nas.example.lan. 0 NONE ANY"]
    assert updates == ["nas.example.lan. 600 IN A 10.0.0.7", f"nas.example.lan. 600 IN DHCID {DHCID}"]


def test_a_new_type_at_a_known_name_needs_no_such_type_no_dhcid_and_no_alias() -> None:
    """Only prerequisites without values, which every Technitium has right (facts: value-dependent ones are not)."""
    prerequisites, _ = spoken(row(type="AAAA", after="fd00::7", is_name_free=False))
    assert prerequisites == [f"nas.example.lan. 0 NONE {rtype}" for rtype in ("AAAA", "DHCID", "CNAME")]


def test_an_update_says_what_it_replaces_and_that_the_name_is_not_keas() -> None:
    """The old data must be just what the plan read, and no DHCID may have come."""
    assert spoken(update("10.0.0.6", "10.0.0.7")) == (
        ["nas.example.lan. 0 NONE DHCID", "nas.example.lan. 0 IN A 10.0.0.6"],
        ["nas.example.lan. 0 NONE A 10.0.0.6", "nas.example.lan. 600 IN A 10.0.0.7"],
    )


def test_another_ttl_deletes_and_adds_the_same_data() -> None:
    """Technitium before 15.2 ignores an added record that differs by its TTL alone."""
    _, updates = spoken(update("10.0.0.7", "10.0.0.7", before_ttl_s=60))
    assert updates == ["nas.example.lan. 0 NONE A 10.0.0.7", "nas.example.lan. 600 IN A 10.0.0.7"]


def test_what_stays_is_not_written_again() -> None:
    """Of an RRset that gains one address, only that one is added: each record is a commit of its own in Technitium."""
    prerequisites, updates = spoken(update("10.0.0.6\n10.0.0.7", "10.0.0.7\n10.0.0.8"))
    assert prerequisites[1:] == ["nas.example.lan. 0 IN A 10.0.0.6", "nas.example.lan. 0 IN A 10.0.0.7"]
    assert updates == ["nas.example.lan. 0 NONE A 10.0.0.6", "nas.example.lan. 600 IN A 10.0.0.8"]


@pytest.mark.parametrize("action", ["adopt", "update"])
def test_a_dhcid_of_ours_must_still_be_that_one(action: str) -> None:
    """Where the plan holds the name's DHCID as ours, the server must hold it too, and no other."""
    after = DHCID if action == "adopt" else OTHER_DHCID
    prerequisites, _ = spoken(update("10.0.0.6", "10.0.0.7"), update(DHCID, after, type="DHCID", action=action))
    assert prerequisites == [f"nas.example.lan. 0 IN DHCID {DHCID}", "nas.example.lan. 0 IN A 10.0.0.6"]


def test_adopting_is_not_sending() -> None:
    """A row to adopt is right already."""
    assert prepared(update("10.0.0.7", "10.0.0.7", action="adopt")).groups == []


REFUSED = {
    "underscore": row(owner="_x.example.lan."),
    "edge hyphen": row(owner="-x.example.lan."),
    "upper case": row(owner="NAS.example.lan."),
    "wildcard": row(owner="*.example.lan."),
    "long label": row(owner=f"{'x' * 64}.example.lan."),
    "long name": row(owner=f"{'x.' * 126}example.lan."),
    "apex": row(owner=ZONE),
    "other zone": row(owner="nas.badexample.lan."),
    "escaped dot": row(owner="nas\\.example.lan."),
    "name server": row(type="NS", after="ns.example.lan."),
    "alias": row(type="CNAME", after="ns.example.lan."),
    "signing key": row(type="DNSKEY", after="256 3 8 AAAA"),
    "TTL beyond the zone's expiry": row(after_ttl_s=EXPIRE_S + 1),
    "negative TTL": row(after_ttl_s=-1),
    "no address": row(after="10.0.0"),
    "odd address": row(after="010.0.0.1"),
    "IPv6 in an A": row(after="fd00::1"),
    "IPv6 not canonical": row(type="AAAA", after="FD00::1"),
    "PTR without final dot": row(type="PTR", after="nas.example.lan"),
    "PTR to markup": row(type="PTR", after="<script>.example.lan."),
    "DHCID without a digest": row(type="DHCID", after="AAAB"),
    "DHCID not base64": row(type="DHCID", after="no base64!"),
    "nothing to replace": row(action="update", is_name_free=False),
    "too large for any message": row(after="\n".join(f"10.0.{n >> 8}.{n & 255}" for n in range(4000))),
}


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED.keys())
def test_what_the_server_would_not_take_is_not_sent(refused: dict[str, Any]) -> None:
    """Technitium answers one bad record with silence for the whole message: it is refused here, with the reason."""
    plan = prepared(refused, row(owner="good.example.lan."))
    assert list(plan.refused) == [0]
    assert plan.refused[0].startswith("not sent: ")
    assert [group.rows for group in plan.groups] == [(1,)]


def test_a_name_of_a_deeper_zone_is_not_written_into_the_outer_one() -> None:
    """A record in the parent of a zone we have would be hidden by it, or refused for the whole message."""
    both = [row(owner="a.lab.example.lan."), row(owner="a.label.example.lan.")]
    rows = tables.DNS_PLAN.frame(pd.DataFrame(both, columns=tables.DNS_PLAN.names))
    plan = prepare(rows, ZONE, EXPIRE_S, ["lab.example.lan."])
    assert plan.refused == {0: "not sent: a.lab.example.lan. belongs to the deeper zone lab.example.lan."}


def test_one_bad_change_keeps_its_whole_name_back() -> None:
    """An address without the DHCID it was planned with would lock Kea out of the name."""
    plan = prepared(row(), row(type="DHCID", after="AAAB"))
    assert list(plan.refused) == [0, 1]
    assert plan.groups == []


@given(st.lists(st.integers(1, ROOM), max_size=60), st.integers(0, 300))
def test_batches_hold_every_group_once_in_order_and_fit(sizes: list[int], signature: int) -> None:
    """Whatever the sizes: nothing is lost or doubled, and no message is larger than it may be."""
    groups = [Group((n,), (), (bytes(size),)) for n, size in enumerate(sizes)]
    cut = batches(ZONE, groups, signature)
    assert [group for batch in cut for group in batch] == groups
    assert all(len(batch) == 1 or len(message(ZONE, batch)) + signature <= ROOM for batch in cut)


def test_ten_thousand_names_take_as_few_messages_as_fit() -> None:
    """Messages are filled to their last bytes: cut by encoded size, not by a count."""
    plan = prepared(*(row(owner=f"host-{n}.example.lan.", after=f"10.0.{n >> 8}.{n & 255}") for n in range(10_000)))
    cut = batches(ZONE, plan.groups, signing.size(KEY))
    lengths = [len(signing.sign(message(ZONE, batch), KEY, 0)[0]) for batch in cut]
    assert all(ROOM - 100 < length <= ROOM for length in lengths[:-1])
    assert len(cut) == -(-sum(group.size for group in plan.groups) // (ROOM - 200))
