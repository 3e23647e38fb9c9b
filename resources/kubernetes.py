"""The services of a Kubernetes cluster, asked of its API by HTTPS with a token that may list services and no more.

Of the answer only what is used is kept (pipelines/parse/kubernetes.py, `essence`).
"""

import http.client
import re
import socket
import ssl
import threading
from contextlib import closing, suppress
from urllib.parse import urlsplit

from pipelines.errors import AccessDenied, ConfigError, SourceUnavailable
from pipelines.network import beside
from pipelines.network.listed import File, Kubernetes
from pipelines.parse.kubernetes import essence
from resources.files import Answer, read_file
from resources.secrets import secret

WAIT_S = 10.0
"""For the connection, for the TLS handshake, and for every word of the answer."""
LIMIT_S = 30.0
"""For all of the answer, once there is a connection."""
LIMIT_BYTES = 64 * 2**20  # 20,000 services
_PATH = "/api/v1/services"


def read(settings: Kubernetes, name: str, network_file: str, limit_s: float = LIMIT_S) -> Answer:
    """What is used of all services. Raises `SourceUnavailable`, or `ConfigError` when token or `ca` cannot be used."""
    if settings.path is not None:
        place = f"sources.{name}: {beside(network_file, settings.path)}"
        given = read_file(File(path=settings.path, max_age_minutes=settings.max_age_minutes), name, network_file)
    else:
        place = f"sources.{name}: {settings.server}{_PATH}"
        given = Answer(_asked(settings, name, network_file, place, limit_s))
    try:
        return Answer(essence(given.content), given.fault)
    except ValueError as error:
        remedy = "Compare with `kubectl get svc -A -o json`"
        raise SourceUnavailable(place, f"{len(given.content)} bytes came, but {error}", remedy) from None


def _asked(settings: Kubernetes, name: str, network_file: str, place: str, limit_s: float) -> bytes:
    headers = {"Authorization": f"Bearer {_token(name)}", "Accept": "application/json"}
    connection = _connection(settings, network_file)
    with closing(connection):
        try:
            connection.connect()
            status, body = _answer(connection, headers, limit_s)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SourceUnavailable(place, f"gave no answer ({_words(error)})", _REACH) from None
    if status in {http.client.UNAUTHORIZED, http.client.FORBIDDEN}:
        raise AccessDenied(place, f"the token may not list services (HTTP {status})", _GRANT)
    if status != http.client.OK:
        raise SourceUnavailable(place, f"answered HTTP {status}", _REACH)  # and no redirect is followed
    if len(body) > LIMIT_BYTES:
        raise SourceUnavailable(place, f"answered more than {LIMIT_BYTES >> 20} MiB", _REACH)
    return body


_REACH = "Check server and ca in network.toml, and that the API is up and lets this host in"
_GRANT = "Give its service account the right to list services: docs/adding-a-source.md"


def _token(name: str) -> str:
    """The token, read anew each time: Kubernetes renews it. A bad one is never repeated in an error."""
    token = secret(f"{name.upper()}_TOKEN")
    if not re.fullmatch(r"[!-~]+", token):
        raise ConfigError("environment", f"NETCENSUS_{name.upper()}_TOKEN holds no token", "Write it on one line")
    return token


def _connection(settings: Kubernetes, network_file: str) -> http.client.HTTPSConnection:
    ca = beside(network_file, str(settings.ca))
    try:
        context = ssl.create_default_context(cafile=ca)  # no other authority is trusted
        url = urlsplit(str(settings.server))
        return http.client.HTTPSConnection(str(url.hostname), url.port or 443, timeout=WAIT_S, context=context)
    except (OSError, ValueError) as error:
        remedy = (
            "Put the cluster's certificate authority there: `kubectl config view --raw`, certificate-authority-data"
        )
        raise ConfigError(ca, f"cannot be used for {settings.server} ({_words(error)})", remedy) from None


def _answer(connection: http.client.HTTPSConnection, headers: dict[str, str], limit_s: float) -> tuple[int, bytes]:
    """Status and body. A server that lets words drip is cut off after `limit_s`; raises `OSError`."""
    has_run_out = threading.Event()
    watchdog = threading.Timer(limit_s, _give_up, (connection.sock, has_run_out))
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.request("GET", _PATH, headers=headers)
        response = connection.getresponse()
        return response.status, response.read(LIMIT_BYTES + 1)
    finally:
        watchdog.cancel()
        if has_run_out.is_set():
            raise TimeoutError(f"the answer did not end within {limit_s:.0f} s")


def _give_up(connected: socket.socket, has_run_out: threading.Event) -> None:
    """End every wait on this socket. It is the connection's no more once the answer's head has come."""
    has_run_out.set()
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _words(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    return " ".join(ascii(text)[1:-1].split())[:120]
