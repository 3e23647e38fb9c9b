"""diffsync's diff and sync of so many hosts, equal on both sides: `PEERS/python -m bench.contenders.diffsync_stage N`.

It runs in the peers' environment, so it imports nothing of ours.
"""

import json
import sys
import time

from diffsync import Adapter, DiffSyncModel
from diffsync.logging import enable_console_logging


class Host(DiffSyncModel):
    """One address as phpIPAM holds it."""

    _modelname = "host"
    _identifiers = ("ip",)
    _attributes = ("mac", "name")

    ip: str
    mac: str
    name: str


class Side(Adapter):
    """All the addresses of one side."""

    host = Host
    top_level = ("host",)

    def load(self, count: int) -> None:
        """So many hosts."""
        for number in range(count):
            self.add(
                Host(ip=f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", mac=f"m{number}", name=f"h{number}")
            )


def main(count: int) -> None:
    """Print the CPU seconds of the diff and the sync."""
    enable_console_logging(verbosity=0)  # by default every object is logged, which takes longer than to compare it
    wanted, standing = Side(), Side()
    wanted.load(count)
    standing.load(count)
    began = time.process_time()
    standing.sync_from(wanted)
    print(json.dumps({"cpu_s": round(time.process_time() - began, 3)}))  # noqa: T201 - the command's output


if __name__ == "__main__":
    main(int(sys.argv[1]))
