"""Alerts arrive: in a log, at a web server, in a mailbox, at Prometheus. Once, and again when an end was out."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from pipelines.alerts import Now, Trouble
from pipelines.network import Alerts
from resources.alerting import Alerting, Sent
from resources.secrets import secret
from tests.services.inboxes import Inbox, mail_inbox, web_inbox

AT = pd.Timestamp("2026-03-01T12:00:00Z")
RED = Trouble("dns_receipt.secondaries_follow", "one\r\nBcc: all@example.org", "Look.", "secondaries_follow", AT)


@pytest.fixture
def web() -> Iterator[Inbox]:
    """A web server."""
    with web_inbox() as inbox:
        yield inbox


@pytest.fixture
def mail() -> Iterator[Inbox]:
    """A mail server."""
    with mail_inbox() as inbox:
        yield inbox


def alerting(folder: Path, **settings: object) -> Alerting:
    """Alerting with these settings and no log, its memory in `folder`."""
    read = Alerts.model_validate({"log": False, **settings})
    return Alerting(read, str(folder / "network.toml"), f"sqlite:///{folder}/ledger.sqlite", secret)


def send(to: Alerting, *troubles: Trouble, hours: float = 0) -> Sent:
    """Tell of these, so many hours later."""
    return to.send(Now(troubles), {"home": AT}, AT + pd.Timedelta(hours=hours))


def test_a_webhook_hears_of_each_trouble_once_and_of_its_end(
    tmp_path: Path, web: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One POST with a line for people and fields for programs; nothing while nothing changes, also after a restart."""
    monkeypatch.setenv("NETCENSUS_WEBHOOK_URL", f"http://127.0.0.1:{web.port}/services/T0/secret")
    assert send(alerting(tmp_path, webhook=True), RED) == Sent(1, [])
    assert send(alerting(tmp_path, webhook=True), RED, hours=1) == Sent(0, [])
    assert send(alerting(tmp_path, webhook=True), hours=2) == Sent(1, [])
    (where, first), (_, last) = web.came
    assert where == "POST /services/T0/secret"
    told = json.loads(first)
    assert told["text"].startswith("dns_receipt.secondaries_follow, since 2026-03-01 12:00 UTC: one Bcc:")
    assert told["alerts"][0]["runbook"] == "docs/runbook.md#secondaries_follow"
    assert json.loads(last)["text"] == "over: dns_receipt.secondaries_follow, since 2026-03-01 12:00 UTC"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_end_that_fails_is_told_again_and_its_address_is_in_no_error(
    tmp_path: Path, web: Inbox, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """The fault names the setting; the message goes out once the end takes it."""
    monkeypatch.setenv("NETCENSUS_WEBHOOK_URL", f"http://127.0.0.1:{web.port}/services/T0/secret")
    web.status = status
    (fault,) = send(alerting(tmp_path, webhook=True), RED).faults
    assert f"HTTP {status}" in fault
    assert "NETCENSUS_WEBHOOK_URL" in fault
    assert "secret" not in fault
    web.status = 200
    assert send(alerting(tmp_path, webhook=True), RED).messages == 1


def test_an_end_nobody_answers_at_does_not_keep_the_others_from_hearing(
    tmp_path: Path, web: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The webhook is refused, the mail server as well; the Pushgateway has its metrics all the same."""
    monkeypatch.setenv("NETCENSUS_WEBHOOK_URL", "http://127.0.0.1:9/")
    email = {"server": "127.0.0.1", "port": 9, "security": "none", "sender": "a@example.org", "to": ["b@example.org"]}
    gateway = f"http://127.0.0.1:{web.port}"
    sent = send(alerting(tmp_path, webhook=True, email=email, pushgateway=gateway), RED)
    assert [fault.split(" takes ")[0] for fault in sent.faults] == ["the webhook:", "mail server 127.0.0.1 port 9:"]
    ((where, metrics),) = web.came
    assert where == "PUT /metrics/job/netcensus"
    assert 'netcensus_trouble{key="dns_receipt.secondaries_follow"} 1' in metrics


def test_a_mail_has_one_subject_and_no_recipient_of_the_network_s_choosing(tmp_path: Path, mail: Inbox) -> None:
    """A text with a line break in it adds no header."""
    email = {"server": "127.0.0.1", "port": mail.port, "security": "none", "sender": "census@example.org"}
    to = ["admin@example.org", "night@example.org"]
    assert send(alerting(tmp_path, email=email | {"to": to}), RED) == Sent(1, [])
    ((recipients, text),) = mail.came
    assert recipients == "<admin@example.org> <night@example.org>"
    headers, _, body = text.partition("\r\n\r\n")
    assert [line for line in headers.splitlines() if line.startswith("Bcc")] == []
    assert "Subject: netcensus: dns_receipt.secondaries_follow, since" in headers.replace("\r\n ", " ")
    assert "See docs/runbook.md#secondaries_follow" in body.replace("=\r\n", "")


def test_the_textfile_is_written_only_when_it_changed(tmp_path: Path) -> None:
    """Whole or not at all, beside network.toml when its path is relative."""
    one = alerting(tmp_path, textfile="netcensus.prom")
    send(one, RED)
    first = (tmp_path / "netcensus.prom").stat()
    send(one, RED, hours=1)
    assert (tmp_path / "netcensus.prom").stat().st_ino == first.st_ino
    send(one, hours=2)
    assert "netcensus_trouble{" not in (tmp_path / "netcensus.prom").read_text()


def test_a_textfile_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """By its name and the setting."""
    (fault,) = send(alerting(tmp_path, textfile=str(tmp_path / "no" / "such" / "netcensus.prom"))).faults
    assert "netcensus.prom" in fault
    assert "[alerts] textfile" in fault


def test_the_log_gets_one_line_a_message(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Printable, so that neither the journal nor a terminal obeys it."""
    with caplog.at_level(logging.WARNING, "netcensus.alerts"):
        send(alerting(tmp_path, log=True), RED)
    (line,) = caplog.messages
    assert line.isprintable()
