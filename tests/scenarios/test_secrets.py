"""A secret in every place where one can be, and none in anything that netcensus writes, prints or shows of itself."""

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.integration.test_kubernetes import TOKEN, answer, api
from tests.scenarios.lab_world import Lab, running_lab
from tests.scenarios.test_watch import tick
from tests.scenarios.world import World
from tests.services.inboxes import mail_inbox, web_inbox

MAIL_PASSWORD, WEB_SECRET, IN_KEA = "planted-at-the-mail-server", "planted-in-the-address", "planted-in-kea"
ALERTS = """
[alerts]
webhook = true
log = false
[alerts.email]
server = "127.0.0.1"
port = {mail}
security = "none"
sender = "census@example.org"
to = ["admin@example.org"]
user = "census"
[sources.cluster]
kind = "kubernetes"
server = "{server}"
ca = "{ca}"
sites = ["london"]
"""


@dataclass(frozen=True)
class Planted:
    """A netcensus with every secret there is, whose servers of alerts and whose cluster refuse them, in their words."""

    lab: Lab
    world: World

    @property
    def secrets(self) -> list[str]:
        """As they are, and as they go over the wire."""
        wire = base64.b64encode(f"\0census\0{MAIL_PASSWORD}".encode()).decode()
        return [*self.lab.secrets(), MAIL_PASSWORD, wire, WEB_SECRET, IN_KEA, TOKEN]

    def told_in(self, text: str) -> list[str]:
        """The secrets that stand in a text."""
        return [one for one in self.secrets if one in text]


def plant_in_kea(lab: Lab) -> None:
    """Kea prints the passwords of its databases and of its API, and the secrets of TSIG keys, to whoever may ask."""
    place = lab.folder / "config-get.json"
    config = json.loads(place.read_text(encoding="utf-8"))
    dhcp = config.get("arguments", config)["Dhcp4"]
    dhcp["lease-database"] = {"type": "mysql", "user": "kea", "password": IN_KEA}
    dhcp["hosts-databases"] = [{"type": "postgresql", "password": f'{IN_KEA}"\\'}]
    dhcp["tsig-keys"] = [{"name": "x", "secret": IN_KEA}]
    dhcp["control-socket"]["authentication"] = {"clients": [{"user": "x", "password": IN_KEA}]}
    fresh = place.with_suffix(".new")
    fresh.write_text(json.dumps(config), encoding="utf-8")
    fresh.rename(place)


def repeats_the_token(handler: BaseHTTPRequestHandler) -> None:
    """An API server, or a proxy before it, whose refusal shows what it was asked with."""
    answer(handler, 403, f"no: {handler.headers['Authorization']}".encode())


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """The lab, the inboxes, the cluster; nothing was run yet."""
    folder = tmp_path_factory.mktemp("secrets")
    with ExitStack() as stack:
        lab = stack.enter_context(running_lab(folder / "lab"))
        plant_in_kea(lab)
        web, mail = stack.enter_context(web_inbox()), stack.enter_context(mail_inbox())
        cluster = stack.enter_context(api(folder, repeats_the_token))
        web.status, mail.status = 500, 535
        settings = ALERTS.format(mail=mail.port, server=cluster.server, ca=folder / str(cluster.ca))
        world = lab.world(folder / "own", lambda text: text + settings)
        more = {
            "NETCENSUS_WEBHOOK_URL": f"http://127.0.0.1:{web.port}/services/{WEB_SECRET}",
            "NETCENSUS_SMTP_PASSWORD": MAIL_PASSWORD,
            "NETCENSUS_CLUSTER_TOKEN": TOKEN,
        }
        yield Planted(lab, replace(world, variables={**world.variables, **more}))


def command_lines(process: "subprocess.Popen[bytes]") -> Iterator[str]:
    """The command lines of a process and of its children, as anybody on the machine sees them, until it ends."""
    while process.poll() is None:
        for task in Path(f"/proc/{process.pid}/task").glob("*/children"):
            for number in (str(process.pid), *_told(task).split()):
                yield _told(Path(f"/proc/{number}/cmdline"))
        time.sleep(0.2)


def _told(file: Path) -> str:
    """What the kernel tells of a thread or a process; nothing of one that has just ended."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_no_secret_is_in_what_a_census_leaves_prints_or_shows(planted: Planted) -> None:
    """Not in the archive, tables, ledger, Dagster's storage and logs; not on stdout, stderr or in the process list."""
    world, out = planted.world, planted.lab.folder.parent / "printed"
    with out.open("wb") as file, subprocess.Popen(world.argv(), env=world.environment, stdout=file, stderr=file) as run:
        seen = set(command_lines(run))
    assert any("netcensus.py" in line for line in seen)
    printed = out.read_text(encoding="utf-8")
    assert "HTTP 403" in printed, "the cluster refused, and that is told"
    assert planted.told_in(printed + "\n".join(seen)) == []
    assert [file for secret in planted.secrets for file in world.files_holding(secret)] == []
    assert world.files_holding('"(not kept)"'), "Kea's configuration is archived, its passwords are not"


def test_no_secret_is_in_an_alert_that_fails(planted: Planted) -> None:
    """The webhook's address and the mail server's password stand in no reason of the sensor's, whoever repeats them."""
    reason, _ = tick(planted.world)
    assert "the webhook: takes no alert (HTTP 500)" in reason
    assert "SMTPAuthenticationError: 535, the login was refused" in reason
    assert planted.told_in(reason) == []
    assert [file for secret in planted.secrets for file in planted.world.files_holding(secret)] == []
