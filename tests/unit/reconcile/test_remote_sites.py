"""What a remote site's sources come to: dnsmasq's leases beside Kea's, and leases of which nobody knows the date."""

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
    in_ipam,
    lease,
    minutes_ago,
    neighbour,
    objection,
    only,
    source,
)

CABIN = "10.9.0.5"
NETWORK = network_file.parse(
    NETWORK_TOML.replace('{kind = "pfsense", host = "10.9', '{kind = "openwrt", via = "home", host = "10.9'), "x"
)


def leased(ip: str = CABIN, mac: str = BOB, name: str | None = "printer", **more: object) -> Row:
    """A lease of dnsmasq's."""
    return lease(ip, mac, name, source="dnsmasq.leases", valid_s=43_200, **more)


def endless(ip: str = CABIN, mac: str = BOB, **more: object) -> Row:
    """A lease of dnsmasq's without end, and so without a date."""
    return leased(ip, mac, cltt_at=None, expires_at=None) | {"valid_s": None} | more


def known(*leases: Row, **rows: list[Row]) -> Tables:
    """The account of an hour with these leases."""
    return census(hour(leases=list(leases), **rows), network=NETWORK)


def test_a_name_from_dnsmasq_is_published_under_the_sites_label_without_a_dhcid() -> None:
    """As a client's name anywhere, with the short TTL; a DHCID is for names that Kea may take over."""
    made = known(leased())
    assert granted(made) == {CABIN: "printer.cabin.example.lan"}
    assert cells(made["records"], "type", "rdata", "ttl_s", "named_by") == [("A", CABIN, 600, "dnsmasq.leases")]
    assert cells(made["sightings"], "source", "last_seen_at") == [("dnsmasq.leases", minutes_ago(10))]


def test_no_client_of_dnsmasqs_takes_a_reserved_word() -> None:
    """Behind dnsmasq too a device may call itself anything."""
    made = known(leased(name="wpad"))
    assert granted(made) == {}
    assert "reserved or infrastructure name" in objection(made, CABIN, "dnsmasq.leases")


def test_of_two_clients_with_one_name_one_gets_it() -> None:
    """A full name may be claimed at two sites; whatever the server, the tie is decided by rule."""
    made = known(leased(name="tv.example.lan"), lease("10.0.0.5", ALICE, "tv"))
    assert granted(made) == {"10.0.0.5": "tv.example.lan"}
    assert "is also wanted by 10.0.0.5" in objection(made, CABIN, "dnsmasq.leases")


def test_a_lease_without_a_date_is_no_sighting_but_binds() -> None:
    """The server promises the address to the device, as by a reservation; when it was there last, nobody knows."""
    made = known(endless())
    assert made["sightings"].empty
    assert cells(made["bindings"], "mac", "kind", "evidence", "last_seen_at") == [
        (BOB, "lease", "dnsmasq.leases", None)
    ]
    assert granted(made) == {CABIN: "printer.cabin.example.lan"}


def test_a_device_that_is_seen_counts_before_a_lease_without_a_date() -> None:
    """Another device on the address, confirmed by the kernel, holds it: the lease's name is not its name."""
    other = neighbour(CABIN, ALICE, source="linux.neighbours")
    made = known(endless(), neighbours=[other])
    assert cells(made["bindings"], "mac", "kind") == [(ALICE, "neighbour")]
    assert granted(made) == {}


def test_a_neighbour_dates_a_lease_that_has_no_date() -> None:
    """The same device, confirmed by the kernel: the binding is the lease's, its date the kernel's."""
    made = known(endless(), neighbours=[neighbour(CABIN, BOB, source="linux.neighbours")])
    assert cells(made["bindings"], "kind", "last_seen_at") == [("lease", minutes_ago(5))]


def test_a_neighbour_without_a_date_shows_nobody() -> None:
    """An entry the kernel does not vouch for keeps no device alive."""
    made = known(neighbours=[neighbour(CABIN, BOB, source="linux.neighbours", confirmed_at=None)])
    assert made["bindings"].empty


def test_a_site_that_was_not_read_is_frozen_alone() -> None:
    """Of it nothing follows, whatever else is known; the other site is looked after."""
    unread = [source("cabin", name, "no connection") for name in ("dnsmasq.leases", "linux.neighbours")]
    made = census(
        hour(unread, leases=[lease("10.0.1.5", ALICE, "tv")], ipam_addresses=[in_ipam(CABIN, "old-name")]),
        network=NETWORK,
    )
    assert set(made["addresses"]["site"]) == {"home"}
    assert set(made["records"]["site"]) == {"home"}
    assert only(made["ipam_plan"], site="cabin").empty


def test_what_is_seen_at_one_site_is_no_evidence_for_another() -> None:
    """A router that leases an address of another site's subnet speaks for nobody there."""
    made = known(endless(site="cabin", ip="10.0.0.5"), leased(site="cabin", ip="10.0.0.6"))
    assert made["bindings"].empty


def test_the_contracts_hold_when_all_leases_are_undated() -> None:
    """A column of nothing but nulls keeps its dtype."""
    made = known(endless(), endless(ip="10.9.0.6", mac=ALICE))
    assert str(made["bindings"]["last_seen_at"].dtype) == "datetime64[us, UTC]"
    assert set(only(made["records"], type="A")["owner"]) == {"printer.cabin.example.lan."}
