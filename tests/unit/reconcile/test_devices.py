"""Which interfaces are one device, and what is told of it."""

from pipelines import network as network_file
from pipelines import tables
from pipelines.reconcile.account import account_of_devices
from pipelines.reconcile.devices import devices
from tests.lives import failed
from tests.networks import NETWORK, NETWORK_TOML, Tables, cells, census, hour, in_ipam, lease, neighbour, reservation
from tests.unit.reconcile.remembering import (
    DOCK,
    DUID,
    FRESH,
    LAPTOP,
    OTHER,
    OTHER_DUID,
    PRIVATE,
    Memory,
    by_duid,
    handwritten,
    is_one,
)

# --- grouped by evidence --------------------------------------------------------------------------------------


def test_interfaces_that_give_one_duid_are_one_device() -> None:
    """A laptop's own card and its dock, at the same time: the operating system is the same."""
    memory = Memory()
    leases = [
        lease("10.0.0.5", LAPTOP, client_id=by_duid(DUID)),
        lease("10.0.0.6", DOCK, client_id=by_duid(DUID, "a1000002")),
        lease("10.0.0.7", OTHER, client_id=by_duid(OTHER_DUID)),
    ]
    ids = memory.census(leases=leases)
    assert is_one(ids, LAPTOP, DOCK)
    assert ids[OTHER] != ids[LAPTOP]
    assert memory.told(DOCK, "reason") == f"the same DHCP identifier: duid:{DUID}"


def test_a_lease_by_duid_alone_belongs_to_the_card_that_gives_it() -> None:
    """DHCPv6 tells no MAC: its client is an interface without one, joined by its DUID."""
    leases = [lease("10.0.0.5", LAPTOP, client_id=by_duid(DUID)), lease("fd00::5", None, client_id=DUID, site="home")]
    network = network_file.parse(NETWORK_TOML.replace('"10.0.1.0/24"]', '"10.0.1.0/24", "fd00::/64"]'), "x")
    ids = Memory(network).census(leases=leases)
    assert is_one(ids, LAPTOP, f"duid:{DUID}")


def test_a_client_identifier_that_is_a_mac_is_that_mac() -> None:
    """A lease without a hardware address names it nevertheless (RFC 2132 section 9.14)."""
    assert set(Memory().census(leases=[lease("10.0.0.5", None, client_id="01" + LAPTOP.replace(":", ""))])) == {LAPTOP}


def test_another_client_identifier_joins_at_its_own_site_only() -> None:
    """It is unique where its server is, and no further."""
    same = {"client_id": "006d792d746f61737465"}
    leases = [lease("10.0.0.5", LAPTOP, **same), lease("10.0.0.6", DOCK, **same), lease("10.9.0.5", OTHER, **same)]
    ids = Memory().census(leases=leases)
    assert is_one(ids, LAPTOP, DOCK)
    assert ids[OTHER] != ids[LAPTOP]


def test_what_a_broken_firmware_sends_joins_nothing() -> None:
    """A UUID of zeros is everybody's."""
    nobody = {"client_id": "ffa1000001" + "0004" + "00" * 16}
    ids = Memory().census(leases=[lease("10.0.0.5", LAPTOP, **nobody), lease("10.0.0.6", DOCK, **nobody)])
    assert ids[LAPTOP] != ids[DOCK]


def test_cloned_virtual_machines_are_as_many_devices() -> None:
    """They have one machine-id, and so one DUID; whichever of them is on in a later hour, they are told apart."""
    one, two, three = (f"52:54:00:00:00:0{last}" for last in (1, 2, 3))
    clones = {mac: lease(f"10.0.0.{mac[-1]}", mac, client_id=by_duid(DUID, f"a100000{mac[-1]}")) for mac in (one, two)}
    memory = Memory()
    first = memory.census(leases=list(clones.values()))
    assert first[one] != first[two]
    assert memory.census(1, leases=[clones[one]]) == memory.census(2, leases=[clones[two]]) == first
    ids = memory.census(3, leases=[lease("10.0.0.3", three, client_id=by_duid(DUID, "a1000003"))])
    assert len({ids[one], ids[two], ids[three]}) == 3


def test_a_virtual_machine_in_two_subnets_is_one_device() -> None:
    """Its cards are in different subnets: that is no clone."""
    leases = [
        lease(ip, mac, client_id=by_duid(DUID))
        for ip, mac in (("10.0.0.5", "52:54:00:00:00:01"), ("10.0.1.5", "52:54:00:00:00:02"))
    ]
    assert len(set(Memory().census(leases=leases).values())) == 1


def test_what_goes_through_a_repeater_is_not_joined_by_it() -> None:
    """Three clients with leases at the repeater's MAC are three devices when they are met elsewhere."""
    ids = [f"01{at}3ce1a10000" for at in ("aa", "bb", "cc")]
    through = [lease(f"10.0.0.{last}", DOCK, client_id=one) for last, one in enumerate(ids, start=5)]
    direct = [lease("10.0.0.8", LAPTOP, client_id=ids[0]), lease("10.0.0.9", OTHER, client_id=ids[1])]
    assert len(set(Memory().census(leases=through + direct).values())) == 3


def test_an_address_reserved_for_several_macs_is_one_devices() -> None:
    """Kea lets a laptop's own card and its dock share a reserved address."""
    memory = Memory()
    ids = memory.census(reservations=[reservation("10.0.0.5", LAPTOP, "nb"), reservation("10.0.0.5", DOCK, "nb-dock")])
    assert is_one(ids, LAPTOP, DOCK)
    assert memory.told(DOCK, "reason") == "10.0.0.5 is reserved for both"


def test_a_name_an_administrator_reserved_twice_at_a_site_is_one_devices() -> None:
    """In pfSense each card has a mapping for each card; another site's device of that name is another's."""
    rows = [
        reservation("10.0.0.5", LAPTOP, "nb"),
        reservation("10.0.1.5", DOCK, "NB"),
        reservation("10.9.0.5", OTHER, "nb"),
    ]
    ids = Memory().census(reservations=rows)
    assert is_one(ids, LAPTOP, DOCK)
    assert ids[OTHER] != ids[LAPTOP]


def test_a_name_reserved_for_many_or_for_infrastructure_joins_nothing() -> None:
    """Five cameras called `camera`, and the two firewalls of a pair called `gateway`, are as many devices."""
    cameras = [reservation(f"10.0.0.{last}", f"3c:e1:a1:00:01:0{last}", "camera") for last in range(1, 6)]
    pair = [reservation("10.0.0.8", LAPTOP, "gateway"), reservation("10.0.0.9", OTHER, "gateway")]
    assert len(set(Memory().census(reservations=cameras + pair).values())) == 7


# --- kinds -----------------------------------------------------------------------------------------------------


def test_random_virtual_and_makers_macs_are_told_apart() -> None:
    """An interface says which kind it is, a virtual one whose; the device is as steady as its steadiest interface."""
    memory = Memory(handwritten(f'merge = [["{LAPTOP}", "{PRIVATE}"]]'))
    macs = [LAPTOP, PRIVATE, FRESH, "02:42:ac:11:00:02", "bc:24:11:00:00:01"]
    memory.census(neighbours=[neighbour(f"10.0.0.{last}", mac) for last, mac in enumerate(macs, start=5)])
    assert cells(memory.interfaces, "interface", "kind", "platform") == sorted(
        [
            (LAPTOP, "universal", None), (PRIVATE, "random", None), (FRESH, "random", None),
            (macs[3], "virtual", "Docker"), (macs[4], "virtual", "Proxmox VE"),
        ]
    )  # fmt: skip
    found = devices(memory.interfaces, tables.NAME_CLAIMS.empty(), tables.BINDINGS.empty())
    assert sorted(found["kind"]) == ["random", "universal", "virtual", "virtual"]


def test_what_is_no_device_makes_none() -> None:
    """Multicast, VRRP and CARP, HSRP, and the gateway's own and proxied entries."""
    entries = [
        neighbour("10.0.0.5", "01:00:5e:00:00:fb"),
        neighbour("10.0.0.6", "00:00:5e:00:01:07"),
        neighbour("10.0.0.7", "00:00:0c:07:ac:01"),
        neighbour("10.0.0.8", LAPTOP, state="permanent", confirmed_at=None),
        neighbour("10.0.0.9", OTHER, state="published", confirmed_at=None),
    ]
    assert Memory().census(neighbours=entries, leases=[lease("10.0.0.10", "00:00:00:00:00:00", cltt_at=None)]) == {}


# --- by hand ------------------------------------------------------------------------------------------------------


def test_what_is_merged_by_hand_is_one_device() -> None:
    """No evidence is needed, and the two may be at any two sites."""
    entries = [neighbour("10.0.0.5", LAPTOP), neighbour("10.9.0.6", OTHER)]
    memory = Memory()
    apart = memory.census(neighbours=entries)
    memory.network = handwritten(f'merge = [["{LAPTOP}", "{OTHER.upper()}"]]')
    ids = memory.census(1, neighbours=entries)
    assert is_one(ids, LAPTOP, OTHER)
    assert set(ids.values()) < set(apart.values())
    assert memory.told(OTHER, "evidence") == "by-hand"


def test_what_is_split_by_hand_wins_over_all_evidence_and_over_memory() -> None:
    """The older keeps the id; the other has the one it once had back, or a new one."""
    rows = {
        "leases": [lease("10.0.0.5", LAPTOP, client_id=by_duid(DUID)), lease("10.0.0.6", DOCK, client_id=by_duid(DUID))]
    }
    memory = Memory()
    one = memory.census(0, (), **rows)
    assert is_one(one, LAPTOP, DOCK)
    memory.network = handwritten(f'split = [["{LAPTOP}", "{DOCK}"]]')
    ids = memory.census(1, (), **rows)
    assert ids[LAPTOP] != ids[DOCK]
    assert one[LAPTOP] in ids.values()
    assert memory.census(2, (), **rows) == ids


def test_a_split_keeps_two_apart_that_a_third_would_join() -> None:
    """The third goes with one of them, by rule."""
    rows = [lease(f"10.0.0.{last}", mac, client_id=by_duid(DUID)) for last, mac in ((5, LAPTOP), (6, DOCK), (7, OTHER))]
    ids = Memory(handwritten(f'split = [["{LAPTOP}", "{OTHER}"]]')).census(leases=rows)
    assert len(set(ids.values())) == 2
    assert ids[LAPTOP] != ids[OTHER]


# --- in the account ------------------------------------------------------------------------------------------------


def shown(parsed: Tables) -> Tables:
    """The tables of devices beside those of the whole account, of a network nobody has seen before."""
    made = census(parsed)
    return made | account_of_devices(parsed, made, tables.DEVICE_IDS.empty(), network=NETWORK)


def test_a_device_bears_the_name_of_the_address_dhcp_gave_it() -> None:
    """Not that of a service it holds as well, though a person named that one; of aliases the lowest address counts."""
    rows = hour(
        leases=[lease("10.0.0.50", LAPTOP, "node-1")],
        neighbours=[neighbour("10.0.0.5", LAPTOP), neighbour("10.0.0.20", OTHER), neighbour("10.0.0.9", OTHER)],
        ipam_addresses=[in_ipam("10.0.0.5", "mqtt"), in_ipam("10.0.0.20", "alias"), in_ipam("10.0.0.9", "box")],
    )
    found = shown(rows)["devices"]
    assert cells(found, "name", "addresses") == [
        ("box.example.lan.", "10.0.0.20,10.0.0.9"),
        ("node-1.example.lan.", "10.0.0.5,10.0.0.50"),
    ]


def test_devices_of_a_frozen_site_are_left_as_they_are_known() -> None:
    """One of its sources is missing; the other site's devices are there."""
    rows = hour([failed("cabin")], leases=[lease("10.0.0.50", LAPTOP), lease("10.9.0.50", OTHER)])
    assert cells(shown(rows)["device_interfaces"], "interface") == [(LAPTOP,)]
