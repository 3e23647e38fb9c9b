"""Where alerts arrive: a web server and a mail server of a few lines, that keep what they are given."""

import http.server
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_FINE = 200


@dataclass
class Inbox:
    """A server's port, what came, and what it is to answer."""

    port: int = 0
    came: list[tuple[str, str]] = field(default_factory=list)
    status: int = _FINE


@contextmanager
def web_inbox() -> Iterator[Inbox]:
    """HTTP: `came` holds method and path, and the body."""
    inbox = Inbox()

    class Handler(http.server.BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            inbox.came.append((f"{self.command} {self.path}", body))
            self.send_response(inbox.status)
            self.end_headers()

        do_POST = do_PUT = _take  # noqa: N815 - the names the library calls

        def log_message(self, *_: object) -> None:
            """Say nothing on stderr."""

    with _serving(http.server.HTTPServer(("127.0.0.1", 0), Handler), inbox):
        yield inbox


@contextmanager
def mail_inbox() -> Iterator[Inbox]:
    """SMTP (RFC 5321) as far as one mail needs it: `came` holds the recipients, and the mail.

    With a `status` of its own it wants a login, and refuses it in words that repeat the password.
    """
    inbox = Inbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            recipients: list[str] = []
            self._say("220 here")
            for line in iter(self.rfile.readline, b""):
                word = line.strip().upper()
                if word.startswith(b"RCPT"):
                    recipients.append(line.decode().strip().partition(":")[2].split(" ")[0])
                if word == b"DATA":
                    self._say("354 go on")
                    inbox.came.append((" ".join(recipients), self._mail()))
                if inbox.status != _FINE and word.startswith((b"EHLO", b"AUTH")):
                    repeated = f"{inbox.status} no: {line.decode().strip()}"
                    self._say("250-here\r\n250 AUTH PLAIN" if word.startswith(b"EHLO") else repeated)
                    continue
                self._say("221 bye" if word == b"QUIT" else "250 fine")
                if word == b"QUIT":
                    return

        def _mail(self) -> str:
            return b"".join(iter(self.rfile.readline, b".\r\n")).decode()

        def _say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler), inbox):
        yield inbox


@contextmanager
def _serving(server: socketserver.TCPServer, inbox: Inbox) -> Iterator[None]:
    inbox.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
