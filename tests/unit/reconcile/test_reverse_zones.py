"""Which zone and owner a PTR belongs to: /24, /16, /8, RFC 2317, IPv6, and none."""

import pytest

from pipelines import network as network_file
from pipelines.errors import ConfigError
from pipelines.network import Network
from pipelines.reconcile.dhcid import dhcid
from pipelines.values import OwnerName, mac
from tests.lives import World
from tests.networks import (
    ALICE,
    NETWORK_TOML,
    cells,
    census,
    handed_to_d2,
    hour,
    in_ipam,
    in_zone,
    ipam_subnet,
    only,
)

_ZONES = 'zones = ["example.lan", "0.0.10.in-addr.arpa", "1.0.10.in-addr.arpa"]'
CLASSLESS = '[dns.rfc2317]\n"10.0.1.0/25" = "0-25.1.0.10.in-addr.arpa"\n'


def with_zones(*zones: str, more: str = "") -> Network:
    """The small network with these zones beside example.lan."""
    names = ", ".join(f'"{zone}"' for zone in ("example.lan", *zones))
    return network_file.parse(NETWORK_TOML.replace(_ZONES, f"zones = [{names}]") + more, "network.toml")


def pointers(network: Network, *ips: str, **more: list[dict[str, object]]) -> list[tuple[object, ...]]:
    """Zone and owner of every PTR planned for phpIPAM's `nas` and its like at these addresses."""
    named = [in_ipam(ip, f"nas{ordinal}") for ordinal, ip in enumerate(ips)]
    made = census(hour(ipam_addresses=named, **more), network=network)
    return cells(only(made["dns_plan"], type="PTR"), "zone", "owner")


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        (["1.0.10.in-addr.arpa"], "1.0.10.in-addr.arpa."),
        (["0.10.in-addr.arpa"], "0.10.in-addr.arpa."),
        (["10.in-addr.arpa"], "10.in-addr.arpa."),
        (["10.in-addr.arpa", "0.10.in-addr.arpa", "1.0.10.in-addr.arpa"], "1.0.10.in-addr.arpa."),
        (["10.in-addr.arpa", "0.0.10.in-addr.arpa"], "10.in-addr.arpa."),
    ],
)
def test_a_ptr_goes_into_the_longest_zone_that_holds_it(zones: list[str], expected: str) -> None:
    """A /24, the /16 or the /8 around it; never a neighbour's."""
    assert pointers(with_zones(*zones), "10.0.1.5") == [(expected, "5.1.0.10.in-addr.arpa.")]


def test_a_subnet_without_a_zone_is_said_once_and_its_names_go_forward_all_the_same() -> None:
    """One row for the subnet, not one for each host; no zone is made."""
    named = [in_ipam("10.9.0.5", "a"), in_ipam("10.9.0.6", "b")]
    made = census(hour(ipam_addresses=named))
    assert cells(only(made["withheld"], rule="no-zone"), "subject") == [("10.9.0.0/24",)]
    assert cells(made["dns_plan"], "owner", "type") == [
        ("a.cabin.example.lan.", "A"), ("b.cabin.example.lan.", "A"),
    ]  # fmt: skip


def test_rfc_2317_puts_the_last_octet_into_the_zone_that_network_toml_names() -> None:
    """Only the mapped half; the other stays with the classic name."""
    network = with_zones("1.0.10.in-addr.arpa", "0-25.1.0.10.in-addr.arpa", more=CLASSLESS)
    assert pointers(network, "10.0.1.5", "10.0.1.200") == [
        ("0-25.1.0.10.in-addr.arpa.", "5.0-25.1.0.10.in-addr.arpa."),
        ("1.0.10.in-addr.arpa.", "200.1.0.10.in-addr.arpa."),
    ]


def test_the_parents_cnames_and_delegation_are_foreign_and_no_hindrance() -> None:
    """The CNAME at the classic name is how RFC 2317 works: it is neither ours nor in the way."""
    network = with_zones("1.0.10.in-addr.arpa", "0-25.1.0.10.in-addr.arpa", more=CLASSLESS)
    parent = [
        in_zone("5.1.0.10.in-addr.arpa.", "CNAME", "5.0-25.1.0.10.in-addr.arpa."),
        in_zone("0-25.1.0.10.in-addr.arpa.", "NS", "ns1.example.lan."),
    ]
    parent = [row | {"zone": "1.0.10.in-addr.arpa."} for row in parent]
    made = census(hour(ipam_addresses=[in_ipam("10.0.1.5", "nas")], zone_records=parent), network=network)
    assert cells(only(made["dns_plan"], type="PTR"), "owner") == [("5.0-25.1.0.10.in-addr.arpa.",)]
    assert made["withheld"].empty


def test_a_hand_made_pointer_in_an_rfc_2317_zone_names_its_address() -> None:
    """Pull looks where push writes."""
    network = with_zones("1.0.10.in-addr.arpa", "0-25.1.0.10.in-addr.arpa", more=CLASSLESS)
    pointer = in_zone("5.0-25.1.0.10.in-addr.arpa.", "PTR", "nas.example.lan.")
    records = [in_zone("nas.example.lan.", "A", "10.0.1.5"), pointer | {"zone": "0-25.1.0.10.in-addr.arpa."}]
    made = census(hour(ipam_addresses=[in_ipam("10.0.1.5")], zone_records=records), network=network)
    assert cells(only(made["name_claims"], verdict="granted"), "ip", "name", "source") == [
        ("10.0.1.5", "nas.example.lan.", "ptr")
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('"10.0.1.0/24" = "x.1.0.10.in-addr.arpa"', "ends at an octet"),
        ('"fd00::/64" = "x.1.0.10.in-addr.arpa"', "ends at an octet"),
        ('"10.0.1.0/25" = "0/25.1.0.10.in-addr.arpa"', "has a slash"),
        ('"10.0.1.0/25" = "x.arpa"\n"10.0.0.0/25" = "x.arpa"', "last octets clash"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_by_its_key(line: str, reason: str) -> None:
    """Before anything is contacted."""
    with pytest.raises(ConfigError, match="rfc2317") as error:
        with_zones(more=f"[dns.rfc2317]\n{line}\n")
    assert reason in str(error.value)


def test_an_ipv6_address_of_phpipam_gets_its_aaaa_and_its_ptr() -> None:
    """From the row in a tracked subnet to both records, each in its zone."""
    nibbles = "0." * 12
    apex = nibbles + "0.0.d.f.ip6.arpa"
    network = network_file.parse(
        NETWORK_TOML.replace('"10.0.1.0/24"', '"10.0.1.0/24", "fd00::/64"').replace(
            "zones = [", f'zones = ["{apex}", '
        ),
        "network.toml",
    )
    row = in_ipam("10.0.0.5", "nas") | {"ip": "fd00::5", "subnet_id_phpipam": 90, "id_phpipam": 6}
    subnets = [ipam_subnet("10.0.0.0/24"), ipam_subnet("fd00::/64")]
    made = census(hour(ipam_addresses=[row], ipam_subnets=subnets), network=network)
    assert cells(made["dns_plan"], "zone", "owner", "type", "after", "after_ttl_s") == [
        (f"{apex}.", f"5.{'0.' * 15}{apex}.", "PTR", "nas.example.lan.", 3600),
        ("example.lan.", "nas.example.lan.", "AAAA", "fd00::5", 3600),
    ]


def test_where_rfc_2317_holds_the_pointer_is_ours_though_d2_is_on() -> None:
    """D2 would write the usual name or none: it is asked for nothing there, and ours goes with the lease."""
    mark = str(dhcid(OwnerName("nas.example.lan."), mac(ALICE), None))
    network = with_zones(
        "0-25.0.0.10.in-addr.arpa", more=CLASSLESS.replace("10.0.1.0", "10.0.0.0").replace("5.1", "5.0")
    )
    forward = [in_zone("nas.example.lan.", "A", "10.0.0.5"), in_zone("nas.example.lan.", "DHCID", mark)]
    leases = [handed_to_d2("10.0.0.5", ALICE, "nas")]
    world = World(network, zone_records=forward)
    made = world.census(0, leases=leases)
    assert cells(made["dns_plan"], "action", "owner", "type") == [("create", "5.0-25.0.0.10.in-addr.arpa.", "PTR")]
    assert list(made["registrations"]["verdict"]) == ["right"]
    assert made["heal_plan"].empty
    made = world.census(0.1, leases=leases)
    assert made["dns_plan"].empty
    assert only(made["withheld"], target="dns").empty
    world.zone_records = [row for row in world.zone_records if row["type"] == "PTR"]  # D2 took the name away
    for hours in (2, 30):
        world.census(hours)
    assert world.records() == set()
