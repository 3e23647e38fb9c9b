"""A rehearsal and four censuses of the lab: what the first one does with all that is awkward there, and nothing more.

What is looked up here stands in lab/README.md, "What is awkward in it".
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import pytest

from pipelines.values import host_name
from tests.scenarios.lab_world import SLEPT_THROUGH, Lab, Records, running_lab
from tests.scenarios.world import World

Row = dict[str, Any]
COLUMNS = (
    "id", "subnetId", "ip_addr", "hostname", "mac", "description", "state", "is_gateway", "owner", "note", "lastSeen",
    "editDate",
)  # fmt: skip
OURS = {"A", "AAAA", "PTR", "DHCID"}
HOSTILE = ["10.0.10.113", "10.0.10.122", "10.0.10.123", "10.0.10.124", "10.0.10.125"]
MANGLED = ["192.168.1.118", "192.168.1.128", "192.168.1.132", "192.168.1.134", "192.168.1.137"]
RESERVED_WORDS = ["192.168.1.111", "192.168.1.112", "192.168.1.113", "10.0.20.154"]
FOREIGN = ["192.168.1.120", "192.168.1.127", "192.168.1.131", "10.0.20.155"]
LOST_TIES = ["192.168.1.101", "192.168.1.102", "192.168.1.122", "10.0.10.102"]
IMPOSTORS = ["192.168.1.126", "192.168.1.125", "192.168.1.106", "10.0.10.103"]


@dataclass(frozen=True)
class State:
    """Everything a census could write to, at one moment."""

    phpipam: str
    addresses: dict[int, Row]
    dns: dict[str, Any]
    records: Records
    ttls: dict[tuple[str, str], int]
    archived: frozenset[str]
    ledger: tuple[list[tuple[object, ...]], ...]

    @property
    def targets(self) -> tuple[str, dict[str, Any], Records]:
        """What belongs to others."""
        return self.phpipam, self.dns, self.records


def state(lab: Lab, world: World) -> State:
    """How everything is now."""
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in lab.sql(f"SELECT {', '.join(COLUMNS)} FROM ipaddresses")]  # noqa: S608 - our own names
    has_ledger = (world.folder / "ledger.sqlite").exists()
    ledger = tuple(world.ledger(name) for name in ("applied", "receipts", "device_ids")) if has_ledger else ([], [], [])
    addresses = {row["id"]: row for row in rows}
    dns = lab.dns_status(), lab.records(), lab.ttls()
    return State(lab.phpipam(), addresses, *dns, frozenset(world.archived()), ledger)


@dataclass(frozen=True)
class Story:
    """The lab at the beginning, after a rehearsal, after each of three censuses, and after one with other TTLs."""

    lab: Lab
    world: World
    report: str
    states: list[State]
    rejects: list[dict[str, object]]

    @property
    def before(self) -> State:
        """The lab as it was laid out."""
        return self.states[0]

    @property
    def after(self) -> State:
        """The lab after the first census."""
        return self.states[2]

    @property
    def added(self) -> Records:
        """The records the first census added: not those D2 added when it was asked to."""
        return {record for record in self.after.records - self.before.records if record[0] not in SLEPT_THROUGH}

    def pairs(self) -> Iterator[tuple[Row, Row]]:
        """Each row of phpIPAM's addresses that was there, and the same after the first census."""
        return ((row, self.after.addresses[identity]) for identity, row in self.before.addresses.items())

    def hostname(self, ip: str) -> object:
        """The name phpIPAM shows for an address in the end."""
        wanted = str(int(ip_address(ip)))
        return next((row["hostname"] for row in self.after.addresses.values() if row["ip_addr"] == wanted), None)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The whole story, told once: the first census by the command, the others in this process."""
    folder = tmp_path_factory.mktemp("story")
    with running_lab(folder / "lab") as lab:
        world = lab.world(folder / "own")
        states = [state(lab, world)]
        assert world.run("rehearse") == []
        states.append(state(lab, world))
        first = world.command()
        assert (first.returncode, first.stderr) == (0, "")
        rejects = world.table("rejects")
        lab.wait_for_d2()
        states.append(state(lab, world))
        for _ in ("second", "third"):
            assert world.run() == []
            states.append(state(lab, world))
        edited = world.network_toml.read_text(encoding="utf-8").replace("= 600", "= 500").replace("= 3600", "= 3000")
        world.network_toml.write_text(edited, encoding="utf-8")
        assert world.run() == []
        states.append(state(lab, world))
        yield Story(lab, world, first.stdout, states, rejects)


# --- nothing changed, nothing written -------------------------------------------------------------------------


def test_a_rehearsal_writes_to_no_target(story: Story) -> None:
    """After a rehearsal phpIPAM, DNS and the ledger are as before, and no UPDATE message has been received."""
    assert story.states[1].targets == story.before.targets
    assert story.states[1].ledger == ([], [], [])
    assert story.before.dns["updates"] == 0


def test_the_first_census_writes(story: Story) -> None:
    """There is much to do in the lab, or nothing below would mean anything."""
    assert len(story.after.addresses) > len(story.before.addresses) + 100
    assert len(story.added) > 80
    assert "changes made" in story.report


def test_a_second_census_writes_nothing(story: Story) -> None:
    """No UPDATE message, no serial, no byte of phpIPAM's tables, its changelog among them, nothing in the ledger."""
    assert story.states[3].targets == story.after.targets
    assert story.states[3].ledger == story.after.ledger
    assert story.states[3].dns["serials"] == story.after.dns["serials"]


def test_only_what_has_changed_is_archived(story: Story) -> None:
    """The second census archives what the first one changed; the third only the ARP cache, whose clocks go on."""
    second, third = story.states[3].archived, story.states[4].archived
    kept = {row[8]: row[3] for row in story.world.ledger("snapshots")}
    changed = {kept[digest] for digest in second - story.after.archived}
    assert changed <= {"arp", "phpipam.addresses", *(f"zone/{zone}" for zone in story.before.dns["serials"])}
    assert {kept[digest] for digest in third - second} <= {"arp"}
    assert story.states[4].targets == story.after.targets


# --- what is a person's stays a person's ------------------------------------------------------------------------


def test_what_a_person_wrote_in_phpipam_is_kept(story: Story) -> None:
    """No row is deleted; a name or MAC changes only where there was none; the rest of a row never changes."""
    for before, after in story.pairs():
        for column in ("hostname", "mac"):
            assert before[column] in {None, "", after[column]}, (before, after)
        for column in ("subnetId", "ip_addr", "description", "state", "is_gateway", "owner", "note"):
            assert before[column] == after[column], (before, after)


def test_gateways_and_reserved_addresses_are_not_edited(story: Story) -> None:
    """Of a gateway or a reserved address only lastSeen is written, and editDate stays."""
    locked = [(a, b) for a, b in story.pairs() if a["is_gateway"] or a["state"] == 3]
    assert len(locked) >= 7
    for before, after in locked:
        assert {**before, "lastSeen": None} == {**after, "lastSeen": None}


def test_last_seen_alone_is_no_edit(story: Story) -> None:
    """A row whose only news is that it was seen keeps its editDate; lastSeen never moves backwards."""
    seen = [(a, b) for a, b in story.pairs() if a["lastSeen"] != b["lastSeen"]]
    assert seen
    for before, after in story.pairs():
        assert after["lastSeen"] >= before["lastSeen"]
        if {**before, "lastSeen": None, "editDate": None} == {**after, "lastSeen": None, "editDate": None}:
            assert before["editDate"] == after["editDate"]


def test_a_script_for_a_name_stays_where_it_was_and_goes_nowhere(story: Story) -> None:
    """The row named `<img ...>` keeps its name, and no other row, no record and no line of the report says it so."""
    bearing = [row for row in story.after.addresses.values() if "<" in str(row["hostname"])]
    assert [row["hostname"] for row in bearing] == ["<img src=x onerror=alert(1)>"]
    assert not [record for record in story.added if "192.168.1.133" in record or "img" in record[0]]


def test_a_row_that_is_no_address_is_reported(story: Story) -> None:
    """The garbage in phpIPAM's subnet 3 is one reject, named in the report, and the census goes on."""
    (reject,) = story.rejects
    assert "192.168.1.300" in str(reject["reason"])
    assert "id 55" in str(reject["reason"])
    assert "1 unreadable" in story.report


def test_rows_outside_what_is_tracked_are_not_touched(story: Story) -> None:
    """The samples, the guests' subnet and the row that is no address are as they were, whole."""
    tracked = {7, 8, 9, 10, 11, 12, 14}
    outside = [(a, b) for a, b in story.pairs() if a["subnetId"] not in tracked]
    assert len(outside) >= 2
    assert all(before == after for before, after in outside)
    created = story.after.addresses.keys() - story.before.addresses.keys()
    assert {story.after.addresses[identity]["subnetId"] for identity in created} <= tracked


# --- DNS ------------------------------------------------------------------------------------------------------


def test_no_record_is_removed_or_changed(story: Story) -> None:
    """Every record that stood in a zone still does: aliases, texts, wildcards, delegations, people's addresses."""
    assert story.before.records - story.after.records == set()
    assert {rtype for _, rtype, _ in story.added} <= OURS


def test_kea_s_names_are_left_alone(story: Story) -> None:
    """At every name that bore a DHCID there is the same as before, of any type."""
    kea = {owner for owner, rtype, _ in story.before.records if rtype == "DHCID"}
    assert len(kea) > 100
    assert not [record for record in story.added if record[0] in kea]


def test_a_name_kea_may_claim_gets_no_address_without_its_mark(story: Story) -> None:
    """Where D2 is on, no lease's and no reservation's name gets an A from us unless the lease's DHCID is beside it.

    An A without one keeps D2 from ever registering the name (RFC 4703 section 5.3): the fault of the old jobs.
    """
    leases = json.loads((story.lab.folder / "leases.json").read_text(encoding="utf-8"))["leases"]
    config = json.loads((story.lab.folder / "config-get.json").read_text(encoding="utf-8"))["Dhcp4"]
    reserved = [one for place in (*config["subnet4"], config) for one in place.get("reservations", [])]
    names = {owner for one in (*leases, *reserved) if (owner := _owner(one.get("hostname", "")))}
    marked = {owner for owner, rtype, _ in story.added if rtype == "DHCID"}
    bare = {owner for owner, rtype, _ in story.added if rtype == "A"} - marked
    assert len(names) > 80
    assert bare & names == set()


def _owner(text: str) -> str | None:
    try:
        return host_name(text, "viktorbarzin.lan")
    except ValueError:
        return None


def test_where_d2_is_off_we_write_the_name_with_its_mark(story: Story) -> None:
    """A node of the Kubernetes subnet gets A and PTR, each with a DHCID, so that D2 can take over one day."""
    node = {record[1:] for record in story.added if record[0] == "k8s-node1.viktorbarzin.lan."}
    pointer = {record[1] for record in story.added if record[0] == "101.20.0.10.in-addr.arpa."}
    assert ("A", "10.0.20.101") in node
    assert {rtype for rtype, _ in node} == {"A", "DHCID"}
    assert pointer == {"PTR", "DHCID"}


def test_a_name_given_by_hand_is_published(story: Story) -> None:
    """What a person named in phpIPAM and nobody registered is in DNS afterwards, both ways, under its site's suffix."""
    assert ("mqtt.viktorbarzin.lan.", "A", "10.0.20.205") in story.added
    assert ("205.20.0.10.in-addr.arpa.", "PTR", "mqtt.viktorbarzin.lan.") in story.added
    assert ("vault.viktorbarzin.lan.", "A", "10.0.10.41") in story.added
    assert ("printer.london.viktorbarzin.lan.", "A", "192.168.8.105") in story.added
    assert ("shelly-kueche.viktorbarzin.lan.", "A", "192.168.1.16") in story.added


@pytest.mark.parametrize("ip", [*HOSTILE, *MANGLED, *RESERVED_WORDS, *FOREIGN, *LOST_TIES, *IMPOSTORS])
def test_a_contested_name_goes_nowhere(story: Story, ip: str) -> None:
    """An address whose client claims what it may not have is in phpIPAM without a name, and not in DNS by us."""
    pointer = f"{ip_address(ip).reverse_pointer}."
    assert story.hostname(ip) in {None, ""}
    assert not [record for record in story.added if record[2] == ip or record[0] == pointer]


def test_another_ttl_in_the_network_file_reaches_what_we_look_after_and_nothing_else(story: Story) -> None:
    """Every RRset we created or adopted has the new TTL, beside our own DHCIDs too; all else is as it was."""
    assert story.states[5].records == story.after.records
    before, after = story.after.ttls, story.states[5].ttls
    ours = {(owner, rtype) for owner, rtype, _ in story.added}
    looked_after = {(row[2], row[3]) for row in story.after.ledger[0] if row[0] == "dns"}
    changed = {key for key in before if before[key] != after[key]}
    assert ours <= changed <= looked_after
    assert not {owner for owner, _ in changed} & SLEPT_THROUGH
    assert {after[key] for key in ours} <= {500, 3000}


def test_a_name_d2_slept_through_is_registered_by_d2(story: Story) -> None:
    """Kea is asked for just that one lease; A, PTR and DHCIDs are D2's, and none of them gets into the ledger."""
    added = {record[:2] for record in story.after.records - story.before.records if record[0] in SLEPT_THROUGH}
    assert added == {(owner, rtype) for owner in SLEPT_THROUGH for rtype in _types(owner)}
    assert not {row[2] for row in story.after.ledger[0]} & SLEPT_THROUGH
    asked = [row for row in story.after.ledger[1] if "lease4-resend-ddns" in row]
    assert len(asked) == 1
    assert "192.168.1.30" in asked[0]


def _types(owner: str) -> set[str]:
    return {"DHCID", "PTR" if owner.endswith(".arpa.") else "A"}


@pytest.mark.parametrize("name", ["git", "lab-sub", "thermostat", "wpad", "isatap", "localhost", "oven", "tablet"])
def test_a_name_that_is_not_ours_gets_nothing(story: Story, name: str) -> None:
    """No record is added at an alias, a delegation, a foreign TXT, a reserved word, or a name D2 has to write."""
    assert not [record for record in story.added if record[0] == f"{name}.viktorbarzin.lan."]


# --- devices ------------------------------------------------------------------------------------------------------


def test_a_laptop_and_its_dock_are_one_device_and_nobody_else_is(story: Story) -> None:
    """They share a DUID; ten pairs of the lab's clients share no more than a name."""
    rows = story.world.table("device_interfaces")
    by_device: dict[object, set[object]] = {}
    for row in rows:
        by_device.setdefault(row["device_id"], set()).add(row["mac"])
    joined = [macs for macs in by_device.values() if len(macs) > 1]
    assert joined == [{"f0:18:98:30:00:40", "00:e0:4c:68:00:41"}]
    assert {"Docker", "KVM or QEMU", "Xen or LXC", "Proxmox VE"} <= {row["platform"] for row in rows}
    assert {row["kind"] for row in rows} == {"universal", "random", "virtual"}


def test_what_several_answer_for_is_no_device(story: Story) -> None:
    """CARP's MACs, the firewall's own and the published entry are none; the repeater has just its own address."""
    held = {row["mac"]: row["addresses"] for row in story.world.table("device_interfaces")}
    assert not {"00:00:5e:00:01:14", "00:00:5e:00:01:01", "bc:24:11:00:01:02", "de:ad:be:ef:00:70"} & held.keys()
    assert held["f4:f2:6d:00:00:80"] == "192.168.1.80"
    repeater = [row for row in story.after.addresses.values() if row["mac"] == "f4:f2:6d:00:00:80"]
    assert [row["ip_addr"] for row in repeater] == [str(int(ip_address("192.168.1.80")))]


def test_hosts_with_both_families_have_one_name(story: Story) -> None:
    """By DHCPv6, by the neighbour's MAC and by both, an AAAA beside the A; an address made up for a day has nothing."""
    under = "valchedrym.viktorbarzin.lan."
    assert {record for record in story.added if record[1] == "AAAA"} == {
        (f"cam-yard.{under}", "AAAA", "fd12:3456:789a::a30"),
        (f"cam-barn.{under}", "AAAA", "fd12:3456:789a:0:ee08:6bff:fe20:1"),
        (f"tablet.{under}", "AAAA", "fd12:3456:789a::a3c"),
    }
    assert story.hostname("fd12:3456:789a::a30") == "cam-yard"
    made_up = str(int(ip_address("fd12:3456:789a:0:5c1e:93a7:4f0b:d286")))
    assert made_up not in {row["ip_addr"] for row in story.after.addresses.values()}
