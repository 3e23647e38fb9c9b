"""The end of a name on the lab: first nothing goes, then what is over, once, and whoever edits in between wins."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import pytest

from tests.scenarios.lab_world import Lab, Records, running_lab
from tests.scenarios.world import World

NODE, NODE_IP = "k8s-node1.viktorbarzin.lan.", "10.0.20.101"
BROKER, BROKER_IP = "mqtt.viktorbarzin.lan.", "10.0.20.205"
VAULT, VAULT_IP = "vault.viktorbarzin.lan.", "10.0.10.41"


def about(records: Records, name: str, ip: str) -> set[tuple[str, str]]:
    """What stands in DNS at a name and at its address's pointer: owner and type."""
    pointer = f"{ip_address(ip).reverse_pointer}."
    return {(owner, rtype) for owner, rtype, _ in records if owner in {name, pointer}}


def forget(lab: Lab, ip: str) -> None:
    """The device at this address is gone: Kea no longer knows its lease, nor the ARP cache its address."""
    for name in ("leases.json", "neighbours.json", "config-get.json"):
        content = json.loads((lab.folder / name).read_text(encoding="utf-8"))
        fresh = lab.folder / f"{name}.new"
        fresh.write_text(json.dumps(_without(content, ip)), encoding="utf-8")
        fresh.rename(lab.folder / name)


def _without(content: Any, ip: str) -> Any:
    """JSON without the objects that are about an address."""
    if isinstance(content, dict):
        return {key: _without(value, ip) for key, value in content.items()}
    if isinstance(content, list):
        return [_without(one, ip) for one in content if not (isinstance(one, dict) and one.get("ip-address") == ip)]
    return content


def withheld(world: World, owner: str) -> set[object]:
    """The rules by which something at this name was left."""
    return {row["rule"] for row in world.table("withheld") if row["subject"] == owner}


@dataclass
class Story:
    """What stood in DNS, and what was withheld, after each chapter."""

    lab: Lab
    world: World
    records: list[Records]
    rules: list[dict[str, set[object]]]
    deleted: list[list[dict[str, object]]]

    def census(self) -> None:
        """One more census, and what it left behind."""
        assert self.world.run() == []
        self.records.append(self.lab.records())
        self.rules.append({name: withheld(self.world, name) for name in (NODE, BROKER, VAULT)})
        self.deleted.append([row for row in self.world.table("dns_receipt") if row["action"] == "delete"])

    def edit(self, ip: str, change: str) -> None:
        """A person's change to an address in phpIPAM."""
        self.lab.sql(f"UPDATE ipaddresses SET {change} WHERE ip_addr = '{int(ip_address(ip))}'")  # noqa: S608 - our own

    def tag(self, ip: str) -> tuple[object, ...]:
        """The tag and name phpIPAM shows for an address."""
        query = "SELECT t.type, a.hostname FROM ipaddresses a JOIN ipTags t ON t.id = a.state WHERE a.ip_addr = '{}'"
        return self.lab.sql(query.format(int(ip_address(ip))))[0]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Told once: three censuses; then a node is gone, a name is cleared, another one, but edited in DNS."""
    folder = tmp_path_factory.mktemp("withdraw")
    with running_lab(folder / "lab") as lab:
        told = Story(lab, lab.world(folder / "own").judged(), [], [], [])
        for _ in range(3):
            told.census()
        forget(lab, NODE_IP)
        for ip in (BROKER_IP, VAULT_IP):
            told.edit(ip, "hostname = NULL")
        told.census()  # 3: the ledger is an hour old
        told.world.age(hours=240)
        told.census()  # 4: what people removed goes, what was leased has been missed for ten days
        told.census()  # 5
        told.edit(NODE_IP, "lastSeen = '2020-01-01 12:00:00'")
        told.census()  # 6
        told.census()  # 7
        yield told


def test_a_young_ledger_deletes_nothing(story: Story) -> None:
    """The device is gone and the names are cleared, yet all records stand, and the report says what it waits for."""
    assert about(story.records[3], NODE, NODE_IP) == about(story.records[2], NODE, NODE_IP) != set()
    assert about(story.records[3], BROKER, BROKER_IP) == {(BROKER, "A"), ("205.20.0.10.in-addr.arpa.", "PTR")}
    assert story.rules[3][NODE] == story.rules[3][BROKER] == {"withdraw-later"}
    assert story.deleted[:4] == [[], [], [], []]


def test_what_is_over_is_taken_back_whole(story: Story) -> None:
    """The node's A, PTR and both DHCIDs; the broker's A and PTR. Each answered `applied`."""
    assert about(story.records[4], NODE, NODE_IP) == set()
    assert about(story.records[4], BROKER, BROKER_IP) == set()
    assert {row["outcome"] for row in story.deleted[4]} == {"applied"}


def test_nothing_else_goes(story: Story) -> None:
    """What is missing from the zones is what stood at those names."""
    gone = {record[0] for record in story.records[3] - story.records[4]}
    owners = {NODE, BROKER, VAULT, *(f"{ip_address(ip).reverse_pointer}." for ip in (NODE_IP, BROKER_IP, VAULT_IP))}
    assert gone == owners
    assert story.records[4] - story.records[3] == set()


def test_a_second_census_takes_nothing_back(story: Story) -> None:
    """Once is enough: no deletion, and no record of anybody's is different afterwards."""
    assert story.deleted[5:] == [[], [], []]
    assert story.records[4] == story.records[5] == story.records[7]


def test_the_row_of_who_is_gone_is_offline(story: Story) -> None:
    """After DNS, and after a week unseen. The name, which stood there before us, is not ours to clear."""
    assert story.tag(NODE_IP) == ("Offline", "k8s-node1")


def test_nothing_is_left_to_be_said(story: Story) -> None:
    """Afterwards nothing of these names is withheld."""
    assert story.rules[7] == {NODE: set(), BROKER: set(), VAULT: set()}
