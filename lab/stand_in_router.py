"""A stand-in for an OpenWRT router's `uci`, `cat` and `ip`: `stand_in_router.py PROGRAM FOLDER [ARGUMENTS]`.

Run as a program by the router's shell, without site packages and without the lab's own, so that it starts quickly.
Who had a lease when the lab was first started renews it at half its time, as clients do.
"""

import os
import sys
import time
from pathlib import Path

LEASE_S = 43_200
NEIGHBOURS = "/proc/net/arp"


def renewed(line: str, since: int, now: int) -> str:
    """A line of the lease file as it is now: its end moves on by half a lease whenever that half is over."""
    end, _, rest = line.partition(" ")
    if not end.isdecimal() or not since < int(end):
        return line
    begun = int(end) - LEASE_S
    return f"{int(end) + max(now - begun, 0) // (LEASE_S // 2) * (LEASE_S // 2)} {rest}"


def leases(folder: Path) -> str:
    """The lease file at this moment."""
    since = int((folder / "as_of").read_text(encoding="ascii"))
    lines = (folder / "dhcp.leases").read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(renewed(line, since, int(time.time())) for line in lines)


def main() -> int:
    """The exit status of the program stood in for: busybox's where it knows no such argument."""
    program, folder, arguments = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    if program == "uci":
        is_known = arguments == ["-q", "get", "dhcp.@dnsmasq[0].leasefile"]
        sys.stdout.write(f"{folder}/dhcp.leases\n" if is_known else "")
        return 0 if is_known else 1
    if program == "cat" and arguments == [str(folder / "dhcp.leases")]:
        sys.stdout.write(leases(folder))
    elif program == "cat" and arguments == [NEIGHBOURS]:
        sys.stdout.write((folder / "proc_net_arp").read_text(encoding="utf-8"))
    elif program == "cat":
        os.execv("/bin/cat", ["cat", *arguments])  # noqa: S606 - the real one
    elif arguments in (["-4", "neigh", "show"], ["-6", "neigh", "show"]):
        name = "ip6_neigh" if arguments[0] == "-6" else "ip_neigh"
        sys.stdout.write((folder / name).read_text(encoding="utf-8"))
    else:
        sys.stderr.write(f"ip: invalid argument '{' '.join(arguments)}' to 'ip'\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
