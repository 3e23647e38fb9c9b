"""BIND 9 as the primary name server: TSIG, dynamic updates and transfers, as Technitium does them too."""

import base64
import json
import secrets
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.services.dns_server import KEYS, DnsServer, Zone
from tests.services.ports import free_port
from tests.services.process import PATIENCE_S, Process, is_listening, private_directory, start
from tests.services.programs import path_of

__all__ = ["Bind", "Zone", "running_bind"]


@dataclass
class Bind(DnsServer):
    """A running BIND and what a test may ask of it."""

    statistics_port: int
    log: Path
    """What BIND prints; every record of an UPDATE that came through, with the key that signed it, among it."""
    process: Process = field(init=False)

    def update_count(self) -> int:
        """How many UPDATE messages, from whomever, BIND has received: refused and empty ones too."""
        return self._statistics("opcodes")["UPDATE"]

    def question_counts(self) -> dict[str, int]:
        """How often each type was asked for, transfers (AXFR) included; whom BIND has not heard of is not listed."""
        return self._statistics("qtypes")

    def _statistics(self, name: str) -> dict[str, int]:
        url = f"http://{self.host}:{self.statistics_port}/json/v1/server"
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            found: dict[str, int] = json.load(answer).get(name, {})
        return found


def _zone_statement(zone: Zone, file: Path) -> str:
    def keys(*, are_all_allowed: bool) -> str:
        return " ".join(f'key "{key}";' for key in (KEYS if are_all_allowed else ("hand",)))

    allowed = f"allow-update {{ {keys(are_all_allowed=zone.is_update_allowed)} }}"
    update = allowed if zone.policy is None else f"update-policy {{ {zone.policy} }}"
    return f"""zone "{zone.name}" {{
  type primary; file "{file}";
  allow-transfer {{ {keys(are_all_allowed=zone.is_transfer_allowed)} }};
  {update};
}};
"""


def _configuration(bind: Bind, directory: Path) -> str:
    """named.conf. `max-records-per-type 0` lifts BIND's limit of 100, which Technitium does not have."""
    keys = "".join(f'key "{k}" {{ algorithm hmac-sha256; secret "{s}"; }};\n' for k, s in bind.secrets.items())
    zones = "".join(_zone_statement(zone, directory / f"{zone.name}.zone") for zone in bind.zones)
    return f"""{keys}
options {{
  directory "{directory}";
  listen-on port {bind.port} {{ {bind.host}; }}; listen-on-v6 {{ none; }};
  pid-file none; session-keyfile none; recursion no; dnssec-validation no; notify no; empty-zones-enable no;
  max-records-per-type 0; max-types-per-name 0;
}};
controls {{ }};
statistics-channels {{ inet {bind.host} port {bind.statistics_port} allow {{ {bind.host}; }}; }};
{zones}"""


def _write_files(bind: Bind, directory: Path) -> Path:
    for zone in bind.zones:
        (directory / f"{zone.name}.zone").write_text(zone.text)
    file = directory / "named.conf"
    file.write_text(_configuration(bind, directory))
    return file


def _is_answering(bind: Bind, process: Process) -> bool:
    # "running" comes after every zone was loaded or refused: a zone with a mistake fails below, by its name.
    return " running\n" in process.log_text() and is_listening(bind.port)


@contextmanager
def running_bind(zones: Sequence[Zone | str]) -> Iterator[Bind]:
    """A name server with these zones, until the block ends."""
    secret_of = {key: base64.b64encode(secrets.token_bytes(32)).decode() for key in KEYS}
    wanted = [Zone(zone) if isinstance(zone, str) else zone for zone in zones]
    with private_directory() as directory:
        bind = Bind(free_port(), secret_of, wanted, free_port(), directory / "named.log")
        argv = [path_of("named"), "-g", "-4", "-n", "1", "-c", str(_write_files(bind, directory))]
        process = bind.process = start("named", argv, log=bind.log)
        try:
            process.wait_until(lambda: _is_answering(bind, process), "all zones loaded")
            bind.remember_zones()
            yield bind
        finally:
            process.stop()
