"""The sources beside the gateways, read one by one: a snapshot of each, whole or with the reason why not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipelines.errors import SourceUnavailable
from pipelines.network import Network
from pipelines.network.listed import AnySource
from pipelines.snapshots import EVERYWHERE, Snapshot, missing
from resources import kubernetes
from resources.files import Answer, read_file

Read = Callable[[Any, str, str], Answer]
"""Reads a source by its settings, its name, and the path of network.toml. Raises `SourceUnavailable`."""


@dataclass(frozen=True)
class Listed:
    """What is needed to read every source under [sources]: network.toml and its path."""

    network: Network
    network_file: str

    def read(self) -> list[Snapshot]:
        """A snapshot of each source. One that cannot be read is missing with the reason, and never empty (R1)."""
        return [self._read(name, settings) for name, settings in self.network.sources.listed.items()]

    def _read(self, name: str, settings: AnySource) -> Snapshot:
        source, at = f"{settings.kind}/{name}", datetime.now(UTC)
        try:
            answer = READERS.get(settings.kind, read_file)(settings, name, self.network_file)
        except SourceUnavailable as error:
            return missing(EVERYWHERE, source, at, str(error))
        return Snapshot(EVERYWHERE, source, at, answer.content, is_complete=answer.fault is None, reason=answer.fault)


READERS: Mapping[str, Read] = {"kubernetes": kubernetes.read}
"""How those kinds are read that are no file. What they mean is told in pipelines/parse/kinds.py."""
