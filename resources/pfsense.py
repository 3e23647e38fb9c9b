"""What is asked of a pfSense gateway, in one shell script, and whether each part of the answer is whole.

How Kea is asked stands in kea.py. What the answers say is for pipelines/parse; only their being complete is judged.
"""

from collections.abc import Callable, Mapping, Sequence

from pipelines.errors import SourceUnavailable
from pipelines.gateways import PfsenseGateway
from pipelines.parse.kea_answers import OK
from pipelines.parse.kea_leases import PAGE_LIMIT
from pipelines.parse.wireguard import VIEWS
from pipelines.values import ip as canonical
from resources import kea
from resources.sections import Answer, Reading, Run, Section, ask, each_for_itself
from resources.ssh import words

LEASES, CONFIG, ARP, PEERS, NDP = "kea4.leases", "kea4.config", "arp", "wireguard", "ndp"
LEASES6, CONFIG6 = "kea6.leases", "kea6.config"
SOURCES = (LEASES, CONFIG, ARP)
MOST_RESENT = 50
"""So many leases' names Kea is asked to register again with one command: each is a small job for D2."""

_PRESENCE6 = "kea6.presence"
_FUNCTIONS = """\
neighbours() {{
  if TABLE=$(arp --libxo json -an 2>/dev/null); then printf '%s\\n' "$TABLE"; else arp -an; fi
}}
peers() {{
  for VIEW in {views}; do
    printf '# %s\\n' "$VIEW"; wg show all "$VIEW" || return
  done
}}
"""


def sources_of(gateway: PfsenseGateway, *, has_ipv6: bool = False) -> tuple[str, ...]:
    """What is read of this gateway; `has_ipv6` says whether an IPv6 subnet of its site is tracked.

    A DHCPv6 server that network.toml says nothing of is left out here: whether there is one, the gateway tells.
    """
    peers = (PEERS,) if gateway.wireguard else ()
    dhcp6 = (LEASES6, CONFIG6) if has_ipv6 and gateway.dhcp6 else ()
    return (*SOURCES, *peers, *((NDP,) if has_ipv6 else ()), *dhcp6)


class Pfsense:
    """A pfSense gateway behind `run`, which sends a shell script and gives all it printed."""

    def __init__(
        self, run: Run, gateway: PfsenseGateway, page_limit: int = PAGE_LIMIT, *, has_ipv6: bool = False
    ) -> None:
        self._run = run
        self._place = f"{gateway.host} port {gateway.port}"
        self._has_peers, self._has_ipv6 = gateway.wireguard, has_ipv6
        self._has_dhcp6 = gateway.dhcp6 if has_ipv6 else False
        self._kea4 = kea.Kea(4, gateway.kea_sockets, gateway.kea_lease_files, self._sections, self._place, page_limit)
        self._kea6 = kea.Kea(6, gateway.kea6_sockets, gateway.kea6_lease_files, self._sections, self._place, page_limit)

    def read(self) -> Reading:
        """Everything that is asked of it. Raises `SourceUnavailable` when no answer came to its end."""
        sections, clock_s = self._ask(self._commands())
        asked: dict[str, Callable[[], Answer]] = {ARP: lambda: self._plain(ARP, sections[ARP], "arp", _ARP)}
        if self._has_peers:
            asked[PEERS] = lambda: self._plain(PEERS, sections[PEERS], "wg", _WG)
        if self._has_ipv6:
            asked[NDP] = lambda: self._plain(NDP, sections[NDP], "ndp", _NDP)
        answers: dict[str, Answer | SourceUnavailable] = {}
        for server in self._servers(sections):
            answers |= self._read_kea(server, sections)
        return Reading(answers | each_for_itself(asked), clock_s)

    def _commands(self) -> dict[str, str]:
        commands = {**self._kea4.commands, ARP: "neighbours"}
        if self._has_peers:
            commands[PEERS] = "peers"
        if self._has_ipv6:
            commands[NDP] = "ndp -an"
        if self._has_dhcp6 is not False:
            commands |= {**self._kea6.commands, _PRESENCE6: self._kea6.presence}
        return commands

    def _servers(self, sections: Mapping[str, Section]) -> list[kea.Kea]:
        """The DHCP servers here. One for IPv6 that nobody spoke of is there when it answers or has lease files."""
        if self._has_dhcp6 is False:
            return [self._kea4]
        is_here = sections[LEASES6].status == 0 or sections[_PRESENCE6].status == 0
        return [self._kea4, self._kea6] if self._has_dhcp6 or is_here else [self._kea4]

    @staticmethod
    def _read_kea(server: kea.Kea, sections: Mapping[str, Section]) -> dict[str, Answer | SourceUnavailable]:
        """What a server answered, and where it did not tell its leases, what it last wrote."""
        asked: dict[str, Callable[[], Answer]] = {
            server.leases: lambda: server.all_leases(sections[server.leases]),
            server.config: lambda: server.configuration(sections[server.config]),
        }
        answers = each_for_itself(asked)
        if isinstance(answers[server.leases], SourceUnavailable):
            answers |= each_for_itself({server.memfile: server.last_written})
        return answers

    def resend(self, ips: Sequence[str]) -> dict[str, str | None]:
        """Per lease why Kea would not hand its name to D2 again; None where it is queued, which is not yet success.

        Raises `SourceUnavailable` when no answer came to its end: then some may be queued.
        """
        asked, left = ips[:MOST_RESENT], ips[MOST_RESENT:]
        names = {f"resend/{canonical(ip)}": ip for ip in asked}
        sections = self._sections({name: self._resending(ip) for name, ip in names.items()})
        said = {ip: self._why_not(name, ip, sections[name]) for name, ip in names.items()}
        return said | dict.fromkeys(left, f"not asked: at most {MOST_RESENT} are asked for at once")

    def _server_of(self, ip: str) -> kea.Kea:
        return self._kea6 if ":" in ip else self._kea4

    def _resending(self, ip: str) -> str:
        server = self._server_of(ip)
        return server.command(f"lease{server.version}-resend-ddns", {"ip-address": canonical(ip)})

    def _why_not(self, name: str, ip: str, section: Section) -> str | None:
        try:
            _, answer = self._server_of(ip).answer(name, section)
        except SourceUnavailable as error:
            return _OVER.format(_NAMELESS) if _NAMELESS in str(error) else str(error)
        return None if answer["result"] == OK else _OVER.format(words(answer.get("text", "")))

    def _sections(self, commands: Mapping[str, str]) -> dict[str, Section]:
        return self._ask(commands)[0]

    def _ask(self, commands: Mapping[str, str]) -> tuple[dict[str, Section], int]:
        """Each command's section, and the gateway's clock. Raises `SourceUnavailable` for an answer cut short."""
        return ask(self._run, self._place, kea.FUNCTIONS + _FUNCTIONS.format(views=" ".join(VIEWS)), commands)

    def _plain(self, source: str, section: Section, program: str, remedy: str) -> bytes:
        """What a program printed. Raises `SourceUnavailable` when it failed."""
        if section.status != 0:
            fault = f"{program} failed with exit status {section.status} ({words(section.notes)})"
            raise SourceUnavailable(f"{source} of {self._place}", fault, remedy)
        return section.body + b"\n"


_ARP = "Run `arp -an` on the gateway and see"
_NDP = "Run `ndp -an` on the gateway and see"
_WG = "Run `wg show` on the gateway; where there is none, take wireguard = true out of network.toml"
_NAMELESS = "has no hostname"  # what Kea says of a lease that it has reclaimed but not yet forgotten
_OVER = "Kea has no such lease any more ({}); looked at again at the next run"
