"""What is asked of a pfSense gateway, in one shell script, and whether each part of the answer is whole.

pfSense runs Kea with the hook lease_cmds and without a control agent, so Kea is asked at its socket, with nc(1).
What the answers say is for pipelines/parse; here only their being complete is judged.
"""

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address
from typing import Any

from pipelines.errors import SourceUnavailable
from pipelines.gateways import PfsenseGateway
from pipelines.parse.kea_answers import EMPTY, OK, UNSUPPORTED
from pipelines.parse.kea_leases import PAGE_LIMIT
from pipelines.parse.wireguard import VIEWS
from resources.sections import Reading, Run, Section, ask, each_for_itself
from resources.ssh import words

LEASES, CONFIG, ARP, PEERS = "kea4.leases", "kea4.config", "arp", "wireguard"
SOURCES = (LEASES, CONFIG, ARP)
MOST_RESENT = 50
"""So many leases' names Kea is asked to register again with one command: each is a small job for D2."""

_NO_SOCKET = 66  # our own exit status: no other program's, which end at 63 or start at 126

# nc exits 0 when its reader stalls and Kea cuts the answer in mid-string after 10 s: sections.py has the shell read it.
_FUNCTIONS = """\
SOCKET=
for PLACE in {sockets}; do
  if [ -S "$PLACE" ]; then SOCKET=$PLACE; break; fi
done
kea() {{
  [ -n "$SOCKET" ] || return {no_socket}
  printf %s "$1" | nc -w 20 -NU "$SOCKET"
}}
neighbours() {{
  if TABLE=$(arp --libxo json -an 2>/dev/null); then printf '%s\\n' "$TABLE"; else arp -an; fi
}}
peers() {{
  for VIEW in {views}; do
    printf '# %s\\n' "$VIEW"; wg show all "$VIEW" || return
  done
}}
"""

_PASSWORD = re.compile(rb'("(?:password|secret)"\s*:\s*)"(?:[^"\\]|\\.)*"')  # Kea ARM, "lease-database", "tsig-keys"


def sources_of(gateway: PfsenseGateway) -> tuple[str, ...]:
    """What is read of this gateway."""
    return (*SOURCES, PEERS) if gateway.wireguard else SOURCES


class Pfsense:
    """A pfSense gateway behind `run`, which sends a shell script and gives all it printed."""

    def __init__(self, run: Run, gateway: PfsenseGateway, page_limit: int = PAGE_LIMIT) -> None:
        self._run = run
        self._sources = sources_of(gateway)
        self._sockets = gateway.kea_sockets
        self._place = f"{gateway.host} port {gateway.port}"
        self._page_limit = page_limit

    def read(self) -> Reading:
        """Everything that is asked of it. Raises `SourceUnavailable` when no answer came to its end."""
        leases = _command("lease4-get-page", {"from": "start", "limit": self._page_limit})
        config = _command("config-get")
        commands = {LEASES: leases, CONFIG: config, ARP: "neighbours", PEERS: "peers"}
        sections, clock_s = self._ask({source: commands[source] for source in self._sources})
        asked: dict[str, Callable[[], bytes]] = {
            LEASES: lambda: self._leases(sections[LEASES]),
            CONFIG: lambda: without_passwords(self._kea(CONFIG, sections[CONFIG])[0]),
            ARP: lambda: self._arp(sections[ARP]),
            PEERS: lambda: self._peers(sections[PEERS]),
        }
        return Reading(each_for_itself({source: asked[source] for source in self._sources}), clock_s)

    def resend(self, ips: Sequence[str]) -> dict[str, str | None]:
        """Per lease why Kea would not hand its name to D2 again; None where it is queued, which is not yet success.

        Raises `SourceUnavailable` when no answer came to its end: then some may be queued.
        """
        asked, left = ips[:MOST_RESENT], ips[MOST_RESENT:]
        names = {f"resend/{IPv4Address(ip)}": ip for ip in asked}
        commands = {name: _command("lease4-resend-ddns", {"ip-address": ip}) for name, ip in names.items()}
        sections, _ = self._ask(commands)
        said = {ip: self._why_not(name, sections[name]) for name, ip in names.items()}
        return said | dict.fromkeys(left, f"not asked: at most {MOST_RESENT} are asked for at once")

    def _why_not(self, name: str, section: Section) -> str | None:
        try:
            _, answer = self._kea(name, section)
        except SourceUnavailable as error:
            return str(error)
        return None if answer["result"] == OK else f"Kea has no such lease any more ({words(answer.get('text', ''))})"

    def _ask(self, commands: Mapping[str, str]) -> tuple[dict[str, Section], int]:
        """Each command's section, and the gateway's clock. Raises `SourceUnavailable` for an answer cut short."""
        sockets = " ".join(map(shlex.quote, self._sockets))
        functions = _FUNCTIONS.format(sockets=sockets, no_socket=_NO_SOCKET, views=" ".join(VIEWS))
        return ask(self._run, self._place, functions, commands)

    def _leases(self, section: Section) -> bytes:
        """All pages of leases, one Kea answer a line: Kea gives them by address, and ends with a short page."""
        line, answer = self._kea(LEASES, section)
        lines, last = [line], -1
        while len(page := _page(answer)) >= self._page_limit:
            address = _last_address(page)
            if address <= last:
                raise self._unavailable(LEASES, f"Kea's pages do not go on after page {len(lines)}", _TELL)
            last = address
            after = {"from": str(IPv4Address(last)), "limit": self._page_limit}
            sections, _ = self._ask({LEASES: _command("lease4-get-page", after)})
            line, answer = self._kea(LEASES, sections[LEASES])
            lines.append(line)
        return b"".join(lines)

    def _kea(self, source: str, section: Section) -> tuple[bytes, dict[str, Any]]:
        """Kea's answer as one line of bytes, and what it says. Raises `SourceUnavailable` unless it is whole and OK."""
        self._check_socket(source, section)
        answer = self._json(source, section.body)
        result, text = answer.get("result"), words(answer.get("text", ""))
        if result == UNSUPPORTED:
            raise self._unavailable(source, f"Kea does not know the command ({text}): lease_cmds is not loaded", _HOOK)
        if result not in (OK, EMPTY):
            raise self._unavailable(source, f"Kea answered result {result!r:.20} ({text})", _TELL)
        # One answer, one line: a raw line end in JSON is only white space.
        return section.body.replace(b"\n", b" ") + b"\n", answer

    def _check_socket(self, source: str, section: Section) -> None:
        """Raises `SourceUnavailable` when Kea's socket could not be talked to."""
        if section.status == _NO_SOCKET:
            fault = (
                f"no Kea control socket at {', '.join(self._sockets)}: Kea is not running, or this user may not look"
            )
            raise self._unavailable(source, fault, _START)
        if "Permission denied" in section.notes:
            raise self._unavailable(source, f"this user may not use Kea's socket ({words(section.notes)})", _ROOT)
        if section.status != 0:
            fault = f"Kea's socket gave no connection ({words(section.notes)}, nc exit status {section.status})"
            raise self._unavailable(source, fault, _START)
        if not section.body.strip():
            fault = "Kea closed the connection without an answer (nc exit status 0)"
            raise self._unavailable(
                source, fault, "It may be restarting: run again, and look into its log if it stays so"
            )

    def _json(self, source: str, body: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(body.decode("latin-1"))
        except (ValueError, RecursionError) as error:
            fault = f"Kea's answer is cut or damaged after {len(body)} bytes ({words(error)})"
            raise self._unavailable(source, fault, _TELL) from None
        if not isinstance(answer, dict):
            raise self._unavailable(source, f"Kea's answer is no JSON object but {answer!r:.40}", _TELL)
        return answer

    def _arp(self, section: Section) -> bytes:
        """The ARP cache in whichever form this arp knows."""
        if section.status != 0:
            fault = f"arp failed with exit status {section.status} ({words(section.notes)})"
            raise self._unavailable(ARP, fault, "Run `arp -an` on the gateway and see")
        return section.body + b"\n"

    def _peers(self, section: Section) -> bytes:
        """WireGuard's peers, in the views that hold no secret."""
        if section.status != 0:
            fault = f"wg failed with exit status {section.status} ({words(section.notes)})"
            remedy = "Run `wg show` on the gateway; where there is none, take wireguard = true out of network.toml"
            raise self._unavailable(PEERS, fault, remedy)
        return section.body + b"\n"

    def _unavailable(self, source: str, fault: str, remedy: str) -> SourceUnavailable:
        return SourceUnavailable(f"{source} of {self._place}" if source else self._place, fault, remedy)


_START = "Start Kea (Status > Services), or name its socket in network.toml, gateway.kea_sockets"
_ROOT = "Let network.toml's gateway.user be admin or root: pfSense gives Kea's socket to no other user"
_HOOK = (
    "Save Services > DHCP Server once, which writes Kea's configuration anew with the hook, or add "
    "libdhcp_lease_cmds.so to hooks-libraries in /usr/local/etc/kea/kea-dhcp4.conf"
)
_TELL = "Run the census again; if it stays so, ask Kea the same by hand on the gateway, and look into its log"


def without_passwords(answer: bytes) -> bytes:
    """Kea's configuration with its databases' passwords blanked: what is archived is kept for years (rule R12)."""
    return _PASSWORD.sub(rb'\g<1>"(not kept)"', answer)


def _command(name: str, arguments: Mapping[str, object] | None = None) -> str:
    """The shell words that ask Kea for this."""
    question = {"command": name} | ({"arguments": dict(arguments)} if arguments else {})
    return f"kea {shlex.quote(json.dumps(question))}"


def _page(answer: Mapping[str, Any]) -> list[Any]:
    arguments = answer.get("arguments")
    leases = arguments.get("leases") if isinstance(arguments, dict) else None
    return leases if isinstance(leases, list) else []


def _last_address(page: list[Any]) -> int:
    """The last lease's address as a number; -1 where there is none, which ends the walk."""
    try:
        return int(IPv4Address(page[-1]["ip-address"]))
    except (KeyError, TypeError, ValueError):
        return -1
