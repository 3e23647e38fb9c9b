"""The ends that take messages: a log, a webhook, a mailbox. Each tells all of them at once, or raises."""

import logging
import smtplib
import ssl
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from typing import Any, Protocol

from pipelines.alerts import Message, for_chat, text
from pipelines.errors import TargetError
from pipelines.network import Email

LIMIT_S = 10
"""How long one end may take: the sensor that tells them has a minute."""
_SUBJECT_WIDTH = 120
_DONE = 2  # of the status codes 2xx: a redirect is no delivery


class End(Protocol):
    """Somebody to be told. `name` is the end's own memory of what it was told."""

    name: str

    def tell(self, said: Sequence[Message]) -> None:
        """Say all of it, or raise `TargetError`."""


class Log:
    """The log of the process that tells, which systemd's journal keeps."""

    name = "log"

    def tell(self, said: Sequence[Message]) -> None:
        """One warning a message."""
        for message in said:
            logging.getLogger("netcensus.alerts").warning("%s", text(message))


class Webhook:
    """A POST of JSON: `text` is what Slack, Mattermost and Matrix' hookshot show, `alerts` is for programs."""

    name = "webhook"

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url

    def tell(self, said: Sequence[Message]) -> None:
        """One request. The address is a secret, and stands in no error."""
        import requests  # noqa: PLC0415 - 5 MB and 35 ms for every run, and only this needs it

        alerts = [message._asdict() | {"since_at": message.since_at.isoformat()} for message in said]
        body: Any = {"text": "\n".join(text(one, for_chat) for one in said), "alerts": alerts}
        try:
            answer = requests.post(self._url(), json=body, timeout=LIMIT_S, allow_redirects=False)
        except (requests.RequestException, ValueError) as error:
            raise _failed("the webhook", type(error).__name__, "NETCENSUS_WEBHOOK_URL") from None
        if answer.status_code // 100 != _DONE:
            raise _failed("the webhook", f"HTTP {answer.status_code}", "NETCENSUS_WEBHOOK_URL")


class Mail:
    """A mail to everybody in `[alerts.email] to`."""

    name = "email"

    def __init__(self, settings: Email, password: Callable[[], str]) -> None:
        self._settings = settings
        self._password = password

    def tell(self, said: Sequence[Message]) -> None:
        """One mail with a line for each message."""
        mail = EmailMessage()
        mail["From"], mail["To"] = self._settings.sender, ", ".join(self._settings.to)
        first = f"netcensus: {text(said[0])}"
        more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
        mail["Subject"] = first[:_SUBJECT_WIDTH] + more
        mail.set_content("\n\n".join(map(text, said)) + "\n")
        try:
            self._send(mail)
        except (OSError, smtplib.SMTPException) as error:
            place = f"mail server {self._settings.server} port {self._settings.port}"
            raise _failed(place, f"{type(error).__name__}: {_reply(error)}", "[alerts.email]") from None

    def _send(self, mail: EmailMessage) -> None:
        one = self._settings
        context = ssl.create_default_context()
        kind = partial_tls(one.security, context)
        with kind(one.server, one.port, timeout=LIMIT_S) as server:
            if one.security == "starttls":
                server.starttls(context=context)
            if one.user is not None:
                server.login(one.user, self._password())
            server.send_message(mail)


def partial_tls(security: str, context: ssl.SSLContext) -> Callable[..., smtplib.SMTP]:
    """How to connect: TLS from the first byte, or SMTP that may become TLS."""
    if security == "tls":
        return lambda host, port, timeout: smtplib.SMTP_SSL(host, port, timeout=timeout, context=context)
    return smtplib.SMTP


def _reply(error: Exception) -> str:
    """The server's own words; its number alone where the login was refused: those words may repeat the password."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"{error.smtp_code}, the login was refused"
    return str(getattr(error, "smtp_error", "") or getattr(error, "strerror", "") or "no answer")


def _failed(place: str, fault: str, settings: str) -> TargetError:
    return TargetError(place, f"takes no alert ({fault})", f"Check {settings}; it is tried again at the next tick")
