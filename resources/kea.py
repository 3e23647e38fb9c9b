"""What is asked of a Kea server on a gateway, at its control socket, and whether the answer is whole.

pfSense runs Kea with the hook lease_cmds and without a control agent, so it is asked with nc(1). When it does not
answer, its lease files tell what it last wrote. What all this says is for pipelines/parse.
"""

import ipaddress
import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.errors import SourceUnavailable
from pipelines.parse import kea_memfile
from pipelines.parse.kea_answers import EMPTY, OK, UNSUPPORTED
from resources.sections import Section, Stale
from resources.ssh import words

Ask = Callable[[Mapping[str, str]], dict[str, Section]]
"""Runs shell commands on the gateway by the names of their sections."""

_NO_PLACE = 66  # our own exit status: no other program's, which end at 63 or start at 126
_LOOKS = 3
_FILES = (kea_memfile.MAIN, kea_memfile.OLD, kea_memfile.COMPLETED, kea_memfile.MERGED)

# nc exits 0 when its reader stalls and Kea cuts the answer in mid-string after 10 s: sections.py has the shell read it.
# The stroke behind a file's content keeps the line ends that "$(...)" would drop: by them a torn row is known.
FUNCTIONS = f"""\
kea() {{
  QUESTION=$1; shift
  for PLACE in "$@"; do
    if [ -S "$PLACE" ]; then printf %s "$QUESTION" | nc -w 20 -NU "$PLACE"; return; fi
  done
  return {_NO_PLACE}
}}
lease_file() {{
  for PLACE in "$@"; do
    for END in '' .1 .completed .2; do if [ -f "$PLACE$END" ]; then return; fi; done
  done
  return {_NO_PLACE}
}}
lease_files() {{
  lease_file "$@" || return
  ls -i "$PLACE" "$PLACE.1" "$PLACE.completed" "$PLACE.2" 2>/dev/null
  return 0
}}
lease_rows() {{
  SUFFIX=$1; shift
  lease_file "$@" || return
  if [ -f "$PLACE$SUFFIX" ]; then cat "$PLACE$SUFFIX" && printf '|'; fi
}}
"""

_PASSWORD = re.compile(rb'("(?:password|secret)"\s*:\s*)"(?:[^"\\]|\\.)*"')  # Kea ARM, "lease-database", "tsig-keys"


@dataclass(frozen=True)
class Kea:
    """One of Kea's DHCP servers: of which IP `version`, and where its sockets and lease files may be, newest first."""

    version: int
    sockets: Sequence[str]
    files: Sequence[str]
    ask: Ask
    place: str
    page_limit: int

    @property
    def leases(self) -> str:
        """The source of its leases."""
        return f"kea{self.version}.leases"

    @property
    def config(self) -> str:
        """The source of its configuration."""
        return f"kea{self.version}.config"

    @property
    def memfile(self) -> str:
        """The source of its lease files."""
        return f"kea{self.version}.memfile"

    @property
    def commands(self) -> dict[str, str]:
        """The shell commands that begin a reading, by source."""
        return {
            self.leases: self.command(f"lease{self.version}-get-page", {"from": "start", "limit": self.page_limit}),
            self.config: self.command("config-get"),
        }

    @property
    def presence(self) -> str:
        """The shell command that tells by its exit status whether this server has ever leased anything here."""
        return f"lease_file {_quoted(self.files)}"

    def command(self, name: str, arguments: Mapping[str, object] | None = None) -> str:
        """The shell command that asks Kea for this."""
        question = {"command": name} | ({"arguments": dict(arguments)} if arguments else {})
        return f"kea {shlex.quote(json.dumps(question))} {_quoted(self.sockets)}"

    def all_leases(self, section: Section) -> bytes:
        """All pages of leases, one Kea answer a line: Kea gives them by address, and ends with a short page."""
        line, answer = self.answer(self.leases, section)
        lines, last = [line], -1
        while len(page := _page(answer)) >= self.page_limit:
            address = _last_address(page)
            if address <= last:
                raise self._unavailable(self.leases, f"Kea's pages do not go on after page {len(lines)}", _TELL)
            last = address
            after = {"from": str(page[-1]["ip-address"]), "limit": self.page_limit}
            sections = self.ask({self.leases: self.command(f"lease{self.version}-get-page", after)})
            line, answer = self.answer(self.leases, sections[self.leases])
            lines.append(line)
        return b"".join(lines)

    def configuration(self, section: Section) -> bytes:
        """Its configuration, without passwords."""
        return without_passwords(self.answer(self.config, section)[0])

    def answer(self, source: str, section: Section) -> tuple[bytes, dict[str, Any]]:
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

    def last_written(self) -> Stale:
        """Its lease files, in whatever state a clean-up has left them. Raises `SourceUnavailable`.

        They are read newest first. When one was put in another's place meanwhile, they are read again.
        """
        places = _quoted(self.files)
        asked = {f"rows{suffix}": f"lease_rows {suffix or _NO_SUFFIX} {places}" for suffix in _FILES}
        for _ in range(_LOOKS):
            found = self.ask({"before": f"lease_files {places}"} | asked | {"after": f"lease_files {places}"})
            self._check_files(found.values())
            if found["before"].body == found["after"].body:
                rows = {suffix: found[f"rows{suffix}"].body for suffix in _FILES}
                files = {suffix: body.removesuffix(b"|") for suffix, body in rows.items() if body.endswith(b"|")}
                return Stale(kea_memfile.pack(files), _STALE)
        raise self._unavailable(self.memfile, f"the lease files changed places at {_LOOKS} looks", _AGAIN)

    def _check_files(self, sections: "Sequence[Section] | Any") -> None:
        failed = next((one for one in sections if one.status != 0), None)
        if failed is None:
            return
        fault = f"the lease file cannot be read ({words(failed.notes)}, exit status {failed.status})"
        if failed.status == _NO_PLACE:
            fault = f"there is no lease file to read instead at {', '.join(self.files)}"
        key = "kea_lease_files" if self.version == 4 else "kea6_lease_files"  # noqa: PLR2004 - the IP version
        raise self._unavailable(self.memfile, fault, f"Name it in network.toml, gateway.{key}, and be admin or root")

    def _check_socket(self, source: str, section: Section) -> None:
        """Raises `SourceUnavailable` when Kea's socket could not be talked to."""
        if section.status == _NO_PLACE:
            fault = f"no Kea control socket at {', '.join(self.sockets)}: Kea is not running, or this user may not look"
            raise self._unavailable(source, fault, self._start)
        if "Permission denied" in section.notes:
            raise self._unavailable(source, f"this user may not use Kea's socket ({words(section.notes)})", _ROOT)
        if section.status != 0:
            fault = f"Kea's socket gave no connection ({words(section.notes)}, nc exit status {section.status})"
            raise self._unavailable(source, fault, self._start)
        if not section.body.strip():
            fault = "Kea closed the connection without an answer (nc exit status 0)"
            remedy = "It may be restarting: run again, and look into its log if it stays so"
            raise self._unavailable(source, fault, remedy)

    @property
    def _start(self) -> str:
        if self.version == 4:  # noqa: PLR2004 - the IP version
            return "Start Kea (Status > Services), or name its socket in network.toml, gateway.kea_sockets"
        return (
            "Start Kea's DHCPv6 server (Status > Services), or name its socket in network.toml, gateway.kea6_sockets; "
            "where there is none any more, set gateway.dhcp6 = false"
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

    def _unavailable(self, source: str, fault: str, remedy: str) -> SourceUnavailable:
        return SourceUnavailable(f"{source} of {self.place}", fault, remedy)


_NO_SUFFIX = "''"
_STALE = (
    "Kea did not answer, so its leases are as it last wrote them to its lease file: they are evidence, and nothing of "
    "this site is changed, aged or taken back until Kea answers again"
)
_ROOT = "Let network.toml's gateway.user be admin or root: pfSense gives Kea's socket to no other user"
_HOOK = (
    "Save Services > DHCP Server once, which writes Kea's configuration anew with the hook, or add "
    "libdhcp_lease_cmds.so to hooks-libraries in /usr/local/etc/kea/kea-dhcp4.conf"
)
_TELL = "Run the census again; if it stays so, ask Kea the same by hand on the gateway, and look into its log"
_AGAIN = "Run the census again"


def without_passwords(answer: bytes) -> bytes:
    """Kea's configuration with its databases' passwords blanked: what is archived is kept for years (rule R12)."""
    return _PASSWORD.sub(rb'\g<1>"(not kept)"', answer)


def _quoted(places: Sequence[str]) -> str:
    return " ".join(map(shlex.quote, places))


def _page(answer: Mapping[str, Any]) -> list[Any]:
    arguments = answer.get("arguments")
    leases = arguments.get("leases") if isinstance(arguments, dict) else None
    return leases if isinstance(leases, list) else []


def _last_address(page: list[Any]) -> int:
    """The last lease's address as a number; -1 where there is none, which ends the walk."""
    try:
        return int(ipaddress.ip_address(str(page[-1]["ip-address"])))
    except (KeyError, TypeError, ValueError):
        return -1
