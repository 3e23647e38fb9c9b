"""What Technitium would write for the changes it was sent, by its own rules; the stand-in keeps them, and no file.

Each changed record leaves history beside the live ones, for seven days, in the zone's file, and the file is rewritten
whole within five seconds of a change. What an hourly job writes at each run follows: a week's history stands there.
"""

import time
from dataclasses import dataclass, field

from tests.services.technitium import Technitium

_WINDOW_S = 5
_RUNS_A_WEEK = 7 * 24
_BYTES_A_RECORD = 76  # as tests/services/technitium/records.py has it


@dataclass
class Rewrites:
    """Counts, from now on, in which windows of five seconds each zone was changed."""

    server: Technitium
    _windows: dict[str, set[int]] = field(default_factory=dict)
    _bumps: dict[str, int] = field(default_factory=dict)
    _history: dict[str, int] = field(default_factory=dict)

    def begin(self) -> None:
        """Count anew."""
        states = {zone.name: self.server.state(zone.name) for zone in self.server.zones}
        self._windows = {zone: set() for zone in states}
        self._bumps = {zone: state.serial_bumps for zone, state in states.items()}
        self._history = {zone: state.history_records for zone, state in states.items()}
        self.server.on_commit = self._note

    @property
    def bytes_a_run(self) -> int:
        """What was done since `begin`, done every hour for a week, makes Technitium write at each run."""
        return sum(self._of(zone) for zone in self._windows)

    def _of(self, zone: str) -> int:
        state = self.server.state(zone)
        live = state.file_bytes - _BYTES_A_RECORD * state.history_records
        a_run = _BYTES_A_RECORD * (state.history_records - self._history[zone])
        return len(self._windows[zone]) * (live + _RUNS_A_WEEK * a_run)

    def _note(self) -> None:
        window = int(time.monotonic() // _WINDOW_S)
        for zone, windows in self._windows.items():
            bumps = self.server.state(zone).serial_bumps
            if bumps != self._bumps[zone]:
                self._bumps[zone] = bumps
                windows.add(window)
