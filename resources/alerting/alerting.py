"""All ends of network.toml, told what they were not told yet. One that fails is tried again at the next tick."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import pandas as pd

from pipelines.alerts import Now, messages, metrics
from pipelines.errors import NetcensusError
from pipelines.network import Alerts, beside
from resources.alerting.ends import End, Log, Mail, Webhook
from resources.alerting.memory import Memory
from resources.alerting.prometheus import to_pushgateway, to_textfile


class Sent(NamedTuple):
    """How many messages went out, and which ends took none."""

    messages: int
    faults: list[str]


class Alerting:
    """The ends of `[alerts]`. `place` is network.toml's path; `secret` reads a secret when it is needed."""

    def __init__(self, settings: Alerts, place: str, url: str, secret: Callable[[str], str]) -> None:
        self._settings = settings
        self._place = place
        self._memory = Memory(url)
        self._secret = secret

    def send(self, now: Now, refreshed: Mapping[str, pd.Timestamp | None], at: pd.Timestamp) -> Sent:
        """Tell every end what it was not told yet, and hand the state to Prometheus. Raises nothing of the ends'."""
        counts, faults = [0], []
        for end in self._ends():
            try:
                counts.append(self._told(end, now, at))
            except NetcensusError as error:
                faults.append(str(error))
        for export in self._exports():
            try:
                export(metrics(now.troubles, refreshed))
            except NetcensusError as error:
                faults.append(str(error))
        return Sent(max(counts), faults)

    def _told(self, end: End, now: Now, at: pd.Timestamp) -> int:
        said = messages(now, self._memory.told(end.name), at=at, runbook=self._settings.runbook)
        if said:
            end.tell(said)
            self._memory.note(end.name, said, at)
        return len(said)

    def _ends(self) -> Iterator[End]:
        if self._settings.log:
            yield Log()
        if self._settings.webhook:
            yield Webhook(partial(self._secret, "WEBHOOK_URL"))
        if self._settings.email is not None:
            yield Mail(self._settings.email, partial(self._secret, "SMTP_PASSWORD"))

    def _exports(self) -> Iterator[Callable[[str], None]]:
        if self._settings.textfile is not None:
            yield to_textfile(beside(self._place, self._settings.textfile))
        if self._settings.pushgateway is not None:
            yield to_pushgateway(self._settings.pushgateway)
