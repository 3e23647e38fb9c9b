"""Lines of `ip neigh`, from iproute2 (with or without -s) and from busybox: `ADDRESS dev NAME [lladdr MAC] ... STATE`.

Sources: ip/ipneigh.c of iproute2 6.1, networking/libiproute/ipneigh.c of busybox 1.36, neighbour states in
Documentation/networking and net/core/neighbour.c of Linux 6.
"""

import re

from pipelines.parse.neighbour_entry import Entry, interface
from pipelines.values import ip, mac

REACHABLE_S = 45  # an entry leaves REACHABLE after 15 to 45 s: 0.5 to 1.5 times base_reachable_time
_AGES = re.compile(r"([0-9]{1,8})/([0-9]{1,8})/([0-9]{1,8})\Z")  # used, confirmed, updated, in seconds
_UNKNOWN_AGES = "0/0/0"  # what busybox always prints
_STATES = {
    "PERMANENT": "permanent", "NOARP": "permanent", "REACHABLE": "dynamic", "STALE": "dynamic", "DELAY": "dynamic",
    "PROBE": "dynamic", "NONE": "incomplete", "INCOMPLETE": "incomplete", "FAILED": "incomplete",
}  # fmt: skip


def is_one(line: str) -> bool:
    """Whether the line is of this program and not of /proc/net/arp."""
    return line.split()[1:2] == ["dev"]


def entry(line: str) -> Entry:
    """One line, with its age where that is known. Raises `ValueError` for what is none.

    Without ages only REACHABLE says that the device was there of late. STALE was once; DELAY and PROBE mean that the
    kernel has something to send and is about to find out, which it also does for a device that left.
    """
    words = line.split()
    if words[1:2] != ["dev"] or len(words) < 4 or not (stated := [one for one in words[3:] if one in _STATES]):  # noqa: PLR2004 - address, dev, name, state
        raise ValueError("the line is not `address dev NAME lladdr MAC STATE` as ip neigh prints it")
    word, state = stated[-1], _STATES[stated[-1]]
    hardware = _behind("lladdr", words)
    address = mac(hardware) if hardware and state != "incomplete" else None
    state = "published" if "proxy" in words else "incomplete" if address is None and state == "dynamic" else state
    confirmed_s = _confirmed_s(word, _behind("used", words)) if state == "dynamic" else None
    return Entry(ip(words[0]), address, interface(words[2]), state, confirmed_s)


def _behind(key: str, words: list[str]) -> str | None:
    at = words.index(key) + 1 if key in words else len(words)
    return words[at] if at < len(words) else None


def _confirmed_s(word: str, ages: str | None) -> int | None:
    """How long ago the kernel heard from the device: no less than it was."""
    told = _AGES.match(ages) if ages is not None and ages != _UNKNOWN_AGES else None
    if told is not None:
        return int(told[2])
    return REACHABLE_S if word == "REACHABLE" else None
