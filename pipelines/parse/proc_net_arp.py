"""Lines of Linux's /proc/net/arp: `IP address  HW type  Flags  HW address  Mask  Device`.

Source: net/ipv4/arp.c of Linux 6, arp_format_neigh_entry; the flags are those of linux/if_arp.h.
"""

import re

from pipelines.parse.neighbour_entry import Entry, interface
from pipelines.values import ipv4, mac

_HEAD = re.compile(r"IP address +HW type +Flags +HW address +Mask +Device *\Z")
_FLAGS = re.compile(r"0x([0-9a-f]{1,4})\Z")
_ETHERNET = "0x1"
_COMPLETE, _PERMANENT, _PUBLISHED = 0x2, 0x4, 0x8


def is_head(line: str) -> bool:
    """Whether this is the table's first line."""
    return bool(_HEAD.match(line))


def entry(line: str) -> Entry:
    """One line, without a date: a complete entry may be days old. Raises `ValueError` for what is none.

    A device that left has flag 0 with its last MAC still behind it, so the flag is asked and not the MAC.
    """
    fields = line.split()
    if len(fields) != 6 or not (flags := _FLAGS.match(fields[2])):  # noqa: PLR2004 - see the module's first line
        raise ValueError("the line is not `address 0x1 flags MAC mask device` as Linux's /proc/net/arp has it")
    address, kind, _, hardware, _, device = fields
    state = _state(int(flags[1], 16))
    is_known = state in {"dynamic", "permanent"} and kind == _ETHERNET
    return Entry(ipv4(address), mac(hardware) if is_known else None, interface(device), state, is_of_proc=True)


def _state(flags: int) -> str:
    if flags & _PUBLISHED:
        return "published"
    if not flags & _COMPLETE:
        return "incomplete"
    return "permanent" if flags & _PERMANENT else "dynamic"
