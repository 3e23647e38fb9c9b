"""Guard by guard: what a finished plan may not do, whoever made it, and what is said of it."""

import time

import pandas as pd
import pytest

from pipelines import network as network_file
from pipelines import tables
from pipelines.network import Network
from pipelines.plan.guards import guards
from pipelines.plan.past import Past
from pipelines.plan.plans import plans
from pipelines.reconcile.account import account
from tests.lives import BORN, World, reads_before
from tests.networks import (
    AT,
    NETWORK,
    NETWORK_TOML,
    Row,
    Tables,
    frame,
    hour,
    in_ipam,
    in_zone,
    ledger,
    only,
    source,
    written,
)  # fmt: skip

ZONE, REVERSE, SUBNET = "example.lan.", "1.0.10.in-addr.arpa.", "10.0.1.0/24"
OLD = Past(BORN, reads_before(AT))


def network(policy: str) -> Network:
    """The network with this under [guards]."""
    return network_file.parse(NETWORK_TOML + "[guards]\n" + policy, "network.toml")


def host(number: int) -> str:
    """The owner name of a host."""
    return f"host{number}.{ZONE}"


def dns_row(number: int, action: str = "delete", **more: object) -> Row:
    """A change of a host's A in 10.0.1.0/24."""
    before = None if action == "create" else f"10.0.1.{number}"
    after = {"delete": None, "create": f"10.0.1.{number}", "update": f"10.0.1.{number + 100}"}[action]
    plain: Row = {
        "site": "home", "zone": ZONE, "owner": host(number), "type": "A", "action": action, "before": before,
        "before_ttl_s": None if before is None else 600, "after": after, "after_ttl_s": None if after is None else 600,
        "is_name_free": before is None, "named_by": None, "missing_since_at": None, "reason": "told",
    }  # fmt: skip
    return plain | more


def ipam_row(number: int, action: str = "update", **more: object) -> Row:
    """A change of an address's host name in 10.0.1.0/24."""
    ip = f"10.0.1.{number}"
    plain: Row = {
        "site": "home", "subnet_id_phpipam": 8, "cidr": SUBNET, "ip": ip, "id_phpipam": int(ip.replace(".", "")),
        "action": action, "field": "hostname", "before": "old", "after": "new", "reason": "told",
    }  # fmt: skip
    return plain | more


def planned(dns: list[Row] | None = None, ipam: list[Row] | None = None, heal: list[Row] | None = None) -> Tables:
    """Finished plans of these rows."""
    return {
        "dns_plan": frame(tables.DNS_PLAN, dns or []),
        "ipam_plan": frame(tables.IPAM_PLAN, ipam or []),
        "heal_plan": frame(tables.HEAL_PLAN, heal or []),
    }


def standing(count: int, **sources: list[Row]) -> tuple[Tables, pd.DataFrame]:
    """An hour in which so many hosts are in DNS, by us, and in phpIPAM; and the ledger that knows it."""
    hosts = range(1, count + 1)
    zone = [in_zone(host(number), "A", f"10.0.1.{number}", 600) for number in hosts]
    parsed = hour(
        **{"zone_records": zone, "ipam_addresses": [in_ipam(f"10.0.1.{number}", "old") for number in hosts], **sources}
    )
    return parsed, ledger(*(written("dns", ZONE, host(number), "A", f"10.0.1.{number}") for number in hosts))


def judged(
    made: Tables, there: tuple[Tables, pd.DataFrame], policy: str = "", *, past: Past = OLD, now: pd.Timestamp = AT
) -> pd.DataFrame:
    """The guards' table of these plans."""
    found = guards(made, *there, network=network(policy), past=past, now=now)
    assert tables.GUARDS.violations(found) == []
    return found


def refused(found: pd.DataFrame) -> set[tuple[str, str, str]]:
    """The guards that refuse: target, guard and scope."""
    rows = only(found, verdict="refused")
    return set(rows[["target", "guard", "scope"]].itertuples(index=False, name=None))


def test_nothing_planned_is_nothing_judged() -> None:
    """A quiet census has no row: nothing is written for it (rule R9)."""
    assert judged(planned(), standing(3)).empty


def test_adopting_and_keeping_is_no_change() -> None:
    """Only what is sent is counted, and `lastSeen` is not: every address has that every day."""
    touch = ipam_row(1, "touch", field="lastSeen", before=None, after="2026-03-01T12:00:00Z")
    kept = [dns_row(1) | {"action": "keep"}, dns_row(2) | {"action": "adopt"}]
    assert judged(planned(kept, [touch]), standing(3)).empty


@pytest.mark.parametrize(("ours", "gone", "policy", "passes"), [
    (5, 1, "", True), (5, 3, "", True), (5, 4, "", False),
    (20, 6, "", True), (20, 7, "", False),
    (20, 7, "deletes = {max_share = 0.4}", True), (20, 7, "deletes = {few = 7}", True),
    (200, 60, "", True), (200, 60, "deletes = {max_count = 59}", False),
    (3, 1, "deletes = {few = 0, max_count = 0}", False),
])  # fmt: skip
def test_how_much_may_go(ours: int, gone: int, policy: str, passes: bool) -> None:  # noqa: FBT001 - a case
    """Absolute and by share; small zones are not exempt, but a few names pass wherever they are."""
    found = judged(planned([dns_row(number) for number in range(1, gone + 1)]), standing(ours), policy)
    expected = set() if passes else {("dns", "deletes-per-site", "home"), ("dns", "deletes-per-zone", ZONE)}
    assert refused(found) == expected


def test_deletions_are_held_against_what_is_ours() -> None:
    """In a zone full of other people's records, losing all of ours is losing all."""
    others = [in_zone(f"theirs{number}.{ZONE}", "A", f"10.0.0.{number}", 600) for number in range(1, 200)]
    ours = [in_zone(host(number), "A", f"10.0.1.{number}", 600) for number in range(1, 6)]
    found = judged(planned([dns_row(number) for number in range(1, 6)]), standing(5, zone_records=[*others, *ours]))
    assert ("dns", "deletes-per-zone", ZONE) in refused(found)


def test_a_refusal_says_the_number_the_limit_and_the_way_through() -> None:
    """Everything a person needs to decide stands in the row."""
    found = only(judged(planned([dns_row(number) for number in range(1, 9)]), standing(10)), guard="deletes-per-zone")
    (row,) = found.itertuples(index=False)
    assert (row.count, row.of, row.percent, row.limit) == (8, 10, 80, 3)
    assert row.reason == (
        "8 of our 10 names in zone example.lan would be taken away (80 %), and at most 3 may at once "
        "([guards] deletes in network.toml: few = 3, max_count = 100, max_share = 0.3)"
    )
    approvals = f"--approve {row.plan}:deletes-per-site --approve {row.plan}:deletes-per-zone"
    assert f"python netcensus.py census {approvals}, or in the launchpad of the job census: ops:" in row.remedy


@pytest.mark.parametrize(
    ("count", "of", "passes"), [(200, 0, True), (201, 0, False), (400, 400, True), (501, 900, False)]
)
def test_names_do_not_run_away(count: int, of: int, passes: bool) -> None:  # noqa: FBT001 - a case
    """A first census of two hundred hosts passes; twice what is there does not, nor more than five hundred."""
    there = hour(zone_records=[in_zone(f"there{number}.{ZONE}", "A", "10.0.1.1", 600) for number in range(of)])
    made = planned([dns_row(1, "create", owner=f"new{number}.{ZONE}") for number in range(count)])
    found = judged(made, (there, ledger()))
    assert ("dns", "creates-per-zone", ZONE) in set(
        found[["target", "guard", "scope"]].itertuples(index=False, name=None)
    )
    assert (("dns", "creates-per-zone", ZONE) not in refused(found)) is passes


def test_updates_have_a_limit_of_their_own() -> None:
    """Twenty changed names pass, and half of what is there; more do not."""
    made = planned([dns_row(number, "update") for number in range(1, 32)])
    assert refused(judged(made, standing(60))) == {
        ("dns", "updates-per-zone", ZONE), ("dns", "updates-per-site", "home"),
    }  # fmt: skip
    assert refused(judged(made, standing(62))) == set()


@pytest.mark.parametrize("row", [
    {"action": "update", "field": "tag", "before": "Used", "after": "Offline"},
    {"action": "update", "after": None},
    {"action": "delete", "field": "row", "before": "1001", "after": None},
])  # fmt: skip
def test_what_phpipam_loses_is_counted_as_deleted(row: Row) -> None:
    """Offline, and a cleared name, are the end of an address as much as its row's removal is."""
    made = planned(ipam=[ipam_row(number, **row) for number in range(1, 6)])  # type: ignore[arg-type]  # a Row's values
    assert refused(judged(made, standing(10))) == {
        ("phpipam", "deletes-per-subnet", SUBNET), ("phpipam", "deletes-per-site", "home"),
    }  # fmt: skip


def test_what_comes_back_is_counted_as_created() -> None:
    """After the holidays a whole office is there again: that is what it was, not a change of what it is."""
    back = {"field": "tag", "before": "Offline", "after": "Used"}
    filled = {"field": "mac", "before": None, "after": "52:54:00:00:00:0a"}
    made = planned(ipam=[ipam_row(number, **more) for number in range(1, 41) for more in (back, filled)])
    found = judged(made, standing(40))
    assert set(found["action"]) == {"create"}
    assert list(only(found, guard="creates-per-subnet")["count"]) == [40], "addresses are counted, not fields"


def test_one_site_is_refused_though_no_zone_is() -> None:
    """The names of a site may lie in many zones: together they are too many."""
    rows = [dns_row(number, zone=f"{number % 4}.example.lan.") for number in range(1, 9)]
    assert refused(judged(planned(rows), standing(10))) == {("dns", "deletes-per-site", "home")}


# --- what a plan rests on -----------------------------------------------------------------------------------------


def test_no_deletion_rests_on_a_source_that_was_not_read() -> None:
    """Whatever the planner thought: the site's address is enough, even when the plan calls it another's."""
    there = standing(10, sources=[])
    there[0]["sources"] = hour(unread=[source("home", "arp", "no answer")])["sources"]
    made = planned([dns_row(1, site="cabin")], [ipam_row(1, after=None)])
    found = judged(made, there)
    assert refused(found) == {("dns", "source-not-seen", "home"), ("phpipam", "source-not-seen", "home")}
    assert set(found.loc[found["verdict"] == "refused", "reason"]) == {"1 deletions rest on home, but arp: no answer"}
    assert not found.loc[found["verdict"] == "refused", "remedy"].str.contains("approve").any()


def test_no_deletion_rests_on_a_gateway_nobody_asked() -> None:
    """A site that is not even among the snapshots was not seen."""
    there = standing(10)
    sources = there[0]["sources"]
    there[0]["sources"] = sources[sources["site"] != "home"]
    assert refused(judged(planned([dns_row(1)]), there)) == {("dns", "source-not-seen", "home")}
    assert refused(judged(planned([dns_row(1, "update")]), there)) == set(), "what is seen elsewhere may be written"


def test_nothing_is_written_to_a_zone_that_was_not_read() -> None:
    """Every name would look free in it."""
    there = standing(10)
    there[0]["sources"] = hour(unread=[source("*", "zone/example.lan", "REFUSED")])["sources"]
    assert refused(judged(planned([dns_row(11, "create")]), there)) == {("dns", "source-not-seen", "zone/example.lan")}


def test_nothing_rests_on_a_stale_snapshot() -> None:
    """A plan made hours after its sources were asked, by a step somebody started by itself."""
    made = planned([dns_row(1)], [ipam_row(2)])
    assert refused(judged(made, standing(10), now=AT + pd.Timedelta(minutes=150))) == set()
    found = judged(made, standing(10), now=AT + pd.Timedelta(minutes=166))
    assert refused(found) == {
        ("dns", "stale-snapshot", "home"), ("dns", "stale-snapshot", "zone/example.lan"),
        ("phpipam", "stale-snapshot", "phpipam"),
    }  # fmt: skip
    assert "zone/example.lan was read 166 minutes ago" in " ".join(found["reason"])


def test_no_deletion_rests_on_a_source_that_shrank() -> None:
    """Against the median of its last 24 runs; and while too little is known of it."""
    made = planned([dns_row(1)])
    shrank = Past(BORN, reads_before(AT, rows=100))
    found = judged(made, standing(10), past=shrank)
    assert refused(found) == {("dns", "source-shrank", "home")}
    assert "arp has 1 row where it usually has 100" in found.loc[found["verdict"] == "refused", "reason"].iloc[0]
    assert refused(judged(made, standing(10), past=Past(BORN))) == {("dns", "source-shrank", "home")}


def test_making_room_for_a_lease_of_keas_rests_on_what_is_there() -> None:
    """Our record in D2's way goes, with its PTR, though a source has shrunk: it follows from the lease."""
    heal: Row = {"site": "home", "ip": "10.0.1.1", "name": host(1), "tries": 1, "reason": "blocked"}
    pointer = {"zone": REVERSE, "owner": f"9.{REVERSE}", "type": "PTR", "before": host(1)}
    made = planned([dns_row(1), dns_row(9, **pointer)], heal=[heal])
    assert refused(judged(made, standing(10), past=Past(BORN, reads_before(AT, rows=100)))) == set()


# --- never -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("row", "there"), [
    ({"owner": ZONE}, []),
    ({"owner": "*.example.lan."}, []),
    ({"type": "TXT"}, []),
    ({}, [in_zone(host(1), "TXT", '"by hand"')]),
    ({}, [in_zone(host(1), "CNAME", "else.example.lan.")]),
    ({}, [in_zone(host(1), "DHCID", "AAEC")]),
    ({"owner": "a.sub.example.lan."}, [in_zone("sub.example.lan.", "NS", "ns.example.lan.")]),
])  # fmt: skip
@pytest.mark.parametrize("action", ["create", "delete"])
def test_what_is_never_ours_is_refused_whoever_planned_it(row: Row, there: list[Row], action: str) -> None:
    """Apex, wildcard, other types, other people's names, Kea's, and what lies below a cut."""
    found = judged(planned([dns_row(1, action, **row)]), standing(10, zone_records=there))
    assert ("dns", "never-list", ZONE) in refused(found)


@pytest.mark.parametrize("mark", [{"is_gateway": True}, {"tag": "Reserved"}])
def test_gateways_and_reserved_rows_are_never_changed(mark: Row) -> None:
    """But their lastSeen may be kept."""
    there = standing(0, ipam_addresses=[in_ipam("10.0.1.1", "old") | mark])
    assert refused(judged(planned(ipam=[ipam_row(1)]), there)) == {("phpipam", "never-list", SUBNET)}
    touch = ipam_row(1, "touch", field="lastSeen", before=None, after="2026-03-01T12:00:00Z")
    assert judged(planned(ipam=[touch]), there).empty


# --- whole censuses -----------------------------------------------------------------------------------------------


def test_a_name_a_person_removed_passes() -> None:
    """The everyday case: one of twenty."""
    world = World(ipam_addresses=[in_ipam(f"10.0.1.{number}", f"host{number}") for number in range(1, 21)])
    world.census(0)
    world.ipam_addresses = world.ipam_addresses[1:]
    parsed = hour(zone_records=world.zone_records, ipam_addresses=world.ipam_addresses)
    made = account(parsed, world.applied, network=NETWORK)
    made |= plans(parsed, made, world.applied, network=NETWORK, past=OLD)
    assert list(only(made["dns_plan"], action="delete")["owner"]) == [f"1.{REVERSE}", host(1)]
    found = judged(made, (parsed, world.applied))
    assert set(only(found, action="delete")["verdict"]) == {"passed"}


def test_a_campus_is_judged_in_a_second() -> None:
    """Ten thousand hosts, of which half get a new address."""
    count = 10_000
    owners = [f"h{number}.{ZONE}" for number in range(count)]
    ips = [f"10.0.{number % 2}.{number % 250 + 1}" for number in range(count)]
    zone = [in_zone(owner, "A", ip, 600) for owner, ip in zip(owners, ips, strict=True)]
    there = hour(zone_records=zone), ledger(*(written("dns", ZONE, owner, "A", "10.0.1.1") for owner in owners))
    made = planned([dns_row(1, "update", owner=owner) for owner in owners[: count // 2]])
    began = time.process_time()
    found = judged(made, there)
    assert time.process_time() - began < 1
    assert ("dns", "updates-per-zone", ZONE) in refused(found)
