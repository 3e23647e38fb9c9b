"""One zone's batches to the server, and its answer to each change. Which change lost a race is found by halving."""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipelines.errors import OutcomeUnknown, SourceUnavailable
from resources.nameserver import faults, signing
from resources.nameserver.connection import Connection
from resources.nameserver.messages import Group, batches, message


class Verdict(NamedTuple):
    """What became of one change: `tables.RECEIPT`'s outcome and detail, and the answer's mnemonic if it lost a race."""

    outcome: str
    detail: str | None = None
    word: str | None = None


APPLIED = Verdict("applied")
_TOO_MANY = "not sent: too many changes of this zone lost a race, so the plan is stale; the next run plans anew"
_NOT_SENT = "not sent, because an earlier message of this zone failed: {}"


class Sending:
    """One zone's changes under way. `verdicts` are by row of the plan."""

    def __init__(self, connection: Connection, zone: str, deadline: float) -> None:
        self.verdicts: dict[int, Verdict] = {}
        self._connection = connection
        self._zone = zone
        self._deadline = deadline
        self._waiting: deque[list[Group]] = deque()

    def send(self, groups: Sequence[Group]) -> dict[int, Verdict]:
        """Send all groups, a batch at a time, until the zone is through or an answer makes the rest pointless."""
        self._waiting = deque(batches(self._zone, groups, signing.size(self._connection.key)))
        messages = len(self._waiting) + self._connection.limits.bisections
        while self._waiting:
            if messages <= 0:
                self._give_up(Verdict("refused", _TOO_MANY))
            elif time.monotonic() > self._deadline:
                self._give_up(Verdict("refused", "not sent: the time limit of this run was reached"))
            else:
                self._send_next()
            messages -= 1
        return self.verdicts

    def _send_next(self) -> None:
        batch = self._waiting.popleft()
        try:
            answer = self._connection.exchange(message(self._zone, batch), "UPDATE")
        except OutcomeUnknown as error:
            self._settle([batch], Verdict("unknown", str(error)))
            self._give_up(Verdict("refused", _NOT_SENT.format(error)))
        except SourceUnavailable as error:
            self._settle([batch], Verdict("refused", f"not sent: {error}"))
            self._give_up(Verdict("refused", _NOT_SENT.format(error)))
        else:
            self._judge(batch, answer.word)

    def _judge(self, batch: list[Group], word: str) -> None:
        if word == "NOERROR":
            self._settle([batch], APPLIED)
        elif word not in faults.LOST:
            self._refuse(batch, word)
        elif len(batch) == 1:
            detail = f"{faults.LOST[word]} ({word}); looked at again at the next run"
            self._settle([batch], Verdict("lost race", detail, word))
        else:
            half = len(batch) // 2
            self._waiting.extendleft([batch[half:], batch[:half]])

    def _refuse(self, batch: list[Group], word: str) -> None:
        fault, remedy = faults.of_update(word, self._zone, str(self._connection.key.name))
        said = f"{self._connection.place}: {fault}. {remedy}"
        self._settle([batch], Verdict("refused", said))
        self._give_up(Verdict("refused", _NOT_SENT.format(said)))

    def _give_up(self, verdict: Verdict) -> None:
        self._settle(self._waiting, verdict)
        self._waiting.clear()

    def _settle(self, settled: Iterable[list[Group]], verdict: Verdict) -> None:
        self.verdicts.update({row: verdict for batch in settled for group in batch for row in group.rows})
