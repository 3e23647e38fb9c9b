"""What is asked of an OpenWRT router, in one shell script, and whether each part of the answer is whole.

Its shell is busybox's, its SSH server dropbear, which has no SFTP; so files come by cat(1). What they say is for
pipelines/parse. Of several dnsmasq instances the first one is read.
"""

import shlex

from pipelines.errors import SourceUnavailable
from pipelines.gateways import OpenwrtGateway
from resources.sections import Reading, Run, Section, ask, each_for_itself
from resources.ssh import words

LEASES, NEIGHBOURS = "dnsmasq.leases", "linux.neighbours"
SOURCES = (LEASES, NEIGHBOURS)

_NO_FILE, _RESTLESS = 66, 67  # our own exit statuses: no other program's, which end at 63 or start at 126

# dnsmasq empties its file and writes it anew, in place and without a lock (src/lease.c, lease_update_file): what is
# read twice alike was not caught in between. An empty file is looked at again a second later.
_FUNCTIONS = """\
leases() {{
  for PLACE in "$(uci -q get dhcp.@dnsmasq[0].leasefile 2>/dev/null)" {files}; do
    if [ -f "$PLACE" ]; then steady "$PLACE"; return; fi
  done
  return {no_file}
}}
steady() {{
  FIRST=$(cat "$1") || return
  for ROUND in 1 2 3; do
    if [ "$ROUND" != 1 ] || [ -z "$FIRST" ]; then sleep 1; fi
    AGAIN=$(cat "$1") || return
    if [ "$AGAIN" = "$FIRST" ]; then printf '%s\\n' "$AGAIN"; return; fi
    FIRST=$AGAIN
  done
  return {restless}
}}
neighbours() {{
  cat /proc/net/arp || return
  command -v ip >/dev/null 2>&1 || return 0
  for FAMILY in {families}; do
    ip -s $FAMILY neigh show 2>/dev/null || ip $FAMILY neigh show || return
  done
}}
"""


def sources_of(gateway: OpenwrtGateway, *, has_ipv6: bool = False) -> tuple[str, ...]:
    """What is read of this gateway."""
    del gateway, has_ipv6  # every one has them all: IPv6 stands in the same files
    return SOURCES


class Openwrt:
    """An OpenWRT router behind `run`, which sends a shell script and gives all it printed."""

    def __init__(self, run: Run, gateway: OpenwrtGateway, *, has_ipv6: bool = False) -> None:
        self._run = run
        self._families = "-4 -6" if has_ipv6 else "-4"
        self._files = gateway.lease_files
        self._place = f"{gateway.host} port {gateway.port}"

    def read(self) -> Reading:
        """Everything that is asked of it. Raises `SourceUnavailable` when no answer came to its end."""
        files = " ".join(map(shlex.quote, self._files))
        functions = _FUNCTIONS.format(files=files, families=self._families, no_file=_NO_FILE, restless=_RESTLESS)
        sections, clock_s = ask(self._run, self._place, functions, {LEASES: "leases", NEIGHBOURS: "neighbours"})
        asked = {
            LEASES: lambda: self._leases(sections[LEASES]),
            NEIGHBOURS: lambda: self._neighbours(sections[NEIGHBOURS]),
        }
        return Reading(each_for_itself(asked), clock_s)

    def _leases(self, section: Section) -> bytes:
        """The lease file, which may well be empty. Raises `SourceUnavailable` when it was not had whole."""
        if section.status == _NO_FILE:
            fault = f"no lease file where uci says, nor at {', '.join(self._files)}: dnsmasq is not running here"
            remedy = "Start it (/etc/init.d/dnsmasq start), or name its file in network.toml, gateway.lease_files"
            raise self._unavailable(LEASES, fault, remedy)
        if section.status == _RESTLESS:
            raise self._unavailable(LEASES, "the lease file changed at every look for 3 s", "Run the census again")
        return self._whole(LEASES, section, "`cat` of the lease file")

    def _neighbours(self, section: Section) -> bytes:
        """/proc/net/arp and, where there is an ip(8), what it prints of neighbours."""
        return self._whole(NEIGHBOURS, section, f"`cat /proc/net/arp; ip {self._families[-2:]} neigh`")

    def _whole(self, source: str, section: Section, command: str) -> bytes:
        if section.status != 0:
            fault = f"{command} failed with exit status {section.status} ({words(section.notes)})"
            raise self._unavailable(source, fault, "Run it on the router by hand and see")
        return section.body + b"\n"

    def _unavailable(self, source: str, fault: str, remedy: str) -> SourceUnavailable:
        return SourceUnavailable(f"{source} of {self._place}", fault, remedy)
