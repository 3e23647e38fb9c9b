"""Two devices on one address, hour after hour: nothing goes to and fro; who really takes it over has it at once.

Every hour is a whole census whose plans are carried out, `AT` the first. Each address is a story of its own: two or
three devices, called by their turn, of which the first is the one that is named where there is a name.
"""

from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from pipelines.history import STATE, observations
from pipelines.plan.bookkeeping import SIGHTING
from tests.lives import World
from tests.networks import AT, NETWORK, Row, Tables, cells, hour, ipam_subnet, lease, neighbour, only, reservation

Sources = dict[str, list[Row]]
Story = Callable[[str, int], Sources]
"""What the sources say of an address in an hour."""
FIRST, SECOND, THIRD = 1, 2, 3
HOURS = 10
SUBNETS = [ipam_subnet(str(one)) for one in NETWORK.site_of_subnet]


def mac(ip: str, which: int) -> str:
    """The MAC of one of an address's own devices."""
    return f"52:54:00:0{which}:00:{int(ip.rpartition('.')[2]):02x}"


def name(ip: str) -> str:
    """The name of an address's first device."""
    return f"h{ip.rpartition('.')[2]}"


def seen(ip: str, hours: int, which: int, minutes: float = 3, interface: str = "em0") -> Row:
    """An ARP entry so many minutes old at a census."""
    return neighbour(ip, mac(ip, which), confirmed_at=_at(hours, minutes), interface=interface)


def leased(ip: str, hours: int, which: int = FIRST, minutes: float = 30, lasts_h: int = 24) -> Row:
    """A lease given or renewed so many minutes before a census; with a name if it is the first device's."""
    at, hostname = _at(hours, minutes), name(ip) if which == FIRST else None
    ends = {"valid_s": lasts_h * 3600, "expires_at": at + pd.Timedelta(hours=lasts_h)}
    return lease(ip, mac(ip, which), hostname, cltt_at=at, **ends)


def reserved(ip: str) -> Row:
    """The first device's reservation."""
    return reservation(ip, mac(ip, FIRST), name(ip))


def _at(hours: int, minutes: float) -> pd.Timestamp:
    return AT + pd.Timedelta(hours=hours) - pd.Timedelta(minutes=minutes)


def both(ip: str, hours: int) -> list[Row]:
    """Both in ARP, on two interfaces of the gateway; who answered last changes every hour."""
    return [seen(ip, hours, FIRST, 3 + hours % 2 * 6), seen(ip, hours, SECOND, 9 - hours % 2 * 6, "em1")]


def turns(ip: str, hours: int) -> list[Row]:
    """The gateway's one ARP entry: the first device's at even hours, the second's at odd ones."""
    return [seen(ip, hours, SECOND if hours % 2 else FIRST)]


def census(world: World, hours: int, stories: dict[str, Story], ipam_subnets: Sequence[Row] = SUBNETS) -> Tables:
    """One hour in which every address's story goes on."""
    told = [story(ip, hours) for ip, story in stories.items()]
    leases, reservations, neighbours = (
        [row for rows in told for row in rows.get(one, [])] for one in ("leases", "reservations", "neighbours")
    )
    return world.census(
        hours, leases=leases, reservations=reservations, neighbours=neighbours, ipam_subnets=list(ipam_subnets)
    )


def held_by(world: World, ips: Iterable[str]) -> dict[str, int]:
    """Which of its devices phpIPAM has at each address."""
    return {ip: int(str(world.in_ipam(ip)["mac"])[10:11]) for ip in ips}


def written(made: Tables) -> set[str]:
    """The addresses of which phpIPAM, DNS or the ledger is written something, but that somebody was seen again."""
    in_ipam = made["ipam_plan"][made["ipam_plan"]["field"] != SIGHTING]
    names = {f"{name(ip)}.example.lan.": ip for ip in LASTING} | {NETWORK.pointer_name(ip): ip for ip in LASTING}
    return {*in_ipam["ip"], *made["dns_plan"]["owner"].map(names)}


def remembered(made: Tables, ip: str) -> tuple[object, ...]:
    """What the history would remember of an address."""
    (home,) = observations(made["bindings"], made["name_claims"], hour()["sources"], {"cabin"})
    (held,) = cells(only(home.holders, ip=ip), *STATE)
    return held


LASTING: dict[str, Story] = {
    "10.0.1.11": lambda ip, at: {"neighbours": both(ip, at)},
    "10.0.1.12": lambda ip, at: {"neighbours": both(ip, at), "leases": [leased(ip, 0)]},
    "10.0.1.13": lambda ip, at: {"neighbours": both(ip, at), "reservations": [reserved(ip)]},
    "10.0.1.14": lambda ip, at: {
        "neighbours": [seen(ip, at, SECOND, 3 + at % 2 * 9)],
        "leases": [leased(ip, at, FIRST, 2 + at % 3 * 8, 1)],
    },
    "10.0.1.21": lambda ip, at: {"neighbours": turns(ip, at)},
    "10.0.1.22": lambda ip, at: {"neighbours": turns(ip, at), "leases": [leased(ip, 0)]},
    "10.0.1.23": lambda ip, at: {"neighbours": turns(ip, at), "reservations": [reserved(ip)]},
    "10.0.1.24": lambda ip, at: {"neighbours": turns(ip, at + 1), "leases": [leased(ip, 0)]},
}
"""Two devices that share an address for good: both in one reading, a lease that is renewed beside ARP, by turns."""
SETTLED = 3
"""From which hour on nothing is written: by turns it takes a to, and a fro where the other has the right."""


def test_while_two_devices_share_an_address_nothing_is_written() -> None:
    """Neither to phpIPAM nor DNS, ledger or history; and whoever has a lease or reservation is the one that stays."""
    world = World()
    lived = [census(world, at, LASTING) for at in range(HOURS)]
    assert [written(made) & {"10.0.1.11", "10.0.1.12", "10.0.1.13"} for made in lived[1:]] == [set()] * (HOURS - 1)
    assert "10.0.1.21" not in set.union(*map(written, lived[2:]))
    assert set.union(*map(written, lived[SETTLED:])) == set()
    for ip in LASTING:
        assert len({remembered(made, ip) for made in lived[SETTLED:]}) == 1
    with_a_right = {ip: FIRST for ip in LASTING if ip not in {"10.0.1.11", "10.0.1.21"}}
    assert held_by(world, with_a_right) == with_a_right
    for made in lived:  # a name is published only while its device holds the address
        named = only(made["name_claims"], verdict="granted").merge(made["bindings"], on="ip")
        assert named["mac"].tolist() == [mac(ip, FIRST) for ip in named["ip"]]


def arp(*whose: int) -> Story:
    """Who is in ARP, hour by hour."""
    return lambda ip, at: {"neighbours": [seen(ip, at, whose[at])]}


def now(which: int) -> Story:
    """Who is in ARP this hour."""
    return lambda ip, at: {"neighbours": [seen(ip, at, which)]}


TAKEN_OVER: dict[str, Story] = {
    "10.0.1.11": arp(FIRST, SECOND),
    "10.0.1.12": lambda ip, at: {"leases": [leased(ip, at)]} if at else {"neighbours": [seen(ip, 0, SECOND)]},
    "10.0.1.13": lambda ip, at: {"leases": [leased(ip, at, SECOND if at else FIRST, 10, 1)]},
    "10.0.1.14": lambda ip, at: {"leases": [leased(ip, 0)], "neighbours": [seen(ip, at, SECOND)] * at},
    "10.0.1.15": lambda ip, at: arp(FIRST, SECOND)(ip, at) | {"reservations": [reserved(ip)]},
    "10.0.1.16": lambda ip, at: {  # in ARP until the lease was given: within the window, but it has left
        "neighbours": [seen(ip, at, SECOND, 11)],
        "leases": [leased(ip, at, FIRST, 10)] * at,
    },
}


def test_who_takes_an_address_over_has_it_at_once() -> None:
    """By ARP alone or by lease, from one in ARP, from one whose lease is over or is not: in one census."""
    world = World()
    census(world, 0, TAKEN_OVER)
    before = held_by(world, TAKEN_OVER)
    census(world, 1, TAKEN_OVER)
    by_lease = {"10.0.1.12", "10.0.1.16"}
    assert before == {ip: SECOND if ip in by_lease else FIRST for ip in TAKEN_OVER}
    assert held_by(world, TAKEN_OVER) == {ip: FIRST if ip in by_lease else SECOND for ip in TAKEN_OVER}


def test_only_who_lost_the_address_and_has_no_right_to_it_waits() -> None:
    """A third device, one that gets a lease again, and two machines of one reservation have it each time at once."""
    world, whose = World(), [FIRST, SECOND, FIRST, THIRD]
    stories: dict[str, Story] = {
        "10.0.1.11": arp(*whose),
        "10.0.1.12": lambda ip, at: {"leases": [leased(ip, at, whose[at], 10, 1)]},
        "10.0.1.13": lambda ip, at: arp(*whose)(ip, at) | {"reservations": [reserved(ip), _shared(ip)]},
    }
    lived = []
    for at in range(len(whose)):
        census(world, at, stories)
        lived.append(tuple(held_by(world, stories).values()))
    assert lived == [(FIRST,) * 3, (SECOND,) * 3, (SECOND, FIRST, FIRST), (THIRD,) * 3]


def _shared(ip: str) -> Row:
    return reservation(ip, mac(ip, SECOND))


def test_who_comes_back_waits_until_the_other_has_left() -> None:
    """It has its address again when the other was not seen for 30 hours; `lastSeen` is the holder's all along."""
    world, ips = World(), ("10.0.0.11", "10.0.1.11")
    subnets = [ipam_subnet(str(one), is_pinged=".0." in str(one)) for one in NETWORK.site_of_subnet]
    lives = [(0, FIRST, FIRST), (1, SECOND, SECOND), (2, FIRST, SECOND), (29, FIRST, SECOND), (32, FIRST, FIRST)]
    for at, answers, holds in lives:
        made = census(world, at, dict.fromkeys(ips, now(answers)), ipam_subnets=subnets)
        assert held_by(world, ips) == dict.fromkeys(ips, holds)
        assert made["bindings"]["mac"].tolist() == [mac(ip, holds) for ip in ips]
        assert world.in_ipam(ips[0])["last_seen_at"] == _at(at if answers == holds else 1, 3)


def test_who_comes_back_after_a_week_has_it_at_once() -> None:
    """By then it is no turn, though the other was there an hour ago."""
    world = World()
    for at, which in [(0, FIRST), (1, SECOND), (168, SECOND), (169, FIRST)]:
        census(world, at, {"10.0.1.11": now(which)})
    assert held_by(world, ["10.0.1.11"]) == {"10.0.1.11": FIRST}


def test_a_mac_in_phpipam_that_nobody_saw_there_keeps_no_one_waiting() -> None:
    """What somebody typed, or an import left, is no device that takes turns."""
    world, ip = World(), "10.0.1.11"
    census(world, 0, {ip: arp(FIRST)})
    world.ipam_addresses[0]["mac"] = mac(ip, THIRD)
    made = census(world, 1, {ip: arp(FIRST, SECOND)})
    assert made["bindings"]["mac"].tolist() == [mac(ip, SECOND)]
