"""Which interfaces are one device, and how it stays the one it was."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from pipelines import network as network_file
from pipelines import tables
from pipelines.network import Network
from pipelines.reconcile.account import account_of_devices
from pipelines.reconcile.devices import device_interfaces, devices
from pipelines.reconcile.identity import changed, forgotten, remembered
from pipelines.reconcile.sightings import sightings
from tests.lives import failed
from tests.networks import (
    AT,
    NETWORK,
    NETWORK_TOML,
    Row,
    Tables,
    cells,
    census,
    frame,
    hour,
    in_ipam,
    lease,
    neighbour,
    reservation,
)

LAPTOP, DOCK, OTHER = "3c:e1:a1:00:00:01", "00:e0:4c:00:00:02", "3c:e1:a1:00:00:03"
"""Makers' MACs."""
PRIVATE, FRESH, THIRD = "d2:10:22:00:00:01", "66:16:22:00:00:02", "8a:13:22:00:00:03"
"""MACs made up at random."""
DUID, OTHER_DUID = "00010001" + "2a0000003ce1a1000001", "00010001" + "2b0000003ce1a1000003"
"""What a DHCP client calls itself, whatever its card."""


def by_duid(duid: str, iaid: str = "a1000001") -> str:
    """The DHCPv4 client identifier that holds a DUID (RFC 4361)."""
    return "ff" + iaid + duid


def handwritten(text: str) -> Network:
    """The small network with such a section [devices]."""
    return network_file.parse(NETWORK_TOML + "[devices]\n" + text, "network.toml")


@dataclass
class Memory:
    """A network over many hours: each census knows what the one before has left in the ledger."""

    network: Network = NETWORK
    known: pd.DataFrame = field(default_factory=tables.DEVICE_IDS.empty)
    interfaces: pd.DataFrame = field(default_factory=tables.DEVICE_INTERFACES.empty)
    written: int = 0

    def census(self, hours: float = 0, frozen: tuple[str, ...] = (), **sources: list[Row]) -> dict[str, str]:
        """The device of each interface (bare when it is unique) so many hours after `AT`."""
        at = AT + pd.Timedelta(hours=hours)
        moved = {name: [_later(row, at - AT) for row in rows] for name, rows in sources.items()}
        leases, reservations, neighbours = (
            frame(table, moved.get(table.name, [])) for table in (tables.LEASES, tables.RESERVATIONS, tables.NEIGHBOURS)
        )
        seen = sightings(leases, neighbours, network=self.network, as_of=at)
        self.interfaces = device_interfaces(
            seen, leases, reservations, self.known, network=self.network, as_of=at, frozen=frozen
        )
        assert tables.DEVICE_INTERFACES.violations(self.interfaces) == []
        found = devices(self.interfaces, tables.NAME_CLAIMS.empty(), tables.BINDINGS.empty())
        assert tables.DEVICES.violations(found) == []
        wanted = remembered(self.interfaces, self.known)
        assert tables.DEVICE_IDS.violations(wanted) == []
        self.written = len(changed(wanted, self.known)) + len(forgotten(wanted, self.known))
        self.known = wanted
        return dict(cells(self.interfaces, "interface", "device_id"))  # type: ignore[arg-type]  # pairs

    def told(self, interface: str, column: str) -> object:
        """One value of an interface's row."""
        ((value,),) = cells(self.interfaces[self.interfaces["interface"] == interface], column)
        return value


def _later(row: Row, by: pd.Timedelta) -> Row:
    return {name: value + by if isinstance(value, pd.Timestamp) else value for name, value in row.items()}


def is_one(ids: Mapping[str, str], *interfaces: str) -> bool:
    """Whether these are all of one device."""
    return len({ids[one] for one in interfaces}) == 1


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


# --- never on a name alone --------------------------------------------------------------------------------------


def test_two_devices_may_call_themselves_the_same() -> None:
    """Makers' MACs, at once or one after the other: a name is what anybody says of himself."""
    memory = Memory()
    memory.census(leases=[lease("10.0.0.5", LAPTOP, "laptop")])
    ids = memory.census(5, leases=[lease("10.0.0.6", OTHER, "laptop")])
    assert ids[LAPTOP] != ids[OTHER]


def test_a_new_random_mac_takes_up_where_the_last_one_left() -> None:
    """A phone made itself another MAC: the same name at the same site, and the old one is no more seen."""
    memory = Memory()
    first = memory.census(leases=[lease("10.0.0.5", PRIVATE, "pixel-7")])
    ids = memory.census(48, leases=[lease("10.0.0.9", FRESH, "pixel-7")])
    assert ids == {PRIVATE: first[PRIVATE], FRESH: first[PRIVATE]}
    assert (
        memory.told(FRESH, "reason") == "a new MAC under the lease name pixel-7.example.lan., after the last was gone"
    )
    assert is_one(memory.census(400, leases=[lease("10.0.0.3", THIRD, "pixel-7")]), PRIVATE, FRESH, THIRD)


def test_the_old_macs_lease_may_still_run() -> None:
    """What counts is when each was last confirmed, not that Kea keeps the lease until its end."""
    memory = Memory()
    memory.census(leases=[lease("10.0.0.5", PRIVATE, "pixel-7", valid_s=86400)])
    left = lease(
        "10.0.0.5", PRIVATE, "pixel-7", cltt_at=AT - pd.Timedelta(minutes=70), expires_at=AT + pd.Timedelta(days=1)
    )
    assert is_one(memory.census(1, leases=[left, lease("10.0.0.9", FRESH, "pixel-7")]), PRIVATE, FRESH)


def test_two_phones_of_one_name_at_the_same_time_are_two() -> None:
    """The first is seen after the second has come, in that hour or a later one: they are told apart for good."""
    early, late = {"cltt_at": AT - pd.Timedelta(minutes=30)}, {"cltt_at": AT - pd.Timedelta(minutes=10)}
    one, two = lease("10.0.0.5", PRIVATE, "iphone"), lease("10.0.0.9", FRESH, "iphone")
    memory = Memory()
    first = memory.census(leases=[one])
    assert memory.census(1, leases=[one | late, two | early])[FRESH] != first[PRIVATE]
    memory = Memory()
    memory.census(leases=[one])
    assert memory.census(1, leases=[two])[FRESH] == first[PRIVATE]
    ids = memory.census(2, leases=[one | early, two | late])
    assert ids[FRESH] != ids[PRIVATE] == first[PRIVATE]
    assert memory.census(3, leases=[two]) == ids
    assert memory.told(FRESH, "evidence") == "alone"


def test_a_phone_may_go_back_to_its_old_mac() -> None:
    """It is seen under the new one no more: still one phone."""
    memory = Memory()
    memory.census(leases=[lease("10.0.0.5", PRIVATE, "pixel-7")])
    memory.census(5, leases=[lease("10.0.0.9", FRESH, "pixel-7")])
    assert is_one(memory.census(9, leases=[lease("10.0.0.5", PRIVATE, "pixel-7")]), PRIVATE, FRESH)


def test_no_name_is_taken_up_that_is_doubtful() -> None:
    """Two known devices of it, two newcomers, one at another site, or one that comes after two months."""
    old, other, new = (lease(f"10.0.0.{last}", mac, "iphone") for last, mac in ((5, PRIVATE), (6, THIRD), (9, FRESH)))
    for before, after, hours in (
        ([old, other], [new], 5),
        ([old], [other, new], 5),
        ([old], [lease("10.9.0.9", FRESH, "iphone")], 5),
        ([old], [new], 1440),
        ([lease("10.0.0.5", PRIVATE, "gateway")], [lease("10.0.0.9", FRESH, "gateway")], 5),
        ([lease("10.0.0.5", PRIVATE, "my phone")], [lease("10.0.0.9", FRESH, "my phone")], 5),
        ([lease("10.0.0.5", PRIVATE, None)], [lease("10.0.0.9", FRESH, None)], 5),
        ([lease("10.0.0.5", "52:54:00:00:00:01", "vm")], [lease("10.0.0.9", "52:54:00:00:00:02", "vm")], 5),
    ):  # fmt: skip
        memory = Memory()
        memory.census(leases=before)
        ids = memory.census(hours, leases=after)
        assert len(set(ids.values())) == len(ids), before


def test_nobody_becomes_the_nas_by_its_name() -> None:
    """A reserved name is not taken up: it is the device's that has the reservation."""
    reserved = [reservation("10.0.0.5", LAPTOP, "nas")]
    memory = Memory()
    memory.census(leases=[lease("10.0.0.5", LAPTOP, "nas")], reservations=reserved)
    ids = memory.census(5, leases=[lease("10.0.0.9", FRESH, "nas")], reservations=reserved)
    assert ids[FRESH] != ids[LAPTOP]


def test_nothing_is_concluded_from_a_site_that_was_not_read() -> None:
    """Its devices stay as they are known: nobody is gone because nobody could look (rule R1)."""
    memory = Memory()
    first = memory.census(leases=[lease("10.9.0.5", PRIVATE, "pixel-7")])
    assert memory.census(5, frozen=("cabin",), leases=[lease("10.9.0.9", FRESH, "pixel-7")]) == first
    assert memory.census(8000, frozen=("cabin",)) == first
    assert memory.census(8000) == {}


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


# --- identity ------------------------------------------------------------------------------------------------------


def test_a_device_keeps_its_identity_when_its_address_changes() -> None:
    """An address is no part of what it is."""
    memory = Memory()
    first = memory.census(leases=[lease("10.0.0.5", LAPTOP)])
    assert memory.census(1, leases=[lease("10.0.1.77", LAPTOP)]) == first


def test_a_device_keeps_its_identity_when_its_mac_changes() -> None:
    """Its operating system tells that it is the same, though the old card is gone."""
    memory = Memory()
    first = memory.census(leases=[lease("10.0.0.5", LAPTOP, client_id=by_duid(DUID))])
    ids = memory.census(100, leases=[lease("10.0.0.6", OTHER, client_id=by_duid(DUID))])
    assert ids[OTHER] == first[LAPTOP]


def test_a_device_keeps_its_identity_when_its_system_is_installed_anew() -> None:
    """Another DUID at all its interfaces, and no other device gives it: the machine is the same."""
    memory = Memory()
    leases = [lease("10.0.0.5", LAPTOP), lease("10.0.0.6", DOCK)]
    first = memory.census(leases=[row | {"client_id": by_duid(DUID)} for row in leases])
    assert memory.census(1, leases=[row | {"client_id": by_duid(OTHER_DUID)} for row in leases]) == first


def test_a_dock_goes_with_whoever_uses_it() -> None:
    """Carried from one laptop to the next it joins the two never: it says whose it is by the DUID it gives."""
    memory = Memory()
    mine = [lease("10.0.0.5", LAPTOP, client_id=by_duid(DUID)), lease("10.0.0.7", DOCK, client_id=by_duid(DUID))]
    yours = [
        lease("10.0.0.6", OTHER, client_id=by_duid(OTHER_DUID)),
        lease("10.0.0.7", DOCK, client_id=by_duid(OTHER_DUID)),
    ]
    first = memory.census(leases=[*mine, yours[0]])
    assert is_one(first, LAPTOP, DOCK)
    second = memory.census(8, leases=[mine[0], *yours])
    assert is_one(second, OTHER, DOCK)
    assert second[LAPTOP] == first[LAPTOP]
    assert second[OTHER] == first[OTHER]
    assert memory.census(16, leases=[*mine, yours[0]]) == first


def test_one_maker_s_mac_at_two_sites_is_one_device() -> None:
    """A laptop travels. A container's address is the same on every host, and a random one is nobody's."""
    docker = "02:42:ac:11:00:02"
    entries = [
        neighbour(ip, mac)
        for ip, mac in (("10.0.0.5", LAPTOP), ("10.9.0.5", LAPTOP), ("10.0.0.6", docker), ("10.9.0.6", docker))
    ]
    memory = Memory()
    memory.census(neighbours=entries)
    found = devices(memory.interfaces, tables.NAME_CLAIMS.empty(), tables.BINDINGS.empty())
    assert cells(found, "sites", "kind") == [("cabin", "virtual"), ("cabin,home", "universal"), ("home", "virtual")]


def test_when_two_known_devices_turn_out_to_be_one_the_older_id_stays() -> None:
    """The other is remembered, and comes back when they are split again."""
    memory = Memory()
    old = memory.census(leases=[lease("10.0.0.6", OTHER)])[OTHER]
    young = memory.census(5, leases=[lease("10.0.0.5", LAPTOP), lease("10.0.0.6", OTHER)])[LAPTOP]
    memory.network = handwritten(f'merge = [["{LAPTOP}", "{OTHER}"]]')
    assert memory.census(6) == {LAPTOP: old, OTHER: old}
    assert list(devices(memory.interfaces, tables.NAME_CLAIMS.empty(), tables.BINDINGS.empty())["former_ids"]) == [
        young
    ]
    memory.network = handwritten(f'split = [["{LAPTOP}", "{OTHER}"]]')
    assert memory.census(7) == {LAPTOP: young, OTHER: old}
    assert devices(memory.interfaces, tables.NAME_CLAIMS.empty(), tables.BINDINGS.empty())["former_ids"].isna().all()


def test_an_id_is_short_and_the_same_after_the_ledger_was_lost() -> None:
    """It is made from the interface first seen."""
    ids = [Memory().census(hours, leases=[lease("10.0.0.5", LAPTOP)])[LAPTOP] for hours in (0, 99)]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 10


def test_an_interface_is_forgotten_after_half_a_year() -> None:
    """Guests' random MACs do not pile up for ever; what is reserved stays."""
    memory = Memory()
    memory.census(leases=[lease("10.0.0.5", PRIVATE)])
    assert set(memory.census(179 * 24)) == {PRIVATE}
    assert set(memory.census(181 * 24, reservations=[reservation("10.0.0.7", DOCK)])) == {DOCK}
    assert memory.census(9000) == {}


def test_a_second_run_writes_nothing() -> None:
    """Nor does any run in the week after, but for what is new; then each device costs one write (rule R9)."""
    rows = {
        "leases": [lease("10.0.0.5", LAPTOP, "nb", client_id=by_duid(DUID)), lease("10.0.0.6", PRIVATE, "pixel-7")],
        "reservations": [reservation("10.0.0.7", DOCK, "nas"), reservation("10.0.0.7", OTHER, "nas2")],
        "neighbours": [neighbour("10.9.0.8", LAPTOP)],
    }
    memory = Memory()
    memory.census(0, (), **rows)
    assert memory.written == 5
    for hours in (0, 1, 24, 167):
        memory.census(hours, (), **rows)
        assert memory.written == 0
    memory.census(168, (), **rows)
    assert memory.written == 3


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
