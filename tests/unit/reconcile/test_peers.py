"""WireGuard's peers: who is seen by a handshake, who bears a name, and who is nobody's concern."""

from pipelines import network as network_file
from tests.networks import (
    ALICE,
    NETWORK_TOML,
    Row,
    Tables,
    cells,
    census,
    granted,
    hour,
    lease,
    minutes_ago,
    objection,
)

ONE, OTHER = ("RklYVFVSRS1QRUVSLT" + key + "tUFVCTElDLUtFWS0tLS0tLS0=" for key in "EI")
NETWORK = network_file.parse(
    NETWORK_TOML.replace('host = "10.0.0.1", user', 'wireguard = true, host = "10.0.0.1", user').replace(
        "[sites.cabin]", f'[sites.home.wireguard_peers]\n"{ONE}" = "phone"\n[sites.cabin]'
    ),
    "x",
)


def peer(cidr: str | None = "10.0.1.2/32", key: str = ONE, minutes: float | None = 3) -> Row:
    """A peer that may use one range, met so many minutes ago."""
    met = None if minutes is None else minutes_ago(minutes)
    plain = {"site": "home", "source": "wireguard", "interface": "tun_wg0", "public_key": key, "cidr": cidr}
    return plain | {"last_handshake_at": met}


def known(*peers: Row, **rows: list[Row]) -> Tables:
    """The account of an hour with these peers."""
    return census(hour(peers=list(peers), **rows), network=NETWORK)


def test_a_peer_was_there_at_its_last_handshake() -> None:
    """The address is its own by configuration; it has no hardware address, and its name is network.toml's."""
    made = known(peer())
    assert cells(made["sightings"], "ip", "mac", "source", "last_seen_at") == [
        ("10.0.1.2", None, "wireguard", minutes_ago(3))
    ]
    assert cells(made["bindings"], "kind", "evidence") == [("peer", "wireguard")]
    assert granted(made) == {"10.0.1.2": "phone.example.lan"}
    assert cells(made["records"], "type", "ttl_s") == [("A", 3600), ("PTR", 3600)]


def test_a_peer_that_was_never_there_keeps_its_name() -> None:
    """As a reservation: bound without a date. One without a name is not shown at all."""
    made = known(peer(minutes=None), peer("10.0.1.3/32", OTHER, None))
    assert made["sightings"].empty
    assert cells(made["bindings"], "ip", "last_seen_at") == [("10.0.1.2", None)]
    assert granted(made) == {"10.0.1.2": "phone.example.lan"}


def test_a_peer_without_a_name_is_seen() -> None:
    """So phpIPAM learns that the address is in use."""
    made = known(peer("10.0.1.3/32", OTHER))
    assert cells(made["bindings"], "ip", "kind") == [("10.0.1.3", "peer")]
    assert granted(made) == {}


def test_ranges_and_other_sites_addresses_are_nobodys() -> None:
    """A network behind a peer is no address of the peer's; an address of another site, or of none, is not seen."""
    made = known(peer("10.0.1.0/24"), peer(None), peer("10.9.0.7/32"), peer("203.0.113.9/32", OTHER))
    assert made["bindings"].empty


def test_no_client_takes_a_peers_name() -> None:
    """The name in network.toml was given by hand."""
    made = known(peer(), leases=[lease("10.0.1.50", ALICE, "phone")])
    assert granted(made) == {"10.0.1.2": "phone.example.lan"}
    assert "is reserved for, or was given by hand to, another device" in objection(made, "10.0.1.50")


def test_of_two_peers_with_one_address_the_last_to_be_there_has_it() -> None:
    """The kernel takes an address from one peer when another gets it; what is left over is not there."""
    made = known(peer(minutes=30), peer(key=OTHER, minutes=2))
    assert cells(made["sightings"], "last_seen_at") == [(minutes_ago(2),)]
    assert granted(made) == {}
