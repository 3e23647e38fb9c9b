"""Sources beside the gateways, from the file to phpIPAM's row and to A and PTR: on the lab's network."""

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.scenarios.lab_world import Lab, firewall_alone, running_lab
from tests.scenarios.world import World

SOURCES = """
[sources.house]
kind = "static-list"
path = "hosts.toml"

[sources.cluster]
kind = "kubernetes"
path = "services.json"
sites = ["sofia"]

[sources.public]
kind = "zone-file"
path = "public.zone"
origin = "example.me"
expect = ["vpn.example.me"]
"""
PUBLIC = "nas 300 A 10.0.10.5\nmedia 300 CNAME nas.viktorbarzin.lan.\nwww 300 A 9.9.9.9\n"
ANSWER = Path(__file__).parents[1] / "fixtures" / "kubernetes" / "services.json"
SERVICES = ANSWER.read_text(encoding="utf-8").replace('"10.0.1.20', '"10.0.20.18')
HOSTS = """
[[host]]
ip = "10.0.10.77"
name = "hypervisor"
mac = "BC:24:11:00:0A:77"

[[host]]
ip = "192.168.0.60"
name = "stove"
"""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, World]]:
    """The lab, and a netcensus with a list of hosts that has taken one census of it."""
    folder = tmp_path_factory.mktemp("listed")
    with running_lab(folder / "lab") as lab:
        world = lab.world(folder / "own", lambda text: firewall_alone(text) + SOURCES).judged()
        write(world, HOSTS)
        (world.folder / "services.json").write_text(SERVICES, encoding="utf-8")
        (world.folder / "public.zone").write_text(PUBLIC, encoding="utf-8")
        assert world.run() == []
        yield lab, world


def write(world: World, hosts: str) -> None:
    """Put a list of hosts where network.toml says."""
    (world.folder / "hosts.toml").write_text(hosts, encoding="utf-8")


def in_ipam(lab: Lab, ip: str) -> list[tuple[object, ...]]:
    """Name and MAC of an address in phpIPAM's tracked subnets."""
    return lab.sql(f"SELECT hostname, mac FROM ipaddresses WHERE ip_addr = '{int(ip_address(ip))}'")  # noqa: S608 - our own words


def test_a_listed_host_is_in_phpipam_and_in_dns(story: tuple[Lab, World]) -> None:
    """Its row with name and MAC, an A and a PTR; at a remote site under that site's label."""
    lab, world = story
    assert in_ipam(lab, "10.0.10.77") == [("hypervisor", "bc:24:11:00:0a:77")]
    assert {
        ("hypervisor.viktorbarzin.lan.", "A", "10.0.10.77"),
        ("77.10.0.10.in-addr.arpa.", "PTR", "hypervisor.viktorbarzin.lan."),
        ("stove.valchedrym.viktorbarzin.lan.", "A", "192.168.0.60"),
    } <= lab.records()
    told = {row["site"]: row["rows"] for row in world.table("sources") if row["source"] == "static-list/house"}
    assert told == {"sofia": 1, "valchedrym": 1, "london": 0}


def test_a_service_is_in_phpipam_and_in_dns(story: tuple[Lab, World]) -> None:
    """Its row without a MAC, an A and a PTR; what two share is named once, and nobody takes `wpad`."""
    lab, world = story
    assert in_ipam(lab, "10.0.20.181") == [("web-nextcloud", None)]
    assert {
        ("web-nextcloud.viktorbarzin.lan.", "A", "10.0.20.181"),
        ("181.20.0.10.in-addr.arpa.", "PTR", "web-nextcloud.viktorbarzin.lan."),
        ("two-edge.viktorbarzin.lan.", "A", "10.0.20.184"),
        ("two-edge.viktorbarzin.lan.", "A", "10.0.20.185"),
    } <= lab.records()
    shared = [row["reason"] for row in world.table("withheld") if row["rule"] == "shared-address"]
    assert shared == ["dns/pihole-udp shares the address with dns/pihole-tcp, which names it: an address has one name"]


def test_what_is_published_elsewhere_is_told(story: tuple[Lab, World]) -> None:
    """As conflicts: the private address at its site, our name as an alias's aim, and the name that is expected."""
    _, world = story
    kinds = {"private-address-published", "own-name-published", "name-not-published"}
    told = {(row["kind"], row["site"], row["subject"]) for row in world.table("conflicts") if row["kind"] in kinds}
    assert told == {
        ("private-address-published", "sofia", "nas.example.me."),
        ("own-name-published", "*", "media.example.me."),
        ("name-not-published", "*", "vpn.example.me."),
    }


def test_an_unread_zone_file_freezes_nothing(story: tuple[Lab, World]) -> None:
    """It is said, and what people type is carried over all the same."""
    lab, world = story
    (world.folder / "public.zone").unlink()
    lab.sql(f"UPDATE ipaddresses SET hostname = 'oven' WHERE ip_addr = '{int(ip_address('192.168.0.60'))}'")  # noqa: S608 - our own words
    (said,) = world.run()
    assert "sources.public" in said
    assert "cannot be read (No such file or directory)" in said
    assert ("oven.valchedrym.viktorbarzin.lan.", "A", "192.168.0.60") in lab.records()
    (world.folder / "public.zone").write_text(PUBLIC, encoding="utf-8")
    assert world.run() == []


def test_nothing_new_nothing_written(story: tuple[Lab, World]) -> None:
    """A second census sends no UPDATE message, touches no row, archives no byte for the list."""
    lab, world = story
    before, digests = lab.everything(), [row["digest"] for row in world.table("source_snapshots")]
    assert world.run() == []
    assert lab.everything() == before
    assert [row["digest"] for row in world.table("source_snapshots")] == digests


def test_a_broken_list_stops_what_rests_on_it(story: tuple[Lab, World]) -> None:
    """The run is red with the file, the fault and the remedy, and neither target is touched."""
    lab, world = story
    before = lab.everything()
    write(world, HOSTS.replace("[[host]]", "[[host]"))
    said = "\n".join(world.run())
    assert "static-list/house: is not TOML" in said
    assert "docs/adding-a-source.md shows both forms" in said
    assert lab.everything() == before
    write(world, HOSTS)
    assert world.run() == []
    assert lab.everything() == before
