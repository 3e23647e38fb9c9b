"""Dagster as deploy/systemd runs it: code server, daemon and web server, and how a person asks them for something."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.scenarios.world import ROOT, World
from tests.services.ports import free_port
from tests.services.process import HOST, Process, is_listening, start

_LIMIT_S = 180
_LOCATION = {"repositoryLocationName": "netcensus", "repositoryName": "__repository__"}
_LAUNCH = """mutation($it: ExecutionParams!) { launchRun(executionParams: $it) {
  __typename ... on LaunchRunSuccess { run { runId } } } }"""
_STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_ON = "mutation($it: SensorSelector!) { startSensor(sensorSelector: $it) { ... on Sensor { id } } }"
_OFF = "mutation($id: String!) { stopSensor(id: $id) { __typename } }"
_TICKS = """query($it: InstigationSelector!) { instigationStateOrError(instigationSelector: $it) {
  ... on InstigationState { ticks { status } } } }"""


@dataclass(frozen=True)
class Stack:
    """The running processes."""

    port: int
    web: Process

    def census(self) -> None:
        """One census, launched in the UI, through queue and daemon, to its good end."""
        selector = {**_LOCATION, "jobName": "census"}
        found = self._ask(_LAUNCH, it={"selector": selector, "runConfigData": {}, "mode": "default"})
        run_id = found["launchRun"]["run"]["runId"]
        end = time.monotonic() + _LIMIT_S
        while (status := self._ask(_STATUS, id=run_id)["runOrError"]["status"]) not in {"SUCCESS", "FAILURE"}:
            if time.monotonic() > end:
                raise self.web.failure(f"the census is {status} after {_LIMIT_S} s")
            time.sleep(1)
        if status != "SUCCESS":
            raise self.web.failure("the census failed")

    @contextmanager
    def switched_on(self, sensor: str) -> Iterator[None]:
        """While the block runs, the sensor looks."""
        found = self._ask(_ON, it={**_LOCATION, "sensorName": sensor})
        try:
            yield
        finally:
            self._ask(_OFF, id=found["startSensor"]["id"])

    def ticks(self, sensor: str) -> int:
        """How often a sensor looked."""
        found = self._ask(_TICKS, it={**_LOCATION, "name": sensor})
        return len(found["instigationStateOrError"].get("ticks", []))

    def _ask(self, query: str, **variables: object) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        with closing(HTTPConnection(HOST, self.port, timeout=60)) as connection:
            connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
            answer: dict[str, Any] = json.load(connection.getresponse())
        if answer.get("errors"):
            raise self.web.failure(str(answer["errors"]))
        found: dict[str, Any] = answer["data"]
        return found


@contextmanager
def running_stack(world: World, folder: Path) -> Iterator[Stack]:
    """The three services of `world`, their logs in `folder`, until the block ends."""
    code, port = free_port(), free_port()
    workspace = folder / "workspace.yaml"
    workspace.write_text(f"load_from:\n  - grpc_server: {{host: {HOST}, port: {code}, location_name: netcensus}}\n")
    commands = {
        "dagster": [
            *("code-server", "start", "-f", str(ROOT / "definitions.py"), "-d", str(ROOT)),
            *("-h", HOST, "-p", str(code), "--location-name", "netcensus"),
        ],
        "dagster-webserver": ["-w", str(workspace), "-h", HOST, "-p", str(port)],
        "dagster-daemon": ["run", "-w", str(workspace)],
    }
    ports = {"dagster": code, "dagster-webserver": port}
    with ExitStack() as running:
        found = {}
        for program, arguments in commands.items():
            argv = [str(Path(sys.executable).with_name(program)), *arguments]
            environment = {**world.environment, "PYTHONPATH": str(ROOT)}
            found[program] = start(program, argv, log=folder / f"{program}.log", environment=environment)
            running.callback(found[program].stop, _LIMIT_S)
            if program in ports:
                found[program].wait_until(lambda at=ports[program]: is_listening(at), "its port", _LIMIT_S, 0.2)  # type: ignore[misc]  # bound now
        yield Stack(port, found["dagster-webserver"])
