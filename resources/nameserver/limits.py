"""How long and how much the name server may take before we stop waiting (rule R10)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """All limits towards one name server; `_s` are seconds.

    `answer_s` is generous because BIND answers an UPDATE only after its journal is on a disk that may be busy.
    `bisections` are the messages spent on one zone, above its batches, to find the changes that lost a race.
    """

    connect_s: float = 5.0
    answer_s: float = 20.0
    transfer_s: float = 120.0
    transfer_bytes: int = 64 * 2**20
    apply_s: float = 600.0
    bisections: int = 400
    read_one_by_one: int = 100
