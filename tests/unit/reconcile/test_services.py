"""Kubernetes' services: they hold their addresses and name them, below what people and reservations say."""

from pipelines import network as network_file
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
    lease,
    minutes_ago,
    neighbour,
    objection,
    only,
    reservation,
)

NETWORK = network_file.parse(NETWORK_TOML + '[sources.k8s]\nkind = "kubernetes"\npath = "x"\n', "x")
CLUSTER = "kubernetes/k8s"


def service(ip: str, name: str, hostname: str | None = None, **more: object) -> Row:
    """A service of the namespace `x`; with a host name, by its annotation."""
    plain = {
        "site": "home", "source": CLUSTER, "ip": ip, "namespace": "x", "service": name,
        "hostname": hostname or f"{name}-x", "is_annotated": hostname is not None,
    }  # fmt: skip
    return plain | more


def known(*services: Row, **rows: list[Row]) -> Tables:
    """The account of an hour with these services."""
    return census(hour(services=list(services), **rows), network=NETWORK)


def test_a_service_holds_its_address_and_names_it() -> None:
    """Without a MAC and without a date, for it is configured and not seen; with the TTL of names that may move."""
    made = known(service("10.0.1.200", "web"))
    assert cells(made["bindings"], "ip", "mac", "kind", "evidence", "last_seen_at") == [
        ("10.0.1.200", None, "service", CLUSTER, None)
    ]
    assert cells(made["ipam_plan"], "field", "after", "reason") == [("hostname", "web-x", "by Kubernetes")]
    assert cells(made["records"], "owner", "type", "ttl_s") == [
        ("200.1.0.10.in-addr.arpa.", "PTR", 600),
        ("web-x.example.lan.", "A", 600),
    ]


def test_the_node_that_answers_for_it_is_not_entered() -> None:
    """MetalLB lets any node answer: its MAC would change in phpIPAM with every failover. That it was seen counts."""
    made = known(service("10.0.1.200", "web"), neighbours=[neighbour("10.0.1.200", ALICE)])
    assert cells(made["bindings"], "mac", "kind", "evidence", "last_seen_at") == [
        (None, "service", f"{CLUSTER},arp", minutes_ago(5))
    ]
    assert cells(made["ipam_plan"], "field") == [("hostname",), ("lastSeen",)]


def test_an_address_that_dhcp_gave_away_stays_that_clients() -> None:
    """Two hold it then; who was leased it is shown."""
    made = known(service("10.0.1.200", "web"), leases=[lease("10.0.1.200", ALICE)])
    assert cells(made["bindings"], "mac", "kind") == [(ALICE, "lease")]


def test_of_services_that_share_an_address_one_names_it() -> None:
    """Whose annotation says so, then the first by namespace and name: whatever order they are listed in."""
    rivals = [service("10.0.1.200", "b"), service("10.0.1.200", "a"), service("10.0.1.201", "a")]
    named = service("10.0.1.201", "z", "dns.example.lan")
    for services in ([*rivals, named], [named, *reversed(rivals)]):
        made = known(*services)
        assert granted(made) == {"10.0.1.200": "a-x.example.lan", "10.0.1.201": "dns.example.lan"}
        told = only(made["withheld"], rule="shared-address")
        assert cells(told, "subject", "wanted", "reason") == [
            (ip, wanted, f"x/{loser} shares the address with x/{winner}, which names it: an address has one name")
            for ip, wanted, loser, winner in (("10.0.1.200", "b-x", "b", "a"), ("10.0.1.201", "a-x", "a", "z"))
        ]


def test_one_service_may_have_several_addresses() -> None:
    """They bear one name: an RRset of both."""
    made = known(service("10.0.1.200", "web"), service("10.0.1.201", "web"))
    assert granted(made) == {"10.0.1.200": "web-x.example.lan", "10.0.1.201": "web-x.example.lan"}


def test_whoever_may_make_a_service_takes_no_name_of_others() -> None:
    """Neither a reserved word, nor a reservation's; and of two services the one with the lower address keeps it."""
    made = known(
        service("10.0.1.200", "a", "wpad.example.lan"),
        service("10.0.1.201", "b", "nas.example.lan"),
        service("10.0.1.202", "c", "app.example.lan"),
        service("10.0.1.203", "d", "app.example.lan"),
        reservations=[reservation("10.0.1.5", BOB, "nas")],
    )
    assert granted(made) == {"10.0.1.5": "nas.example.lan", "10.0.1.202": "app.example.lan"}
    assert "reserved or infrastructure name" in objection(made, "10.0.1.200", CLUSTER)
    assert "is reserved for, or was given by hand to" in objection(made, "10.0.1.201", CLUSTER)
    assert "also wanted by 10.0.1.202" in objection(made, "10.0.1.203", CLUSTER)


def test_no_client_takes_a_services_name() -> None:
    """A service is entered by who runs the cluster; a DHCP client says what it likes."""
    made = known(service("10.0.1.200", "web"), leases=[lease("10.0.1.50", ALICE, "web-x")])
    assert granted(made) == {"10.0.1.200": "web-x.example.lan"}
    assert "given by hand to, another device" in objection(made, "10.0.1.50")


def test_a_service_outside_the_tracked_subnets_is_nobodys() -> None:
    """It stands in the table, and nothing follows."""
    made = known(service("203.0.113.9", "web", site="*"))
    assert made["bindings"].empty
    assert made["name_claims"].empty
