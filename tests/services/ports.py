"""Ports of loopback that stay free until whoever asked for them listens there, whatever else the machine does.

A port that the kernel has just given out and taken back may be anybody's next: another worker's server, or the near end
of any connection. So ours lie below those it gives out (ip_local_port_range is 32768 and up), and no two processes have
the same: each claims a block by holding its first port.
"""

import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle

from tests.services.process import HOST

_BLOCKS = range(12_000, 32_000, 250)


def free_port() -> int:
    """A port of 127.0.0.1, free for TCP and for UDP, that is given to nobody else for the next two hundred times."""
    return next(port for port in _claimed()[1] if _is_free(port))


@cache
def _claimed() -> tuple[socket.socket, Iterator[int]]:
    """What holds this process's block while it lives, and the block's ports, again and again."""
    for first in _BLOCKS:
        holder = socket.socket()
        try:
            holder.bind((HOST, first))
        except OSError:
            holder.close()
            continue
        return holder, cycle(range(first + 1, first + _BLOCKS.step))
    raise AssertionError(f"no block of ports is left between {_BLOCKS.start} and {_BLOCKS.stop}")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                return False
    return True
