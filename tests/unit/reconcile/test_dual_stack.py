"""Hosts with IPv4 and IPv6: one name, A and AAAA, both pointers, two rows; and what of IPv6 is no device's address."""

from collections.abc import Sequence

import pytest

from pipelines import network as network_file
from pipelines.errors import ConfigError
from pipelines.reconcile.dhcid import dhcid
from pipelines.values import OwnerName
from tests.lives import World
from tests.networks import (
    ALICE,
    BOB,
    NETWORK_TOML,
    Row,
    Tables,
    cells,
    handed_to_d2,
    in_ipam,
    in_zone,
    ipam_subnet,
    lease,
    minutes_ago,
    neighbour,
    only,
    reservation,
)

SUBNET6, ZONE6 = "fd00:1::/64", "0.0.0.0.0.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa"
TOML = NETWORK_TOML.replace('"10.0.1.0/24"]', f'"10.0.1.0/24", "{SUBNET6}"]').replace(
    '"1.0.10.in-addr.arpa"', f'"1.0.10.in-addr.arpa", "{ZONE6}"'
)
NET6 = network_file.parse(TOML, "network.toml")
SUBNETS = [ipam_subnet(cidr) for cidr in ("10.0.0.0/24", "10.0.1.0/24", "10.9.0.0/24")]
SUBNETS.append(ipam_subnet(SUBNET6, id_phpipam=16))
IP4, IP6 = "10.0.1.5", "fd00:1::5"
MADE_UP = "fd00:1::5c1e:93a7:4f0b:d286"
DUID = "ff00000000" + "00030001" + ALICE.replace(":", "")
NAME, PTR4 = OwnerName("nas.example.lan."), "5.1.0.10.in-addr.arpa."
PTR6 = "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0." + ZONE6 + "."


def lease6(ip: str = IP6, hostname: str | None = "nas", client_id: str = DUID, **more: object) -> Row:
    """A DHCPv6 lease, of a client whose MAC Kea does not know."""
    return lease(ip, None, hostname, source="kea6.leases", client_id=client_id) | more


def ndp(ip: str = IP6, mac: str = ALICE, **more: object) -> Row:
    """An entry of the gateway's IPv6 neighbour cache."""
    return neighbour(ip, mac, source="ndp", confirmed_at=minutes_ago(1)) | more


def world(*held: Row) -> World:
    """A world whose phpIPAM has the IPv6 subnet, and these addresses."""
    return World(NET6, ipam_addresses=list(held))


def census(
    one: World, hours: float = 0, leases: Sequence[Row] = (), seen: Sequence[Row] = (), fixed: Sequence[Row] = ()
) -> Tables:
    """A census of it."""
    given = {"leases": list(leases), "neighbours": list(seen), "reservations": list(fixed)}
    return one.census(hours, asked=None, unread=None, ipam_subnets=SUBNETS, **given)


def plain(one: World) -> set[tuple[object, object, object]]:
    """The records but the DHCIDs."""
    return {row for row in one.records() if row[1] != "DHCID"}


BOTH = {(NAME, "A", IP4), (NAME, "AAAA", IP6), (PTR4, "PTR", NAME), (PTR6, "PTR", NAME)}


@pytest.mark.parametrize("seen", [[], [ndp()]])
def test_two_leases_of_one_device_are_one_name(seen: list[Row]) -> None:
    """A and AAAA, both pointers and both rows, whether NDP or only the DUID tells that it is one device."""
    here = world()
    given = [lease(IP4, ALICE, "nas"), lease6()]
    made = census(here, leases=given, seen=seen)
    assert set(made["name_claims"]["verdict"]) == {"granted"}
    assert plain(here) == BOTH
    assert here.in_ipam(IP6)["hostname"] == "nas"
    again = census(here, leases=given, seen=seen)
    assert again["dns_plan"].empty
    assert again["ipam_plan"].empty


def test_the_dhcid_is_the_duids() -> None:
    """Beside AAAA and PTR of a DHCPv6 lease stands RFC 4701's type 2, so that D2 can take the name over."""
    here = world()
    census(here, leases=[lease6()])
    mark = dhcid(NAME, None, DUID)
    assert mark is not None
    assert mark.startswith("AAIB")
    assert here.records() == {(NAME, "AAAA", IP6), (PTR6, "PTR", NAME), (NAME, "DHCID", mark), (PTR6, "DHCID", mark)}


def test_both_families_are_taken_back_together() -> None:
    """When the leases have ended, A, AAAA, pointers and marks go in one plan, after the same wait."""
    here = world()
    census(here, leases=[lease(IP4, ALICE, "nas"), lease6(expires_at=minutes_ago(-170), valid_s=10800)])
    census(here, 4)
    assert plain(here) == BOTH
    census(here, 27)
    assert plain(here) == BOTH
    census(here, 29)
    assert here.records() == set()


def test_a_device_seen_on_ipv6_bears_its_name_of_ipv4() -> None:
    """NDP alone gives AAAA and pointer where the MAC has one name by its lease; nothing is written twice."""
    here = world()
    given = [lease(IP4, ALICE, "nas")]
    made = census(here, leases=given, seen=[ndp()])
    assert cells(only(made["name_claims"], ip=IP6), "source", "verdict") == [("same-mac", "granted")]
    assert plain(here) == BOTH
    assert (here.in_ipam(IP6)["hostname"], here.in_ipam(IP6)["mac"]) == ("nas", ALICE)
    assert census(here, leases=given, seen=[ndp()])["dns_plan"].empty


def test_a_device_with_two_names_gives_none() -> None:
    """Whose address the IPv6 one is cannot be told, so it bears none of the two; nor does another device's."""
    here = world()
    census(
        here,
        leases=[lease(IP4, ALICE, "nas"), lease("10.0.1.6", ALICE, "web")],
        seen=[ndp(), ndp("fd00:1::6", BOB)],
    )
    assert not [row for row in here.records() if row[1] == "AAAA"]


def test_addresses_in_passing_are_no_devices_addresses() -> None:
    """Link-local, multicast and made-up addresses get neither row nor name; a made-up one is evidence all the same."""
    here = world()
    made = census(
        here,
        leases=[lease(IP4, ALICE, "nas")],
        seen=[ndp(MADE_UP), ndp("fe80::5054:ff:fe00:a"), ndp("ff02::1"), ndp("fd00:2::1")],
    )
    assert [row["ip"] for row in here.ipam_addresses] == [IP4]
    assert not [row for row in here.records() if row[1] == "AAAA"]
    assert set(made["sightings"]["ip"]) == {IP4, MADE_UP}


def test_a_made_up_address_that_somebody_knows_is_a_devices() -> None:
    """Leased, reserved or entered in phpIPAM, it lasts: an odhcpd or a person gave it."""
    other = MADE_UP[:-1]
    here = world(in_ipam(IP4) | {"ip": other, "subnet_id_phpipam": 16, "id_phpipam": 77})
    census(
        here,
        leases=[lease(IP4, ALICE, "nas"), lease6(MADE_UP)],
        seen=[ndp(MADE_UP), ndp(other)],
    )
    assert {row[2] for row in here.records() if row[1] == "AAAA"} == {MADE_UP, other}


def test_a_reservation_by_duid_names_its_address() -> None:
    """A DHCPv6 reservation is bound to its address without a date, and the lease of its client keeps it."""
    here = world()
    fixed = reservation(IP6, None, "nas") | {"subnet": SUBNET6, "client_id": DUID}
    made = census(here, fixed=[fixed], leases=[lease6(hostname="laptop")])
    assert cells(made["bindings"], "ip", "kind") == [(IP6, "reservation")]
    assert (NAME, "AAAA", IP6) in here.records()


def test_nothing_is_added_beside_a_name_that_d2_registers_for_ipv4() -> None:
    """An AAAA beside D2's A would lock it out, and a pointer alone would point to nothing."""
    here = world()
    made = census(here, leases=[handed_to_d2("10.0.0.5", ALICE, "nas"), lease6()], seen=[ndp()])
    assert here.records() == set()
    assert (PTR6, "PTR", "kea-name") in cells(made["withheld"], "subject", "field", "rule")


@pytest.mark.parametrize("subnet", ["fe80::/64", "ff02::/16"])
def test_a_subnet_that_is_no_place_is_refused(subnet: str) -> None:
    """Link-local and multicast addresses mean another thing on every link."""
    with pytest.raises(ConfigError, match="link-local or multicast"):
        network_file.parse(TOML.replace(SUBNET6, subnet), "network.toml")


def test_a_name_of_dhcpv6_that_d2_registers_is_verified() -> None:
    """Where D2 is on for IPv6 we write nothing: what DNS lacks Kea is asked for, what it holds is right."""
    on = {"site": "home", "subnet": SUBNET6, "is_ddns_on": True, "ddns_suffix": None, "pools": None}
    handed = lease6(is_ddns_forward=True, is_ddns_reverse=True)
    here = world()
    given = {"ipam_subnets": SUBNETS, "dhcp_subnets": [on], "leases": [handed]}
    made = here.census(0, asked=None, unread=None, **given)
    assert cells(made["registrations"], "ip", "verdict") == [(IP6, "missing")]
    assert cells(made["heal_plan"], "ip") == [(IP6,)]
    assert here.records() == set()
    mark = str(dhcid(NAME, None, DUID))
    here.zone_records = [
        in_zone(NAME, "AAAA", IP6), in_zone(NAME, "DHCID", mark),
        in_zone(PTR6, "PTR", NAME) | {"zone": ZONE6 + "."}, in_zone(PTR6, "DHCID", mark) | {"zone": ZONE6 + "."},
    ]  # fmt: skip
    made = here.census(0, asked=None, unread=None, **given)
    assert cells(made["registrations"], "ip", "verdict") == [(IP6, "right")]
