"""A clock that can be put forward for real servers: a small library preloaded into each, and a file they all read."""

import math
import os
import shlex
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from subprocess import run

from tests.services.process import ServiceFailed, private_directory
from tests.services.programs import path_of

_SOURCE = Path(__file__).with_name("clock.c")
_AHEAD = struct.Struct("=q")
_LIBRARY, _FILE = "LD_PRELOAD", "SIMULATED_CLOCK"


class Clock:
    """The time of day in this process, in which it was started, and in all that it starts; durations are real."""

    def __init__(self) -> None:
        self.environment = {name: os.environ[name] for name in (_LIBRARY, _FILE)}

    def put(self, to: datetime) -> None:
        """Let it be this time or less than a second later, never earlier, at once and for everybody."""
        with Path(self.environment[_FILE]).open("r+b") as file:  # the same file: it is mapped
            (ahead_s,) = _AHEAD.unpack(file.read(_AHEAD.size))
            file.seek(0)
            file.write(_AHEAD.pack(ahead_s + math.ceil(to.timestamp() - time.time())))

    def program(self, path: str) -> str:
        """A script that runs a program by this clock, where an SSH server has emptied the environment."""
        told = " ".join(f"{name}={shlex.quote(value)}" for name, value in self.environment.items())
        return f'#!/bin/sh\n{told} exec {path} "$@"\n'


@contextmanager
def running_clock() -> Iterator[dict[str, str]]:
    """The variables with which a process is started that can put its clock; it shows the machine's time at first."""
    with private_directory() as directory:
        library, file = directory / "clock.so", directory / "ahead_s"
        argv = [path_of("gcc"), "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(library), str(_SOURCE)]
        built = run(argv, capture_output=True, text=True, check=False)
        if built.returncode != 0:
            raise ServiceFailed(f"gcc did not build {_SOURCE}: {built.stderr[-2000:]}")
        file.write_bytes(_AHEAD.pack(0))
        yield {_LIBRARY: str(library), _FILE: str(file)}
