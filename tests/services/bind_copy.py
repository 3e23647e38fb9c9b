"""A second BIND: a secondary that copies a zone of `bind`, or a primary made anew on a port that was another's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.bind import Bind
from tests.services.process import HOST, Process, is_listening, private_directory, start
from tests.services.programs import path_of

_NEVER_S = 86_400


@contextmanager
def running_copy(primary: Bind, zone: str, port: int, *, refresh_s: int = _NEVER_S) -> Iterator[Process]:
    """A secondary of one zone, once it has it. It asks its primary every `refresh_s`; NOTIFY is off."""
    statement = f"""zone "{zone}" {{
  type secondary; file "copy.zone";
  primaries {{ {primary.host} port {primary.port} key "netcensus"; }};
  min-refresh-time {refresh_s}; max-refresh-time {refresh_s};
}};"""
    with _running(primary.secrets["netcensus"], statement, port) as process:
        process.wait_until(lambda: "Transfer status: success" in process.log_text(), "the first copy")
        yield process


@contextmanager
def running_anew(secret: str, zone: str, port: int, serial: int) -> Iterator[Process]:
    """A primary whose zone starts at this serial, as one that was deleted and created again does."""
    text = f"$TTL 60\n@ SOA ns.invalid. hostmaster.invalid. {serial} 3600 600 86400 300\n@ NS ns.invalid.\n"
    statement = f'zone "{zone}" {{ type primary; file "anew.zone"; }};'
    with _running(secret, statement, port, {"anew.zone": text}) as process:
        yield process


@contextmanager
def _running(secret: str, zones: str, port: int, files: dict[str, str] | None = None) -> Iterator[Process]:
    with private_directory() as directory:
        for name, text in (files or {}).items():
            (directory / name).write_text(text)
        file = directory / "named.conf"
        file.write_text(_configuration(directory, secret, zones, port))
        process = start(
            "named", [path_of("named"), "-g", "-4", "-n", "1", "-c", str(file)], log=directory / "named.log"
        )
        try:
            process.wait_until(lambda: " running\n" in process.log_text() and is_listening(port), "its zones loaded")
            yield process
        finally:
            process.stop()


def _configuration(directory: Path, secret: str, zones: str, port: int) -> str:
    return f"""key "netcensus" {{ algorithm hmac-sha256; secret "{secret}"; }};
options {{
  directory "{directory}";
  listen-on port {port} {{ {HOST}; }}; listen-on-v6 {{ none; }};
  pid-file none; session-keyfile none; recursion no; dnssec-validation no; notify no; empty-zones-enable no;
}};
controls {{ }};
{zones}"""
