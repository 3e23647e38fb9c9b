"""A cluster's API over real TLS: asked once, with a token, and believed only under the certificate that is pinned."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipelines.errors import AccessDenied, ConfigError, SourceUnavailable
from pipelines.network.listed import Kubernetes
from pipelines.parse.kubernetes import essence
from resources import kubernetes
from tests.services.certificate import certificate
from tests.services.process import AT_ONCE_S, PATIENCE_S

ANSWER = (Path(__file__).parents[1] / "fixtures" / "kubernetes" / "services.json").read_bytes()
TOKEN = "eyJhbGciOiJSUzI1NiJ9.of-a-service-account"
Reply = Callable[[BaseHTTPRequestHandler], None]


def answer(handler: BaseHTTPRequestHandler, status: int, body: bytes, length: int | None = None) -> None:
    """A whole answer, or one that is shorter than it says."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(length or len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def all_services(handler: BaseHTTPRequestHandler) -> None:
    """What an API server answers to our one question, and to no other."""
    is_asked = handler.path == "/api/v1/services" and handler.headers["Authorization"] == f"Bearer {TOKEN}"
    answer(handler, 200 if is_asked else 401, ANSWER)


@contextmanager
def api(folder: Path, reply: Reply, address: str = "127.0.0.1") -> Iterator[Kubernetes]:
    """The settings of a cluster whose API answers so, with a certificate for `address`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply(self)

        def log_message(self, *_: object) -> None:  # clients that hang up are the point
            """Nothing."""

    file = certificate(folder, address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that hang up are the point
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Kubernetes(kind="kubernetes", server=f"https://127.0.0.1:{server.server_port}", ca=file.name)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETCENSUS_K8S_TOKEN", TOKEN)


def read(settings: Kubernetes, folder: Path, limit_s: float = PATIENCE_S) -> bytes:
    """What is kept of the answer."""
    return kubernetes.read(settings, "k8s", str(folder / "network.toml"), limit_s).content


def fault(settings: Kubernetes, folder: Path, limit_s: float = PATIENCE_S) -> SourceUnavailable:
    """Why there is no answer."""
    with pytest.raises(SourceUnavailable) as caught:
        read(settings, folder, limit_s)
    assert TOKEN not in str(caught.value)
    return caught.value


def test_all_services_are_had_with_the_token(tmp_path: Path) -> None:
    """One GET; of the answer only the essence is kept."""
    with api(tmp_path, all_services) as settings:
        assert read(settings, tmp_path) == essence(ANSWER)


def test_a_token_without_the_right_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what to do is said."""
    monkeypatch.setenv("NETCENSUS_K8S_TOKEN", "another")
    with api(tmp_path, all_services) as settings:
        refused = fault(settings, tmp_path)
    assert isinstance(refused, AccessDenied)
    assert "the token may not list services (HTTP 401). Give its service account the right" in str(refused)


def test_another_certificate_is_not_believed(tmp_path: Path) -> None:
    """Neither one of another authority, nor one for another host: the token is not sent."""
    (tmp_path / "other").mkdir()
    pinned = certificate(tmp_path / "other", "127.0.0.1")
    with api(tmp_path, all_services) as settings:
        assert "CERTIFICATE_VERIFY_FAILED" in str(fault(settings.model_copy(update={"ca": str(pinned)}), tmp_path))
    with api(tmp_path, all_services, "10.9.9.9") as settings:
        assert "CERTIFICATE_VERIFY_FAILED" in str(fault(settings, tmp_path))


def test_an_answer_that_was_cut_is_none(tmp_path: Path) -> None:
    """The connection ends in mid-answer."""
    with api(tmp_path, lambda handler: answer(handler, 200, ANSWER[:5000], len(ANSWER))) as settings:
        assert "5000 bytes came, but it is cut or no JSON" in str(fault(settings, tmp_path))


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    """The token is for this server alone."""
    with api(tmp_path, lambda handler: answer(handler, 302, b"")) as settings:
        assert "answered HTTP 302" in str(fault(settings, tmp_path))


def test_an_answer_that_drips_is_cut_off(tmp_path: Path) -> None:
    """Every word comes in time, and the whole never (R10)."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1200):
            handler.wfile.write(b" ")
            time.sleep(0.05)

    with api(tmp_path, drip) as settings:
        begun = time.monotonic()
        assert "the answer did not end within 0 s" in str(fault(settings, tmp_path, 0.3))
        assert time.monotonic() - begun < AT_ONCE_S


def test_nobody_there_is_said(tmp_path: Path) -> None:
    """With the address and what to check."""
    with api(tmp_path, all_services) as settings:
        pass
    assert "gave no answer (Connection refused). Check server and ca" in str(fault(settings, tmp_path))


def test_a_bad_token_or_ca_is_a_mistake_of_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said without the token, and before anybody is asked."""
    settings = Kubernetes(kind="kubernetes", server="https://127.0.0.1:1", ca="none.pem")
    with pytest.raises(ConfigError, match=r"none\.pem: cannot be used"):
        read(settings, tmp_path)
    monkeypatch.setenv("NETCENSUS_K8S_TOKEN", "two\nlines")
    with pytest.raises(ConfigError, match="NETCENSUS_K8S_TOKEN holds no token") as caught:
        read(settings, tmp_path)
    assert "lines" not in str(caught.value).removesuffix("Write it on one line")


def test_a_file_of_kubectls_is_read_as_well(tmp_path: Path) -> None:
    """With the same essence; an old one is stale evidence, a missing one none."""
    (tmp_path / "services.json").write_bytes(ANSWER)
    settings = Kubernetes(kind="kubernetes", path="services.json")
    answered = kubernetes.read(settings, "k8s", str(tmp_path / "network.toml"))
    assert answered == replace(answered, content=essence(ANSWER), fault=None)
    assert "cannot be read" in str(fault(settings.model_copy(update={"path": "other.json"}), tmp_path))
