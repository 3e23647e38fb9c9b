"""A stand-in for FreeBSD's `arp -an` and `arp --libxo json -an`: `stand_in_arp.py NEIGHBOURS FAULTS [ARGUMENTS]`.

Run as a program by the gateway's shell, without site packages and without the lab's own, so that it starts quickly.
Entries count down from 1200 seconds and start again, as those of hosts that keep talking do.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

MAX_AGE_S = 1200  # net.link.ether.inet.max_age
Entry = dict[str, Any]


def aged(entry: Entry, elapsed_s: int) -> Entry:
    """The entry `elapsed_s` later: confirmed again whenever it ran out; an incomplete one stays unanswered."""
    if "expires" not in entry:
        return entry
    left_s = (entry["expires"] - elapsed_s) % MAX_AGE_S
    return {**entry, "expires": left_s or MAX_AGE_S}


def line(entry: Entry) -> str:
    """The entry as `arp -an` prints it (usr.sbin/arp/arp.c, print_entry)."""
    text = f"? ({entry['ip-address']}) at {entry.get('mac-address', '(incomplete)')} on {entry['interface']}"
    if entry.get("permanent"):
        text += " permanent"
    elif entry.get("expired"):
        text += " expired"
    elif "expires" in entry:
        text += f" expires in {entry['expires']} seconds"
    if entry.get("published"):
        text += " published"
    return text + (f" [{entry['type']}]" if "type" in entry else "")


def fault_of(file: Path) -> str | None:
    """What the fault switch says about `arp`."""
    try:
        fault = json.loads(file.read_text(encoding="utf-8")).get("arp")
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return str(fault) if fault else None


def main() -> int:
    """The exit status of arp: 1 with a message on stderr when it failed."""
    neighbours, faults, *arguments = sys.argv[1:]
    fault = fault_of(Path(faults))
    is_json = arguments[:2] == ["--libxo", "json"]
    if fault == "fail":
        sys.stderr.write("arp: sysctl: net.route.0.2.0.0.0: Cannot allocate memory\n")
        return 1
    if arguments[2 if is_json else 0 :] != ["-an"] or (is_json and fault == "no-libxo"):
        sys.stderr.write(
            "arp: illegal option -- -\nusage: arp [-n] [-i interface] hostname\n       arp [-n] [-i interface] -a\n"
        )
        return 1
    held = json.loads(Path(neighbours).read_text(encoding="utf-8"))
    entries = [aged(entry, int(time.time()) - held["as_of"]) for entry in held["entries"]]
    if is_json:
        sys.stdout.write(json.dumps({"__version": "1", "arp": {"arp-cache": entries}}) + "\n")
    else:
        sys.stdout.write("".join(f"{line(entry)}\n" for entry in entries))
    return 0


if __name__ == "__main__":
    sys.exit(main())
