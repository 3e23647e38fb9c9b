"""What is declared: names that lists kept by hand give, and the addresses that are thereby held."""

from pipelines import network as network_file
from tests.lives import World
from tests.networks import (
    ALICE,
    BOB,
    NETWORK_TOML,
    Row,
    Tables,
    cells,
    census,
    granted,
    hour,
    in_ipam,
    lease,
    minutes_ago,
    neighbour,
    objection,
    only,
    reservation,
    source,
)

NETWORK = network_file.parse(NETWORK_TOML + '[sources.house]\nkind = "static-list"\npath = "hosts.toml"\n', "x")
LIST = "static-list/house"


def host(ip: str, hostname: str, mac: str | None = None, **more: object) -> Row:
    """A host that the list names."""
    site = "cabin" if ip.startswith("10.9.") else "home"
    plain = {"site": site, "source": LIST, "ip": ip, "hostname": hostname, "mac": mac, "comment": None}
    return plain | more


def known(*hosts: Row, **rows: list[Row]) -> Tables:
    """The account of an hour with these hosts."""
    return census(hour(hosts=list(hosts), **rows), network=NETWORK)


def test_a_listed_host_is_entered_and_published() -> None:
    """Bound without a date: nobody has seen it. phpIPAM gets the row, DNS A and PTR with the TTL of static names."""
    made = known(host("10.0.1.5", "hypervisor", ALICE))
    assert cells(made["bindings"], "ip", "mac", "kind", "evidence", "last_seen_at") == [
        ("10.0.1.5", ALICE, "static", LIST, None)
    ]
    assert cells(made["ipam_plan"], "field", "after", "reason") == [
        ("hostname", "hypervisor", "listed by hand"),
        ("mac", ALICE, "listed by hand"),
    ]
    assert cells(only(made["dns_plan"], action="create"), "owner", "after", "after_ttl_s") == [
        ("5.1.0.10.in-addr.arpa.", "hypervisor.example.lan.", 3600),
        ("hypervisor.example.lan.", "10.0.1.5", 3600),
    ]


def test_a_person_wins_over_the_list_that_over_a_reservation() -> None:
    """Each is outranked by the one before; the reservation still says whose address it is."""
    fixed = {"reservations": [reservation("10.0.1.5", ALICE, "reserved")]}
    made = known(host("10.0.1.5", "listed", ALICE), **fixed)
    assert granted(made) == {"10.0.1.5": "listed.example.lan"}
    assert cells(made["name_claims"], "source", "rank", "verdict") == [
        ("kea4.reservation", 3, "outranked"),
        (LIST, 2, "granted"),
    ]
    assert cells(made["bindings"], "kind", "evidence") == [("static", f"{LIST},reservation")]
    made = known(host("10.0.1.5", "listed", ALICE), ipam_addresses=[in_ipam("10.0.1.5", "typed")], **fixed)
    assert granted(made) == {"10.0.1.5": "typed.example.lan"}


def test_no_client_takes_a_listed_name() -> None:
    """A lease that calls itself so is contested; a listed name may be one that clients must not have."""
    made = known(host("10.0.1.5", "ns1"), host("10.0.1.6", "nas"), leases=[lease("10.0.1.50", BOB, "nas")])
    assert granted(made) == {"10.0.1.5": "ns1.example.lan", "10.0.1.6": "nas.example.lan"}
    assert "given by hand to, another device" in objection(made, "10.0.1.50")


def test_another_device_on_the_address_is_shown_and_the_name_stays() -> None:
    """Who is there is told by who was seen; what the address is called, by the list."""
    made = known(host("10.0.1.5", "nas", ALICE), neighbours=[neighbour("10.0.1.5", BOB)])
    assert cells(made["bindings"], "mac", "kind") == [(BOB, "neighbour")]
    assert granted(made) == {"10.0.1.5": "nas.example.lan"}


def test_a_host_without_a_mac_is_whoever_is_there() -> None:
    """Its sighting counts."""
    made = known(host("10.0.1.5", "nas"), neighbours=[neighbour("10.0.1.5", BOB)])
    assert cells(made["bindings"], "mac", "kind", "last_seen_at") == [(BOB, "static", minutes_ago(5))]


def test_of_two_lists_the_first_by_name_counts() -> None:
    """By rule, not by which was read first; the other is shown as outranked."""
    made = known(host("10.0.1.5", "b"), host("10.0.1.5", "a", source="static-list/attic"))
    assert granted(made) == {"10.0.1.5": "a.example.lan"}
    assert cells(only(made["name_claims"], verdict="outranked"), "source") == [(LIST,)]


def test_a_name_stays_while_it_is_listed_and_goes_a_day_after() -> None:
    """However long nobody has seen the host; once it was taken out of the list, as a reservation's would."""
    world = World(network=NETWORK)
    listed = [host("10.0.1.5", "nas")]
    world.census(0, hosts=listed)
    published = {("nas.example.lan.", "A", "10.0.1.5"), ("5.1.0.10.in-addr.arpa.", "PTR", "nas.example.lan.")}
    assert world.records() == published
    assert world.census(1000, hosts=listed)["dns_plan"].empty
    world.census(1001)
    world.census(1024)
    assert world.records() == published
    world.census(1026)
    assert world.records() == set()


def test_an_unread_list_freezes_what_it_tells_of() -> None:
    """A list nobody could read is no empty one: however long that lasts, its names stay."""
    world = World(network=NETWORK)
    world.census(0, hosts=[host("10.0.1.5", "nas")])
    published = world.records()
    for hours in (1, 100):
        made = world.census(hours, unread=[source("home", LIST, "hosts.toml: cannot be read")])
        assert made["dns_plan"].empty
        frozen = cells(only(made["withheld"], rule="frozen"), "site", "reason")
        assert frozen == [("home", f"{LIST}: hosts.toml: cannot be read")]
    assert world.records() == published
