"""What is asked of an OpenWRT router, in one shell script, and whether each part of the answer is whole.

Its shell is busybox's, its SSH server dropbear, which has no SFTP; so files come by cat(1). What they say is for
pipelines/parse. Of several dnsmasq instances the first one is read; odhcpd where the router has its leases.
"""

import shlex

from pipelines.errors import SourceUnavailable
from pipelines.gateways import OpenwrtGateway
from resources.sections import Reading, Run, Section, ask, each_for_itself
from resources.ssh import words

LEASES, NEIGHBOURS, ODHCPD = "dnsmasq.leases", "linux.neighbours", "odhcpd.leases"
SOURCES = (LEASES, NEIGHBOURS)

# Our own exit statuses: no other program's, which end at 63 or start at 126.
_NOT_HERE, _NO_FILE, _RESTLESS = 65, 66, 67

# Where odhcpd leaves its leases since 23.05, and before that.
_ODHCPD_FILES = "/tmp/odhcpd.leases /tmp/hosts/odhcpd"  # noqa: S108 - OpenWRT's choice

# dnsmasq empties its file and writes it anew, in place and without a lock (src/lease.c, lease_update_file): what is
# read twice alike was not caught in between. An empty file is looked at again a second later. odhcpd is there for IPv6
# on most routers, and for IPv4 where `maindhcp` is 1; then dnsmasq has no file. It writes its own at its first lease
# only: until then the server itself is asked.
_FUNCTIONS = """\
leases() {{
  for PLACE in "$(uci -q get dhcp.@dnsmasq[0].leasefile 2>/dev/null)" {files}; do
    if [ -f "$PLACE" ]; then steady "$PLACE"; return; fi
  done
  is_main && return {not_here}
  return {no_file}
}}
is_main() {{
  [ "$(uci -q get dhcp.odhcpd.maindhcp 2>/dev/null)" = 1 ]
}}
odhcpd() {{
  for PLACE in "$(uci -q get dhcp.odhcpd.leasefile 2>/dev/null)" {odhcpd_files}; do
    if [ -f "$PLACE" ]; then steady "$PLACE"; return; fi
  done
  is_main || return {not_here}
  ANSWER=$(ubus call dhcp ipv4leases) || return
  [ -n "$ANSWER" ] && printf '%s\\n' "$ANSWER"
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
    """What is read of every such gateway; one that has odhcpd's leases tells them besides."""
    del gateway, has_ipv6  # IPv6 stands in the same files
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
        statuses = {"not_here": _NOT_HERE, "no_file": _NO_FILE, "restless": _RESTLESS}
        functions = _FUNCTIONS.format(files=files, families=self._families, odhcpd_files=_ODHCPD_FILES, **statuses)
        commands = {LEASES: "leases", NEIGHBOURS: "neighbours", ODHCPD: "odhcpd"}
        sections, clock_s = ask(self._run, self._place, functions, commands)
        asked = {
            LEASES: lambda: self._leases(sections[LEASES]),
            NEIGHBOURS: lambda: self._neighbours(sections[NEIGHBOURS]),
            ODHCPD: lambda: self._odhcpd(sections[ODHCPD]),
        }
        here = {source: read for source, read in asked.items() if sections[source].status != _NOT_HERE}
        return Reading(each_for_itself(here), clock_s)

    def _leases(self, section: Section) -> bytes:
        """The lease file, which may well be empty. Raises `SourceUnavailable` when it was not had whole."""
        if section.status == _NO_FILE:
            fault = f"no lease file where uci says, nor at {', '.join(self._files)}: dnsmasq is not running here"
            remedy = "Start it (/etc/init.d/dnsmasq start), or name its file in network.toml, gateway.lease_files"
            raise self._unavailable(LEASES, fault, remedy)
        return self._steady(LEASES, section, "`cat` of the lease file")

    def _odhcpd(self, section: Section) -> bytes:
        """The state file of odhcpd, or what it says itself. Raises `SourceUnavailable` when it was not had whole."""
        return self._steady(ODHCPD, section, "`cat` of odhcpd's lease file, or else `ubus call dhcp ipv4leases`,")

    def _steady(self, source: str, section: Section, command: str) -> bytes:
        if section.status == _RESTLESS:
            raise self._unavailable(source, "the lease file changed at every look for 3 s", "Run the census again")
        return self._whole(source, section, command)

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
