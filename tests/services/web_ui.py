"""Dagster's web server over a world's runs, and a browser to look at it as an operator does."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.scenarios.world import ROOT, World
from tests.services.ports import free_port
from tests.services.process import HOST, Process, is_listening, start
from tests.services.programs import path_of

_START_S = 120
_LIMIT_S = 120
_ASSETS = "/assets/"
_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--disable-dev-shm-usage",
)  # fmt: skip


@dataclass(frozen=True)
class WebUi:
    """A running web server."""

    port: int
    process: Process

    def text_of(self, path: str) -> str:
        """The page's document once its scripts have run."""
        return _chromium(self._url(path), "--dump-dom")

    def picture(self, path: str, file: Path, size: str) -> None:
        """A screenshot of the page, in pixels."""
        _chromium(self._url(path), f"--screenshot={file}", f"--window-size={size}")

    def _url(self, path: str) -> str:
        return f"http://{HOST}:{self.port}{path}"


def _chromium(url: str, *options: str) -> str:
    with tempfile.TemporaryDirectory(prefix="netcensus-browser-") as profile:
        argv = [
            path_of("chromium"),
            *_QUIET,
            f"--user-data-dir={profile}",
            "--virtual-time-budget=15000",
            *options,
            url,
        ]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_LIMIT_S, check=True)
    return done.stdout


@contextmanager
def running_web_ui(world: World, folder: Path) -> Iterator[WebUi]:
    """The web server with a code server of its own, until the block ends."""
    port = free_port()
    argv = [str(Path(sys.executable).with_name("dagster-webserver")), "-w", str(ROOT / "workspace.yaml")]
    environment = {**world.environment, "PYTHONPATH": str(ROOT)}
    process = start(
        "dagster-webserver", [*argv, "-h", HOST, "-p", str(port)], log=folder / "ui.log", environment=environment
    )
    try:
        process.wait_until(lambda: is_listening(port), "its port", _START_S, poll_s=0.2)
        yield WebUi(port, process)
    finally:
        process.stop(limit_s=20)
