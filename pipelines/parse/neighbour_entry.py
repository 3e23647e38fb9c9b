"""One entry of a Linux kernel's neighbour table, from whichever program printed it."""

import re
from dataclasses import dataclass

_INTERFACE = re.compile(r"[!-~]{1,15}\Z")  # IFNAMSIZ (linux/if.h) less its final NUL


@dataclass(frozen=True)
class Entry:
    """`state` is the contract's word; `confirmed_s` is how long ago the kernel confirmed it, or None."""

    ip: str
    mac: str | None
    interface: str
    state: str
    confirmed_s: int | None = None
    is_of_proc: bool = False


def interface(text: str) -> str:
    """An interface's name. Raises `ValueError`."""
    if not _INTERFACE.match(text):
        raise ValueError(f"{text!r:.80} is no interface's name")
    return text
