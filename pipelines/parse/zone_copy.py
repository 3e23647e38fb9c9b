"""What the messages of a zone transfer make up: a whole zone (AXFR, RFC 5936) and increments after it (IXFR, RFC 1995).

A transfer is whole when the SOA that opens it also closes it. An increment opens and closes with the SOA of the new
state; in between stand its steps, each the old state's SOA with what went, then the next one's SOA with what came.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.parse import dns_wire
from pipelines.parse.dns_wire import Malformed, Message, Record

Answer = tuple[Message, Record]
"""A record of an answer section, and the message that holds its data."""
_OPENING_AND_CLOSING = 2
_SHORTEST_INCREMENT = 4  # SOA records: new, old, new, new


@dataclass(frozen=True)
class Run:
    """A SOA, its text, and the answers from it up to the next SOA. `line` is its place among all answers, from 1."""

    line: int
    soa: str
    answers: Sequence[Answer]

    @property
    def serial(self) -> str:
        """The serial of its SOA."""
        return serial_of(self.soa)


@dataclass(frozen=True)
class Copy:
    """A zone as transferred: `first` came by AXFR, then each step took a run of records away and brought another.

    `increments` are the answers to IXFR that the steps came in. `serial` is that of the last state.
    """

    first: Run
    steps: Sequence[tuple[Run, Run]]
    increments: int
    serial: str


def serial_of(soa: str) -> str:
    """The serial in the data of a SOA."""
    return soa.split()[2]


def answered(stream: bytes) -> list[Answer]:
    """The answer records of a TCP stream's messages. `Malformed` when a message is an error or cannot be read."""
    found = []
    for wire in dns_wire.messages(stream):
        message = Message(wire)
        if message.rcode or message.is_truncated:
            raise Malformed(f"a message says rcode {message.rcode}" if message.rcode else "a message is truncated")
        found += [(message, record) for record in message.records() if record.section == dns_wire.ANSWER]
    return found


def proved(answers: Sequence[Answer], apex: str) -> Copy:
    """The copy that answers make up; `Malformed` when one is missing, or a SOA is not the one it must be."""
    runs = iter(_runs(answers, apex))
    first = _next(runs)
    _close(runs, first)
    serial, steps, increments = first.serial, [], 0
    for opening in runs:
        _is_bare(opening)
        increments += 1
        while serial != opening.serial:
            gone, come = _next(runs), _next(runs)
            if gone.serial != serial:
                raise Malformed(f"a step starts at serial {gone.serial}, the state before it is {serial}")
            steps.append((gone, come))
            serial = come.serial
        _close(runs, opening)
    return Copy(first, steps, increments, serial)


def is_over(soas: Sequence[int], *, is_increment: bool) -> bool:
    """Whether a server that answers by AXFR, or by an increment, has nothing more to send after these serials."""
    if not is_increment:
        return len(soas) >= _OPENING_AND_CLOSING
    is_between_steps = len(soas) >= _SHORTEST_INCREMENT and len(soas) % 2 == 0
    return is_between_steps and soas[0] == soas[-2] == soas[-1]


def _runs(answers: Sequence[Answer], apex: str) -> list[Run]:
    """The answers, cut at each SOA."""
    at = [number for number, (_, record) in enumerate(answers) if record.rtype == dns_wire.SOA]
    if at[:1] != [0]:
        raise Malformed(f"{len(answers)} records with {len(at)} SOA, none of them at the start")
    ends = [*at[1:], len(answers)]
    return [Run(start + 1, _soa(answers[start], apex), answers[start:end]) for start, end in zip(at, ends, strict=True)]


def _soa(answer: Answer, apex: str) -> str:
    message, record = answer
    if record.owner != apex:
        raise Malformed(f"its SOA is {record.owner!r}, not {apex!r}")
    return message.text(record)


def _next(runs: Iterator[Run]) -> Run:
    run = next(runs, None)
    if run is None:
        raise Malformed("it ends without its closing SOA")
    return run


def _close(runs: Iterator[Run], opening: Run) -> None:
    """The next run is the closing SOA, and nothing more."""
    closing = _next(runs)
    if closing.soa != opening.soa:
        raise Malformed("the closing SOA is not the opening one")
    _is_bare(closing)


def _is_bare(run: Run) -> None:
    if len(run.answers) > 1:
        raise Malformed(f"{len(run.answers) - 1} records follow the SOA at line {run.line}")
